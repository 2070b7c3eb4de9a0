# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of operations and of models: their order, their pages, their filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes.engine import MODEL
from google.longrunning import operations_pb2 as standard
from longtake.v1 import video_service_pb2 as api
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.model_pb2 import Model
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.store import Page
from operations.operations_requests import ask
from rpc.rpc_server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from longtake_server.operations.store import Filter
    from rpc.rpc_server import Server

STUBS: list[tuple[str, Any]] = [
    ("videos", api.ListOperationsRequest),
    ("operations", standard.ListOperationsRequest),
]
CALLER_HEADER = "x-longtake-caller"
MODELS = [f"models/{entry.id}" for entry in Catalogue.load().models]


async def names(server: Server, text: str) -> list[str]:
    """Check that both services list the same for a filter, and return it."""
    ours, theirs = [
        await getattr(server, stub).ListOperations(kind(filter=text)) for stub, kind in STUBS
    ]
    listed = [operation.name for operation in ours.operations]
    assert listed == [operation.name for operation in theirs.operations]
    return listed


@pytest.mark.parametrize(("stub", "kind"), STUBS, ids=["videos", "operations"])
async def test_pages_hold_every_operation_once_and_the_newest_first(
    tmp_path: Path, stub: str, kind: Any
) -> None:
    async with serving(tmp_path) as server:
        made = []
        for _ in range(5):
            server.parts.clock.advance(1)
            made.append(await server.accepted())
        call = getattr(server, stub).ListOperations
        pages: list[Any] = []
        request = kind(page_size=2)
        while not pages or request.page_token:
            pages.append(await call(request))
            request.page_token = pages[-1].next_page_token
    assert [len(page.operations) for page in pages] == [2, 2, 1]
    listed = [operation.name for page in pages for operation in page.operations]
    assert listed == made[::-1]


async def test_pages_go_on_where_they_were_though_operations_come_and_go(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        made = []
        for _ in range(3):
            server.parts.clock.advance(1)
            made.append(await server.accepted())
        request = api.ListOperationsRequest(page_size=2)
        first = await server.videos.ListOperations(request)
        server.parts.clock.advance(1)
        await server.accepted()
        await server.videos.DeleteOperation(api.DeleteOperationRequest(name=made[1]))
        request.page_token = first.next_page_token
        second = await server.videos.ListOperations(request)
    assert [operation.name for operation in second.operations] == made[:1]
    assert not second.next_page_token


async def test_no_operations_are_one_empty_page(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        page = await server.videos.ListOperations(api.ListOperationsRequest())
    assert not page.operations
    assert not page.next_page_token


async def test_the_size_of_a_page_has_a_default_and_a_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def remember(_wanted: Filter, limit: int, _cursor: str | None = None) -> Page:
        asked.append(limit)
        return Page((), None)

    async with serving(tmp_path) as server:
        monkeypatch.setattr(server.parts.store, "list", remember)
        for stub, kind in STUBS:
            for size in (0, 1, 1000, 1001, (1 << 31) - 1):
                await getattr(server, stub).ListOperations(kind(page_size=size))
    assert asked == [50, 1, 1000, 1000, 1000] * 2


async def test_a_filter_picks_by_state_outcome_model_and_labels(tmp_path: Path) -> None:
    labelled = GenerateVideosConfig(labels={"team": "ads-and-more", "stage": "1"})
    async with serving(tmp_path) as server:
        running = await server.running()
        server.parts.clock.advance(1)
        succeeded = await server.succeeded(b"bytes")
        server.parts.clock.advance(1)
        queued = await server.accepted(config=labelled, model="veo-3.1-fast-generate-001")
        expected = {
            "state = RUNNING": [running],
            "state=SUCCEEDED": [succeeded],
            "done = true": [succeeded],
            "done = false": [queued, running],
            f'model = "{MODEL}"': [succeeded, running],
            f"model = models/{MODEL} AND done = false": [running],
            'labels.team = "ads-and-more"': [queued],
            'labels.team = "ads-and-more" AND labels.stage = 1 AND state = QUEUED': [queued],
            'labels.team = "ads AND more" AND labels.stage = 1': [],
            "labels.team = others": [],
            "state = FAILED": [],
            "  ": [queued, succeeded, running],
        }
        for text, wanted in expected.items():
            assert await names(server, text) == wanted, text


async def test_a_list_has_the_start_of_the_prompts_of_its_own_caller_only(tmp_path: Path) -> None:
    everything = api.ListOperationsRequest()
    async with serving(tmp_path, caller_header=CALLER_HEADER) as server:
        for caller, prompt in (("ann", "é" * 100), ("ann", "a dog"), ("ben", "secret")):
            as_caller = ((CALLER_HEADER, caller),)
            await server.videos.GenerateVideos(ask(prompt=prompt), metadata=as_caller)
            server.parts.clock.advance(1)
        listed = await server.videos.ListOperations(everything, metadata=((CALLER_HEADER, "ann"),))
    assert [one.metadata.prompt_excerpt for one in listed.operations] == ["a dog", "é" * 80]


async def test_models_are_listed_in_the_order_of_their_ids(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        request = api.ListModelsRequest(page_size=4)
        listed: list[str] = []
        while not listed or request.page_token:
            page = await server.videos.ListModels(request)
            assert 0 < len(page.models) <= 4
            listed += [model.name for model in page.models]
            request.page_token = page.next_page_token
        whole = await server.videos.ListModels(api.ListModelsRequest(page_size=1001))
    assert listed == [model.name for model in whole.models] == MODELS


async def test_a_model_tells_what_it_can_do(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        model = await server.videos.GetModel(api.GetModelRequest(name=f"models/{MODEL}"))
        old = await server.videos.GetModel(api.GetModelRequest(name="models/veo-2.0-generate-001"))
        listed = await server.videos.ListModels(api.ListModelsRequest())
    assert model in listed.models
    assert (model.model_id, model.stage) == (MODEL, Model.GENERALLY_AVAILABLE)
    assert list(model.durations_seconds) == [4, 6, 8]
    assert model.default_duration_seconds == 8
    assert list(model.resolutions) == ["720p", "1080p", "4k"]
    assert model.max_videos == 4
    assert "image" in model.supported_fields
    assert all(price.price_per_second.currency_code == "USD" for price in model.prices)
    assert not model.replacement
    assert old.stage == Model.RETIRED
    assert old.replacement == MODEL
    assert old.retirement_date.year
