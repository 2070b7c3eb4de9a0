# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads webhooks as operators write them: a TOML document of `[[webhook]]` tables. No I/O."""

from __future__ import annotations

import base64
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from longtake_server.configuration.words import syntax_fault, words_of
from longtake_server.errors import StartFailure
from longtake_server.operations.requests.webhook_violations import ACCEPTED_ID, WEBHOOK_ID
from longtake_server.webhooks.model import (
    CHOSEN_EVENT_TYPES,
    DEFAULT_EVENT_TYPES,
    EventType,
    WebhookKey,
)
from longtake_server.webhooks.target import TargetRefused, split_url

if TYPE_CHECKING:
    from pathlib import Path

_EXAMPLE = 'url = "https://example.com/hook", below a line [[webhook]]'
_SHORTEST_SECRET, _LONGEST_SECRET = 24, 64
_SECRET = f"accepted is whsec_ and base64 of {_SHORTEST_SECRET} to {_LONGEST_SECRET} bytes"
_ACCEPTED_TYPES = ", ".join(sorted(one.value for one in CHOSEN_EVENT_TYPES))


def _id(text: str) -> str:
    if not WEBHOOK_ID.fullmatch(text):
        raise ValueError(ACCEPTED_ID)
    return text


def _url(text: str) -> str:
    try:
        split_url(text)
    except TargetRefused as refused:
        raise ValueError(str(refused)) from None
    return text


def _event_type(text: str) -> str:
    if text not in {one.value for one in CHOSEN_EVENT_TYPES}:
        raise ValueError(f"accepted are {_ACCEPTED_TYPES}")
    return text


def _secret(secret: SecretStr) -> SecretStr:
    try:
        found = _decoded(secret)
    except ValueError:
        found = b""
    if not _SHORTEST_SECRET <= len(found) <= _LONGEST_SECRET:
        raise ValueError(_SECRET)
    return secret


def _decoded(secret: SecretStr) -> bytes:
    text = secret.get_secret_value()
    if not text.startswith("whsec_"):
        return b""
    return base64.b64decode(text.removeprefix("whsec_"), validate=True)


class FileWebhook(BaseModel):
    """A webhook of the file.

    Attributes:
        principal: Its owner; empty for a server that does not authenticate its callers.
        id: Its id, unique among the owner's.
        url: Where events are posted.
        secret: What signs them. A change is a rotation: the one before signs for a day too.
        event_types: What is sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    principal: Annotated[str, Field(max_length=512)] = ""
    id: Annotated[str, AfterValidator(_id)]
    url: Annotated[str, AfterValidator(_url)]
    secret: Annotated[SecretStr, AfterValidator(_secret)]
    event_types: tuple[Annotated[str, AfterValidator(_event_type)], ...] = ()

    @property
    def key(self) -> WebhookKey:
        """What identifies it."""
        return WebhookKey(self.principal, self.id)

    @property
    def secret_bytes(self) -> bytes:
        """The secret."""
        return _decoded(self.secret)

    @property
    def types(self) -> frozenset[EventType]:
        """What is sent."""
        return frozenset(map(EventType, self.event_types)) or DEFAULT_EVENT_TYPES


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    webhook: tuple[FileWebhook, ...] = ()


def parse(text: str, file: Path) -> tuple[FileWebhook, ...]:
    """Return the webhooks of a document.

    Args:
        text: The TOML document.
        file: Where it is from, for messages.

    Raises:
        StartFailure: Something is wrong; has a line for each fault, without values.

    """
    try:
        found = _Document.model_validate(tomllib.loads(text)).webhook
    except tomllib.TOMLDecodeError as error:
        raise StartFailure(syntax_fault(file, error, _EXAMPLE)) from None
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        faults = dict.fromkeys(f"{file}: {_place(one['loc'])}: {words_of(one)}" for one in wrong)
        raise StartFailure("\n".join(faults)) from None
    twice = [key for key, count in Counter(one.key for one in found).items() if count > 1]
    if twice:
        raise StartFailure(
            "\n".join(f"{file}: {one.id} of {one.principal!r} is there twice" for one in twice)
        )
    return found


def _place(loc: tuple[int | str, ...]) -> str:
    """Return where a fault is, for example `webhook 2, url`; tables count from 1."""
    return ", ".join(
        f"{loc[0]} {part + 1}" if number == 1 and isinstance(part, int) else str(part)
        for number, part in enumerate(loc)
        if number != 0 or len(loc) == 1 or not isinstance(loc[1], int)
    )
