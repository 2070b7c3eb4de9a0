# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Lets the suite that stores share tell what differed when it fails."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "storage.storage_contract_changes",
    "storage.storage_contract_lists",
    "storage.storage_contract_records",
    "storage.storage_contract_work",
)
