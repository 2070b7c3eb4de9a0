# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Positions and page tokens reveal nothing about the operations of other callers."""

from __future__ import annotations

import base64
import shutil
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.longrunning import operations_pb2
from longtake.v1 import video_service_pb2 as api
from longtake_server.errors import InvalidRequest
from longtake_server.rpc.positions import Positions
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rpc.rpc_server import Server

CALLER_HEADER = "x-caller"
KEY = bytes(range(32))
LARGEST = 2**63 - 1
# Position 99 in the format of earlier servers.
READABLE = base64.urlsafe_b64encode(b"p99").decode()
PAGE_OF_ONE: dict[str, Any] = {
    "videos": api.ListOperationsRequest(page_size=1),
    "operations": operations_pb2.ListOperationsRequest(page_size=1),
}


def as_caller(name: str) -> dict[str, Any]:
    return {"metadata": ((CALLER_HEADER, name),)}


def watch_all(
    server: Server, caller: str = "", after: str = ""
) -> AsyncIterator[api.WatchOperationsResponse]:
    request = api.WatchOperationsRequest(after_position=after)
    return aiter(server.videos.WatchOperations(request, **as_caller(caller)))


async def accepted(server: Server, caller: str) -> None:
    request = api.GenerateVideosRequest(model="veo-3.1-generate-001", prompt="a dog")
    await server.videos.GenerateVideos(request, **as_caller(caller))


async def latest(server: Server, caller: str = "", after: str = "") -> str:
    """Return the position at the end of the caller's initial state."""
    async for message in watch_all(server, caller, after):
        if message.WhichOneof("event") == "initial_set_complete":
            return message.position
    raise AssertionError("the watch ended before its initial set was complete")


@pytest.mark.parametrize("position", [0, 1, 255, 256, 10**6, LARGEST])
def test_a_token_gives_back_its_position_to_its_caller_only(position: int) -> None:
    token = Positions(KEY, "ann").token(position)
    assert Positions(KEY, "ann").position(token) == position
    for other in (Positions(KEY, "bob"), Positions(KEY, ""), Positions(KEY[::-1], "ann")):
        with pytest.raises(InvalidRequest, match="not a position that this service gave"):
            other.position(token)


def test_tokens_show_neither_order_nor_distance_nor_equality() -> None:
    positions = Positions(KEY, "ann")
    counts = [*range(200), 7, 7, LARGEST]
    tokens = [positions.token(count) for count in counts]
    assert len(set(tokens)) == len(tokens)
    assert len({len(token) for token in tokens}) == 1
    # If tokens sorted like positions, all 199 pairs would be ascending.
    rising = sum(one < following for one, following in pairwise(tokens[:200]))
    assert 40 < rising < 160


def test_a_token_that_was_altered_anywhere_is_refused() -> None:
    positions = Positions(KEY, "ann")
    token = positions.token(7)
    raw = base64.urlsafe_b64decode(f"{token}=")
    forged = [token[:-2], f"{token}AAAA", token[::-1], READABLE, "é", "=", " "]
    for at in range(len(raw)):
        altered = bytearray(raw)
        altered[at] ^= 1
        forged.append(base64.urlsafe_b64encode(altered).rstrip(b"=").decode())
    for text in forged:
        with pytest.raises(InvalidRequest, match="after_position"):
            positions.position(text)


async def test_a_position_of_another_caller_or_a_readable_one_is_invalid(tmp_path: Path) -> None:
    async with serving(tmp_path, caller_header=CALLER_HEADER) as server:
        await accepted(server, "ann")
        position = await latest(server, "ann")
        assert await latest(server, "ann", position)
        for caller, given in (("bob", position), ("", position), ("ann", READABLE)):
            fault = await refused(watch_all(server, caller, given))
            assert fault.code is grpc.StatusCode.INVALID_ARGUMENT
            assert fault.fields == ["after_position"]


async def test_a_position_stays_valid_over_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await server.accepted()
        position = await latest(server)
    async with serving(tmp_path) as server:
        name = await server.accepted()
        first = await anext(watch_all(server, after=position))
    assert first.operation.name == name


async def test_a_position_newer_than_a_restored_store_is_told_without_a_count(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path / "data") as server:
        await server.accepted()
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    async with serving(tmp_path / "data") as server:
        await server.accepted()
        position = await latest(server)
    async with serving(tmp_path / "backup") as server:
        fault = await refused(watch_all(server, after=position))
    assert (fault.code, fault.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REVISION_AHEAD")
    assert fault.details["PreconditionFailure"].violations[0].subject == "position"
    assert fault.metadata.keys() == {"position"}
    assert len(fault.metadata["position"]) == len(position)
    assert not any(character.isdigit() for character in fault.message)


@pytest.mark.parametrize("stub", ["videos", "operations"])
async def test_a_page_token_does_not_change_with_the_operations_of_others(
    tmp_path: Path, stub: str
) -> None:
    async with serving(tmp_path, caller_header=CALLER_HEADER) as server:
        list_operations = getattr(server, stub).ListOperations
        request = PAGE_OF_ONE[stub]
        for _ in range(2):
            await accepted(server, "ann")
        before = await list_operations(request, **as_caller("ann"))
        for _ in range(3):
            await accepted(server, "bob")
        after = await list_operations(request, **as_caller("ann"))
    assert before.next_page_token
    assert before.next_page_token == after.next_page_token
