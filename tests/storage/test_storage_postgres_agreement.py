# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What all replicas of a database agree on."""

from __future__ import annotations

import asyncio

from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.commands import PostgresPlace
from storage.storage_postgres import opened

OURS, THEIRS = {"project": "ours"}, {"project": "theirs"}


async def test_the_first_of_several_replicas_settles_it_for_all(database_url: str) -> None:
    async with opened(database_url, 3) as stores:
        found = await asyncio.gather(
            *(store.agreement({"project": str(number)}) for number, store in enumerate(stores))
        )
        assert len({agreement.upstreams["project"] for agreement in found}) == 1
        assert await stores[0].agreement(OURS) == found[0]


async def test_an_operator_changes_it(database_url: str) -> None:
    async with opened(database_url) as (store,):
        await store.agreement(OURS)
        with PostgresPlace(DatabaseAddress(database_url)).writing() as commands:
            commands.change_upstreams(THEIRS)
        assert await store.agreement(OURS) == (THEIRS, False)


async def test_a_hold_lasts_until_an_operator_ends_it(database_url: str) -> None:
    place = PostgresPlace(DatabaseAddress(database_url))
    async with opened(database_url, 2) as (one, other):
        await one.hold_submissions()
        assert await other.agreement(OURS) == (OURS, True)
    async with opened(database_url) as (again,):
        assert await again.agreement(OURS) == (OURS, True)
        for was_held in (True, False):
            with place.writing() as commands:
                assert commands.resume_submissions() is was_held
        assert await again.agreement(OURS) == (OURS, False)
