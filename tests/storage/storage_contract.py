# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store. To test a store, subclass OperationStoreContract.

The subclass provides three fixtures: `store`, a new empty store; `reopen`, a function that closes
the store and opens the same data again; and `register`, see storage_contract_keys.
"""

from __future__ import annotations

from storage.storage_contract_budgets import BudgetContract
from storage.storage_contract_changes import ChangesContract
from storage.storage_contract_deliveries import DeliveryContract
from storage.storage_contract_keys import KeyContract
from storage.storage_contract_leadership import LeadershipContract, NewsContract
from storage.storage_contract_limits import LimitsContract
from storage.storage_contract_lists import ListContract
from storage.storage_contract_records import RecordContract
from storage.storage_contract_signing import SigningKeyContract
from storage.storage_contract_usage import GroupedUsageContract, UsageContract
from storage.storage_contract_webhooks import EventContract, WebhookContract
from storage.storage_contract_work import LatenciesContract, WorkContract


class OperationStoreContract(
    RecordContract,
    ListContract,
    ChangesContract,
    WorkContract,
    LatenciesContract,
    LeadershipContract,
    NewsContract,
    UsageContract,
    KeyContract,
    SigningKeyContract,
    GroupedUsageContract,
    BudgetContract,
    LimitsContract,
    WebhookContract,
    EventContract,
    DeliveryContract,
):
    """Tests operations.store, identity.key_store, identity.signing_keys and webhooks.store."""
