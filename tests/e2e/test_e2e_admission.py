# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Five callers share an upstream with two places: all finish, fairly, and none is refused.

The real server calls the real simulator, and the callers use a real socket.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    GenerateVideosRequest,
    ListOperationsRequest,
    WaitOperationRequest,
)
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
State = GenerateVideosMetadata.State
MODEL = "veo-3.1-lite-generate-001"
CALLERS = tuple("abcde")
HEADER = "x-longtake-caller"


def quotas(folder: Path, **limits: int) -> str:
    file = folder / "quotas.toml"
    rows = "\n".join(f"{name} = {value}" for name, value in limits.items())
    file.write_text(f'[models."{MODEL}"]\n{rows}\n')
    return str(file)


def who(caller: str) -> tuple[tuple[str, str], ...]:
    return ((HEADER, caller),)


async def submitted(
    stub: VideoServiceAsyncStub, caller: str, number: int, prompt: str
) -> list[str]:
    """Create operations one after the other, and return their names."""
    config = {"duration_seconds": 4, "resolution": "720p"}
    request = GenerateVideosRequest(model=MODEL, prompt=prompt, config=config)
    metadata = who(caller)
    return [(await stub.GenerateVideos(request, metadata=metadata)).name for _ in range(number)]


async def ended(stub: VideoServiceAsyncStub, caller: str, name: str) -> GenerateVideosOperation:
    request = WaitOperationRequest(name=name)
    while not (operation := await stub.WaitOperation(request, metadata=who(caller))).done:
        pass
    return operation


async def all_ended(
    stub: VideoServiceAsyncStub, names: dict[str, list[str]]
) -> list[tuple[str, GenerateVideosOperation]]:
    """Return the callers of the operations in the order in which the operations ended."""
    pairs = [(caller, name) for caller, its in names.items() for name in its]
    operations = await asyncio.gather(*(ended(stub, *pair) for pair in pairs))
    found = [(caller, one) for (caller, _), one in zip(pairs, operations, strict=True)]
    return sorted(found, key=lambda each: each[1].metadata.end_time.ToNanoseconds())


def jain(shares: Sequence[int]) -> float:
    """Return Jain's fairness index; 1 means that all have the same share."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


async def test_five_callers_share_two_places(tmp_path: Path) -> None:
    file = quotas(tmp_path, max_concurrent=2, requests_per_minute=0)
    async with (
        simulator(tmp_path) as upstream,
        server(tmp_path, upstream, catalogue_file=file, trust_caller_header=HEADER) as longtake,
    ):
        stub = await longtake.start()
        await upstream.tell("hold")
        crowd = [submitted(stub, caller, 20, "a boat [sim:filter]") for caller in CALLERS]
        names = dict(zip(CALLERS, await asyncio.gather(*crowd), strict=True))
        await upstream.tell("release")
        finished = await all_ended(stub, names)
        assert Counter(one.metadata.state for _, one in finished) == {State.SUCCEEDED: 100}
        half = Counter(caller for caller, _ in finished[:50])
        index = jain([half[caller] for caller in CALLERS])
        counts = await upstream.statistics()
        print(f"\nJain's index {index:.4f} of {dict(half)}, {counts['running_most']} at once")
        assert index >= 0.95
        assert counts["running_most"] == 2
        assert counts["submissions_received"] == counts["submissions_accepted"] == 100


async def test_a_restart_in_the_middle_keeps_order_and_limits(tmp_path: Path) -> None:
    file = quotas(tmp_path, max_concurrent=2, requests_per_minute=0)
    async with (
        simulator(tmp_path) as upstream,
        server(tmp_path, upstream, catalogue_file=file, trust_caller_header=HEADER) as longtake,
    ):
        stub = await longtake.start()
        await upstream.tell("hold")
        crowd = [submitted(stub, caller, 6, "a boat [sim:filter]") for caller in CALLERS]
        names = dict(zip(CALLERS, await asyncio.gather(*crowd), strict=True))
        await upstream.wait(polls=2)
        await longtake.process.kill()
        stub = await longtake.start()
        await upstream.wait(polls=10)
        assert (await upstream.statistics())["submissions_received"] == 2
        await upstream.tell("release")
        finished = await all_ended(stub, names)
        assert Counter(one.metadata.state for _, one in finished) == {State.SUCCEEDED: 30}
        half = Counter(caller for caller, _ in finished[:15])
        assert jain([half[caller] for caller in CALLERS]) >= 0.95
        for its in names.values():
            order = [one.name for _, one in finished if one.name in its]
            # Two concurrent generations may end in either order.
            assert all(abs(order.index(name) - its.index(name)) <= 1 for name in its)
        counts = await upstream.statistics()
        assert (counts["running_most"], counts["submissions_received"]) == (2, 30)


async def test_a_storm_of_refusals_delays_and_fails_nobody(tmp_path: Path) -> None:
    file = quotas(tmp_path, requests_per_minute=0)
    async with (
        simulator(tmp_path, "--quota-per-minute", "8") as upstream,
        server(tmp_path, upstream, catalogue_file=file, trust_caller_header=HEADER) as longtake,
    ):
        stub = await longtake.start()
        crowd = [submitted(stub, caller, 2, "a boat [sim:filter]") for caller in CALLERS]
        names = dict(zip(CALLERS, await asyncio.gather(*crowd), strict=True))
        finished = await all_ended(stub, names)
        assert Counter(one.metadata.state for _, one in finished) == {State.SUCCEEDED: 10}
        counts = await upstream.statistics()
        assert counts["submissions_accepted"] == 10
        # The first refusal says how long to wait; at most a few more follow.
        print(f"\n{counts['submissions_received'] - 10} refusals")
        assert counts["submissions_received"] <= 16


async def test_callers_see_their_own_only(tmp_path: Path) -> None:
    async with (
        simulator(tmp_path) as upstream,
        server(tmp_path, upstream, trust_caller_header=HEADER) as longtake,
    ):
        stub = await longtake.start()
        names = await submitted(stub, "a", 1, "a boat [sim:filter]")
        of_a = await stub.ListOperations(ListOperationsRequest(), metadata=who("a"))
        assert [one.name for one in of_a.operations] == names
        of_b = await stub.ListOperations(ListOperationsRequest(), metadata=who("b"))
        assert not of_b.operations
        assert not (await stub.ListOperations(ListOperationsRequest())).operations
