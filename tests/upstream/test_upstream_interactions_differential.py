# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's own SDK is the witness of interactions: what its user's wish sends and reads, ours does.

Each difference that is meant stands in one table; one that never occurs fails.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import httpx
import httpx2
import pytest
from fakes.clock import FakeClock
from fakes.inline import MemorySink
from fakes.platform import OPERATION
from google import genai
from google.genai import interactions as sdk_types
from google.genai import types
from hypothesis import HealthCheck, given, settings
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.upstream import connection
from longtake_server.upstream.auth import ApiKey, StaticToken
from longtake_server.upstream.interactions import Interactions, InteractionsConfig
from longtake_server.upstream.interactions_answers import decode_submission
from longtake_server.upstream.interactions_check import Task, check
from longtake_server.upstream.interactions_wire import encode_submission
from upstream.captured_sdk import CapturedSdk, Sent, leaves, of_project
from upstream.interactions_differential_answers import (
    ANSWERS,
    ENDS,
    INTERACTION,
    RUNNING,
    longtake_reads,
    sdk_reads,
)
from upstream.interactions_differential_cases import (
    MODEL,
    ONLY_LONGTAKE,
    SHAPES,
    Case,
    cases,
    longtake_earlier,
    longtake_request,
    sdk_arguments,
)
from upstream.interactions_differential_table import (
    ANSWER,
    BODY,
    CANCEL,
    HOSTS,
    POLL,
    SUBMIT,
    Table,
)
from upstream.request_bodies import value_of

if TYPE_CHECKING:
    from longtake_server.upstream.interactions_check import Host

STARTED: dict[str, Any] = {"id": INTERACTION, "status": "in_progress", "object": "interaction"}
FIXED = settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


class DeveloperSdk(CapturedSdk):
    """The SDK as a client of the Gemini Developer API."""

    def __init__(self) -> None:
        super().__init__()
        http = httpx2.Client(transport=httpx2.MockTransport(self._respond))
        options = types.HttpOptions(httpx_client=http)
        self.client = genai.Client(vertexai=False, api_key="anything", http_options=options)


def sdk(host: Host, project: str = "p") -> CapturedSdk:
    """Return the SDK as a client of a host, which has started an interaction."""
    if host == "developer":
        captured: CapturedSdk = DeveloperSdk()
    else:
        captured = CapturedSdk(**{**of_project("global"), "project": project})
    captured.answer = STARTED
    return captured


@pytest.mark.parametrize("host", HOSTS)
def test_longtake_asks_as_the_user_of_the_sdk_does(host: Host) -> None:
    witness, table = sdk(host), Table(BODY, host)

    @FIXED
    @given(cases(host))
    def compare(case: Case) -> None:
        request = longtake_request(case)
        assert check(request, host) == []
        witness.client.interactions.create(**sdk_arguments(case))
        theirs = json.loads(witness.last().body)
        ours = value_of(encode_submission(MODEL, request, host, longtake_earlier(case)))
        assert list(leaves(ours)) == table.expected(theirs, case)

    compare()
    table.assert_each_occurred()


REFUSED: dict[str, Any] = {
    "negative_prompt": "rain",
    "person_generation": "ALLOW_ADULT",
    "safety_filter_level": "BLOCK_MOST",
    "compressed": True,
    "compression_quality": "LOSSLESS",
    "enhance_prompt": True,
    "mask": {"mask_mode": "INSERT"},
    "camera_control": "PAN_LEFT",
    "resize_mode": "CROP",
    "pubsub_topic": "projects/p/topics/t",
}
# Fields of the SDK's call that Longtake's contract has no wish for, and why.
NO_WISH = {
    "cached_content": "Omni models have no cache; deprecated",
    "continuation_token": "goes on with words; the server goes on by itself in the background",
    "environment": "of agents",
    "response_mime_type": "of words; deprecated",
    "response_modalities": "response_format says it; deprecated",
    "safety_settings": "refused: safety_filter_level",
    "service_tier": "not in the contract",
    "stream": "Longtake polls",
    "system_instruction": "Omni models take none",
    "tools": "Omni models have none",
    "webhook_config": "Longtake polls",
}


@pytest.mark.parametrize("host", HOSTS)
def test_every_field_of_both_sides_is_compared_or_named(host: Host) -> None:
    compared = {*SHAPES, "seed", "labels", "output_gcs_uri", "last_frame", "reference_images"}
    ours = {one.name for one in GenerateVideosConfig.DESCRIPTOR.fields}
    assert ours == compared | set(ONLY_LONGTAKE) | set(REFUSED)
    for name, value in REFUSED.items():
        config = GenerateVideosConfig(**{name: value})
        request = GenerateVideosRequest(prompt="a wave", config=config)
        assert [one.field for one in check(request, host)] == [f"config.{name}"]
    sent = {"model", "background", "store", "input", "labels", "previous_interaction_id"}
    sent |= {"response_format", "generation_config"}
    assert set(sdk_types.CreateModelInteraction.model_fields) == sent | set(NO_WISH)
    form = {"type", "aspect_ratio", "duration", "resolution", "delivery", "gcs_uri"}
    assert set(sdk_types.VideoResponseFormat.model_fields) == form
    assert set(sdk_types.VideoConfig.model_fields) == {"task"}


def test_the_sdk_knows_every_task_and_status() -> None:
    # A task that only later versions of the models have.
    assert {one.value for one in Task} | {"upscale"} == _words(sdk_types.VideoConfig, "task")
    statuses = {*RUNNING, *ENDS, "completed"}
    assert statuses == _words(sdk_types.Interaction, "status")


def _words(model: Any, name: str) -> set[str]:
    """Return the strings that the SDK lists for a field."""
    pending, words = [model.model_fields[name].annotation], set()
    while pending:
        one = pending.pop()
        words |= {one} if isinstance(one, str) else set()
        pending += get_args(one)
    return words


def test_longtake_reads_what_the_sdk_reads() -> None:
    witness, table = sdk("developer"), Table(ANSWER, "developer")
    kinds: set[str] = set()

    @FIXED
    @given(ANSWERS)
    def compare(answer: dict[str, Any]) -> None:
        witness.answer = answer
        theirs = witness.client.interactions.get(INTERACTION)
        body = json.dumps(answer).encode()
        ours = longtake_reads(body)
        kinds.update(ours)
        assert decode_submission(body) == theirs.id
        assert list(leaves(ours)) == table.expected(sdk_reads(theirs), theirs)

    compare()
    table.assert_each_occurred()
    assert kinds == {"running", "videos", "withheld", "reasons", "failure", "unknown"}


@pytest.fixture
def sent_by_longtake(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """What Longtake's adapter sends: its client has a transport of ours in place of sockets."""
    sent: list[Sent] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(Sent(request.method, str(request.url), request.content))
        return httpx.Response(200, json=STARTED)

    def client(*_: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(respond))

    monkeypatch.setattr(connection, "http_client", client)
    return sent


def adapter(host: Host, project: str) -> Interactions:
    config = InteractionsConfig(host=host, project=project)
    tokens = ApiKey("anything") if host == "developer" else StaticToken("anything")
    return Interactions(config, tokens, MemorySink(), FakeClock())


def assert_same_call(where: str, host: Host, theirs: Sent, ours: Sent) -> None:
    table = Table(where, host)
    call = {"method": theirs.method, "url": theirs.url}
    assert list(leaves({"method": ours.method, "url": ours.url})) == table.expected(call)
    table.assert_each_occurred()


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("project", ["p", "example.com:p"])
async def test_both_submit_by_the_same_call(
    sent_by_longtake: list[Sent], host: Host, project: str
) -> None:
    case = Case(host, "text_to_video", "a wave", spelling="text")
    witness = sdk(host, project)
    witness.client.interactions.create(**sdk_arguments(case))
    platform, request = adapter(host, project), longtake_request(case)
    await platform.submit(OPERATION, MODEL, request)
    await platform.aclose()
    (ours,) = sent_by_longtake
    assert_same_call(SUBMIT, host, witness.last(), ours)
    assert ours.body == b"".join(encode_submission(MODEL, request, host).pieces())


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("name", [INTERACTION, "a.b~c-d_e", "x" * 512])
async def test_both_poll_and_cancel_by_the_same_calls(
    sent_by_longtake: list[Sent], host: Host, name: str
) -> None:
    witness, platform = sdk(host), adapter(host, "p")
    witness.client.interactions.get(name)
    polled = witness.last()
    witness.client.interactions.cancel(name)
    cancelled = witness.last()
    await platform.poll(OPERATION, name)
    assert await platform.cancel(name)
    await platform.aclose()
    assert_same_call(POLL, host, polled, sent_by_longtake[0])
    assert_same_call(CANCEL, host, cancelled, sent_by_longtake[1])
    assert [one.body for one in sent_by_longtake] == [polled.body, cancelled.body] == [b"", b""]
