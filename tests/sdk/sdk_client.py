# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A client of Google's SDK that speaks to a simulator, and what the simulator tells beside."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from typing import Any

from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials


def client(
    mode: str, base_url: str, location: str = "us-central1", attempts: int | None = None
) -> genai.Client:
    """Return a client.

    Args:
        mode: credentials or express for the Agent Platform, developer for the Developer API.
        base_url: Of the simulator.
        location: For the mode credentials.
        attempts: As HttpRetryOptions has them; None leaves the SDK its default.

    """
    retries = None if attempts is None else types.HttpRetryOptions(attempts=attempts)
    options = types.HttpOptions(base_url=base_url, retry_options=retries)
    if mode == "developer":
        return genai.Client(api_key="anything", http_options=options)
    if mode == "express":
        return genai.Client(vertexai=True, api_key="anything", http_options=options)
    return genai.Client(
        vertexai=True,
        project="p",
        location=location,
        credentials=Credentials("anything"),  # type: ignore[no-untyped-call]  # google-auth's own
        http_options=options,
    )


def wait(base_url: str, name: str | None) -> None:
    """Return once a generation has ended, in place of time.sleep(20) in Google's examples."""
    query = urllib.parse.urlencode({"operation": name})
    _answer(urllib.request.Request(f"{base_url}/simulator/wait?{query}", method="POST"))  # noqa: S310 - http of the simulator


def counts(base_url: str) -> dict[str, Any]:
    """Return what the simulator has received."""
    return _answer(urllib.request.Request(f"{base_url}/simulator/statistics"))  # noqa: S310 - likewise


def _answer(asked: urllib.request.Request) -> dict[str, Any]:
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - likewise
        told: dict[str, Any] = json.load(answer)
        return told
