# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Describes operations, models and costs to agents: as JSON, and in a few sentences. No I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.operations.model import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from longtake_server.operations.model import OperationRecord, StoredVideo
    from longtake_server.operations.requests.catalogue import ModelEntry
    from longtake_server.operations.results.addresses import VideoAddress

    Tree = dict[str, Any]

SCHEME = "longtake://"
"""The scheme of the URIs of resources."""

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Located:
    """A video of an operation, and where an agent reads it.

    Attributes:
        video: The video.
        url: An address that works without a credential, None if there is none.
        expire_time: When the address stops working, None if it does not.
    """

    video: StoredVideo
    url: str | None
    expire_time: datetime | None = None

    @classmethod
    def at(cls, video: StoredVideo, address: VideoAddress) -> Located:
        """Return a video at a signed address."""
        return cls(video, address.url, address.expire_time)


def operation(record: OperationRecord, located: Sequence[Located], now: datetime) -> Tree:
    """Return an operation as JSON. Members without a value are absent.

    Args:
        record: The operation.
        located: Its videos.
        now: The time, for what is left.

    """
    tree: Tree = {
        "operation": record.name,
        "state": record.state.value,
        "done": record.done,
        "model": record.model,
        "served_model": record.served_model,
        "create_time": _time(record.create_time),
        "end_time": _time(record.end_time),
        "keep_until": _time(record.expire_time),
        "queue_position": record.queue_position,
        "estimated_start_time": _time(record.estimated_start_time),
        "estimated_finish_time": _time(record.estimated_finish_time),
        "estimated_seconds_left": seconds_left(record, now),
        "cancel_requested": record.cancel_requested or None,
        "estimated_cost_usd": _dollars(record.cost_micros),
        "warnings": list(record.warnings) or None,
        "prompt": record.prompt_excerpt or None,
    }
    if record.failure is not None:
        failure = record.failure
        tree["error"] = {
            "code": failure.code.name,
            "reason": failure.reason,
            "message": failure.message,
        }
    elif record.last_refusal is not None and not record.done:
        tree["delayed_by"] = record.last_refusal.message
    if record.state is State.SUCCEEDED:
        tree["videos"] = [video(record, index, each) for index, each in enumerate(located)]
        tree["withheld_videos"] = record.filtered_count
        tree["withheld_reasons"] = list(record.filtered_reasons)
    return _without_gaps(tree)


def video(record: OperationRecord, index: int, located: Located) -> Tree:
    """Return a video of an operation as JSON. Members without a value are absent."""
    stored = located.video
    return _without_gaps(
        {
            "name": f"{record.name}/videos/{index}",
            "resource": video_uri(record.name, index),
            "url": located.url,
            "url_expire_time": _time(located.expire_time),
            "mime_type": stored.mime_type,
            "size_bytes": stored.size_bytes,
            "sha256": stored.sha256 or None,
        }
    )


def operation_uri(name: str) -> str:
    """Return the URI of the resource that an operation is."""
    return SCHEME + name


def video_uri(name: str, index: int) -> str:
    """Return the URI of the resource that a video of an operation is."""
    return f"{SCHEME}{name}/videos/{index}"


def told(record: OperationRecord, located: Sequence[Located], now: datetime) -> str:
    """Return in words how an operation is, and what the agent can do next."""
    name = record.name
    if record.failure is not None and record.state is State.FAILED:
        return f"{name} failed: {record.failure.message}"
    if record.state is State.CANCELLED:
        return f"{name} was cancelled. {' '.join(record.warnings)}".strip()
    if record.state is State.SUCCEEDED:
        return "\n".join(_success(record, located))
    left = seconds_left(record, now)
    about = "" if left is None else f", with about {left} seconds left"
    place = "" if record.queue_position is None else f", at position {record.queue_position}"
    delay = ""
    if record.last_refusal is not None:
        delay = f" The upstream delays it: {record.last_refusal.message}."
    return (
        f"{name} is {record.state.value}{place}{about}.{delay} "
        f"Call get_video with operation {name} to wait for it; do not start it again."
    )


def _success(record: OperationRecord, located: Sequence[Located]) -> list[str]:
    lines = [f"{record.name} succeeded. Videos: {len(located)}."]
    for index, each in enumerate(located):
        if each.url is None:
            lines.append(
                f"Video {index} has no address: the operator of the server must set "
                "LONGTAKE_PUBLIC_URL."
            )
        elif each.expire_time is None:
            lines.append(f"Video {index}: {each.url}")
        else:
            until = _time(each.expire_time)
            lines.append(
                f"Video {index}: {each.url} (anyone who has this address can read the video until "
                f"{until}; get_video returns a new one)"
            )
    if record.filtered_count:
        why = " ".join(record.filtered_reasons) or "the upstream gave no reason"
        lines.append(f"Withheld by a safety filter: {record.filtered_count}. {why}")
    return lines


def seconds_left(record: OperationRecord, now: datetime) -> int | None:
    """Return the estimated seconds to the end of an operation, None if it ended or is unknown."""
    if record.done or record.estimated_finish_time is None:
        return None
    return max(0, math.ceil((record.estimated_finish_time - now).total_seconds()))


def estimate(record: OperationRecord) -> Tree:
    """Return the cost of an operation that was not created, as JSON."""
    return _without_gaps(
        {
            "model": record.model,
            "served_model": record.served_model,
            "max_cost_usd": _dollars(record.reserved_micros),
            "warnings": list(record.warnings) or None,
        }
    )


def estimate_told(record: OperationRecord) -> str:
    """Return in words what an operation that was not created would cost."""
    most = _dollars(record.reserved_micros)
    cost = (
        f"It costs at most {most:g} US dollars." if most is not None else "It has no known price."
    )
    return " ".join([f"{record.model} accepts the request. {cost}", *record.warnings])


def model(entry: ModelEntry) -> Tree:
    """Return a model as JSON. The first value of each list is the default."""
    retirement = entry.retirement_date
    return _without_gaps(
        {
            "model": entry.id,
            "display_name": entry.display_name,
            "stage": entry.stage.value,
            "retirement_date": None if retirement is None else retirement.isoformat(),
            "replacement": entry.replacement,
            "durations_seconds": list(entry.durations),
            "default_duration_seconds": entry.default_duration,
            "resolutions": list(entry.resolutions),
            "aspect_ratios": list(entry.aspect_ratios),
            "max_videos": entry.max_videos,
            "prices": [
                {
                    "resolution": price.resolution,
                    "audio": price.audio,
                    "usd_per_second": price.usd_per_second,
                }
                for price in entry.prices
            ],
        }
    )


def model_told(entry: ModelEntry) -> str:
    """Return a model in one line."""
    prices = ", ".join(
        f"{price.usd_per_second:g} USD a second at {price.resolution}"
        f"{'' if price.audio else ' without sound'}"
        for price in entry.prices
    )
    durations = ", ".join(map(str, entry.durations))
    return (
        f"{entry.id} ({entry.stage.value}): {durations} seconds; "
        f"{', '.join(entry.resolutions)}; {prices or 'no known price'}"
    )


def _dollars(micros: int | None) -> float | None:
    return None if micros is None else micros / _MICROS


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat().replace("+00:00", "Z")


def _without_gaps(tree: Tree) -> Tree:
    return {name: value for name, value in tree.items() if value is not None}
