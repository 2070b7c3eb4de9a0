# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Handles what submissions and polls of all APIs have in common."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from veo_simulator import faults
from veo_simulator.authentication import authenticate
from veo_simulator.bodies import read_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from veo_simulator.counting import Counts
    from veo_simulator.generations import Generation, Work
    from veo_simulator.quota import Quota

WorkT = TypeVar("WorkT", bound="Work")


class Calls:
    """Counts calls, delays them, and answers them with the faults that prompts select.

    Attributes:
        may_submit: Submissions wait until it is set.
    """

    def __init__(self, counts: Counts, quota: Quota) -> None:
        self._counts = counts
        self._quota = quota
        self._faults = faults.Faults()
        self.may_submit = asyncio.Event()
        self.may_submit.set()

    async def submission(self, request: Request) -> dict[str, Any]:
        """Wait until submissions are not held, and return the body of a submission.

        Raises:
            GoogleError: The call has no credentials, or its body is not a JSON object.

        """
        self._counts.received()
        authenticate(request)
        await self.may_submit.wait()
        return await read_object(request)

    async def start(
        self,
        prompt: str,
        order: WorkT,
        location: str,
        begin: Callable[[], Awaitable[Generation[WorkT]]],
        reply: Callable[[Generation[WorkT]], Awaitable[Response]],
    ) -> Response:
        """Answer a submission with its fault, or start its generation.

        Args:
            prompt: The original prompt, by which faults and submissions are counted.
            order: The checked request.
            location: The location whose quota the submission uses.
            begin: Starts the generation.
            reply: Builds the answer.

        Raises:
            GoogleError: The fault is an error of Google's, or the quota is used up.

        """
        fault = self._faults.next(prompt, order.directives)
        if fault not in (None, "drop"):
            return await faults.answer(fault or "", order)
        self._quota.take(order.model, location)
        generation = await begin()
        self._counts.accepted(prompt)
        return await (faults.answer(fault, order) if fault else reply(generation))

    def poll(self, request: Request) -> None:
        """Check the credentials of a poll.

        Raises:
            GoogleError: The poll has no credentials, or they are refused.

        """
        authenticate(request)

    async def fault_of_poll(self, generation: Generation[WorkT]) -> Response | None:
        """Count a poll, and return its faulty answer, or None.

        A poll of a generation that does not exist is a probe and is not counted.

        Raises:
            GoogleError: The fault is an error of Google's.

        """
        self._counts.polled()
        generation.polls += 1
        order = generation.order
        fault = self._faults.next(generation.name, order.directives, "poll-")
        return await faults.answer(fault, order, "poll-") if fault else None

    def undone(self, generation: Generation[WorkT]) -> bool:
        """Return whether a poll reports an ended generation as running."""
        if generation.outcome is None:
            return False
        told, generation.told = generation.told, True
        return told and self._faults.meets(generation.name, "undone", generation.order.directives)

    def events_before_cut(self, generation: Generation[WorkT]) -> int | None:
        """Return the number of events after which a stream breaks off, or None."""
        chosen = generation.order.directives
        if not self._faults.meets(generation.name, "cut", chosen):
            return None
        return int(chosen.number("cut", "events", 1))
