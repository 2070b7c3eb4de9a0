# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Describes operations as interactions: as an object, and as the events of a stream. No I/O.

What Google has no member for is in `metadata`: the metadata of the contract's operation, with its
name and revision. Google counts the usage in tokens, which Longtake does not know, so `usage` is
empty and `metadata` has the seconds and the cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import json_format

from longtake_server.http.google_wire.inline_json import Inline
from longtake_server.http.google_wire.interactions_errors import word_of
from longtake_server.http.google_wire.interactions_ids import Place
from longtake_server.operations.model import State
from longtake_server.rpc import convert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from longtake_server.http.google_wire.interactions_ids import InteractionId
    from longtake_server.operations.model import OperationRecord

    Tree = dict[str, Any]

# Google's own samples poll while the status is in_progress, so a queued one has it, too.
_RUNNING = "in_progress"
_STATUSES: Mapping[State, str] = {
    State.SUCCEEDED: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}
_WITHHELD = "The video was withheld."


def described(record: OperationRecord, interaction: InteractionId) -> Tree:
    """Return an interaction without its steps."""
    tree: Tree = {
        **_summary(record, interaction, _status(record)),
        "role": "model",
        "created": _time(record.create_time),
        "updated": _time(record.update_time),
        "metadata": _metadata(record),
    }
    if record.labels:
        tree["labels"] = dict(record.labels)
    if record.state is State.SUCCEEDED:
        tree["usage"] = {}
    if error := _error(record):
        tree["errors"] = [error]
    return tree


def whole(
    record: OperationRecord, interaction: InteractionId, addresses: Sequence[str | None]
) -> Tree:
    """Return an interaction with its steps.

    Args:
        record: The operation.
        interaction: Its id.
        addresses: The address of each video, None for one that is put inline.

    """
    contents = _contents(record, addresses)
    steps = [{"type": "model_output", "content": contents}] if contents else []
    return {**described(record, interaction), "steps": steps}


def created_event(record: OperationRecord, interaction: InteractionId) -> Tree:
    """Return the first event of a stream."""
    summary = _summary(record, interaction, _RUNNING)
    event = {"event_type": "interaction.created", "interaction": summary}
    return _placed(event, interaction, Place(0))


def status_event(record: OperationRecord, interaction: InteractionId) -> Tree:
    """Return the event of a revision of an interaction that has not ended."""
    event = {**_status_update(record, interaction), "metadata": _metadata(record)}
    return _placed(event, interaction, Place(record.revision))


def end_events(
    record: OperationRecord, interaction: InteractionId, addresses: Sequence[str | None]
) -> Iterator[tuple[Place, Tree]]:
    """Yield the events of the end of an interaction, each with its place.

    Args:
        record: The operation, which has ended.
        interaction: Its id.
        addresses: As for `whole`.

    """
    for number, event in enumerate(_end_events(record, interaction, addresses)):
        place = Place(number, is_end=True)
        yield place, _placed(event, interaction, place)


def _end_events(
    record: OperationRecord, interaction: InteractionId, addresses: Sequence[str | None]
) -> Iterator[Tree]:
    if record.state is State.SUCCEEDED:
        if contents := _contents(record, addresses):
            yield {"event_type": "step.start", "index": 0, "step": {"type": "model_output"}}
            for content in contents:
                yield {"event_type": "step.delta", "index": 0, "delta": content}
            yield {"event_type": "step.stop", "index": 0}
        completed = described(record, interaction)
        yield {"event_type": "interaction.completed", "interaction": completed}
        return
    yield {**_status_update(record, interaction), "metadata": _metadata(record)}
    if error := _error(record):
        yield {"event_type": "error", "error": error}


def _placed(event: Tree, interaction: InteractionId, place: Place) -> Tree:
    return {**event, "event_id": place.event_id(interaction)}


def _status_update(record: OperationRecord, interaction: InteractionId) -> Tree:
    return {
        "event_type": "interaction.status_update",
        "interaction_id": str(interaction),
        "status": _status(record),
    }


def _summary(record: OperationRecord, interaction: InteractionId, status: str) -> Tree:
    return {
        "id": str(interaction),
        "object": "interaction",
        "status": status,
        "model": record.model,
    }


def _status(record: OperationRecord) -> str:
    return _STATUSES.get(record.state, _RUNNING)


def _error(record: OperationRecord) -> Tree | None:
    if record.state is not State.FAILED or record.failure is None:
        return None
    return {"code": word_of(record.failure.code.name), "message": record.failure.message}


def _contents(record: OperationRecord, addresses: Sequence[str | None]) -> list[Tree]:
    """Return the output: the videos, or in words why they were withheld, as Google does."""
    if not record.videos:
        text = " ".join(record.filtered_reasons) or _WITHHELD
        return [{"type": "text", "text": text}] if record.filtered_count else []
    contents: list[Tree] = []
    for index, (video, address) in enumerate(zip(record.videos, addresses, strict=True)):
        source = {"data": Inline(index)} if address is None else {"uri": address}
        contents.append({"type": "video", "mime_type": video.mime_type, **source})
    return contents


def _metadata(record: OperationRecord) -> Tree:
    told: Tree = json_format.MessageToDict(
        convert.metadata(record), preserving_proto_field_name=True
    )
    withheld: Tree = {}
    if record.filtered_count:
        withheld["rai_media_filtered_count"] = record.filtered_count
        withheld["rai_media_filtered_reasons"] = list(record.filtered_reasons)
    return {"operation": record.name, "revision": record.revision, **told, **withheld}


def _time(time: datetime) -> str:
    """Return a time in whole seconds, as Google documents it; `metadata` has it in full."""
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
