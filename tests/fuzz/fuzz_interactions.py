# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A target for the bodies and the names of Google's Interactions API."""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fuzz.fuzz_json import Vocabulary
from fuzz.fuzz_outcome import Finding, Target
from fuzz.fuzz_reader import Reader
from longtake_server.errors import InvalidRequest, LongtakeError
from longtake_server.http.bodies import parse_body
from longtake_server.http.google_wire.interactions_errors import error_answer
from longtake_server.http.google_wire.interactions_ids import parse_interaction, parse_place
from longtake_server.http.google_wire.interactions_requests import read_order
from longtake_server.http.google_wire.interactions_violations import in_the_bodys_words
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.requests.validation import validate
from longtake_server.upstream import interactions_check as interactions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.responses import Response

_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 20).decode()
_EARLIER = "v1_0199c5a0-0000-7000-8000-000000000001"
_VOCABULARY = Vocabulary(
    members=(
        *("model", "input", "background", "stream", "store", "previous_interaction_id", "labels"),
        *(
            "response_format",
            "generation_config",
            "video_config",
            "task",
            "seed",
            "type",
            "duration",
        ),
        *("resolution", "aspect_ratio", "delivery", "gcs_uri", "content", "text", "data", "uri"),
        *(
            "mime_type",
            "name",
            "annotations",
            "service_tier",
            "response_modalities",
            "tools",
            "agent",
        ),
    ),
    texts=(
        *("gemini-omni-1.2-flash", "veo-3.1-generate-001", "video", "image", "text", "user_input"),
        *(
            "model_output",
            "text_to_video",
            "image_to_video",
            "reference_to_video",
            "edit",
            "extend",
        ),
        *("5s", "360p", "16:9", "inline", "uri", "gs://b/o", "image/png", "video/mp4", "standard"),
        *(_PNG, _EARLIER, "a boat <FIRST_FRAME>", "\ud800", "\0"),
    ),
    others=(0, 1, -1, 1.5, 1e300, 10**400, 2**32, True, False, None),
)
_BODIES: tuple[dict[str, Any], ...] = (
    {
        "model": "gemini-omni-1.2-flash",
        "input": "a boat",
        "background": True,
        "labels": {"team": "a"},
        "response_format": {"type": "video", "duration": "5s", "resolution": "360p"},
        "generation_config": {"seed": 7, "video_config": {"task": "text_to_video"}},
    },
    {
        "model": "gemini-omni-1.2-flash",
        "input": [
            {
                "type": "user_input",
                "content": [
                    {"type": "image", "mime_type": "image/png", "data": _PNG},
                    {"type": "text", "text": "a boat"},
                ],
            }
        ],
        "response_format": [{"type": "video", "delivery": "uri", "gcs_uri": "gs://bucket/a"}],
    },
    {
        "model": "gemini-omni-1.2-flash",
        "input": [{"type": "video", "uri": "gs://bucket/a.mp4", "mime_type": "video/mp4"}],
        "generation_config": {"video_config": {"task": "extend"}},
    },
    {"model": "gemini-omni-1.2-flash", "input": "at night", "previous_interaction_id": _EARLIER},
)


@contextmanager
def _opened(_: Path) -> Iterator[Callable[[bytes], str]]:
    catalogue = Catalogue.load()

    def create(body: bytes) -> None:
        order = read_order(parse_body(body))
        try:
            validate(
                order.request,
                catalogue,
                enforce_retirement=True,
                upstream_check=lambda _, request: interactions.check(request, "agent_platform"),
            )
        except InvalidRequest as error:
            raise in_the_bodys_words(error, order.places) from error

    def ask(name: str, event: str) -> None:
        interaction = parse_interaction(name)
        if str(interaction) != name:
            raise Finding(f"{name!r} is not the only id of {interaction}")
        place = parse_place(event, interaction)
        if place.event_id(interaction) != event:
            raise Finding(f"{event!r} is not the only id of {place}")

    def once(data: bytes) -> str:
        reader = Reader(data)
        kind = reader.number(3)
        try:
            if kind == 0:
                name = reader.choice([_EARLIER, f"{_EARLIER}.uri"])
                ask(name, name + reader.choice(["~0", "~end3"]))
            elif kind == 1:
                create(reader.rest())
            else:
                body = {**_BODIES[reader.number(len(_BODIES))], **_VOCABULARY.members_of(reader)}
                create(json.dumps(body).encode())
        except LongtakeError as error:
            return _checked(error_answer(error))
        return "OK"

    yield once


def _checked(answer: Response) -> str:
    """Return the word of an answer, which must be an error of the caller in Google's form."""
    error = json.loads(bytes(answer.body))["error"]
    if answer.status_code not in (400, 404) or not error["message"]:
        raise Finding(f"{answer.status_code}: {error}")
    return str(error["code"])


INTERACTIONS = (
    Target(
        "interactions", 0.04,
        [b"\x00\x00\x00", *(b"\x01" + json.dumps(body).encode() for body in _BODIES), b"\x02" * 99],
        _opened,
    ),
)  # fmt: skip
