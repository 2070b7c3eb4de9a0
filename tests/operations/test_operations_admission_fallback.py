# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A fallback model serves a request if its model has no quota left and the caller allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.engine import MODEL, engine
from fakes.upstream import ScriptedUpstream
from longtake_server.errors import StartFailure
from longtake_server.operations.model import Code, Failure, State
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.upstream import NotNow

if TYPE_CHECKING:
    from pathlib import Path

BUSY = Failure(Code.RESOURCE_EXHAUSTED, "ATTEMPTS_EXHAUSTED", "quota exceeded")
DOWN = Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", "down")
FAST = "veo-3.1-fast-generate-001"
LITE = "veo-3.1-lite-generate-001"
# An operator's own entry for a model that supports 4k.
OWN = "own-veo"
OWN_ROW = f"""
[models.{OWN}]
family = "veo_3_1"
display_name = "Own"
stage = "GENERALLY_AVAILABLE"
source = "us"
"""


def fallbacks(folder: Path, *models: str) -> Catalogue:
    file = folder / "fallbacks.toml"
    listed = ", ".join(f'"{model}"' for model in models)
    file.write_text(f'[models."{MODEL}"]\nfallbacks = [{listed}]\n{OWN_ROW}')
    return Catalogue.load(file)


async def test_the_next_model_serves_it_at_once_and_says_so(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[NotNow(BUSY, retry_after=30.0), "up/1"])
    async with engine(tmp_path, script, catalogue=fallbacks(tmp_path, FAST)) as parts:
        accepted = await parts.accept(allow_model_fallback=True)
        assert await parts.driver.step(accepted.name) == parts.clock.now()
        moved = await parts.ledger.get(accepted.name)
        assert (moved.state, moved.model, moved.served_model) == (State.QUEUED, MODEL, FAST)
        assert moved.next_retry_time is None
        assert FAST in moved.warnings[0]
        assert moved.cost_micros is not None
        assert accepted.cost_micros is not None
        assert moved.cost_micros < accepted.cost_micros
        await parts.driver.step(accepted.name)
        running = await parts.ledger.get(accepted.name)
        assert (running.state, running.served_model) == (State.RUNNING, FAST)
        # It arrived during the backoff of the model, so it is not tried there.
        script.submitted.clear()
        later = await parts.accept(allow_model_fallback=True)
        await parts.driver.step(later.name)
        assert (await parts.ledger.get(later.name)).served_model == FAST
        assert script.submitted == []


async def test_a_model_that_cannot_serve_it_is_left_out(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[NotNow(BUSY), NotNow(BUSY)])
    # The fast model does not support 4k, and the next two are retired.
    gone = ("veo-3.0-generate-001", "veo-3.1-generate-preview")
    catalogue = fallbacks(tmp_path, FAST, *gone, OWN)
    async with engine(tmp_path, script, catalogue=catalogue) as parts:
        name = (await parts.accept(allow_model_fallback=True, config={"resolution": "4k"})).name
        await parts.driver.step(name)
        moved = await parts.ledger.get(name)
        assert moved.served_model == OWN
        assert len(moved.warnings) == 1
        # It was the last fallback, so from now on the operation waits.
        assert await parts.driver.step(name) != parts.clock.now()
        waiting = await parts.ledger.get(name)
        assert (waiting.state, waiting.served_model) == (State.QUEUED, moved.served_model)


@pytest.mark.parametrize(("allowed", "failure"), [(False, BUSY), (True, DOWN)])
async def test_it_stays_where_it_is(tmp_path: Path, allowed: bool, failure: Failure) -> None:
    script = ScriptedUpstream(submissions=[NotNow(failure, retry_after=30.0)])
    async with engine(tmp_path, script, catalogue=fallbacks(tmp_path, FAST, LITE)) as parts:
        name = (await parts.accept(allow_model_fallback=allowed)).name
        await parts.driver.step(name)
        waiting = await parts.ledger.get(name)
        assert (waiting.state, waiting.served_model) == (State.QUEUED, MODEL)
        assert waiting.next_retry_time is not None


@pytest.mark.parametrize("other", ["no-such-model", "gemini-omni-1.2-flash"])
def test_a_fallback_is_a_model_of_the_same_upstream(tmp_path: Path, other: str) -> None:
    with pytest.raises(StartFailure, match=f"fallbacks has '{other}', which is no model of"):
        fallbacks(tmp_path, other)


def test_a_limit_of_zero_is_none_and_the_shipped_ones_can_be_left_out(tmp_path: Path) -> None:
    file = tmp_path / "quotas.toml"
    file.write_text(f'[models."{FAST}"]\nrequests_per_minute = 0\nmax_concurrent = 3\n')
    shipped, bare = Catalogue.load(file), Catalogue.load(file, shipped_quotas=False)
    assert (shipped.find(FAST).requests_per_minute, shipped.find(FAST).max_concurrent) == (None, 3)
    assert shipped.find(MODEL).requests_per_minute == 50
    assert bare.find(MODEL).requests_per_minute is None
    file.write_text(f'[models."{FAST}"]\nmax_concurrent = -1\n')
    with pytest.raises(StartFailure, match="max_concurrent"):
        Catalogue.load(file)
