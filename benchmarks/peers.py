# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares Longtake with its alternatives: the LiteLLM proxy, and Google's SDK alone.

All three call Veo at the same simulator. docs/peers.md describes how the proxy is configured and
what is compared.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import httpx
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

from benchmarks.load import milliseconds
from benchmarks.peer_callers import LiteLlmCaller, LongtakeCaller
from benchmarks.peer_programs import litellm_proxy, peers_environment, sdk_at_work
from benchmarks.peer_work import Effort, Work, work
from benchmarks.programs import running
from benchmarks.report import Table, at_least, at_most
from benchmarks.servers import longtake, on_simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.programs import Program

_MEBIBYTE = 1 << 20
_OURS, _PROXY, _SDK = "longtake-server", "LiteLLM proxy", "google-genai SDK"
# Calls of the proxy take longer the more callers there are.
_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class _Figure:
    what: str
    of: Callable[[Work], float]
    form: str = ".0f"
    more_is_better: bool = False


def measure(effort: Effort | None = None) -> Table:
    """Do the same work with each of the three, one after the other."""
    chosen = effort or Effort()
    programs = peers_environment()
    with (
        tempfile.TemporaryDirectory(prefix="longtake-peers-") as name,
        running(["veo_simulator", "--port", "0", "--latency", "0"], {}) as simulator,
    ):
        return as_table(
            {
                _OURS: _longtake_at_work(Path(name), simulator, chosen),
                _PROXY: _proxy_at_work(programs, Path(name), simulator, chosen),
                _SDK: sdk_at_work(programs, simulator.address, chosen),
            },
            chosen,
        )


def _longtake_at_work(folder: Path, simulator: Program, effort: Effort) -> Work:
    async def worked() -> Work:
        async with grpc.aio.insecure_channel(server.address) as channel:
            return await work(LongtakeCaller(VideoServiceStub(channel)), server, effort)

    with longtake(folder, **on_simulator(folder, simulator)) as server:
        return asyncio.run(worked())


def _proxy_at_work(programs: Path, folder: Path, simulator: Program, effort: Effort) -> Work:
    async def worked() -> Work:
        async with (
            httpx.AsyncClient(
                base_url=proxy.address, headers=headers, timeout=_TIMEOUT_SECONDS
            ) as calls,
            httpx.AsyncClient(base_url=simulator.address, timeout=_TIMEOUT_SECONDS) as control,
        ):
            return await work(LiteLlmCaller(calls, control), proxy, effort)

    with (
        running(["benchmarks.metadata_server"], {}) as metadata,
        litellm_proxy(programs, folder, simulator.address, metadata.address) as (proxy, headers),
    ):
        return asyncio.run(worked())


def as_table(works: Mapping[str, Work], effort: Effort) -> Table:
    """Return the table of results.

    Args:
        works: The measurements by program: Longtake, the proxy, the SDK.
        effort: The amount of work.

    """
    ours, proxy, sdk = works[_OURS], works[_PROXY], works[_SDK]
    return Table(
        title="Longtake and its peers on the same simulator",
        note=f"{effort.callers} callers read the state of one running generation for "
        f"{effort.seconds:g} s. Then there are {effort.submissions} sequential submissions, and "
        f"downloads of an inline video of {effort.video_bytes // _MEBIBYTE} MiB. For a status "
        "read, the proxy and the SDK call the upstream each time, and the proxy also fetches a "
        "token; Longtake answers from its own state. Longtake answers a submission once it is on "
        "disk, the others once the upstream has accepted it, which is on the same machine here. "
        "The first download counts from the submission on: Longtake fetches a video from the "
        "upstream once, the others each time. The SDK is a library, so its processor time and "
        "memory are those of its caller.",
        columns=("figure", *works, "best"),
        rows=tuple(_row(figure, works) for figure in _figures(effort)),
        budgets=(
            at_least(
                "Status reads per second of a core",
                10,
                _reads_per_core_second(ours) / _reads_per_core_second(proxy),
                "of the LiteLLM proxy's",
            ),
            at_most(
                "Memory at the start",
                0.33,
                ours.start_bytes / proxy.start_bytes,
                "of the LiteLLM proxy's",
            ),
            at_most(
                "Memory after the work",
                0.33,
                ours.end_bytes / proxy.end_bytes,
                "of the LiteLLM proxy's",
            ),
            at_least(
                "First download, bytes per second of a core",
                1,
                sdk.first_download_seconds / ours.first_download_seconds,
                "of google-genai's",
            ),
        ),
    )


def _figures(effort: Effort) -> tuple[_Figure, ...]:
    size = effort.video_bytes / _MEBIBYTE
    return (
        _Figure("status reads per core s", _reads_per_core_second, more_is_better=True),
        _Figure(
            "processor ms of the caller per read",
            lambda done: done.caller_seconds / done.reads * 1000,
            ".2f",
        ),
        _Figure("submission, p50 ms", lambda done: milliseconds(done.submit_seconds, 0.5), ".2f"),
        _Figure("submission, p99 ms", lambda done: milliseconds(done.submit_seconds, 0.99), ".2f"),
        _Figure("MiB of memory at the start", lambda done: done.start_bytes / _MEBIBYTE),
        _Figure("MiB of memory after the work", lambda done: done.end_bytes / _MEBIBYTE),
        _Figure("MiB of memory, peak", lambda done: done.peak_bytes / _MEBIBYTE),
        _Figure(
            "first download, MiB per core s",
            lambda done: size / done.first_download_seconds,
            more_is_better=True,
        ),
        _Figure(
            "next download, MiB per core s",
            lambda done: size / done.download_seconds,
            more_is_better=True,
        ),
        _Figure(
            "next download, MiB/s",
            lambda done: size / done.download_wall_seconds,
            more_is_better=True,
        ),
    )


def _reads_per_core_second(done: Work) -> float:
    return done.reads / done.read_seconds


def _row(figure: _Figure, works: Mapping[str, Work]) -> tuple[str, ...]:
    figures = {program: figure.of(done) for program, done in works.items()}
    pick = max if figure.more_is_better else min
    best = pick(figures, key=lambda program: figures[program])
    return (figure.what, *(format(each, figure.form) for each in figures.values()), best)
