# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends mutated requests, metadata and credentials over a socket to a real server with API keys.

Two principals own operations. No answer to one may name an operation of the other.
"""

from __future__ import annotations

import asyncio
import base64
import random
import string
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from fuzz.fuzz_calls import HEADER, request_types
from fuzz.fuzz_held import Held
from fuzz.fuzz_outcome import Finding
from fuzz.fuzz_reader import Reader
from identity.identity_keys import keys_in_new_database
from longtake.v1 import video_service_pb2 as api
from processes.running import server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server

_MODEL = "veo-3.1-lite-generate-001"
_CONNECTIONS = 4
_CALLERS = 16
_PRINCIPALS = ("orders", "billing")
_OPERATIONS_EACH = 3
_VALID_SHARE = 0.7
_MOST_BYTES = 512
_SHORT_SECONDS = 0.05
# No call that answers at once takes so long, unless the server hangs.
_HANG_SECONDS = 60.0
_WARM_UP_SHARE = 0.2
_STREAMS = ("WatchOperation", "WatchOperations", "DownloadVideo")
_WAITING = ("WatchOperation", "WatchOperations", "WaitOperation")
_WRONG = ("INTERNAL", "UNKNOWN", "DATA_LOSS")
_SCHEMES = ("Bearer ", "bearer ", "Basic ", "", "Bearer  ltk_", "Bearer eyJhbGciOiJub25lIn0.")


@dataclass
class SocketReport:
    """What came of the calls.

    Attributes:
        counts: The number of calls by status.
        held: What the server held after the warm-up and at the end.
    """

    counts: Counter[str] = field(default_factory=Counter)
    held: list[Held] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Owner:
    """A principal with its key and the names of its operations."""

    key: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Call:
    """A call: its path, body and metadata, and the operations that its answer may not name."""

    path: str
    body: bytes
    metadata: list[tuple[str, str | bytes]]
    others: tuple[bytes, ...]


class _Calls:
    """Makes calls from a source of random numbers."""

    def __init__(self, chance: random.Random, owners: Sequence[_Owner]) -> None:
        self._chance = chance
        self._owners = owners
        self._types = request_types()
        names = [name for owner in owners for name in owner.names]
        self._pools = {
            "name": [*names, f"{names[0]}/videos/0", f"models/{_MODEL}"],
            "previous_operation": names,
            "model": [_MODEL],
            "prompt": ["a paper boat [sim:never]"],
            "filter": ["state = RUNNING", "done = false AND labels.a = b"],
        }

    def next(self) -> _Call:
        """Return a call."""
        path = self._chance.choice(sorted(self._types))
        owner = self._chance.choice(self._owners)
        others = tuple(
            name.encode() for other in self._owners if other is not owner for name in other.names
        )
        return _Call(path, self._body(path), self._metadata(owner.key), others)

    def _body(self, path: str) -> bytes:
        data = self._chance.randbytes(self._chance.randrange(_MOST_BYTES))
        if self._chance.random() < 0.3:
            return data
        request: Any = self._types[path]()
        Reader(data).fill(request, self._pools)
        return self._mutated(request.SerializeToString())

    def _mutated(self, body: bytes) -> bytes:
        changed = bytearray(body)
        for _ in range(self._chance.choice((0, 0, 1, 3))):
            if changed:
                changed[self._chance.randrange(len(changed))] = self._chance.randrange(256)
        cut = self._chance.choice((len(changed), len(changed), len(changed) // 2))
        return bytes(changed[:cut])

    def _metadata(self, key: str) -> list[tuple[str, str | bytes]]:
        text = "".join(self._chance.choices(string.printable[:95], k=self._chance.randrange(80)))
        token = base64.b64encode(self._chance.randbytes(30)).decode()
        altered = key.replace(self._chance.choice(key), self._chance.choice("0aZ_"), 1)
        secrets = (text, token, altered)
        credentials: list[tuple[str, str | bytes]] = [
            ("authorization", self._chance.choice(_SCHEMES) + self._chance.choice(secrets)),
            ("x-goog-api-key", self._chance.choice((text, f"ltk_{token}", altered, key))),
        ]
        others: list[tuple[str, str | bytes]] = [
            (HEADER, self._chance.choice(("orders", text))),
            ("traceparent", text),
            ("fuzz-bin", self._chance.randbytes(20)),
        ]
        if self._chance.random() < _VALID_SHARE:
            name, scheme = self._chance.choice(
                (("authorization", "Bearer "), ("x-goog-api-key", ""))
            )
            return [(name, scheme + key), *self._some(others)]
        return self._some(credentials) + self._some(others)

    def _some(self, choices: list[tuple[str, str | bytes]]) -> list[tuple[str, str | bytes]]:
        return self._chance.sample(choices, self._chance.randrange(len(choices) + 1))


async def fuzz_socket(runs: int, seconds: float, seed: int) -> SocketReport:
    """Make calls until they are `runs` or the time is up.

    Raises:
        Finding: A call hung, an answer named another's operation, or the server answered with a
            status of a defect, or logged one.

    """
    report = SocketReport()
    with tempfile.TemporaryDirectory(prefix="longtake-fuzz-") as folder:
        keys = await keys_in_new_database(Path(folder, "data", "longtake.db"), *_PRINCIPALS)
        async with server(Path(folder), log_level="warning", authentication="keys") as target:
            stub = await target.start()
            owners = [await _owner(stub, key) for key in keys]
            calls = _Calls(random.Random(seed), owners)  # noqa: S311 - no secret depends on it
            until = time.monotonic() + seconds
            for share in (_WARM_UP_SHARE, 1 - _WARM_UP_SHARE):
                await _all(target.address, calls, round(runs * share), until, report)
                report.held.append(_held(target))
            await stub.ListModels(api.ListModelsRequest(), metadata=_presented(keys[0]))
            _check_log(target.log, keys)
    return report


def _presented(key: str) -> tuple[tuple[str, str]]:
    return (("authorization", f"Bearer {key}"),)


async def _owner(stub: VideoServiceAsyncStub, key: str) -> _Owner:
    begin = api.GenerateVideosRequest(model=_MODEL, prompt="a paper boat [sim:never]")
    names = [
        (await stub.GenerateVideos(begin, metadata=_presented(key))).name
        for _ in range(_OPERATIONS_EACH)
    ]
    return _Owner(key, tuple(names))


def _held(target: Server) -> Held:
    files = len(list(Path(f"/proc/{target.process.pid}/fd").iterdir()))
    return Held(target.process.resident_bytes, files)


def _check_log(log: str, keys: Sequence[str]) -> None:
    if any(key in log for key in keys):
        raise Finding("the server logged a key")
    for sign in ("Traceback", "unexpected error", "never retrieved"):
        if sign in log:
            raise Finding(f"the server logged {log[log.index(sign) :][:2000]}")


async def _all(address: str, calls: _Calls, count: int, until: float, report: SocketReport) -> None:
    left = iter(range(count))
    options = (("grpc.use_local_subchannel_pool", 1),)
    channels = [grpc.aio.insecure_channel(address, options) for _ in range(_CONNECTIONS)]
    try:
        async with asyncio.TaskGroup() as tasks:
            for number in range(_CALLERS):
                channel = channels[number % _CONNECTIONS]
                tasks.create_task(_caller(channel, calls, left, until, report))
    finally:
        for channel in channels:
            await channel.close()


async def _caller(
    channel: grpc.aio.Channel,
    calls: _Calls,
    left: Iterator[int],
    until: float,
    report: SocketReport,
) -> None:
    for _ in left:
        if time.monotonic() > until:
            return
        call = calls.next()
        code = await _status(channel, call)
        if code in _WRONG:
            raise Finding(f"{code} from {call}")
        report.counts[code] += 1


async def _status(channel: grpc.aio.Channel, call: _Call) -> str:
    """Return the status of a call. Raises Finding if it hangs or tells of another's operation."""
    method = call.path.rpartition("/")[2]
    is_waiting = method in _WAITING
    timeout = _SHORT_SECONDS if is_waiting else _HANG_SECONDS
    try:
        if method in _STREAMS:
            stream: Any = channel.unary_stream(call.path)
            async for answer in stream(call.body, timeout=timeout, metadata=call.metadata):
                _check_owner(call, answer)
        else:
            unary: Any = channel.unary_unary(call.path)
            _check_owner(call, await unary(call.body, timeout=timeout, metadata=call.metadata))
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED and not is_waiting:
            raise Finding(f"{call} hangs") from error
        return error.code().name
    return "OK"


def _check_owner(call: _Call, answer: bytes) -> None:
    if any(name in answer for name in call.others):
        raise Finding(f"{call} told of an operation of another")
