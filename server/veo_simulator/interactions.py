# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes an interaction as JSON: as an object, or as the events of a stream."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from veo_simulator.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from veo_simulator.generations import Generation
    from veo_simulator.interaction_orders import InteractionOrder
    from veo_simulator.interaction_results import InteractionResults


def summary(generation: Generation[InteractionOrder]) -> dict[str, Any]:
    """Return the answer to the creation of a background interaction."""
    outcome = generation.outcome or {"status": "in_progress"}
    return {"id": generation.id, "status": outcome["status"], "object": "interaction"}


def described(generation: Generation[InteractionOrder]) -> dict[str, Any]:
    """Return an interaction without its steps."""
    outcome = generation.outcome or {}
    told: dict[str, Any] = {name: outcome[name] for name in ("usage", "errors") if name in outcome}
    return {
        **summary(generation),
        "model": generation.order.model,
        "role": "model",
        "created": timestamp(generation.started),
        "updated": timestamp(generation.changed),
        **told,
    }


def steps(
    generation: Generation[InteractionOrder], results: InteractionResults
) -> list[dict[str, Any]]:
    """Return the steps of the output, with inline videos in them. Blocks on files."""
    return [
        {**step, "content": [_filled(one, generation, results) for one in step["content"]]}
        for step in (generation.outcome or {}).get("steps", [])
    ]


def steps_of_input(given: Any) -> list[dict[str, Any]]:
    """Return the input of a request as steps."""
    if isinstance(given, str):
        return [{"type": "user_input", "content": [{"type": "text", "text": given}]}]
    values = given if isinstance(given, list) else [given]
    if any(isinstance(one, dict) and "content" in one for one in values):
        return values
    return [{"type": "user_input", "content": values}]


async def events(
    generation: Generation[InteractionOrder], results: InteractionResults
) -> AsyncIterator[dict[str, Any]]:
    """Yield the events of an interaction from its beginning, as they happen."""
    told = {"event_type": "interaction.status_update", "interaction_id": generation.id}
    created = {**summary(generation), "status": "in_progress", "model": generation.order.model}
    yield {"event_type": "interaction.created", "interaction": created}
    yield {**told, "status": "in_progress"}
    await generation.ended.wait()
    status = summary(generation)["status"]
    if status == "completed":
        for index, step in enumerate(await asyncio.to_thread(steps, generation, results)):
            place = {"index": index}
            yield {"event_type": "step.start", **place, "step": {"type": step["type"]}}
            for content in step["content"]:
                yield {"event_type": "step.delta", **place, "delta": content}
            yield {"event_type": "step.stop", **place}
        yield {"event_type": "interaction.completed", "interaction": described(generation)}
        return
    yield {**told, "status": status}
    for error in (generation.outcome or {}).get("errors", []):
        yield {"event_type": "error", "error": error}


def _filled(
    content: dict[str, str],
    generation: Generation[InteractionOrder],
    results: InteractionResults,
) -> dict[str, str]:
    if content["type"] != "video" or "uri" in content:
        return content
    data = results.video(generation.id) or b""
    return {**content, "data": base64.b64encode(data).decode("ascii")}
