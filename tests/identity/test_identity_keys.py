# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A key ring turns API keys into principals and follows the store of keys."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from identity.identity_keys import NOON, added, stored
from longtake_server.errors import (
    AuthenticationUnavailable,
    CredentialExpired,
    CredentialMalformed,
    CredentialRevoked,
    CredentialUnknown,
    StorageUnavailable,
)
from longtake_server.identity.api_key import PATTERN, ApiKey, generate, parse
from longtake_server.identity.keys import KeyRing
from longtake_server.identity.principal import Principal, Role
from longtake_server.storage.database import writing_beside
from longtake_server.storage.key_table import KeyTable
from longtake_server.storage.sqlite import SqliteStore
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from longtake_server.identity.key_store import StoredKey

HOUR = timedelta(hours=1)


class FaultyStore:
    """Passes on to a store, unless a fault is set."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.fault: Callable[[], asyncio.Future[None]] | None = None
        self.calls: list[str] = []

    async def key_version(self) -> int:
        await self._pass("key_version")
        return await self._store.key_version()

    async def keys(self) -> Sequence[StoredKey]:
        await self._pass("keys")
        return await self._store.keys()

    async def note_key_uses(self, uses: Mapping[str, datetime]) -> None:
        await self._pass("note_key_uses")
        await self._store.note_key_uses(uses)

    async def redeem_key(self, old: bytes, key: StoredKey, now: datetime) -> bool:
        await self._pass("redeem_key")
        return await self._store.redeem_key(old, key, now)

    async def _pass(self, call: str) -> None:
        self.calls.append(call)
        if self.fault is not None:
            await self.fault()


def broken() -> asyncio.Future[None]:
    raise StorageUnavailable("the disk has an input/output error")


def hanging() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "longtake.db"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
async def store(path: Path, clock: FakeClock) -> AsyncIterator[FaultyStore]:
    store = await SqliteStore.open(path, clock)
    yield FaultyStore(store)
    await store.close()


class Running:
    """A key ring that runs by a fake clock."""

    def __init__(self, store: FaultyStore, clock: FakeClock) -> None:
        self.clock = clock
        self.told: list[bool] = []
        self.ring = KeyRing(store, clock, self.told.append, GUARD_SECONDS)

    async def pass_time(self, seconds: float) -> None:
        """Let the ring run until it sleeps again, in steps of its reads."""
        for _ in range(round(seconds / 0.5)):
            await self.clock.sleeping(2)
            self.clock.advance(0.5)
        await self.clock.sleeping(2)


@pytest.fixture
async def running(store: FaultyStore, clock: FakeClock) -> AsyncIterator[Running]:
    running = Running(store, clock)
    task = asyncio.create_task(running.ring.run())
    await clock.sleeping(2)
    yield running
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_key_created_beside_it_is_accepted_at_once(running: Running, path: Path) -> None:
    key = added(path, expire_time=NOON + HOUR)
    assert running.ring.known(key.text) is None
    ann = Principal("ann", frozenset({Role.GENERATOR}), {"team": "film"}, key.id, NOON + HOUR)
    assert await running.ring.verify(key.text) == ann
    assert running.ring.known(key.text) == ann


async def test_a_key_created_beside_it_is_in_memory_after_the_next_read(
    running: Running, path: Path
) -> None:
    key = added(path)
    await running.pass_time(0.5)
    assert running.ring.known(key.text) is not None


async def test_unknown_keys_that_wait_share_a_read_that_begins_after_them(
    running: Running, store: FaultyStore, path: Path
) -> None:
    gate = asyncio.get_running_loop().create_future()
    store.fault = lambda: gate
    store.calls.clear()
    first = asyncio.create_task(running.ring.verify(generate().text))
    await asyncio.sleep(0)
    assert store.calls == ["key_version"]
    others = [asyncio.create_task(running.ring.verify(generate().text)) for _ in range(100)]
    late = asyncio.create_task(running.ring.verify(added(path).text))
    await asyncio.sleep(0)
    gate.set_result(None)
    assert (await late).id == "ann"
    refused = await asyncio.gather(first, *others, return_exceptions=True)
    assert {type(one) for one in refused} == {CredentialUnknown}
    assert store.calls.count("key_version") == 2


async def test_an_unknown_key_is_not_refused_for_good_while_the_store_fails(
    running: Running, store: FaultyStore, path: Path
) -> None:
    key = added(path)
    store.fault = broken
    with pytest.raises(AuthenticationUnavailable):
        await running.ring.verify(key.text)
    store.fault = None
    assert (await running.ring.verify(key.text)).key_id == key.id


async def test_a_revoked_key_is_refused_after_the_next_read(running: Running, path: Path) -> None:
    key, other = added(path), added(path, principal="bob")
    await running.pass_time(0.5)
    assert running.ring.known(key.text) is not None
    with writing_beside(path) as connection:
        KeyTable(connection).revoke(key.id, NOON)
    await running.pass_time(0.5)
    with pytest.raises(CredentialRevoked, match=key.id):
        running.ring.known(key.text)
    assert (await running.ring.verify(other.text)).id == "bob"


async def test_a_key_expires_at_its_time(running: Running, path: Path) -> None:
    key = added(path, expire_time=NOON + HOUR)
    await running.pass_time(0.5)
    running.clock.advance((NOON + HOUR - running.clock.now()).total_seconds() - 0.001)
    assert running.ring.known(key.text) is not None
    running.clock.advance(0.001)
    with pytest.raises(CredentialExpired, match=key.id):
        running.ring.known(key.text)


@pytest.mark.parametrize("changes", [{}, {"revoke_time": NOON}, {"expire_time": NOON}])
async def test_a_key_with_a_wrong_secret_is_unknown_whatever_its_state(
    running: Running, path: Path, changes: dict[str, object]
) -> None:
    key = added(path, **changes)
    await running.pass_time(0.5)
    forged = ApiKey(key.id, generate().secret)
    with pytest.raises(CredentialUnknown) as refused:
        await running.ring.verify(forged.text)
    assert str(refused.value) == "the server does not know the API key"
    with pytest.raises(CredentialUnknown, match=str(refused.value)):
        await running.ring.verify(generate().text)


async def test_keys_are_read_only_when_they_have_changed(
    running: Running, store: FaultyStore, path: Path
) -> None:
    await running.pass_time(5)
    assert store.calls.count("keys") == 1
    added(path)
    await running.pass_time(5)
    assert store.calls.count("keys") == 2
    assert store.calls.count("key_version") == 21


@pytest.mark.parametrize("fault", [broken, hanging])
async def test_without_the_store_no_key_is_accepted_until_it_is_back(
    running: Running,
    store: FaultyStore,
    path: Path,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[], asyncio.Future[None]],
) -> None:
    caplog.set_level(logging.INFO)
    key = added(path)
    await running.pass_time(0.5)
    store.fault, running.ring._read_seconds = fault, 0.01
    await running.pass_time(4.5)
    assert running.ring.known(key.text) is not None
    assert running.told == [True]
    await running.pass_time(1)
    with pytest.raises(AuthenticationUnavailable):
        running.ring.known(key.text)
    with pytest.raises(AuthenticationUnavailable):
        running.ring.known(generate().text)
    assert not running.ring.available
    store.fault, running.ring._read_seconds = None, GUARD_SECONDS
    await running.pass_time(0.5)
    assert running.ring.known(key.text) is not None
    assert running.told == [True, False, True]
    assert [record.message for record in caplog.records] == [
        "the API keys cannot be read; no key is accepted",
        "the API keys can be read again",
    ]


async def test_without_a_first_read_no_key_is_accepted(
    store: FaultyStore, path: Path, clock: FakeClock
) -> None:
    key = added(path)
    told: list[bool] = []
    ring = KeyRing(store, clock, told.append, GUARD_SECONDS)
    assert not ring.available
    store.fault = broken
    await ring.refresh()
    with pytest.raises(AuthenticationUnavailable):
        ring.known(key.text)
    store.fault = None
    await ring.refresh()
    assert (await ring.verify(key.text)).key_id == key.id
    assert told == [False, True]


async def test_uses_are_stored_once_a_minute_to_the_minute(
    running: Running, store: FaultyStore, path: Path
) -> None:
    key = added(path)
    unused = added(path)
    await running.pass_time(0.5)
    for _ in range(100):
        assert running.ring.known(key.text) is not None
    await running.pass_time(59)
    assert "note_key_uses" not in store.calls
    assert running.ring.known(key.text) is not None
    await running.pass_time(120)
    assert store.calls.count("note_key_uses") == 1
    uses = {one.id: one.last_use_time for one in await store.keys()}
    assert uses == {key.id: NOON, unused.id: None}
    assert await store.key_version() == 2


async def test_uses_that_could_not_be_stored_are_stored_later(
    running: Running, store: FaultyStore, path: Path
) -> None:
    key = added(path)
    await running.pass_time(0.5)
    assert running.ring.known(key.text) is not None
    store.fault = broken
    await running.pass_time(60)
    store.fault = None
    await running.pass_time(60)
    (found,) = await store.keys()
    assert found.last_use_time == NOON


async def test_a_refused_key_is_not_counted_as_used(
    running: Running, store: FaultyStore, path: Path
) -> None:
    key = added(path, revoke_time=NOON)
    await running.pass_time(0.5)
    with pytest.raises(CredentialRevoked):
        running.ring.known(key.text)
    await running.pass_time(60)
    assert "note_key_uses" not in store.calls


class _NoStore:
    """A store that must not be called."""

    async def key_version(self) -> int:
        raise AssertionError

    async def keys(self) -> Sequence[StoredKey]:
        raise AssertionError

    async def note_key_uses(self, uses: Mapping[str, datetime]) -> None:
        raise AssertionError

    async def redeem_key(self, old: bytes, key: StoredKey, now: datetime) -> bool:
        raise AssertionError


@settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(),
        st.binary().map(lambda data: data.decode("latin-1")),
        st.from_regex(PATTERN, fullmatch=True),
    )
)
@example("")
@example("ltk_")
@example("ltk_" + "0" * 12 + "_" + "0" * 38)
@example("ltk_" + "\u0661" * 12 + "_" + "0" * 38)
def test_every_malformed_text_is_malformed_even_without_a_store(text: str) -> None:
    with suppress(CredentialMalformed):
        if parse(text).text == text:
            return
    with pytest.raises(CredentialMalformed):
        KeyRing(_NoStore(), FakeClock()).known(text)


def test_no_repr_of_a_stored_key_or_its_principal_shows_a_secret_or_a_hash() -> None:
    key = generate()
    shown = repr(stored(key)) + repr(key)
    assert key.id in shown
    assert key.secret not in shown
    assert key.hash.hex() not in shown
    assert repr(key.hash) not in shown
