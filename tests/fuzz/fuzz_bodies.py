# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Targets that read whole bodies: of requests, of the upstream's answers, and of pushes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fakes.clock import FakeClock
from fakes.inline import decoded, decoded_interaction
from fuzz.fuzz_outcome import Finding, Target, refusal
from fuzz.fuzz_reader import Reader
from google.protobuf.message import DecodeError
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import LongtakeError
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.requests.validation import validate
from longtake_server.operations.upstream import OutcomeUnknown
from longtake_server.push.documents import possible_names, read_json
from longtake_server.push.faults import NotVerified, Unreadable
from longtake_server.push.pubsub import read_message
from longtake_server.push.signatures import DynamicSignatures, StaticSignatures, WebhookVerifier
from longtake_server.upstream import answers, google_error, interactions_answers, wire
from longtake_server.upstream import interactions_check as interactions
from upstream.request_bodies import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from longtake_server.errors import Violation
    from longtake_server.identity.key_set import KeySet

_GOLDEN = Path(__file__).parents[1] / "golden"
_SECRET = b"0123456789abcdef0123456789abcdef"
_BODY = json.dumps({"type": "interaction.completed", "data": {"id": "interactions/1"}}).encode()
_MESSAGE = json.dumps(
    {"message": {"messageId": "1", "data": base64.b64encode(_BODY).decode()}}
).encode()
_DONE = json.dumps(
    {
        "name": "projects/p/locations/us-central1/publishers/google/models/m/operations/1",
        "done": True,
        "response": {
            "videos": [{"gcsUri": "gs://b/o.mp4", "mimeType": "video/mp4"}],
            "raiMediaFilteredCount": 1,
            "raiMediaFilteredReasons": ["a reason. Support codes: 1"],
        },
    }
).encode()
_FAILED = json.dumps(
    {
        "done": True,
        "error": {
            "code": 8,
            "status": "RESOURCE_EXHAUSTED",
            "message": "<b>no</b> quota",
            "details": [
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"},
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "R", "domain": "d"},
            ],
        },
    }
).encode()
_INTERACTION = json.dumps(
    {
        "id": "interactions/1",
        "status": "completed",
        "outputs": [{"type": "video", "mime_type": "video/mp4", "data": "AAAA"}],
    }
).encode()


class _NoKeys:
    """Knows no key, so that no token is valid and nothing is fetched."""

    async def find(self, key_id: str) -> None:
        """Find nothing."""


@contextmanager
def _requests(_: Path) -> Iterator[Callable[[bytes], str]]:
    catalogue = Catalogue.load()
    models = [entry.id for entry in catalogue.models]
    pools = {"model": models, "mime_type": ["image/png", "video/mp4"], "uri": ["gs://b/o.png"]}

    def check(upstream: str, request: GenerateVideosRequest) -> Sequence[Violation]:
        if upstream == "agent_platform":
            return wire.check(request)
        return interactions.check(request, "developer")

    def once(data: bytes) -> str:
        reader = Reader(data)
        request = GenerateVideosRequest()
        if reader.number(2):
            reader.fill(request, pools)
        else:
            try:
                request.ParseFromString(reader.rest())
            except DecodeError:
                return "INVALID_ARGUMENT"
        try:
            entry = validate(request, catalogue, enforce_retirement=True, upstream_check=check)
            catalogue.bill(entry.id, request)
            if entry.upstream == "agent_platform":
                value_of(wire.encode_submission(request))
        except LongtakeError as error:
            return refusal(error)
        return "OK"

    yield once


@contextmanager
def _answers(_: Path) -> Iterator[Callable[[bytes], str]]:
    readers: Sequence[Callable[[bytes], object]] = (
        answers.decode_submission,
        lambda body: decoded(body, "agent_platform"),
        interactions_answers.decode_submission,
        lambda body: decoded_interaction(body, "interactions"),
        google_error.parse_error,
        google_error.readable_body,
    )

    def once(data: bytes) -> str:
        reader = Reader(data)
        read = readers[reader.number(len(readers))]
        try:
            read(reader.rest())
        except OutcomeUnknown:
            return "OUTCOME_UNKNOWN"
        return "OK"

    yield once


@contextmanager
def _pushes(_: Path) -> Iterator[Callable[[bytes], str]]:
    clock = FakeClock()
    timestamp = str(int(clock.now().timestamp()))
    keys = cast("KeySet", _NoKeys())
    static = StaticSignatures("whsec_" + base64.b64encode(_SECRET).decode())
    verifier = WebhookVerifier(static, DynamicSignatures(keys, None, clock), clock)
    loop = asyncio.new_event_loop()

    def webhook(reader: Reader) -> str:
        right = _signature(timestamp, _BODY)
        headers = {
            "webhook-id": reader.choice(["msg_1"]),
            "webhook-timestamp": reader.choice([timestamp]),
            "webhook-signature": reader.choice([right, f"v1,AAAA {right}"]),
        }
        body = reader.rest()
        loop.run_until_complete(verifier.verify(headers, body))
        if (headers["webhook-id"], headers["webhook-timestamp"], body) != (
            "msg_1", timestamp, _BODY,
        ):  # fmt: skip
            raise Finding("a forged webhook was accepted")
        return _named(read_json(body))

    def once(data: bytes) -> str:
        reader = Reader(data)
        try:
            if reader.number(2):
                return webhook(reader)
            return _named(read_message(reader.rest())[1])
        except NotVerified:
            return "UNAUTHENTICATED"
        except Unreadable:
            return "INVALID_ARGUMENT"

    try:
        yield once
    finally:
        loop.close()


def _signature(timestamp: str, body: bytes) -> str:
    digest = hmac.digest(_SECRET, f"msg_1.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def _named(document: object) -> str:
    names = possible_names(document)
    if len(names) > 64 or any(len(name) > 512 for name in names):
        raise Finding("a push named more than is looked up")
    return "OK"


_SIMPLE = GenerateVideosRequest(model="veo-3.1-generate-001", prompt="a dog").SerializeToString()
_GOLDEN_REQUEST = (_GOLDEN / "generate_videos_request.binpb").read_bytes()

BODIES = (
    Target(
        "GenerateVideosRequest", 0.02,
        (b"\x00" + _GOLDEN_REQUEST, b"\x00" + _SIMPLE, b"\x01" * 200), _requests,
    ),
    Target(
        "upstream answers", 0.05,
        [
            bytes([kind]) + body
            for kind in range(6)
            for body in (_DONE, _FAILED, _INTERACTION)
        ],
        _answers,
    ),
    Target(
        "pushes", 0.03, (b"\x01\x00\x00\x00" + _BODY, b"\x00" + _MESSAGE), _pushes
    ),
)  # fmt: skip
