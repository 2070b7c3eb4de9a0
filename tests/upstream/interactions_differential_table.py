# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The one table of how Longtake's interactions are meant to differ from the SDK's."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from upstream import interactions_differential_bodies as bodies
from upstream import interactions_differential_readings as readings
from upstream.captured_sdk import leaves

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake_server.upstream.interactions_check import Host

BODY, SUBMIT, POLL, CANCEL, ANSWER = "body", "submit", "poll", "cancel", "answer"
HOSTS: tuple[Host, Host] = ("agent_platform", "developer")


@dataclass(frozen=True, slots=True)
class Difference:
    """A way in which Longtake is meant to differ from the SDK.

    Attributes:
        where: What differs: the body, the call of a method, or the reading of an answer.
        what: The difference.
        reason: Why it is meant.
        change: Makes Longtake's form out of the SDK's.
        hosts: The hosts with which it occurs.
    """

    where: tuple[str, ...]
    what: str
    reason: str
    change: Callable[[Any, Any], None]
    hosts: tuple[Host, ...] = HOSTS


# In this order: what a change makes, a later one may change again.
DIFFERENCES = (
    Difference(
        (BODY,),
        "store is true",
        "it is Google's default, and without it an interaction can be neither polled nor edited",
        bodies.store,
    ),
    Difference(
        (BODY,),
        "contents stand in a step of the user",
        "the SDK puts dicts into one and leaves its own models as they are; Google takes both",
        bodies.stand_in_a_step,
    ),
    Difference(
        (BODY,),
        "an empty prompt is not sent",
        "the contract's prompt has no presence: an empty one is an absent one",
        bodies.leave_out_an_empty_prompt,
    ),
    Difference(
        (BODY,),
        "which image is the last frame is said in the prompt",
        "the wire has no field for it, and Google documents these tags; a user writes them",
        bodies.name_the_frames,
    ),
    Difference(
        (BODY,),
        "the type of an inline image is recognised where the caller gave none",
        "the contract promises it; the SDK leaves it out",
        bodies.tell_image_types,
    ),
    Difference(
        (BODY,),
        "an inline video without a type is video/mp4",
        "the contract's default; the SDK leaves it out",
        bodies.tell_video_type,
    ),
    Difference(
        (BODY,),
        "an earlier video in a bucket is sent again in place of previous_interaction_id",
        "others saw the Agent Platform refuse that field, and Google's notebook does so",
        bodies.send_the_earlier_video_again,
        ("agent_platform",),
    ),
    Difference(
        (BODY,),
        "a prompt alone is a string",
        "Google's shortest form of the same input",
        bodies.say_a_prompt_alone,
    ),
    Difference(
        (BODY,),
        "the task is always named",
        "the contract says which it is; left out, the model would guess",
        bodies.name_the_task,
    ),
    Difference(
        (BODY,),
        "a video is always asked for",
        "Longtake has no other result; left out, the model would choose",
        bodies.ask_for_a_video,
    ),
    Difference(
        (BODY,),
        "inline delivery is named where no bucket is given",
        "without a bucket the Agent Platform has no other",
        bodies.deliver("inline"),
        ("agent_platform",),
    ),
    Difference(
        (BODY,),
        "delivery as a file is asked for",
        "Google recommends it above 4 MB, which most videos are",
        bodies.deliver("uri"),
        ("developer",),
    ),
    Difference(
        (BODY,),
        "empty labels are not sent",
        "maps of protobuf have no presence",
        bodies.leave_out_empty_labels,
    ),
    Difference(
        (POLL,),
        "the query stream=false is not sent",
        "it is the default; the SDK always says it",
        bodies.ask_for_no_stream,
    ),
    Difference(
        (SUBMIT, POLL, CANCEL),
        "v1beta in place of v1",
        "Google's reference of interactions gives it, and its files have addresses of it",
        bodies.beta_version,
        ("developer",),
    ),
    Difference(
        (ANSWER,),
        "a status of later versions is not understood",
        "whether it is an end nobody knows: the operation is asked for again",
        readings.doubt_later_statuses,
    ),
    Difference(
        (ANSWER,),
        "every video since the last prompt is read",
        "the SDK's output_video is the last of them; each may be a result",
        readings.read_every_video,
    ),
    Difference(
        (ANSWER,),
        "of a video with bytes and an address, the bytes are taken",
        "they are there already and need no second call",
        readings.prefer_bytes,
    ),
    Difference(
        (ANSWER,),
        "a video with neither bytes nor an address of Google's is not understood",
        "Longtake reads from no other host, and a success must have a result",
        readings.doubt_addresses,
    ),
    Difference(
        (ANSWER,),
        "a file's address is without its method and query",
        "they may have a key in them, and the address is stored",
        readings.cut_addresses,
    ),
    Difference(
        (ANSWER,),
        "a video without a mime_type is video/mp4",
        "the contract promises a type, and the models make nothing else",
        readings.name_video_types,
    ),
    Difference(
        (ANSWER,),
        "words and errors beside a video are left out",
        "there is a result; the contract has no place for them",
        readings.keep_videos_only,
    ),
    Difference(
        (ANSWER,),
        "the errors of steps and of the interaction's `error` are read too",
        "the SDK's `errors` has neither, and a failure shall say why",
        readings.read_every_error,
    ),
    Difference(
        (ANSWER,),
        "completed with an error or without any output is a failure",
        "a success without a result would leave the caller with nothing that explains it",
        readings.fail_without_output,
    ),
    Difference(
        (ANSWER,),
        "completed without a video is one withheld, for every word that the model said",
        "so do refusals for safety come; the SDK's output_text is the last run of the words",
        readings.withhold,
    ),
    Difference(
        (ANSWER,),
        "the first error is the failure: one of gRPC's codes and one line without secrets",
        "an operation has one error, which is stored, logged and shown",
        readings.fail_by_the_first_error,
    ),
    Difference(
        (ANSWER,),
        "what an error does not say, the status says",
        "every failure has a code and a message",
        readings.fail_by_the_status,
    ),
)


class Table:
    """Makes Longtake's form out of the SDK's, and counts which differences that took."""

    def __init__(self, where: str, host: Host) -> None:
        self._differences = [one for one in DIFFERENCES if where in one.where and host in one.hosts]
        self._occurred: set[str] = set()

    def expected(self, of_sdk: Any, case: object = None) -> list[tuple[str, str]]:
        """Return the leaves of Longtake's form of what the SDK sends or reads."""
        value = copy.deepcopy(of_sdk)
        for one in self._differences:
            before = list(leaves(value))
            one.change(value, case)
            if list(leaves(value)) != before:
                self._occurred.add(one.what)
        return list(leaves(value))

    def assert_each_occurred(self) -> None:
        """Fail where a difference stands in the table that never was one."""
        never = {one.what for one in self._differences} - self._occurred
        assert not never, f"these never occur: {never}"
