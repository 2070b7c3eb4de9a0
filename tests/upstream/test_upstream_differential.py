# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's own SDK is the witness of the wire: what it sends and reads, Longtake does.

Each difference that is meant stands in `DIFFERENCES`; one that never occurs fails.
"""

from __future__ import annotations

import copy
import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fakes.clock import FakeClock
from fakes.inline import MemorySink
from google.genai import types
from hypothesis import HealthCheck, given, settings
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.upstream import connection
from longtake_server.upstream.agent_platform import AgentPlatform, AgentPlatformConfig
from longtake_server.upstream.auth import StaticToken
from longtake_server.upstream.wire import encode_submission
from upstream.captured_sdk import CapturedSdk, Sent, leaves, of_project, operation
from upstream.differential_answers import ANSWERS, NAME, longtake_reads, sdk_reads
from upstream.differential_cases import (
    CASES,
    ONLY_LONGTAKE,
    ONLY_SDK,
    REFUSED_BY_LONGTAKE,
    SAME,
    Case,
    longtake_request,
    sdk_arguments,
)
from upstream.request_bodies import value_of

if TYPE_CHECKING:
    from collections.abc import Callable

BODY, URL, ANSWER = "body", "url", "answer"
FIXED = settings(
    max_examples=600,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def move_camera(body: Any, case: Case) -> None:
    if "camera_control" in case.config:
        body["instances"][0]["cameraControl"] = case.config["camera_control"].lower()


def compress(body: Any, case: Case) -> None:
    if "compressed" in case.config and "compression_quality" not in case.config:
        quality = "OPTIMIZED" if case.config["compressed"] else "LOSSLESS"
        body.setdefault("parameters", {})["compressionQuality"] = quality


def spell_person_generation(body: Any, _case: Case) -> None:
    parameters = body.get("parameters", {})
    if "personGeneration" in parameters:
        parameters["personGeneration"] = parameters["personGeneration"].lower()


def leave_out_empty(*names: str) -> Callable[[Any, Case], None]:
    def change(body: Any, _case: Case) -> None:
        for holder in (body, body["instances"][0]):
            for name in names:
                if holder.get(name) in ("", [], {}):
                    del holder[name]

    return change


def tell_image_types(body: Any, _case: Case) -> None:
    instance = body["instances"][0]
    given = [instance.get("image"), instance.get("lastFrame"), instance.get("mask")]
    given += [one["image"] for one in instance.get("referenceImages", [])]
    starts = {"iVBORw0KGg": "image/png", "/9j/": "image/jpeg", "UklGRjEyMzRXRUJQ": "image/webp"}
    for image in filter(None, given):
        for start, mime_type in starts.items():
            if image.get("bytesBase64Encoded", "").startswith(start):
                image["mimeType"] = mime_type


def tell_video_type(body: Any, _case: Case) -> None:
    video = body["instances"][0].get("video", {})
    if "bytesBase64Encoded" in video:
        video.setdefault("mimeType", "video/mp4")


def stable_version(url: Any, _case: object) -> None:
    url["url"] = url["url"].replace("/v1beta1/", "/v1/")


def name_video_type(answer: Any, _case: object) -> None:
    for video in answer.get("videos", []):
        video["mime_type"] = video["mime_type"] or "video/mp4"


def count_withheld(answer: Any, _case: object) -> None:
    if "videos" in answer:
        answer["count"] = answer["count"] or 0
        answer["reasons"] = answer["reasons"] or []


def leave_out_metadata(answer: Any, _case: object) -> None:
    answer.pop("metadata", None)


def fail_empty(answer: Any, _case: object) -> None:
    if "videos" in answer and not (answer["videos"] or answer["count"] or answer["reasons"]):
        message = "the upstream finished with neither a video nor an error"
        answer.clear()
        answer["error"] = {"code": 13, "message": message, "details": []}


def know_codes(answer: Any, _case: object) -> None:
    if "error" in answer and answer["error"]["code"] not in range(1, 17):
        answer["error"]["code"] = 2


def read_for_people(answer: Any, _case: object) -> None:
    if message := answer.get("error", {}).get("message"):
        message = message.replace("ya29.abc", "[removed]").replace("\n", " ").strip()
        long = f"{message[:497]} ... {message[-497:]}"
        answer["error"]["message"] = message if len(message) <= 1000 else long


def always_say_why(answer: Any, _case: object) -> None:
    if "error" in answer and not answer["error"]["message"]:
        answer["error"]["message"] = "the upstream failed without a message"


def know_details(answer: Any, _case: object) -> None:
    if "error" in answer:
        kept = [one for one in answer["error"]["details"] if "google.rpc." in one["@type"]]
        answer["error"]["details"] = kept


@dataclass(frozen=True, slots=True)
class Difference:
    """A way in which Longtake is meant to differ from the SDK.

    Attributes:
        where: What differs: the body or the URL of a request, or the reading of an answer.
        what: The difference.
        reason: Why it is meant.
        change: Makes Longtake's form out of the SDK's.
    """

    where: str
    what: str
    reason: str
    change: Callable[[Any, Any], None]


# In this order: what a change makes, a later one may change again.
DIFFERENCES = (
    Difference(
        BODY,
        "cameraControl is sent",
        "it is in Google's REST schema of an instance, and the SDK has no field for it",
        move_camera,
    ),
    Difference(
        BODY,
        "`compressed` is sent as compressionQuality",
        "the older API's name of it, which callers of it have; the SDK has the new one only",
        compress,
    ),
    Difference(
        BODY,
        "personGeneration is in lower case, however the SDK's user spells it",
        "a plain string in the SDK and an enum in the contract; Google documents lower case",
        spell_person_generation,
    ),
    Difference(
        BODY,
        "an empty prompt is not sent",
        "the contract's prompt has no presence: an empty one is an absent one",
        leave_out_empty("prompt"),
    ),
    Difference(
        BODY,
        "empty labels and reference images are not sent",
        "maps and repeated fields of protobuf have no presence",
        leave_out_empty("labels", "referenceImages"),
    ),
    Difference(
        BODY,
        "the type of an inline image is that of its bytes",
        "the bytes decide; the SDK sends what the caller says, or nothing",
        tell_image_types,
    ),
    Difference(
        BODY,
        "an inline video without a type is video/mp4",
        "the contract's default; Google's schema asks for a mimeType; the SDK leaves it out",
        tell_video_type,
    ),
    Difference(
        URL,
        "v1 in place of v1beta1",
        "Google's REST pages use the stable version, and it has both methods",
        stable_version,
    ),
    Difference(
        ANSWER,
        "a video without a mimeType is video/mp4",
        "the contract promises a type, and Veo makes nothing else",
        name_video_type,
    ),
    Difference(
        ANSWER,
        "absent counts and reasons of withheld videos are 0 and none",
        "the contract's fields have no presence",
        count_withheld,
    ),
    Difference(
        ANSWER,
        "an operation's metadata is left out",
        "Google's is an empty message",
        leave_out_metadata,
    ),
    Difference(
        ANSWER,
        "done with neither a video nor an error is a failure",
        "a success without a result would leave the caller with nothing that explains it",
        fail_empty,
    ),
    Difference(
        ANSWER,
        "a code that google.rpc.Code does not have, or none, is UNKNOWN",
        "gRPC has no other codes to pass on",
        know_codes,
    ),
    Difference(
        ANSWER,
        "an error's message is of one line, at most 1000 characters, without tokens",
        "it is stored, logged and shown",
        read_for_people,
    ),
    Difference(
        ANSWER,
        "an error without a message has one",
        "every error says what happened",
        always_say_why,
    ),
    Difference(
        ANSWER,
        "details of unknown types are left out",
        "they are packed as protobuf, which needs the type",
        know_details,
    ),
)


class Table:
    """Makes Longtake's form out of the SDK's, and counts which differences that took."""

    def __init__(self, where: str) -> None:
        self._differences = [one for one in DIFFERENCES if one.where == where]
        self._occurred: set[str] = set()

    def expected(self, of_sdk: Any, case: object = None) -> list[tuple[str, str]]:
        value = copy.deepcopy(of_sdk)
        for one in self._differences:
            before = list(leaves(value))
            one.change(value, case)
            if list(leaves(value)) != before:
                self._occurred.add(one.what)
        return list(leaves(value))

    def assert_each_occurred(self) -> None:
        assert self._occurred == {one.what for one in self._differences}


@pytest.fixture(scope="module")
def sdk() -> CapturedSdk:
    return CapturedSdk()


def generate(sdk: CapturedSdk, model: str, **arguments: Any) -> Sent:
    with warnings.catch_warnings():
        # Calls without `source` are among what is compared, and the SDK warns of them once.
        warnings.simplefilter("ignore", DeprecationWarning)
        sdk.client.models.generate_videos(model=model, **arguments)
    return sdk.last()


def test_longtake_sends_the_body_that_the_sdk_sends(sdk: CapturedSdk) -> None:
    table = Table(BODY)

    @FIXED
    @given(CASES)
    def compare(case: Case) -> None:
        theirs = json.loads(generate(sdk, "m", **sdk_arguments(case)).body)
        ours = value_of(encode_submission(longtake_request(case)))
        assert list(leaves(ours)) == table.expected(theirs, case)

    compare()
    table.assert_each_occurred()


def test_every_field_of_both_sides_is_compared_or_named() -> None:
    both = {*SAME, "person_generation", "last_frame", "mask", "reference_images"}
    longtake = {one.name for one in GenerateVideosConfig.DESCRIPTOR.fields}
    assert longtake == both | set(ONLY_LONGTAKE) | set(REFUSED_BY_LONGTAKE)
    assert set(types.GenerateVideosConfig.model_fields) == both | set(ONLY_SDK)
    source = {"prompt", "image", "video"}
    assert set(types.GenerateVideosSource.model_fields) == source
    assert source <= {one.name for one in GenerateVideosRequest.DESCRIPTOR.fields}


def test_longtake_reads_what_the_sdk_reads(sdk: CapturedSdk) -> None:
    table = Table(ANSWER)
    kinds: set[str] = set()

    @FIXED
    @given(ANSWERS)
    def compare(answer: dict[str, Any]) -> None:
        sdk.answer = answer
        theirs = sdk_reads(sdk.client.operations.get(operation(NAME)))
        ours = longtake_reads(json.dumps(answer).encode())
        kinds.update(ours)
        assert list(leaves(ours)) == table.expected(theirs)

    compare()
    table.assert_each_occurred()
    assert kinds == {"running", "videos", "count", "reasons", "error"}


@pytest.fixture
def sent_by_longtake(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """What Longtake's adapter sends: its client has a transport of ours in place of sockets."""
    sent: list[Sent] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(Sent(request.method, str(request.url), request.content))
        return httpx.Response(200, json={"name": NAME})

    def client(*_: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(respond))

    monkeypatch.setattr(connection, "http_client", client)
    return sent


def adapter(location: str) -> AgentPlatform:
    config = AgentPlatformConfig(project="p", location=location)
    return AgentPlatform(config, StaticToken("anything"), MemorySink(), FakeClock())


def assert_same_call(theirs: Sent, ours: Sent) -> None:
    table = Table(URL)
    assert ours.method == theirs.method == "POST"
    assert list(leaves({"url": ours.url})) == table.expected({"url": theirs.url})
    assert list(leaves(json.loads(ours.body))) == list(leaves(json.loads(theirs.body)))
    table.assert_each_occurred()


@pytest.mark.parametrize("location", ["us-central1", "europe-west4", "global", "us", "eu"])
@pytest.mark.parametrize("model", ["veo-3.1-generate-001", "veo-2.0-generate-exp"])
async def test_both_submit_by_the_same_call(
    sent_by_longtake: list[Sent], location: str, model: str
) -> None:
    source = types.GenerateVideosSource(prompt="a wave")
    theirs = generate(CapturedSdk(**of_project(location)), model, source=source)
    platform = adapter(location)
    await platform.submit("operations/1", model, GenerateVideosRequest(prompt="a wave"))
    await platform.aclose()
    assert_same_call(theirs, sent_by_longtake[-1])


@pytest.mark.parametrize("location", ["us-central1", "global", "eu"])
@pytest.mark.parametrize("name", [NAME, "publishers/google/models/veo-3.1/operations/1f-2"])
async def test_both_poll_by_the_same_call(
    sent_by_longtake: list[Sent], location: str, name: str
) -> None:
    arguments = of_project(location) if name == NAME else {"api_key": "anything"}
    captured = CapturedSdk(**arguments)
    captured.client.operations.get(operation(name))
    # A key without a project is served where the location is global.
    platform = adapter(location if name == NAME else "global")
    await platform.poll("operations/1", name)
    await platform.aclose()
    assert_same_call(captured.last(), sent_by_longtake[-1])
