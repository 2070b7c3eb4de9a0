# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What every store promises: subclass OperationStoreContract and give it a store.

A subclass has two fixtures: `store`, a new one that is empty, and `reopen`, a
function that ends the process's hold on it and opens the same data again.
"""

from __future__ import annotations

from storage.storage_contract_changes import ChangesContract
from storage.storage_contract_lists import ListContract
from storage.storage_contract_records import RecordContract
from storage.storage_contract_usage import UsageContract
from storage.storage_contract_work import LatenciesContract, WorkContract


class OperationStoreContract(
    RecordContract, ListContract, ChangesContract, WorkContract, LatenciesContract, UsageContract
):
    """The whole of operations.store."""
