# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An issuer for the tests of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from identity.identity_issuer import Issuer, SigningKey, issuing, rsa_key

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return rsa_key()


@pytest.fixture
def issuer(key: SigningKey) -> Iterator[Issuer]:
    with issuing() as running:
        running.publish(key)
        yield running
