# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server whose upstream cannot be used starts nevertheless, with a warning."""

from __future__ import annotations

import logging
import socket
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from longtake.v1.video_service_pb2 import GenerateVideosRequest, WatchOperationRequest
from longtake_server.clock import SystemClock
from longtake_server.media.objects import ObjectMediaStore
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.settings import load_settings
from longtake_server.start_check import (
    warn_of_a_simulator_that_replicas_do_not_share,
    warn_of_unusable,
)
from longtake_server.upstream.configured import configured_upstreams
from processes.running import GUARD_SECONDS, Server

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosMetadata
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
WARNING = "cannot use the upstream"


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def without_upstream(port: int) -> dict[str, str]:
    """Return the settings for an upstream that cannot be reached."""
    return {
        "upstream": "agent_platform",
        "google_project": "test",
        "google_access_token": "secret-token",
        "google_base_url": f"http://127.0.0.1:{port}",
    }


async def test_it_accepts_and_says_why_it_waits(tmp_path: Path, closed_port: int) -> None:
    given = without_upstream(closed_port)
    longtake = Server(tmp_path, {f"LONGTAKE_{name.upper()}": given[name] for name in given})
    async with aclosing(longtake):
        stub = await longtake.start()
        request = GenerateVideosRequest(model="veo-3.1-generate-001", prompt="a dog")
        first, second = await stub.GenerateVideos(request), await stub.GenerateVideos(request)
        for name in (first.name, second.name):
            waits = await waiting(stub, name)
            assert "cannot be reached" in waits.last_error.message
            assert waits.HasField("next_retry_time")
        assert await longtake.process.terminate() == 0
        assert longtake.log.count("cannot reach the upstream") == 1
        assert "secret-token" not in longtake.log


async def test_each_upstream_that_cannot_be_used_is_named_once(
    tmp_path: Path,
    closed_port: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in without_upstream(closed_port).items():
        monkeypatch.setenv(f"LONGTAKE_{name.upper()}", value)
    monkeypatch.setenv("LONGTAKE_GOOGLE_FALLBACK_LOCATIONS", "europe-west4")
    settings = load_settings(None)
    media = ObjectMediaStore.open(tmp_path / "media")
    async with configured_upstreams(settings, media, SystemClock(), None) as adapters:
        with caplog.at_level(logging.WARNING):
            await warn_of_unusable(settings, Catalogue.load(), adapters)
    warnings = [vars(record) for record in caplog.records if WARNING in record.message]
    assert sorted(one["upstream"] for one in warnings) == sorted(adapters)
    assert all("refused" in one["cause"] for one in warnings)
    assert "secret-token" not in caplog.text


@pytest.mark.parametrize(
    ("given", "warnings"),
    [
        ({}, 0),
        ({"database_url": "postgresql://db.example/longtake"}, 1),
        ({"database_url": "postgresql://db.example/longtake", **without_upstream(1)}, 0),
    ],
    ids=["SQLite", "PostgreSQL", "PostgreSQL and a simulator outside"],
)
def test_a_simulator_is_warned_of_only_where_replicas_would_not_share_it(
    given: dict[str, str],
    warnings: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LONGTAKE_MEDIA_URL", "gs://bucket/videos")
    for name, value in given.items():
        monkeypatch.setenv(f"LONGTAKE_{name.upper()}", value)

    warn_of_a_simulator_that_replicas_do_not_share(load_settings(None))

    assert caplog.text.count("the embedded simulator belongs to this server alone") == warnings


async def waiting(stub: VideoServiceAsyncStub, name: str) -> GenerateVideosMetadata:
    """Return the metadata of an operation once it says why the operation waits."""
    async for news in stub.WatchOperation(WatchOperationRequest(name=name)):
        if news.operation.metadata.HasField("last_error"):
            return news.operation.metadata
    raise AssertionError("the watch ended")
