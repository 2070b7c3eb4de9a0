# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves counts and holds for tests, which Google's APIs do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from veo_simulator.errors import GoogleError, Violation, invalid

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

    from veo_simulator.counting import Counts
    from veo_simulator.generations import Generations


class ControlApi:
    """Serves /simulator.

    Args:
        generations: The generations of each API.
        counts: The counts of calls.
        gates: For each word, the event that must be set for something to continue.
    """

    def __init__(
        self,
        generations: Sequence[Generations[Any]],
        counts: Counts,
        gates: Mapping[str, asyncio.Event],
    ) -> None:
        self._generations = generations
        self._counts = counts
        self._gates = gates

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/simulator/health", self.health, methods=["GET"]),
            Route("/simulator/statistics", self.statistics, methods=["GET"]),
            Route("/simulator/operations", self.operations, methods=["GET"]),
            Route("/simulator/wait", self.wait, methods=["POST"]),
            Route("/simulator/{command}", self.command, methods=["POST"]),
        ]

    async def health(self, _request: Request) -> Response:
        """Answer that the simulator is serving."""
        return JSONResponse({"status": "SERVING", "note": "SIMULATED: no generative model"})

    async def statistics(self, _request: Request) -> Response:
        """Return the counts."""
        return JSONResponse(self._counts.as_json())

    async def operations(self, _request: Request) -> Response:
        """Return the generations."""
        return JSONResponse(
            {"operations": [one for each in self._generations for one in each.as_json()]}
        )

    async def wait(self, request: Request) -> Response:
        """Wait until the conditions in the query hold, and return the counts.

        The conditions are a number of `submissions`, a number of `polls`, and the end of the
        `operation` with a name or an id.
        """
        wanted = {name: request.query_params.get(name, "0") for name in ("submissions", "polls")}
        for name, value in wanted.items():
            if not (value.isascii() and value.isdigit()):
                raise invalid(Violation(name, "accepted is a whole number, 0 or more"))
        await self._counts.reach(int(wanted["submissions"]), int(wanted["polls"]))
        if operation := request.query_params.get("operation"):
            await self._ended(operation)
        return JSONResponse(self._counts.as_json())

    async def _ended(self, operation: str) -> None:
        for each in self._generations:
            if found := each.find(operation):
                await found.ended.wait()
                return
        raise GoogleError("NOT_FOUND", "The operation is not found, or has expired.")

    async def command(self, request: Request) -> Response:
        """Hold or release ends (`hold`, `release`) or submissions (the others)."""
        word = request.path_params["command"]
        verb, _, what = word.partition("-")
        gate = self._gates.get(what)
        if gate is None or verb not in ("hold", "release"):
            accepted = "hold, release, hold-submissions, release-submissions, wait"
            raise invalid(Violation("command", f"{word!r}; accepted are {accepted}"))
        gate.clear() if verb == "hold" else gate.set()
        return JSONResponse({})
