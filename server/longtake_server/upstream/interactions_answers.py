# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decodes answers of the Interactions API into values of operations.upstream. No I/O.

An answer that cannot be understood raises OutcomeUnknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from longtake_server.operations.model import Code, Failure, StoredVideo
from longtake_server.operations.upstream import Broken, OutcomeUnknown, Running
from longtake_server.upstream.answers import (
    GCS_OBJECT,
    MEDIA_TYPE,
    InlineVideo,
    Results,
    delivered,
)
from longtake_server.upstream.files import location_of
from longtake_server.upstream.google_error import canonical_name, pack_details, readable
from longtake_server.upstream.json_media import parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from longtake_server.upstream.intake import Document, InlineMedia

INTERACTION_ID = re.compile(r"(?!\.+\Z)[\w.~=-]{1,512}", re.ASCII)
# The member that contains inline media.
INLINE = "data"
_RUNNING = frozenset({"queued", "in_progress"})
_FURTHER_STEP = "the upstream requires a further step, which video generation does not have"
_BROKEN: Mapping[str, tuple[Code, str]] = {
    "failed": (Code.UNKNOWN, "the upstream failed without a message"),
    "cancelled": (Code.CANCELLED, "the upstream cancelled the generation"),
    "incomplete": (Code.ABORTED, "the upstream ended the generation before it was complete"),
    "budget_exceeded": (
        Code.RESOURCE_EXHAUSTED,
        "the generation's budget at the upstream is used up",
    ),
    "requires_action": (Code.FAILED_PRECONDITION, _FURTHER_STEP),
    "requires_continuation": (Code.FAILED_PRECONDITION, _FURTHER_STEP),
}
_NOTHING = (
    "the upstream finished with neither a video nor a text; "
    "if config.output_gcs_uri was set, the video may be there"
)


def decode_submission(body: bytes | bytearray) -> str:
    """Return the id of the started interaction.

    Args:
        body: The JSON of an interaction, without inline media.

    Raises:
        OutcomeUnknown: The answer has no valid id.

    """
    name = parse_object(body).get("id")
    if not isinstance(name, str) or not INTERACTION_ID.fullmatch(name):
        raise OutcomeUnknown("the upstream accepted the request but answered without a valid id")
    return name


def decode_poll(document: Document, upstream: str) -> Running | Results | Broken:
    """Return the state of a generation.

    Google reports a refusal for safety as a completed interaction with text and no video.
    It counts as one withheld video, with the text as the reason.

    Args:
        document: The JSON of an interaction.
        upstream: The upstream's name, for a failure's metadata.

    Raises:
        OutcomeUnknown: The answer cannot be understood.

    """
    tree = parse_object(document.text)
    status = tree.get("status")
    if not isinstance(status, str):
        raise OutcomeUnknown("the upstream answered with something other than an interaction")
    if status in _RUNNING:
        return Running()
    outputs = list(_outputs(tree))
    if status in _BROKEN:
        return _broken(tree, outputs, *_BROKEN[status], upstream)
    if status != "completed":
        raise OutcomeUnknown(f"the upstream answered with the status {readable(status)!r}")
    contents = [content for output in outputs for content in _objects(output.get("content"))]
    videos = tuple(_video(one, document.media) for one in contents if one.get("type") == "video")
    if videos:
        return Results(videos)
    if not outputs or any(_errors(tree, outputs)):
        return _broken(tree, outputs, Code.INTERNAL, _NOTHING, upstream)
    said = readable(" ".join(_texts(contents)))
    return Results((), 1, (said,) if said else ())


def _outputs(tree: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Yield the steps of the model after the last step of the caller."""
    steps = _objects(tree.get("steps"))
    asked = [index for index, step in enumerate(steps) if step.get("type") == "user_input"]
    for step in steps[asked[-1] if asked else 0 :]:
        if step.get("type") == "model_output":
            yield step


def _objects(value: object) -> Sequence[dict[str, object]]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise OutcomeUnknown("the upstream answered with something other than a list of objects")
    return value


def _video(
    content: Mapping[str, object], media: Mapping[str, InlineMedia]
) -> StoredVideo | InlineVideo:
    mime_type = content.get("mime_type") or "video/mp4"
    if not isinstance(mime_type, str) or not MEDIA_TYPE.fullmatch(mime_type):
        raise OutcomeUnknown("the upstream answered with an invalid mime_type")
    if inline := delivered(content.get(INLINE), media):
        return InlineVideo(mime_type, inline)
    address = content.get("uri")
    if isinstance(address, str):
        location = address if GCS_OBJECT.fullmatch(address) else location_of(address)
        if location:
            return StoredVideo(location, mime_type)
    raise OutcomeUnknown("the upstream answered with a video that has neither bytes nor an address")


def _texts(contents: Sequence[Mapping[str, object]]) -> Iterator[str]:
    for content in contents:
        text = content.get("text")
        if content.get("type") == "text" and isinstance(text, str):
            yield text


def _errors(
    tree: Mapping[str, object], outputs: Sequence[Mapping[str, object]]
) -> Iterator[Mapping[str, object]]:
    listed = tree.get("errors")
    candidates = [*(listed if isinstance(listed, list) else ()), tree.get("error")]
    candidates += [output.get("error") for output in outputs]
    return (one for one in candidates if isinstance(one, dict) and one)


def _broken(
    tree: Mapping[str, object],
    outputs: Sequence[Mapping[str, object]],
    code: Code,
    message: str,
    upstream: str,
) -> Broken:
    error = next(_errors(tree, outputs), {})
    said = readable(error.get("message"))
    details = pack_details(error.get("details"))
    metadata = {"upstream": upstream}
    code = _code(error.get("code")) or code
    return Broken(Failure(code, "UPSTREAM_FAILED", said or message, metadata, details))


def _code(code: object) -> Code | None:
    if isinstance(code, int):
        return next((known for known in Code if known.value == code), None)
    return Code.__members__.get(canonical_name(code))
