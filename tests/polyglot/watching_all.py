# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a watch of all operations must do in every language, against the real server.

A language's program takes three arguments, ADDRESS, FILTER and AFTER_POSITION, where "" is
none. It prints an object of JSON on a line of its own, at once, for each event, with its
`position`, which is "" within the initial set:

- `{"step": "changed", "name": ..., "revision": N, "position": ...}`
- `{"step": "complete", "position": ...}`, the end of the initial set
- `{"step": "restarted", "position": ""}`, the initial set begins again
- `{"step": "deleted", "name": ..., "position": ...}`, after which it exits with 0

Nothing else goes to standard output.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from longtake import AsyncClient
from processes.running import server
from rpc.rpc_server import serving

from polyglot.program import program

if TYPE_CHECKING:
    from pathlib import Path

    from polyglot.program import Program

MODEL = "veo-3.1-lite-generate-001"


async def loses_nothing_over_a_kill(folder: Path, *command: str | Path) -> None:
    """Over a kill of the server, and of itself, it has each change once and in order."""
    errors = folder / "program.log"
    async with server(folder, simulator_latency_seconds="0") as longtake:
        await longtake.start()
        async with AsyncClient(longtake.address) as client:
            old = (await client.models.generate_videos(model=MODEL, prompt="a dog")).name
            last = (await client.operations.wait(old)).revision
            async with program(*command, longtake.address, "", "", errors=errors) as watching:
                first = await watching.step("changed")
                assert first == {"name": old, "revision": last, "position": ""}
                position = (await watching.step("complete"))["position"]
                assert position

                await longtake.process.kill()
                await longtake.start()
                new = (await client.models.generate_videos(model=MODEL, prompt="a cat")).name
                ended = await client.operations.wait(new)
                await client.operations.delete(old)
                changes, deletion = await _changes(watching)
                await watching.end()
            assert {change["name"] for change in changes} == {new}
            revisions = [change["revision"] for change in changes]
            assert revisions == sorted(set(revisions))
            assert revisions[-1] == ended.revision
            assert all(change["position"] for change in changes)
            assert deletion["name"] == old

            again = (*command, longtake.address, "done = true", position)
            async with program(*again, errors=errors) as resumed:
                changes, deletion = await _changes(resumed)
                await resumed.end()
            assert [(each["name"], each["revision"]) for each in changes] == [(new, ended.revision)]
            assert deletion["name"] == old


async def begins_again_after_an_expired_position(folder: Path, *command: str | Path) -> None:
    """It says so, and brings the whole set."""
    errors = folder / "program.log"
    async with serving(folder) as longtake, AsyncClient(longtake.address) as client:
        kept = await longtake.accepted()
        events = client.operations.watch_all()
        position = ""
        while not position:
            position = (await anext(events)).position or ""
        await events.aclose()
        await client.operations.delete(await longtake.accepted())
        await longtake.parts.store.compact(longtake.parts.clock.now() + timedelta(days=1))

        async with program(*command, longtake.address, "", position, errors=errors) as watching:
            assert await watching.step("restarted") == {"position": ""}
            assert (await watching.step("changed"))["name"] == kept
            assert (await watching.step("complete"))["position"]
            await client.operations.delete(kept)
            assert (await watching.step("deleted"))["name"] == kept
            await watching.end()


async def _changes(watching: Program) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the changes up to a deletion, and the deletion."""
    changes: list[dict[str, Any]] = []
    while (event := await watching.any_of("changed", "deleted"))[0] == "changed":
        changes.append(event[1])
    return changes, event[1]
