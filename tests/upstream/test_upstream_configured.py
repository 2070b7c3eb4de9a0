# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Which upstreams there are follows from the project and the keys that are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.inline import MemorySink
from fakes.platform import OPERATION
from fakes.scripted_http import Reply, scripted_http
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import StartFailure
from longtake_server.settings import load_settings
from longtake_server.upstream.configured import configured_upstreams

if TYPE_CHECKING:
    from pathlib import Path

VEO = "veo-3.1-generate-001"
OMNI = "gemini-omni-1.2-flash"
REQUEST = GenerateVideosRequest(prompt="a dog")
STARTED = f'{{"name": "publishers/google/models/{VEO}/operations/1"}}'
CREATED = '{"id": "v1_abc", "status": "in_progress", "object": "interaction"}'


async def submitted(monkeypatch: pytest.MonkeyPatch, **given: str) -> list[tuple[str, str]]:
    """Return the path and the credential of what each upstream sends."""
    sent: list[tuple[str, str]] = []
    replies = [Reply(body=STARTED.encode()), Reply(body=CREATED.encode())]
    async with scripted_http(*replies[: 1 if given.pop("only_veo", "") else 2]) as peer:
        values = {"upstream": "agent_platform", "google_base_url": peer.url, **given}
        if "gemini_api_key" in given:
            values["gemini_base_url"] = peer.url
        for name, value in values.items():
            monkeypatch.setenv(f"LONGTAKE_{name.upper()}", value)
        settings = load_settings(None)
        async with configured_upstreams(settings, MemorySink(), FakeClock(), None) as upstreams:
            for name, model in (("agent_platform", VEO), ("interactions", OMNI)):
                if name in upstreams:
                    await upstreams[name].submit(OPERATION, model, REQUEST)
        for call in peer.requests:
            credential = call.headers.get("authorization") or call.headers["x-goog-api-key"]
            sent.append((call.path, credential))
    return sent


async def test_a_project_serves_both_with_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = await submitted(monkeypatch, google_project="p", google_access_token="t")
    assert sent == [
        (
            (
                f"/v1/projects/p/locations/us-central1/publishers/google/models/{VEO}"
                ":predictLongRunning"
            ),
            "Bearer t",
        ),
        ("/v1beta1/projects/p/locations/global/interactions", "Bearer t"),
    ]


async def test_a_key_alone_serves_veo_in_express_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = await submitted(
        monkeypatch, google_api_key="k", google_api_version="v1beta1", only_veo="yes"
    )
    assert sent == [(f"/v1beta1/publishers/google/models/{VEO}:predictLongRunning", "k")]


async def test_a_gemini_key_serves_omni_at_the_developer_api(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = await submitted(monkeypatch, google_project="p", google_api_key="k", gemini_api_key="g")
    assert sent[1] == ("/v1beta/interactions", "g")


def test_neither_project_nor_key_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LONGTAKE_UPSTREAM", "agent_platform")
    with pytest.raises(StartFailure, match="LONGTAKE_GOOGLE_PROJECT, LONGTAKE_GOOGLE_API_KEY or"):
        load_settings(None)
