# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Names wrong fields of a request as the body of an interaction names them. No I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from longtake_server.errors import InvalidRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEMBERS: Mapping[str, str] = {
    "config.aspect_ratio": "response_format.aspect_ratio",
    "config.duration_seconds": "response_format.duration",
    "config.labels": "labels",
    "config.last_frame": "input",
    "config.output_gcs_uri": "response_format.gcs_uri",
    "config.reference_images": "input",
    "config.resolution": "response_format.resolution",
    "config.seed": "generation_config.seed",
    "image": "input",
    "previous_operation": "previous_interaction_id",
    "prompt": "input",
    "video": "input",
}
# The longer ones first. Words such as `image` are plain English in a description.
_IN_TEXT = re.compile("|".join(name for name in sorted(_MEMBERS, reverse=True) if "_" in name))


def in_the_bodys_words(error: InvalidRequest, places: Mapping[str, str]) -> InvalidRequest:
    """Return the same error with the paths of the body.

    Args:
        error: The error, with paths of GenerateVideosRequest.
        places: The paths of media in the body by their paths in the request.

    """
    return InvalidRequest(
        [Violation(_member(one.field, places), _text(one.description)) for one in error.violations]
    )


def _member(field: str, places: Mapping[str, str]) -> str:
    for own, member in places.items():
        if field == own or field.startswith((f"{own}.", f"{own}[")):
            return member + _of_content(field[len(own) :])
    return _MEMBERS.get(field, field)


def _of_content(rest: str) -> str:
    """Return the member of a content for the rest of a path in an image or a video."""
    if rest.endswith((".file_data", ".file_uri")):
        return ".uri"
    for name in (".mime_type", ".data"):
        if rest.endswith(name):
            return name
    return ""


def _text(description: str) -> str:
    return _IN_TEXT.sub(lambda found: _MEMBERS[found[0]], description)
