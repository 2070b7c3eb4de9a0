# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What every language's client must do, against the real server on the simulator.

A language's `conformance` program takes two arguments, ADDRESS and OUT_FILE, and prints an
object of JSON on a line of its own, at once, for each step, in this order:

1. GenerateVideos of the model `veo-3.1-lite-generate-001` with the prompt "x", 5 seconds and
   "1:1": `{"step": "invalid", "code": "INVALID_ARGUMENT", "reason": "INVALID_FIELD",
   "violations": [{"field": ..., "description": ...}, ...]}`.
2. GenerateVideos of the same model with the prompt "conformance" and 4 seconds, and once
   more with the same request_id, a line for each:
   `{"step": "generated", "name": ..., "request_id": ...}`.
3. A watch of it. At the first message `{"step": "watching", "revision": N}`; then every
   connection is cut. At the end `{"step": "watched", "revisions": [...], "states": [...],
   "reconnects": K, "done": true}`, with each state by its name.
4. The download of its first video to OUT_FILE, verified: `{"step": "downloaded", "size": N,
   "sha256": ...}`.
5. ListOperations with the filter `done = true`, and whether that one is in it:
   `{"step": "listed", "found": true}`.
6. GenerateVideos with the prompt "cancel me [sim:never]", CancelOperation and a watch to the
   end: `{"step": "cancelled", "state": "CANCELLED", "reason": "CANCELLED"}`.
7. GetOperation with a deadline of 1 ms, until it fails or 100 times: `{"step": "deadline",
   "code": ...}`, which is "DEADLINE_EXCEEDED", or "OK" where it never failed.
8. A watch that the client cancels: `{"step": "client_cancelled", "code": "CANCELLED"}`. (One
   of an operation that has ended ends by itself; WatchOperations does not.)

Then it exits with 0. Nothing else goes to standard output. Codes are gRPC's names.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import GetOperationRequest
from processes.running import server, simulator

from polyglot.program import program
from polyglot.proxy import proxy_to

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from processes.running import Simulator

    from polyglot.program import Program
    from polyglot.proxy import Proxy

State = GenerateVideosMetadata.State


async def conform(folder: Path, *command: str | Path) -> None:
    """Put a conformance program through its steps."""
    out_file = folder / "out.mp4"
    async with (
        simulator(folder) as upstream,
        server(folder, upstream) as longtake,
    ):
        stub = await longtake.start()
        await upstream.tell("hold")
        async with (
            proxy_to(longtake.address) as proxy,
            program(*command, proxy.address, out_file, errors=folder / "program.log") as tested,
        ):
            assert_invalid(await tested.step("invalid"))
            name = await generated_once(tested)
            watched = await watched_over_a_cut(tested, proxy, upstream)
            operation = await stub.GetOperation(GetOperationRequest(name=name))
            assert watched["revisions"][-1] == operation.revision
            assert_downloaded(await tested.step("downloaded"), out_file, operation)
            assert await tested.step("listed") == {"found": True}
            cancelled = {"state": "CANCELLED", "reason": "CANCELLED"}
            assert await tested.step("cancelled") == cancelled
            assert (await tested.step("deadline"))["code"] in {"DEADLINE_EXCEEDED", "OK"}
            assert await tested.step("client_cancelled") == {"code": "CANCELLED"}
            await tested.end()
        counts = await upstream.statistics()
        assert counts["submissions_by_prompt"]["conformance"] == 1


def assert_invalid(told: dict[str, Any]) -> None:
    """Every violation came through at once, each with its field and what is accepted."""
    assert told["code"] == "INVALID_ARGUMENT"
    assert told["reason"] == "INVALID_FIELD"
    violations = told["violations"]
    fields = {violation["field"] for violation in violations}
    assert fields == {"config.duration_seconds", "config.aspect_ratio"}
    assert all("accepted" in violation["description"] for violation in violations)


async def generated_once(tested: Program) -> str:
    """The same request_id gives the same operation; return its name."""
    first = await tested.step("generated")
    again = await tested.step("generated")
    assert first["request_id"]
    assert again == first
    return str(first["name"])


async def watched_over_a_cut(tested: Program, proxy: Proxy, upstream: Simulator) -> dict[str, Any]:
    """The watch goes on where it broke: no revision twice, none after the end."""
    watching = await tested.step("watching")
    await upstream.wait(polls=1)
    proxy.cut()
    await upstream.tell("release")
    watched = await tested.step("watched")
    revisions, states = watched["revisions"], watched["states"]
    assert revisions[0] == watching["revision"]
    assert all(older < newer for older, newer in pairwise(revisions)), revisions
    assert len(states) == len(revisions)
    assert set(states) <= set(State.keys())
    assert states[-1] == "SUCCEEDED"
    assert watched["done"] is True
    assert watched["reconnects"] >= 1
    assert proxy.connections > 1
    return watched


def assert_downloaded(
    told: dict[str, Any], out_file: Path, operation: GenerateVideosOperation
) -> None:
    """The file is what the program says, and what the server has."""
    data = out_file.read_bytes()
    facts = operation.response.generated_videos[0].video
    assert told["size"] == len(data) == facts.size_bytes
    assert told["sha256"] == hashlib.sha256(data).hexdigest() == facts.sha256
