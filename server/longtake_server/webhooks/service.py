# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The use cases of webhooks: who may do what, in which order."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from longtake_server.errors import (
    InvalidRequest,
    RoleMissing,
    StorageUnavailable,
    Violation,
    WebhookDeliveryNotFound,
    WebhookDisabled,
    WebhookFromFile,
    WebhookNotFound,
)
from longtake_server.identity.principal import Role
from longtake_server.operations.ownership import may_change_of, may_see_of, scope_of
from longtake_server.webhooks.model import (
    DisableReason,
    Event,
    EventType,
    Secrets,
    Webhook,
    WebhookKey,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake_server.clock import Clock
    from longtake_server.identity.principal import Principal
    from longtake_server.webhooks.model import Delivery, DeliveryState
    from longtake_server.webhooks.store import DeliveryPage, WebhookPage, WebhookStore

OVERLAP = timedelta(hours=24)
"""How long the secret before a rotation signs too."""

SECRET_BYTES = 32
"""The length of a new secret."""

_TEST_BYTES = 16
_ATTEMPTS = 8
_MOST_SHOWN = 10


class AddressCheck(Protocol):
    """Decides whether an address may be called."""

    async def check(self, url: str) -> None:
        """Check an address.

        Raises:
            InvalidRequest: It must not be called. Names the field `url` and says why.

        """


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """The new settings of a webhook, None for those that stay."""

    url: str | None = None
    event_types: frozenset[EventType] | None = None
    disabled: bool | None = None


class Webhooks:
    """The use cases.

    Args:
        store: Keeps webhooks and deliveries.
        addresses: Checks each address before it is stored.
        clock: The time source.
        most: How many webhooks a principal may have, without those from the operator's file.

    """

    def __init__(
        self, store: WebhookStore, addresses: AddressCheck, clock: Clock, most: int
    ) -> None:
        self._store = store
        self._addresses = addresses
        self._clock = clock
        self._most = most

    async def check(self, webhook: str, principal: Principal) -> None:
        """Check that a new operation of a principal may name a webhook.

        Raises:
            InvalidRequest: It is not a webhook of the principal.
            WebhookDisabled: Nothing is sent to it.
            StorageUnavailable: The store failed.

        """
        found = await self._store.webhook(WebhookKey(principal.id, webhook))
        if found is None:
            page = await self._store.list_webhooks(principal.id, _MOST_SHOWN)
            own = ", ".join(one.key.id for one in page.webhooks)
            accepted = f"accepted are {own}" if own else "create one with CreateWebhook first"
            said = f"{webhook!r} is not a webhook of yours; {accepted}"
            raise InvalidRequest([Violation("webhook", said)])
        _refuse_disabled(found)

    async def create(
        self,
        key: WebhookKey,
        principal: Principal,
        url: str,
        event_types: frozenset[EventType],
        *,
        disabled: bool,
    ) -> Webhook:
        """Create a webhook with a new secret.

        Raises:
            RoleMissing: It is to be another's, and the principal is no admin.
            InvalidRequest: The URL must not be called.
            WebhookExists, TooManyWebhooks: As WebhookStore.add_webhook.
            StorageUnavailable: The store failed.

        """
        if not may_change_of(key.principal, principal):
            raise RoleMissing([Role.ADMIN.value])
        await self._check_url(url)
        now = self._clock.now()
        webhook = Webhook(
            key=key,
            url=url,
            event_types=event_types,
            secrets=Secrets(secrets.token_bytes(SECRET_BYTES)),
            create_time=now,
            update_time=now,
            disable_reason=DisableReason.REQUESTED if disabled else None,
            disable_time=now if disabled else None,
        )
        await self._store.add_webhook(webhook, self._most)
        return webhook

    async def get(self, key: WebhookKey, principal: Principal) -> Webhook:
        """Return a webhook.

        Raises:
            WebhookNotFound: There is none, or the principal may not see it.
            StorageUnavailable: The store failed.

        """
        found = await self._store.webhook(key) if may_see_of(key.principal, principal) else None
        if found is None:
            raise WebhookNotFound(key.name)
        return found

    async def list(
        self, owner: str | None, principal: Principal, limit: int, cursor: str | None
    ) -> WebhookPage:
        """Return a page of the webhooks of an owner, or of all that the principal may see.

        Raises:
            RoleMissing: They are another's, which the principal may not see.
            ValueError: The store did not create the cursor.
            StorageUnavailable: The store failed.

        """
        scope = scope_of(principal)
        if owner is not None and scope not in (None, owner):
            raise RoleMissing([Role.ADMIN.value, Role.READER.value])
        return await self._store.list_webhooks(owner if scope is None else scope, limit, cursor)

    async def update(self, key: WebhookKey, principal: Principal, change: WebhookChange) -> Webhook:
        """Change a webhook.

        Raises:
            WebhookFromFile: It comes from the operator's file, and more than `disabled` changes.
            InvalidRequest: The URL must not be called.

        Raises also as `get`, and RoleMissing if the principal may only see it.

        """
        found = await self._changeable(key, principal)
        if found.from_file and (change.url, change.event_types) != (None, None):
            raise WebhookFromFile(key.name)
        if change.url is not None:
            await self._check_url(change.url)
        return await self._changed(key, lambda webhook: self._with(webhook, change))

    def _with(self, webhook: Webhook, change: WebhookChange) -> Webhook:
        now = self._clock.now()
        changed = replace(webhook, update_time=now)
        if change.url is not None:
            changed = replace(changed, url=change.url)
        if change.event_types is not None:
            changed = replace(changed, event_types=change.event_types)
        if change.disabled is False:
            return replace(changed, disable_reason=None, disable_time=None, failing_since=None)
        if change.disabled and webhook.disable_reason is None:
            return replace(changed, disable_reason=DisableReason.REQUESTED, disable_time=now)
        return changed

    async def delete(self, key: WebhookKey, principal: Principal) -> None:
        """Delete a webhook and its deliveries. Raises as `update`."""
        _refuse_file(await self._changeable(key, principal))
        if not await self._store.delete_webhook(key):
            raise WebhookNotFound(key.name)

    async def rotate(self, key: WebhookKey, principal: Principal) -> Webhook:
        """Give a webhook a new secret, and let the present one sign for OVERLAP too.

        Raises as `update`.
        """
        _refuse_file(await self._changeable(key, principal))
        new = secrets.token_bytes(SECRET_BYTES)

        def rotated(webhook: Webhook) -> Webhook:
            now = self._clock.now()
            both = webhook.secrets.rotated(new, now + OVERLAP)
            return replace(webhook, secrets=both, update_time=now)

        return await self._changed(key, rotated)

    async def test(self, key: WebhookKey, principal: Principal) -> Delivery:
        """Store a delivery of a `webhook.test` event.

        Raises:
            WebhookDisabled: Nothing is sent to the webhook.

        Raises also as `update`.

        """
        _refuse_disabled(await self._changeable(key, principal))
        event = Event(
            f"test.{secrets.token_hex(_TEST_BYTES)}", EventType.WEBHOOK_TEST, self._clock.now()
        )
        delivery = await self._store.enqueue(key, event)
        if delivery is None:
            raise WebhookNotFound(key.name)
        return delivery

    async def delivery(self, key: WebhookKey, principal: Principal, event_id: str) -> Delivery:
        """Return a delivery. Raises as `get`, and WebhookDeliveryNotFound."""
        await self.get(key, principal)
        return _found(await self._store.delivery(key, event_id), key, event_id)

    async def deliveries(
        self,
        key: WebhookKey,
        principal: Principal,
        state: DeliveryState | None,
        limit: int,
        cursor: str | None,
    ) -> DeliveryPage:
        """Return a page of deliveries, newest first.

        Raises as `get`, and ValueError if the store did not create the cursor.
        """
        await self.get(key, principal)
        return await self._store.list_deliveries(key, state, limit, cursor)

    async def redeliver(self, key: WebhookKey, principal: Principal, event_id: str) -> Delivery:
        """Make a delivery due now, with all its attempts. Raises as `test` and `delivery`."""
        webhook = await self._changeable(key, principal)
        _found(await self._store.delivery(key, event_id), key, event_id)
        _refuse_disabled(webhook)
        again = await self._store.redeliver(key, event_id, self._clock.now())
        return _found(again, key, event_id)

    async def _changeable(self, key: WebhookKey, principal: Principal) -> Webhook:
        found = await self.get(key, principal)
        if not may_change_of(key.principal, principal):
            raise RoleMissing([Role.ADMIN.value])
        return found

    async def _changed(self, key: WebhookKey, change: Callable[[Webhook], Webhook]) -> Webhook:
        for _ in range(_ATTEMPTS):
            seen = await self._store.webhook(key)
            if seen is None:
                raise WebhookNotFound(key.name)
            changed = change(seen)
            if await self._store.change_webhook(changed, seen.version):
                return replace(changed, version=seen.version + 1)
        raise StorageUnavailable("the webhook is being changed by others; try again")

    async def _check_url(self, url: str) -> None:
        """Check a URL, as a field of the message that has it."""
        try:
            await self._addresses.check(url)
        except InvalidRequest as error:
            raise InvalidRequest(
                [Violation(f"webhook.{one.field}", one.description) for one in error.violations]
            ) from None


def _refuse_disabled(webhook: Webhook) -> None:
    if webhook.disable_reason is not None:
        raise WebhookDisabled(webhook.key.name, webhook.disable_reason.value)


def _refuse_file(webhook: Webhook) -> None:
    if webhook.from_file:
        raise WebhookFromFile(webhook.key.name)


def _found(delivery: Delivery | None, key: WebhookKey, event_id: str) -> Delivery:
    if delivery is None:
        raise WebhookDeliveryNotFound(f"{key.name}/deliveries/{event_id}")
    return delivery
