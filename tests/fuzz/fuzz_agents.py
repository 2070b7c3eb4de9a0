# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A target for the door of agents in process, by both protocols that its SDK serves."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from fakes.engine import MODEL, principal
from fuzz.fuzz_door import CALLER, HANG_SECONDS, HEADER, opened
from fuzz.fuzz_json import Vocabulary
from fuzz.fuzz_outcome import Finding, Target
from fuzz.fuzz_reader import Reader

if TYPE_CHECKING:
    from fakes.engine import Engine
    from starlette.types import ASGIApp, Message

_VERSIONS = ("", "2025-11-25", "2026-07-28")
_METHODS = (
    *("tools/call", "tools/list", "resources/list", "resources/read", "server/discover"),
    *("initialize", "ping", "tasks/get", "tasks/cancel", "tasks/update", "subscriptions/listen"),
)
_TOOLS = ("generate_video", "estimate_cost", "get_video", "cancel_video", "list_models")
_EXTENSION = "io.modelcontextprotocol/tasks"
_ORDER: dict[str, Any] = {
    "idempotency_key": "first",
    "model": MODEL,
    "prompt": "a dog",
    "image": {"uri": "gs://bucket/object", "mime_type": "image/png"},
    "labels": {"team": "film"},
    "max_cost": 5,
}
_VOCABULARY = Vocabulary(
    members=(
        *("idempotency_key", "model", "prompt", "image", "last_frame", "uri", "mime_type"),
        *("duration_seconds", "resolution", "aspect_ratio", "number_of_videos", "seed"),
        *("negative_prompt", "generate_audio", "person_generation", "previous_operation"),
        *("allow_model_fallback", "max_cost", "labels", "team", "operation", "wait_seconds"),
        *("taskId", "inputResponses", "cursor", "_meta", "name", "arguments"),
    ),
    texts=(
        *(MODEL, "a dog", "first", "gs://bucket/object", "image/png", "720p", "16:9"),
        *("allow_adult", "operations/none", "longtake://operations/none", "\ud800", "\0", "8"),
    ),
    others=(0, 1, 4, 8, 46, -1, 1.5, 1e300, 10**400, 2**32, True, False, None),
)
# 0: a body as it is; 1: a call of a tool; 2: another method.
_KINDS = 3


class _Fuzzed:
    """Makes a request from an input, and judges the answer."""

    def __init__(self, parts: Engine, application: ASGIApp, foreign: str) -> None:
        self._parts = parts
        self._application = application
        self._foreign = foreign

    async def once(self, data: bytes) -> str:
        reader = Reader(data)
        kind, version = reader.number(_KINDS), _VERSIONS[reader.number(len(_VERSIONS))]
        headers = [(b"mcp-protocol-version", version.encode())] if version else []
        if kind == 0:
            return await self._judged(*await self._answer(reader.rest(), headers))
        method, params = "tools/call", self._params(reader, kind)
        if kind == 2:
            method = reader.choice(_METHODS)
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        name = params.get("name") or params.get("uri") or params.get("taskId")
        headers.append((b"mcp-method", method.encode("ascii", "ignore")))
        if isinstance(name, str):
            headers.append((b"mcp-name", name.encode("ascii", "ignore")))
        return await self._judged(*await self._answer(json.dumps(body).encode(), headers))

    def _params(self, reader: Reader, kind: int) -> dict[str, Any]:
        extensions: dict[str, Any] = {_EXTENSION: {}} if reader.number(2) else {}
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"extensions": extensions},
        }
        if kind == 2:
            return {"_meta": meta, "uri": "longtake://" + self._foreign, "taskId": "none"} | (
                _VOCABULARY.members_of(reader)
            )
        tool = _TOOLS[reader.number(len(_TOOLS))]
        known = _ORDER if tool == "generate_video" else {"operation": self._foreign}
        arguments = {**known, **_VOCABULARY.members_of(reader)}
        return {"name": tool, "arguments": arguments, "_meta": meta}

    async def _answer(
        self, body: bytes, further: list[tuple[bytes, bytes]]
    ) -> tuple[int, str, bytes]:
        status, media_type, answer = 0, "", b""
        arriving = [body]

        async def receive() -> Message:
            if arriving:
                return {"type": "http.request", "body": arriving.pop(), "more_body": False}
            await asyncio.get_running_loop().create_future()
            raise AssertionError

        async def send(message: Message) -> None:
            nonlocal status, media_type, answer
            status = message.get("status", status)
            media_type = dict(message.get("headers", ())).get(b"content-type", b"").decode() or (
                media_type
            )
            answer += message.get("body", b"")

        headers = [
            (b"content-type", b"application/json"),
            (b"accept", b"application/json, text/event-stream"),
            (HEADER.encode(), CALLER.encode()),
            *further,
        ]
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": "/mcp", "raw_path": b"/mcp", "query_string": b"",
            "root_path": "", "headers": headers, "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2), "state": {},
        }  # fmt: skip
        try:
            async with asyncio.timeout(HANG_SECONDS):
                await self._application(scope, receive, send)
        except TimeoutError as error:
            raise Finding("a request hangs") from error
        return status, media_type, answer

    async def _judged(self, status: int, media_type: str, answer: bytes) -> str:
        if status == 202:
            return "ACCEPTED"
        if status not in (200, 400, 404):
            raise Finding(f"{status}: {answer!r}")
        told = _message(answer, media_type)
        if "error" in told:
            if told["error"]["code"] == -32603:
                raise Finding(f"{told}")
            return f"ERROR {told['error']['code']}"
        result = told["result"]
        if result.get("isError"):
            return self._refusal(result)
        started = result.get("taskId") or (result.get("structuredContent") or {}).get("operation")
        if started:
            # Without it, the store would grow with each input.
            name = "operations/" + started.removeprefix("operations/")
            await self._parts.service.delete(name, principal(CALLER))
        return "OK"

    def _refusal(self, result: dict[str, Any]) -> str:
        code = result["_meta"]["longtake.dev/error"]["code"]
        if code == "INTERNAL" or not result["content"][0]["text"]:
            raise Finding(f"{result}")
        return str(code)


def _message(answer: bytes, media_type: str) -> dict[str, Any]:
    """Return the JSON-RPC message in an answer, the last one of a stream of events."""
    if media_type.startswith("text/event-stream"):
        lines = [line for line in answer.splitlines() if line.startswith(b"data: ")]
        answer = lines[-1].removeprefix(b"data: ")
    message: dict[str, Any] = json.loads(answer)
    return message


_LIST = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()

AGENTS = (
    Target(
        "agents", 0.06,
        [
            b"\x00\x00" + _LIST,
            b"\x00\x01" + _LIST,
            b"\x00\x02" + _LIST,
            *(
                bytes([1, version, 0, tool]) + bytes(range(1, 60, step))
                for version in range(3)
                for tool in range(len(_TOOLS))
                for step in (1, 2)
            ),
            *(
                bytes([2, version, 1, method])
                for version in (0, 2)
                for method in range(len(_METHODS))
            ),
        ],
        opened(_Fuzzed),
    ),
)  # fmt: skip
