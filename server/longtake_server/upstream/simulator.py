# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the simulator of Google's video APIs as a child process, and calls it like Google."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.upstream.agent_platform import AgentPlatform, AgentPlatformConfig
from longtake_server.upstream.auth import StaticToken
from longtake_server.upstream.exchange import EndpointUnavailable
from longtake_server.upstream.interactions import Interactions, InteractionsConfig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from opentelemetry.trace import TracerProvider

    from longtake_server.clock import Clock
    from longtake_server.operations.upstream import ResultSink

_LOGGER = logging.getLogger(__name__)
_LONGEST_LOG_LINE = 500
_READ_BYTES = 1 << 12


@dataclass(frozen=True, slots=True)
class SimulatorLimits:
    """Limits for starting and stopping the simulator.

    Attributes:
        start_seconds: How long a start may take. Calls wait up to this long for it.
        stop_seconds: How long a stop may take before the process is killed.
        starts: The number of consecutive failed starts after which no further one is tried.
        lasting_seconds: A run of this length counts as a success and resets that number.
        backoff_seconds: The wait before the second start. It doubles with each failure.
        longest_backoff_seconds: The longest wait before a start.
    """

    start_seconds: float = 20.0
    stop_seconds: float = 5.0
    starts: int = 5
    lasting_seconds: float = 60.0
    backoff_seconds: float = 0.5
    longest_backoff_seconds: float = 10.0


class EmbeddedSimulator:
    """A veo_simulator child process, which is restarted if it dies and ends with this process."""

    def __init__(
        self,
        state_directory: Path,
        latency_seconds: float,
        clock: Clock,
        *,
        limits: SimulatorLimits | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            state_directory: The folder for the simulator's operations and objects.
            latency_seconds: The minimum time that a generation takes.
            clock: Times the waits between starts.
            limits: The limits for starting and stopping.
            command: The command to run in place of the installed simulator.

        """
        self._command = tuple(
            command
            or (
                *(sys.executable, "-m", "veo_simulator", "--port", "0", "--parent-pipe"),
                *("--latency", f"{latency_seconds:g}", "--state-directory", str(state_directory)),
            )
        )
        self._clock = clock
        self._limits = limits or SimulatorLimits()
        self._supervisor: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._address: str | None = None
        self._cause = "the simulator was not started"

    def start(self) -> None:
        """Start the simulator in the background."""
        if self._supervisor is None:
            self._cause = "the simulator is starting"
            self._supervisor = asyncio.create_task(self._supervise(), name="simulator")
            self._supervisor.add_done_callback(self._supervision_ended)

    async def base_url(self) -> str:
        """Return the simulator's address. Waits while it starts.

        Raises:
            EndpointUnavailable: It does not listen within `start_seconds`, or failed too
                often.

        """
        try:
            async with asyncio.timeout(self._limits.start_seconds):
                await self._settled.wait()
        except TimeoutError:
            raise EndpointUnavailable(self._cause) from None
        if self._address is None:
            raise EndpointUnavailable(self._cause)
        return self._address

    async def aclose(self) -> None:
        """Stop the simulator and wait until it has ended."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
        self._settle(None, "the simulator was stopped")

    async def _supervise(self) -> None:
        limits = self._limits
        failures = 0
        while True:
            started = self._clock.monotonic()
            try:
                await self._run()
            except OSError as error:
                self._cause = f"the simulator cannot be started: {error.strerror}"
            _LOGGER.warning("the simulator ended", extra={"cause": self._cause})
            lasted = self._clock.monotonic() - started >= limits.lasting_seconds
            failures = 1 if lasted else failures + 1
            if failures >= limits.starts:
                break
            wait = limits.backoff_seconds * 2.0 ** (failures - 1)
            await self._clock.sleep(min(wait, limits.longest_backoff_seconds))
        self._settle(None, f"{self._cause}; it was started {failures} times in a row")
        _LOGGER.error(
            "the simulator failed too often and is not restarted", extra={"cause": self._cause}
        )

    def _supervision_ended(self, supervisor: asyncio.Task[None]) -> None:
        if not supervisor.cancelled() and (error := supervisor.exception()) is not None:
            self._settle(None, "the simulator's supervisor has stopped")
            _LOGGER.error("the simulator's supervisor failed", exc_info=error)

    async def _run(self) -> None:
        """Run the simulator until it ends, and set `_cause` to the reason."""
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        log = asyncio.create_task(_log(process.stderr))
        try:
            address = await self._listening(process)
            if address is None:
                return
            self._settle(address, "")
            _LOGGER.info("the simulator listens", extra={"address": address})
            await _discard(process.stdout)
            self._cause = f"the simulator ended with status {await process.wait()}"
        finally:
            self._address = None
            self._settled.clear()
            await self._stop(process, log)

    async def _listening(self, process: Process) -> str | None:
        try:
            async with asyncio.timeout(self._limits.start_seconds):
                line = b"" if process.stdout is None else await process.stdout.readline()
            address = json.loads(line)["base_url"]
        except TimeoutError:
            self._cause = f"the simulator did not listen within {self._limits.start_seconds:g} s"
        except (ValueError, KeyError, TypeError):
            self._cause = "the simulator ended or did not say where it listens; see its log"
        else:
            if isinstance(address, str):
                return address.rstrip("/")
            self._cause = "the simulator's base_url is not a text"
        return None

    async def _stop(self, process: Process, log: asyncio.Task[None]) -> None:
        try:
            if process.returncode is None:
                process.terminate()
            async with asyncio.timeout(self._limits.stop_seconds):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        except asyncio.CancelledError:
            process.kill()
            raise
        finally:
            # Its last output says why it ended. One of its children may hold the pipe open.
            await asyncio.wait([log], timeout=1)
            log.cancel()
            await asyncio.wait([log])

    def _settle(self, address: str | None, cause: str) -> None:
        self._address = address
        self._cause = cause
        self._settled.set()


def simulated(
    simulator: EmbeddedSimulator,
    sink: ResultSink,
    clock: Clock,
    *,
    tracer_provider: TracerProvider | None = None,
) -> AgentPlatform:
    """Return the adapter for Veo, configured for a simulator that may still be starting."""
    config = AgentPlatformConfig(
        name="simulator",
        project="simulator",
        location="us-central1",
        storage_base_url=None,
        environment_proxy=False,
    )
    return AgentPlatform(
        config,
        StaticToken("simulator"),
        sink,
        clock,
        endpoint=simulator.base_url,
        tracer_provider=tracer_provider,
    )


def simulated_interactions(
    simulator: EmbeddedSimulator,
    sink: ResultSink,
    clock: Clock,
    *,
    tracer_provider: TracerProvider | None = None,
) -> Interactions:
    """Return the adapter for Omni models, configured for such a simulator."""
    config = InteractionsConfig(
        name="simulator_interactions",
        host="agent_platform",
        project="simulator",
        storage_base_url=None,
        environment_proxy=False,
    )
    return Interactions(
        config,
        StaticToken("simulator"),
        sink,
        clock,
        endpoint=simulator.base_url,
        tracer_provider=tracer_provider,
    )


async def _log(stream: asyncio.StreamReader | None) -> None:
    rest = b""
    while stream is not None and (data := await stream.read(_READ_BYTES)):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            _log_line(line)
        rest = rest[:_LONGEST_LOG_LINE]
    _log_line(rest)


def _log_line(line: bytes) -> None:
    if text := line[:_LONGEST_LOG_LINE].decode("utf-8", errors="replace").strip():
        _LOGGER.info("simulator: %s", text)


async def _discard(stream: asyncio.StreamReader | None) -> None:
    while stream is not None and await stream.read(_READ_BYTES):
        pass
