# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Generations: started, rendered, finished at their time, kept over a restart."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from veo_simulator import results
from veo_simulator.errors import GoogleError
from veo_simulator.orders import Order, read_order

if TYPE_CHECKING:
    from pathlib import Path

    from veo_simulator.bucket import Buckets
    from veo_simulator.workers import Renderers

_log = logging.getLogger(__name__)

_HOUR = 3600.0


@dataclass(slots=True)
class Generation:
    """A long-running operation.

    Attributes:
        name: Its full name.
        order: What was asked for, with its seed.
        started: When, in seconds since 1970.
        outcome: `response` or `error` as results.py makes them, None while it runs.
        polls: How often it was asked for.
        ended: Set once there is an outcome.
    """

    name: str
    order: Order
    started: float
    outcome: dict[str, Any] | None = None
    polls: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def id(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]


class Generations:
    """Every generation, in memory and as files.

    Args:
        folder: Where they are kept.
        buckets: Where inputs are read and results stored.
        renderers: What makes the videos.
        latency_seconds: How long a generation takes, at least.
        keep_hours: How long one is known after its start.
    """

    def __init__(
        self,
        folder: Path,
        buckets: Buckets,
        renderers: Renderers,
        *,
        latency_seconds: float,
        keep_hours: float,
    ) -> None:
        self._folder = folder
        self._results = results.Results(folder, buckets, renderers)
        self._latency_seconds = latency_seconds
        self._keep_seconds = keep_hours * _HOUR
        self._known: dict[str, Generation] = {}
        self._running: set[asyncio.Task[None]] = set()
        self.may_finish = asyncio.Event()
        self.may_finish.set()

    def resume(self) -> None:
        """Go on with what an earlier process left. Reads files: before the server listens."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(self._folder.glob("*/generation.json")):
            try:
                kept = json.loads(file.read_text())
                order = read_order(kept["model"], kept["request"])
                generation = Generation(kept["name"], order, kept["started"], kept["outcome"])
            except (ValueError, KeyError, GoogleError) as error:
                _log.warning("%s is left out: %s", file, type(error).__name__)
                continue
            self._remember(generation, kept["request"])

    async def start(self, resource: str, order: Order, body: dict[str, Any]) -> Generation:
        """Begin a generation.

        Args:
            resource: The model's name in the path of the call.
            order: What was asked for.
            body: Its JSON, which is kept.

        """
        await self._forget_old()
        if order.seed is None:
            body.setdefault("parameters", {})["seed"] = secrets.randbits(32)
            order = await asyncio.to_thread(read_order, order.model, body)
        generation = Generation(f"{resource}/operations/{uuid.uuid4()}", order, time.time())
        await asyncio.to_thread(self._save, generation, body)
        self._remember(generation, body)
        return generation

    def find(self, name: object) -> Generation:
        """Return a generation by its full name.

        Raises:
            GoogleError: There is none, or no longer.

        """
        generation = self._known.get(name) if isinstance(name, str) else None
        if generation is None:
            raise GoogleError("NOT_FOUND", "The operation is not found, or has expired.")
        return generation

    async def as_operation(self, generation: Generation) -> bytes:
        """Return a generation as the JSON of a google.longrunning.Operation."""
        if generation.outcome is None:
            return json.dumps({"name": generation.name}).encode()
        return await asyncio.to_thread(
            self._results.as_operation, generation.name, generation.id, generation.outcome
        )

    def as_json(self) -> list[dict[str, Any]]:
        """Return what a person wants to know of each generation, oldest first."""
        return [
            {
                "name": one.name,
                "model": one.order.model,
                "started": one.started,
                "done": one.outcome is not None,
                "polls": one.polls,
            }
            for one in self._known.values()
        ]

    async def aclose(self) -> None:
        """Stop working on what has not finished; `resume` goes on with it."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _remember(self, generation: Generation, body: dict[str, Any]) -> None:
        self._known[generation.name] = generation
        if generation.outcome is not None:
            generation.ended.set()
        else:
            task = asyncio.create_task(self._finish(generation, body))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _finish(self, generation: Generation, body: dict[str, Any]) -> None:
        chosen = generation.order.directives
        if "never" in chosen:
            return
        due = generation.started + chosen.number("latency", "seconds", self._latency_seconds)
        try:
            outcome = await self._results.make(generation.id, generation.order)
        except Exception:  # noqa: BLE001 - a defect of ours ends the generation, as Google's do
            _log.exception("a video could not be made")
            outcome = {"error": GoogleError("INTERNAL", "Internal error.").operation_error()}
        await asyncio.sleep(due - time.time())
        await self.may_finish.wait()
        await asyncio.to_thread(self._save, generation, body, outcome)
        generation.outcome = outcome
        generation.ended.set()

    def _save(
        self,
        generation: Generation,
        body: dict[str, Any],
        outcome: dict[str, Any] | None = None,
    ) -> None:
        kept = {
            "name": generation.name,
            "model": generation.order.model,
            "started": generation.started,
            "request": body,
            "outcome": outcome,
        }
        folder = self._folder / generation.id
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / "generation.json.part"
        temporary.write_text(json.dumps(kept))
        temporary.replace(folder / "generation.json")

    async def _forget_old(self) -> None:
        # They are in the order of their start, so that the old ones come first.
        oldest = time.time() - self._keep_seconds
        while self._known:
            name, generation = next(iter(self._known.items()))
            if generation.started > oldest:
                break
            del self._known[name]
            await asyncio.to_thread(self._results.delete, generation.id)
