# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What commands do with a store beside running servers, whatever the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date

    from longtake_server.identity.key_store import KeyRegister, StoredKey
    from longtake_server.operations.accounting import Account, Usage, UsagePage, UsageQuery
    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.budgets.limits import Limits, Source
    from longtake_server.operations.model import Charge


class CommandStore(Protocol):
    """A store within one transaction. Each method blocks, and is the one of the store's port."""

    @property
    def register(self) -> KeyRegister:
        """Changes API keys."""

    def keys(self) -> Sequence[StoredKey]:
        """See KeyStore.keys."""

    def limits(self) -> Mapping[tuple[str, Source], Limits]:
        """See BudgetStore.limits."""

    def limits_of(self, subject: str, source: Source) -> Limits | None:
        """Return the document of a subject from a source, or None."""

    def set_limits(self, subject: str, source: Source, limits: Limits | None) -> None:
        """See BudgetStore.set_limits."""

    def spending(self) -> Mapping[Charge, Amounts]:
        """See BudgetStore.spending."""

    def resume_submissions(self) -> bool:
        """Let engines submit again, and return whether they could not."""

    def change_upstreams(self, upstreams: Mapping[str, str]) -> None:
        """Replace the upstreams of the agreement. See AgreementStore."""

    def usage(self, since: date, until: date, caller: str | None) -> Mapping[Account, Usage]:
        """See OperationStore.usage."""

    def usage_by(self, wanted: UsageQuery, limit: int, cursor: str | None) -> UsagePage:
        """See OperationStore.usage_by."""


class Migration(NamedTuple):
    """What a migration did.

    Attributes:
        before: The schema version before; 0 if there was no schema.
        after: The version after, which is the newest that this program knows.
    """

    before: int
    after: int


class StorePlace(Protocol):
    """Where a store is. As text it is a name for people, without secrets."""

    def migrate(self) -> Migration:
        """Bring the schema to the newest version, and make it if there is none. Blocks.

        Raises:
            StartFailure: The store cannot be used, or its schema is newer than this program.

        """

    def reading(self) -> AbstractContextManager[CommandStore]:
        """Open the store to read one snapshot.

        Raises:
            StartFailure: It cannot be read, or its schema is not the newest.

        """

    def writing(self) -> AbstractContextManager[CommandStore]:
        """Open the store to change it in one transaction.

        Commits at the end of the block, or rolls back if the block raises. Keep the block short:
        servers wait for it.

        Raises:
            StartFailure: It cannot be written, or its schema is not the newest.

        """
