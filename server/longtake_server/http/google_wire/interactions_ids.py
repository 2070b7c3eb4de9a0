# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The ids of interactions and of their events. Both lead back to an operation without a lookup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from longtake_server.errors import InvalidRequest, OperationNotFound, Violation

_OPERATIONS = "operations/"
_INTERACTION = re.compile(r"v1_([a-zA-Z0-9_-]{1,64})(\.inline|\.uri)?", re.ASCII)
# A revision is a signed integer of 64 bits.
_PLACE = re.compile(r"(end)?(0|[1-9][0-9]{0,17})", re.ASCII)
_LONGEST_SHOWN = 100


class Delivery(Enum):
    """How an interaction hands over its video. The values are the ends of ids."""

    BY_SETTING = ""
    INLINE = ".inline"
    URI = ".uri"


@dataclass(frozen=True, slots=True)
class InteractionId:
    """The id of an interaction: `v1_`, the id of its operation, and the requested delivery.

    Attributes:
        operation: `operations/{id}`.
        delivery: What the creating call asked for.
    """

    operation: str
    delivery: Delivery = Delivery.BY_SETTING

    def __str__(self) -> str:
        return f"v1_{self.operation.removeprefix(_OPERATIONS)}{self.delivery.value}"


def parse_interaction(text: str) -> InteractionId:
    """Return the interaction with an id.

    Raises:
        OperationNotFound: No interaction can have this id.

    """
    if not (match := _INTERACTION.fullmatch(text)):
        raise OperationNotFound(text[:_LONGEST_SHOWN])
    return InteractionId(_OPERATIONS + match[1], Delivery(match[2] or ""))


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an event in the stream of an interaction.

    The stream has `interaction.created` at place 0, a status update at the place of each revision
    that was seen, and the events of the end. These are numbered by themselves: revisions may
    follow that change nothing in them.

    Attributes:
        number: The revision, or the number of an event of the end.
        is_end: Whether the event belongs to the end.
    """

    number: int
    is_end: bool = False

    @property
    def revision(self) -> int:
        """The revision after which a watch finds all later events."""
        return 0 if self.is_end else self.number

    def event_id(self, interaction: InteractionId) -> str:
        """Return the id of the event."""
        return f"{interaction}~{'end' if self.is_end else ''}{self.number}"


def parse_place(event_id: str, interaction: InteractionId) -> Place:
    """Return the place of an event of this interaction.

    Raises:
        InvalidRequest: It is not the id of such an event.

    """
    of, _, text = event_id.rpartition("~")
    match = _PLACE.fullmatch(text)
    if of != str(interaction) or match is None:
        accepted = "accepted is the event_id of an event of this interaction"
        raise InvalidRequest([Violation("last_event_id", accepted)])
    return Place(int(match[2]), is_end=match[1] is not None)
