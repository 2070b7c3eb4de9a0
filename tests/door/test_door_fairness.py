# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The readers of one principal's videos leave connections for those of others."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from longtake_server.http.fairness import Readers, TooManyReaders


def test_each_principal_has_so_many_readers_at_a_time() -> None:
    readers = Readers(2)
    with ExitStack() as open_ones:
        for _ in range(2):
            open_ones.enter_context(readers.one("ann"))
        with pytest.raises(TooManyReaders), readers.one("ann"):
            pass
        with readers.one("bob"):
            pass
    with readers.one("ann"):
        pass


def test_callers_that_are_not_distinguished_share_no_limit() -> None:
    readers = Readers(1)
    with readers.one(""), readers.one(""):
        pass
