# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the arguments of tools. Each violation names its argument. No I/O."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from google.type.money_pb2 import Money
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.video_service_pb2 import GenerateVideosRequest

from longtake_server.errors import InvalidRequest, RequestIdReused, Violation
from longtake_server.http.bodies import Members, refuse_all
from longtake_server.http.idempotency import request_id_from

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from longtake.v1.media_pb2 import Image

    from longtake_server.identity.principal import Principal

IDEMPOTENCY_KEY = "idempotency_key"
"""The argument whose repetition returns the first operation."""
LONGEST_KEY = 200
"""The most characters of an idempotency key."""
LONGEST_WAIT_SECONDS = 45
"""The longest wait of get_video. Most agents give up on a tool after 60 seconds."""
DEFAULT_WAIT_SECONDS = 30
"""How long get_video waits if it is not told."""
MOST_DOLLARS = 1_000_000
"""The largest max_cost in US dollars."""
PERSON_GENERATION = {
    name.lower(): number
    for name, number in GenerateVideosConfig.PersonGeneration.items()
    if number != GenerateVideosConfig.PERSON_GENERATION_UNSPECIFIED
}
"""The choices of person_generation."""
LARGEST_SEED = (1 << 32) - 1
"""The largest seed."""

_PURPOSE = b"idempotency key of an agent"
_MOST_INT32 = (1 << 31) - 1
_OPERATION = re.compile(r"(?:operations/)?([a-zA-Z0-9_-]{1,64})")
_MICRO = Decimal("0.000001")
_MICROS = 1_000_000
_NANOS_IN_MICRO = 1_000
_NUMBERS = {
    "number_of_videos": _MOST_INT32,
    "duration_seconds": _MOST_INT32,
    "seed": LARGEST_SEED,
}
_TEXTS = ("aspect_ratio", "resolution", "negative_prompt")
_NAMES = {"request_id": IDEMPOTENCY_KEY, "name": "operation"}
_MEDIA = ((".file_data.file_uri", ".uri"), (".file_data.mime_type", ".mime_type"))
_MENTIONED = re.compile(r"\bconfig\.(?=[a-z_])")


def read_generation(arguments: Mapping[str, Any]) -> GenerateVideosRequest:
    """Return the request of estimate_cost.

    Raises:
        InvalidRequest: An argument is unknown or of a wrong shape. Holds all violations.

    """
    members = Members(arguments, "", [])
    request = _generation(members)
    _finish(members)
    return request


def read_keyed_generation(
    arguments: Mapping[str, Any], principal: Principal
) -> GenerateVideosRequest:
    """Return the request of generate_video, whose request_id stands for the idempotency key.

    Raises as `read_generation`.
    """
    members = Members(arguments, "", [])
    key = members.text(IDEMPOTENCY_KEY)
    if key is None or not 0 < len(key) <= LONGEST_KEY:
        members.wrong(
            IDEMPOTENCY_KEY,
            f"it is required: a text of 1 to {LONGEST_KEY} characters that you choose for this "
            "video; give the same one again if you repeat this call",
        )
    request = _generation(members)
    _finish(members)
    request.request_id = request_id_from(key or "", principal, _PURPOSE)
    return request


def read_operation(arguments: Mapping[str, Any]) -> str:
    """Return the name of the operation, the only argument.

    Raises as `read_generation`.
    """
    members = Members(arguments, "", [])
    name = _operation(members)
    _finish(members)
    return name


def read_waiting(arguments: Mapping[str, Any]) -> tuple[str, int]:
    """Return the operation of get_video, and how many seconds to wait.

    Raises as `read_generation`.
    """
    members = Members(arguments, "", [])
    name = _operation(members)
    seconds = members.number("wait_seconds", 0, LONGEST_WAIT_SECONDS)
    _finish(members)
    return name, DEFAULT_WAIT_SECONDS if seconds is None else seconds


def read_nothing(arguments: Mapping[str, Any]) -> None:
    """Check that there are no arguments.

    Raises as `read_generation`.
    """
    _finish(Members(arguments, "", []))


def in_argument_names(error: InvalidRequest) -> InvalidRequest:
    """Return an error of the contract's fields with the names of the arguments."""
    return InvalidRequest(
        [
            Violation(_argument(one.field), _MENTIONED.sub("", one.description))
            for one in error.violations
        ]
    )


def key_reused(error: RequestIdReused) -> InvalidRequest:
    """Return the error of a key that was used for a different request."""
    return InvalidRequest(
        [
            Violation(
                IDEMPOTENCY_KEY,
                f"it was used for a different request, which created {error.metadata['operation']}"
                "; choose a new key for each new video",
            )
        ]
    )


def _argument(field: str) -> str:
    field = _NAMES.get(field, field.removeprefix("config."))
    for ours, argument in _MEDIA:
        field = field.replace(ours, argument)
    return field


def _finish(members: Members) -> None:
    members.finish()
    refuse_all(members.violations)


def _operation(members: Members) -> str:
    # Agents often drop the beginning of a name.
    match = _OPERATION.fullmatch(members.text("operation") or "")
    if match is None:
        members.wrong("operation", "accepted is operations/{id}, as generate_video returns it")
        return ""
    return f"operations/{match[1]}"


def _generation(members: Members) -> GenerateVideosRequest:
    request = GenerateVideosRequest(
        model=members.text("model") or "",
        prompt=members.text("prompt") or "",
        previous_operation=members.text("previous_operation") or "",
        allow_model_fallback=members.flag("allow_model_fallback") or False,
    )
    if (image := members.object("image")) is not None:
        _read_image(request.image, image)
    _read_config(request.config, members)
    if (most := _dollars(members)) is not None:
        request.max_cost.CopyFrom(most)
    return request


def _read_config(config: GenerateVideosConfig, members: Members) -> None:
    values: dict[str, object] = {}
    for name, most in _NUMBERS.items():
        values[name] = members.number(name, 0, most)
    for name in _TEXTS:
        values[name] = members.text(name)
    values["generate_audio"] = members.flag("generate_audio")
    values["person_generation"] = members.choice("person_generation", PERSON_GENERATION)
    for name, value in values.items():
        if value is not None:
            setattr(config, name, value)
    if (last := members.object("last_frame")) is not None:
        _read_image(config.last_frame, last)
    config.labels.update(members.texts("labels"))


def _read_image(image: Image, given: Members) -> None:
    image.file_data.file_uri = given.text("uri") or ""
    image.file_data.mime_type = given.text("mime_type") or ""
    given.finish()


def _dollars(members: Members) -> Money | None:
    value = members.take("max_cost")
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # NaN compares to nothing.
    if not is_number or not 0 <= value <= MOST_DOLLARS:
        members.wrong(
            "max_cost", f"accepted is a number of US dollars from 0 to {MOST_DOLLARS}, such as 2.5"
        )
        return None
    micros = int(Decimal(str(value)).quantize(_MICRO, ROUND_DOWN) * _MICROS)
    units, rest = divmod(micros, _MICROS)
    return Money(currency_code="USD", units=units, nanos=rest * _NANOS_IN_MICRO)
