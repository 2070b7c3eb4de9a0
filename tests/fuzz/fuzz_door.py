# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP application in process, for the targets that make requests of it."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol, cast

from fakes.engine import engine
from fuzz.fuzz_calls import logging_to
from fuzz.fuzz_outcome import OneLineLog
from longtake_server.clock import SystemClock
from longtake_server.http.app import create_application
from longtake_server.http.parts import DoorParts, DoorSettings
from longtake_server.identity.authentication import Authenticator, Proofs
from longtake_server.identity.principal import Role
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fakes.clock import FakeClock
    from fakes.engine import Engine
    from starlette.types import ASGIApp

HEADER = "x-longtake-caller"
"""Names the caller."""

CALLER = "orders"
"""Who makes the requests."""

HANG_SECONDS = 20.0
"""How long an answer may take."""

_STRANGER = "billing"
_MAX_REQUEST_BYTES = 4096


class Fuzzed(Protocol):
    """Makes a request from an input, and judges the answer."""

    async def once(self, data: bytes) -> str:
        """Try one input, and return the name of its status."""


def opened(
    made: Callable[[Engine, ASGIApp, str], Fuzzed],
) -> Callable[[Path], AbstractContextManager[Callable[[bytes], str]]]:
    """Return what opens a target: see Target.opened.

    Args:
        made: Given the engine, the application and the name of an operation that the caller must
            not see, returns what makes the requests.

    """

    @contextmanager
    def door(folder: Path) -> Iterator[Callable[[bytes], str]]:
        loop = asyncio.new_event_loop()
        log = OneLineLog()
        with ExitStack() as stack:
            stack.enter_context(logging_to(log))
            stack.callback(loop.close)
            stack.callback(lambda: loop.run_until_complete(_stop_tasks()))
            entered = engine(folder, clock=cast("FakeClock", SystemClock()))
            parts = loop.run_until_complete(entered.__aenter__())
            stack.callback(lambda: loop.run_until_complete(entered.__aexit__(None, None, None)))
            foreign = loop.run_until_complete(parts.accept(_STRANGER)).name
            fuzzed = made(parts, _application(parts), foreign)

            def once(data: bytes) -> str:
                try:
                    return loop.run_until_complete(fuzzed.once(data))
                finally:
                    log.raise_findings()

            yield once

    return door


def _application(parts: Engine) -> ASGIApp:
    return create_application(
        DoorParts(
            parts.service,
            Authenticator(Proofs(caller_roles=frozenset({Role.GENERATOR}))),
            parts.clock,
            DoorSettings(HEADER, _MAX_REQUEST_BYTES, HANG_SECONDS),
            parts.signer,
            RequestBudget(10 * _MAX_REQUEST_BYTES),
            Telemetry(),
            parts.webhooks,
        )
    )


async def _stop_tasks() -> None:
    """End the task that the library of event streams leaves behind, once for all streams."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
