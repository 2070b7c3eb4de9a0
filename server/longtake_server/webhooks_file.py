# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps webhooks in the store equal to those of a file, which may change at any time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from longtake_server.configuration.files import text_of
from longtake_server.errors import StorageUnavailable, WebhookExists
from longtake_server.followed_file import FollowedFile
from longtake_server.webhooks.document import parse
from longtake_server.webhooks.model import Secrets, Webhook
from longtake_server.webhooks.service import OVERLAP

if TYPE_CHECKING:
    from pathlib import Path

    from longtake_server.clock import Clock
    from longtake_server.webhooks.document import FileWebhook
    from longtake_server.webhooks.store import WebhookStore

_KIND = "webhooks"
_PAGE = 1000
_ATTEMPTS = 8


def read_webhooks(file: Path) -> tuple[FileWebhook, ...]:
    """Return the webhooks of a file. Blocks.

    Raises:
        StartFailure: The file cannot be read, or something in it is wrong. Holds all faults.

    """
    return parse(text_of(file, _KIND), file)


class WebhooksFile:
    """Follows the file.

    A webhook that a caller created under the same key becomes the file's. One that leaves the file
    is deleted with its deliveries. One that is disabled stays so until a caller enables it again.

    Args:
        file: The file, None for no file: then no webhook is a file's.
        store: Keeps the webhooks.
        clock: The time source.

    """

    def __init__(self, file: Path | None, store: WebhookStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._followed = (
            None if file is None else FollowedFile(file, _KIND, self._store_text, clock)
        )

    async def load(self) -> None:
        """Store the webhooks of the file.

        Raises:
            StartFailure: As `read_webhooks`. The stored webhooks stay.
            StorageUnavailable: The store failed.

        """
        if self._followed is None:
            await self._store_all(())
        else:
            await self._followed.load()

    async def run(self) -> None:
        """Follow the file until cancelled."""
        if self._followed is not None:
            await self._followed.run()

    async def step(self) -> None:
        """Store the webhooks of the file if it changed. What is wrong is logged once."""
        if self._followed is not None:
            await self._followed.step()

    async def _store_text(self, text: str, file: Path) -> None:
        await self._store_all(await asyncio.to_thread(parse, text, file))

    async def _store_all(self, wanted: tuple[FileWebhook, ...]) -> None:
        keys = {one.key for one in wanted}
        for stored in await self._of_file():
            if stored.key not in keys:
                await self._store.delete_webhook(stored.key)
        for one in wanted:
            await self._keep(one)

    async def _of_file(self) -> list[Webhook]:
        found: list[Webhook] = []
        cursor: str | None = None
        while True:
            page = await self._store.list_webhooks(None, _PAGE, cursor)
            found += [one for one in page.webhooks if one.from_file]
            if (cursor := page.next_cursor) is None:
                return found

    async def _keep(self, wanted: FileWebhook) -> None:
        """Add or change a webhook. Another server may do the same at the same time."""
        for _ in range(_ATTEMPTS):
            stored = await self._store.webhook(wanted.key)
            if stored is None:
                try:
                    await self._store.add_webhook(self._new(wanted), None)
                except WebhookExists:
                    continue
                return
            changed = self._changed(stored, wanted)
            if changed is stored or await self._store.change_webhook(changed, stored.version):
                return
        raise StorageUnavailable("the webhooks of the file are being changed by others; try again")

    def _new(self, wanted: FileWebhook) -> Webhook:
        now = self._clock.now()
        return Webhook(
            key=wanted.key,
            url=wanted.url,
            event_types=wanted.types,
            secrets=Secrets(wanted.secret_bytes),
            create_time=now,
            update_time=now,
            from_file=True,
        )

    def _changed(self, stored: Webhook, wanted: FileWebhook) -> Webhook:
        """Return the webhook as the file has it, the same object if nothing differs."""
        secrets, new = stored.secrets, wanted.secret_bytes
        if secrets.current != new:
            secrets = secrets.rotated(new, self._clock.now() + OVERLAP)
        changed = replace(
            stored, url=wanted.url, event_types=wanted.types, secrets=secrets, from_file=True
        )
        return stored if changed == stored else replace(changed, update_time=self._clock.now())
