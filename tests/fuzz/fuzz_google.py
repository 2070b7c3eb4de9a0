# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A target for the HTTP listener in process: its routes, the use cases and the store are the real
ones, and only the socket is missing.

The bodies are those of Veo and of the token endpoint. Interactions have a target of their own.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from fakes.engine import MODEL, principal
from fuzz.fuzz_door import CALLER, HANG_SECONDS, HEADER, opened
from fuzz.fuzz_json import Vocabulary
from fuzz.fuzz_outcome import Finding, Target, code_name
from fuzz.fuzz_reader import Reader
from google.rpc import code_pb2

if TYPE_CHECKING:
    from fakes.engine import Engine
    from starlette.types import ASGIApp, Message

_EXPRESS = f"publishers/google/models/{MODEL}"
_PROJECT = f"projects/p/locations/l/{_EXPRESS}"
_SUBMIT, _POLL = ":predictLongRunning", ":fetchPredictOperation"
_GRANT = b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="
_FORM = b"application/x-www-form-urlencoded"
_VOCABULARY = Vocabulary(
    members=(
        *("instances", "parameters", "labels", "prompt", "image", "lastFrame", "video", "mask"),
        *(
            "referenceImages",
            "referenceType",
            "maskMode",
            "bytesBase64Encoded",
            "gcsUri",
            "mimeType",
        ),
        *(
            "cameraControl",
            "sampleCount",
            "storageUri",
            "fps",
            "durationSeconds",
            "seed",
            "resolution",
        ),
        *("aspectRatio", "personGeneration", "pubsubTopic", "negativePrompt", "enhancePrompt"),
        *("generateAudio", "compressionQuality", "resizeMode", "operationName", "team"),
    ),
    texts=(
        *(
            "a dog",
            "asset",
            "insert",
            "gs://bucket/object",
            "image/png",
            "video/mp4",
            "iVBORw0KGgo=",
        ),
        *("pan_left", "720p", "16:9", "allow_adult", "projects/p/topics/topic", "lossless", "pad"),
        *("\ud800", "\0", "8", "8.0", "film"),
    ),
    others=(0, 1, 4, 8, 24, -1, 1.5, 1e300, 10**400, 2**32, True, False, None),
)
_BODY: dict[str, Any] = {
    "instances": [{"prompt": "a dog", "image": {"gcsUri": "gs://b/o", "mimeType": "image/png"}}],
    "parameters": {"durationSeconds": 8, "sampleCount": 1, "personGeneration": "allow_adult"},
    "labels": {"team": "film"},
}
_REQUEST = json.dumps({"instances": [{"prompt": "a dog"}]}).encode()
# 0: a body as it is; 1: one made of members; 2: a poll; 3: an assertion; 4: a form as it is.
_KINDS = 5


class _Fuzzed:
    """Makes a request from an input, and judges the answer."""

    def __init__(self, parts: Engine, application: ASGIApp, foreign: str) -> None:
        self._parts = parts
        self._application = application
        self._foreign = foreign

    async def once(self, data: bytes) -> str:
        reader = Reader(data)
        kind = reader.number(_KINDS)
        resource = (_EXPRESS, _PROJECT)[reader.number(2)]
        path, body = f"/v1/{resource}{_SUBMIT}", b""
        media_type = b"application/json"
        if kind == 0:
            body = reader.rest()
        elif kind == 1:
            body = json.dumps({**_BODY, **_VOCABULARY.members_of(reader)}).encode()
        elif kind == 2:
            path = f"/v1/{resource}{_POLL}"
            name = reader.choice([f"{resource}/{self._foreign}", f"{resource}/operations/none"])
            body = json.dumps(
                {"operationName": name, **_VOCABULARY.members_of(reader, _VOCABULARY.deepest)}
            ).encode()
        else:
            path, media_type = "/token", _FORM
            body = (_GRANT if kind == 3 else b"") + reader.rest()
        status, answer = await self._answer(path, body, media_type)
        return await self._judged(path, status, answer)

    async def _answer(self, path: str, body: bytes, media_type: bytes) -> tuple[int, bytes]:
        status, answer = 0, b""
        arriving = [body]

        async def receive() -> Message:
            if arriving:
                return {"type": "http.request", "body": arriving.pop(), "more_body": False}
            await asyncio.get_running_loop().create_future()
            raise AssertionError

        async def send(message: Message) -> None:
            nonlocal status, answer
            status = message.get("status", status)
            answer += message.get("body", b"")

        headers = [(b"content-type", media_type), (HEADER.encode(), CALLER.encode())]
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
            "root_path": "", "headers": headers, "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }  # fmt: skip
        try:
            async with asyncio.timeout(HANG_SECONDS):
                await self._application(scope, receive, send)
        except TimeoutError as error:
            raise Finding("a request hangs") from error
        return status, answer

    async def _judged(self, path: str, status: int, answer: bytes) -> str:
        content = json.loads(answer)
        if path == "/token":
            if status != 200 and not (status == 400 and content["error_description"]):
                raise Finding(f"{status}: {content}")
            return "OK" if status == 200 else str(content["error"])
        if status == 200:
            # Without it, the store would grow with each input.
            name = "operations/" + content["name"].rpartition("/")[2]
            await self._parts.service.delete(name, principal(CALLER))
            return "OK"
        error = content["error"]
        if status not in (400, 404) or error["code"] != status or not error["message"]:
            raise Finding(f"{status}: {error}")
        return code_name(code_pb2.Code.Value(error["status"]))


GOOGLE = (
    Target(
        "google's wire", 0.14,
        [
            b"\x00\x00" + _REQUEST,
            b"\x00\x01" + json.dumps(_BODY).encode(),
            *(bytes([1, 0]) + bytes(range(1, 120, step)) for step in (1, 2, 3)),
            b"\x02\x00\x00",
            b"\x02\x01\x01",
            b"\x03\x00e30.e30.AA",
            b"\x04\x00" + _GRANT + b"a.b.c",
        ],
        opened(_Fuzzed),
    ),
)  # fmt: skip
