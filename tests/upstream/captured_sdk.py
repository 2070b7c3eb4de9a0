# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's own SDK, unmodified, over a transport that keeps what it sends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it would have gone out."""

    method: str
    url: str
    body: bytes


class CapturedSdk:
    """A client of the SDK that meets the same answer with every call.

    Attributes:
        answer: The JSON that the calls are answered with.
        sent: What was sent, oldest first.
    """

    def __init__(self, **client: Any) -> None:
        """Make the client. Without arguments: of a project, with credentials."""
        self.answer: dict[str, Any] = {"name": "publishers/google/models/m/operations/1"}
        self.sent: list[Sent] = []
        http = httpx2.Client(transport=httpx2.MockTransport(self._respond))
        self.client = genai.Client(
            vertexai=True,
            http_options=types.HttpOptions(httpx_client=http),
            **(client or of_project("us-central1")),
        )

    def last(self) -> Sent:
        """Return the last request, and forget all."""
        last = self.sent[-1]
        self.sent.clear()
        return last

    def _respond(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(Sent(request.method, str(request.url), request.content))
        return httpx2.Response(200, json=self.answer)


def of_project(location: str) -> dict[str, Any]:
    """Return the arguments of a client of a project, with credentials."""
    return {
        "project": "p",
        "location": location,
        "credentials": Credentials("anything"),  # type: ignore[no-untyped-call]  # google-auth's own
    }


def operation(name: str) -> types.GenerateVideosOperation:
    """Return an operation of a name, as a caller makes one to ask for it."""
    return types.GenerateVideosOperation.model_validate({"name": name})


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each leaf of a JSON value with its path and its exact type."""
    if isinstance(value, dict) and value:
        for name in sorted(value):
            yield from leaves(value[name], f"{path}.{name}")
    elif isinstance(value, list) and value:
        for index, one in enumerate(value):
            yield from leaves(one, f"{path}[{index}]")
    else:
        yield path, json.dumps(value)
