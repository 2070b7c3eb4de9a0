# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts generations, ends them when due, and keeps them across restarts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from veo_simulator.disk import storing
from veo_simulator.errors import GoogleError

if TYPE_CHECKING:
    from pathlib import Path

    from veo_simulator.counting import Counts
    from veo_simulator.directives import Directives

_log = logging.getLogger(__name__)

_HOUR = 3600.0


class Work(Protocol):
    """The attributes that all orders have."""

    @property
    def model(self) -> str:
        """The model that generates the video."""

    @property
    def seed(self) -> int | None:
        """The requested seed, or None."""

    @property
    def directives(self) -> Directives:
        """The directives of the prompt."""


WorkT = TypeVar("WorkT", bound=Work)


@dataclass(slots=True)
class Generation(Generic[WorkT]):
    """A generation, running or ended.

    Attributes:
        name: The full name.
        order: The checked request.
        started: The time of the start, in seconds since 1970.
        changed: The time of the last change: the start or the end.
        seed: The seed of the order, or a random one.
        outcome: The result of the maker; None while the generation runs.
        polls: The number of polls.
        told: Whether a poll has reported the end.
        ended: Set once there is an outcome.
        ending: Held while the generation is ended or deleted.
    """

    name: str
    order: WorkT
    started: float
    changed: float
    seed: int
    outcome: dict[str, Any] | None = None
    polls: int = 0
    told: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    ending: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def id(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]


class Maker(Protocol[WorkT]):
    """Produces the outcomes of an API's orders."""

    def read(self, name: str, body: dict[str, Any]) -> WorkT:
        """Return the order of a generation by its name and its request."""

    async def make(self, generation: Generation[WorkT]) -> dict[str, Any]:
        """Return the outcome."""

    def failed(self, error: GoogleError) -> dict[str, Any]:
        """Return the outcome of a failure."""

    def delete(self, generation: str) -> None:
        """Delete the stored results of a generation, by its id."""


class Generations(Generic[WorkT]):
    """All generations of an API, in memory and as files.

    Args:
        folder: The folder for their files.
        maker: Produces their outcomes.
        may_finish: Generations do not end until it is set.
        counts: Counts starts and ends.
        latency_seconds: The minimum time that a generation takes.
        keep_hours: How long a generation is kept after its start.
    """

    def __init__(
        self,
        folder: Path,
        maker: Maker[WorkT],
        may_finish: asyncio.Event,
        counts: Counts,
        *,
        latency_seconds: float,
        keep_hours: float,
    ) -> None:
        self._folder = folder
        self._maker = maker
        self._may_finish = may_finish
        self._counts = counts
        self._latency_seconds = latency_seconds
        self._keep_seconds = keep_hours * _HOUR
        self._known: dict[str, Generation[WorkT]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    def resume(self) -> None:
        """Resume the generations of an earlier process. Blocks on files: call it before serving."""
        self._folder.mkdir(parents=True, exist_ok=True)
        found = []
        for file in self._folder.glob("*/generation.json"):
            try:
                found.append(self._kept(file))
            except (ValueError, KeyError, GoogleError) as error:
                _log.warning("%s is left out: %s", file, type(error).__name__)
        for generation in sorted(found, key=lambda one: one.started):
            self._remember(generation)

    async def start(self, name: str, order: WorkT, body: dict[str, Any]) -> Generation[WorkT]:
        """Start a generation.

        Args:
            name: The full name.
            order: The checked request.
            body: The JSON of the request, which is stored.

        Raises:
            GoogleError: The request cannot be stored. Nothing is started.

        """
        await self._forget_old()
        seed = secrets.randbits(32) if order.seed is None else order.seed
        now = time.time()
        generation = Generation(name, order, now, now, seed)
        with storing(name):
            await asyncio.to_thread(self._save_request, generation, body)
        self._remember(generation)
        return generation

    def get(self, name: str) -> Generation[WorkT] | None:
        """Return a generation by its full name, or None."""
        return self._known.get(name)

    def find(self, name: str) -> Generation[WorkT] | None:
        """Return a generation by its full name or the last part of it, or None."""
        known = self._known.values()
        return self.get(name) or next((one for one in known if one.id == name), None)

    async def request(self, generation: Generation[WorkT]) -> dict[str, Any]:
        """Return the JSON of the request for a generation."""
        kept = await asyncio.to_thread(self._file(generation).read_text)
        request: dict[str, Any] = json.loads(kept)["request"]
        return request

    async def end(self, generation: Generation[WorkT], outcome: dict[str, Any]) -> bool:
        """Set the outcome of a generation; return whether it had none."""
        async with generation.ending:
            if generation.outcome is not None:
                return False
            generation.changed = time.time()
            # An outcome that cannot be stored stays in memory. A restart produces it again.
            with contextlib.suppress(GoogleError), storing(f"The outcome of {generation.name}"):
                await asyncio.to_thread(self._save_outcome, generation, outcome)
            generation.outcome = outcome
            if not generation.ended.is_set():
                self._counts.ended()
            generation.ended.set()
        return True

    async def stop(self, generation: Generation[WorkT], outcome: dict[str, Any]) -> bool:
        """End a generation early; return whether it was running."""
        stopped = await self.end(generation, outcome)
        if stopped and (task := self._running.get(generation.name)):
            task.cancel()
        return stopped

    async def delete(self, generation: Generation[WorkT]) -> None:
        """Delete a generation, running or not, and wake the calls that wait for its end."""
        async with generation.ending:
            if task := self._running.get(generation.name):
                task.cancel()
            self._known.pop(generation.name, None)
            await asyncio.to_thread(self._maker.delete, generation.id)
            if not generation.ended.is_set():
                self._counts.ended()
            generation.ended.set()

    def as_json(self) -> list[dict[str, Any]]:
        """Return a summary of each generation, oldest first."""
        return [
            {
                "name": one.name,
                "model": one.order.model,
                "seed": one.seed,
                "started": one.started,
                "done": one.outcome is not None,
                "polls": one.polls,
            }
            for one in self._known.values()
        ]

    async def aclose(self) -> None:
        """Stop all work; `resume` continues it."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _kept(self, file: Path) -> Generation[WorkT]:
        kept = json.loads(file.read_text())
        order = self._maker.read(kept["name"], kept["request"])
        # An earlier version wrote the seed into the request.
        seed = kept.get("seed", order.seed or 0)
        changed = kept.get("changed", kept["started"])
        return Generation(kept["name"], order, kept["started"], changed, seed, kept["outcome"])

    def _remember(self, generation: Generation[WorkT]) -> None:
        self._known[generation.name] = generation
        if generation.outcome is not None:
            generation.ended.set()
        else:
            self._counts.began()
            task = asyncio.create_task(self._finish(generation))
            self._running[generation.name] = task
            task.add_done_callback(lambda _task: self._running.pop(generation.name, None))

    async def _finish(self, generation: Generation[WorkT]) -> None:
        chosen = generation.order.directives
        if "never" in chosen:
            return
        due = generation.started + chosen.number("latency", "seconds", self._latency_seconds)
        try:
            with storing(f"The video of {generation.name}"):
                outcome = await self._maker.make(generation)
        except GoogleError as error:
            outcome = self._maker.failed(error)
        except Exception:  # noqa: BLE001 - a defect of the simulator fails the generation, as at Google
            _log.exception("a video could not be made")
            outcome = self._maker.failed(GoogleError("INTERNAL", "Internal error."))
        await asyncio.sleep(due - time.time())
        await self._may_finish.wait()
        await self.end(generation, outcome)

    def _save_request(self, generation: Generation[WorkT], body: dict[str, Any]) -> None:
        kept = {
            "name": generation.name,
            "started": generation.started,
            "seed": generation.seed,
            "request": body,
            "outcome": None,
        }
        self._file(generation).parent.mkdir(parents=True, exist_ok=True)
        try:
            self._write(generation, kept)
        except OSError:
            self._maker.delete(generation.id)
            raise

    def _save_outcome(self, generation: Generation[WorkT], outcome: dict[str, Any]) -> None:
        kept = json.loads(self._file(generation).read_text())
        self._write(generation, {**kept, "changed": generation.changed, "outcome": outcome})

    def _write(self, generation: Generation[WorkT], kept: dict[str, Any]) -> None:
        file = self._file(generation)
        temporary = file.with_suffix(".part")
        try:
            temporary.write_text(json.dumps(kept))
            temporary.replace(file)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def _file(self, generation: Generation[WorkT]) -> Path:
        return self._folder / generation.id / "generation.json"

    async def _forget_old(self) -> None:
        # In the order of their start, so that the oldest comes first.
        oldest = time.time() - self._keep_seconds
        while self._known:
            generation = next(iter(self._known.values()))
            if generation.started > oldest:
                break
            await self.delete(generation)
