# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Rewrites the assertions of the shared contract suite, so that failures show the difference."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "storage.storage_contract_changes",
    "storage.storage_contract_deliveries",
    "storage.storage_contract_keys",
    "storage.storage_contract_leadership",
    "storage.storage_contract_lists",
    "storage.storage_contract_records",
    "storage.storage_contract_signing",
    "storage.storage_contract_webhooks",
    "storage.storage_contract_work",
)
