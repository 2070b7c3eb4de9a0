# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The model and the upstream of a request, and which earlier operations it can continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.engine import engine, principal
from fakes.upstream import ScriptedUpstream
from longtake_server.errors import InvalidRequest, StartFailure, UpstreamUnavailable
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.model import State, StoredVideo
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.upstream import Earlier, Finished
from operations.operations_requests import VEO_2, VEO_31, ask

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.engine import Engine

OMNI = "gemini-omni-1.2-flash"
VIDEO = StoredVideo("gs://bucket/one.mp4")


def catalogue(folder: Path, text: str) -> Catalogue:
    file = folder / "models.toml"
    file.write_text(text)
    return Catalogue.load(file)


async def test_an_alias_has_another_model_serve_and_says_so(tmp_path: Path) -> None:
    aliased = catalogue(tmp_path, f'[aliases]\n"{VEO_2}" = "{VEO_31}"\nbest = "{VEO_31}"\n')
    async with engine(tmp_path, catalogue=aliased, enforce_retirement=True) as parts:
        for name in (VEO_2, "best", "models/best"):
            record = await parts.service.generate(ask(name, duration_seconds=4), ANYONE)
            assert record.model == name.removeprefix("models/")
            assert record.served_model == VEO_31
            assert record.warnings == (
                f"{record.model} is an alias of {VEO_31}, set by the operator of this server",
            )
        plain = await parts.service.generate(ask(VEO_31), ANYONE)
        assert plain.warnings == ()


def test_an_alias_of_no_model_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartFailure, match=r"aliases\.best is 'veo-9', which is no model"):
        catalogue(tmp_path, '[aliases]\nbest = "veo-9"\n')


async def test_a_model_whose_upstream_is_not_set_up_is_refused(tmp_path: Path) -> None:
    async with engine(tmp_path, routed=("agent_platform",)) as parts:
        with pytest.raises(InvalidRequest, match="model: it is served by interactions, which is"):
            await parts.service.generate(ask(OMNI), ANYONE)


async def succeeded(parts: Engine, name: str) -> None:
    for _ in range(3):
        await parts.driver.step(name)
    assert (await parts.ledger.get(name)).state is State.SUCCEEDED


async def test_a_generation_goes_on_from_an_earlier_one(tmp_path: Path) -> None:
    script = ScriptedUpstream(
        submissions=["up/1", "up/2"], polls=[Finished((VIDEO,)), Finished((VIDEO,))]
    )
    async with engine(tmp_path, script) as parts:
        first = (await parts.service.generate(ask(OMNI), ANYONE)).name
        with pytest.raises(InvalidRequest, match="previous_operation: accepted is"):
            await parts.service.generate(ask(OMNI, previous_operation=first), ANYONE)
        await succeeded(parts, first)
        second = await parts.service.generate(ask(OMNI, previous_operation=first), ANYONE)
        await succeeded(parts, second.name)
        assert script.earlier == Earlier("up/1", (VIDEO,))


async def test_an_earlier_one_of_another_caller_is_not_there(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.service.generate(ask(OMNI), principal("ann"))).name
        with pytest.raises(InvalidRequest, match="previous_operation"):
            await parts.service.generate(ask(OMNI, previous_operation=name), principal("bob"))


async def test_an_earlier_one_that_was_deleted_meanwhile_ends_the_later(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[Finished((VIDEO,))])
    async with engine(tmp_path, script) as parts:
        first = (await parts.service.generate(ask(OMNI), ANYONE)).name
        await succeeded(parts, first)
        later = await parts.service.generate(ask(OMNI, previous_operation=first), ANYONE)
        await parts.service.delete(first, ANYONE)
        await parts.driver.step(later.name)
        failure = (await parts.ledger.get(later.name)).failure
        assert failure is not None
        assert (failure.reason, script.submitted) == ("OPERATION_DELETED", [first])


@pytest.mark.parametrize("retain", [True, False])
async def test_results_are_copied_where_that_is_wished(tmp_path: Path, retain: bool) -> None:
    script = ScriptedUpstream(
        submissions=["up/1"], polls=[Finished((VIDEO,))], video=bytes(3 << 20)
    )
    async with engine(tmp_path, script, retain=retain) as parts:
        name = (await parts.accept()).name
        await succeeded(parts, name)
        [video] = (await parts.ledger.get(name)).videos
        assert video.at_upstream is not retain
        if retain:
            assert video.size_bytes == 3 << 20
            assert len(video.sha256) == 64
            async with parts.media.open_video(video, 0, None) as reading:
                assert sum([len(chunk) async for chunk in reading.chunks]) == 3 << 20


async def test_a_copy_that_breaks_off_is_made_again(tmp_path: Path) -> None:
    script = ScriptedUpstream(
        submissions=["up/1"], polls=[Finished((VIDEO,)), Finished((VIDEO,))], video=b"bytes"
    )
    script.readings = [UpstreamUnavailable("scripted", "it broke off")]
    async with engine(tmp_path, script, retain=True) as parts:
        name = (await parts.accept()).name
        for _ in range(2):
            await parts.driver.step(name)
        assert (await parts.ledger.get(name)).state is State.RUNNING
        await parts.driver.step(name)
        assert (await parts.ledger.get(name)).state is State.SUCCEEDED
