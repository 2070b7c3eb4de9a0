# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Developer API's files: from an interaction to the bytes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from processes.running import GUARD_SECONDS
from simulator.interaction_calls import DEVELOPER, FPS, SMALL, Caller, content, shape

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

MEDIA = {"alt": "media"}
URI = {**SMALL, "delivery": "uri"}


async def made(calls: Caller, prompt: str) -> str:
    """Return the address of a video, which is Google's, as a path of the simulator."""
    done: dict[str, Any] = (await calls.create(prompt, DEVELOPER, response_format=URI)).json()
    uri: str = content(done)["uri"]
    address = urlsplit(uri)
    assert (address.scheme, address.query) == ("https", "alt=media")
    assert address.hostname == "generativelanguage.googleapis.com"
    return address.path


async def test_a_video_is_described_and_downloaded_in_ranges(calls: Caller) -> None:
    path = await made(calls, "x [sim:size bytes=2000000]")
    described = (await calls.http.get(path.removesuffix(":download"))).json()
    assert (described["state"], described["mimeType"]) == ("ACTIVE", "video/mp4")
    assert described["sizeBytes"] == "2000000"
    assert path.removesuffix(":download").endswith(described["name"])
    whole = (await calls.http.get(path, params=MEDIA)).raise_for_status().content
    assert shape(whole) == (640, 360, 3 * FPS)
    for version in ("v1", "v1beta"):
        part = await calls.http.get(
            f"/{version}/{described['name']}:download",
            params=MEDIA,
            headers={"range": "bytes=5-9"},
        )
        assert (part.status_code, part.content) == (206, whole[5:10])
    assert (await calls.http.get(path)).status_code == 400


async def test_a_file_may_be_in_processing_at_first(calls: Caller) -> None:
    path = await made(calls, "x [sim:processing times=2]")
    early = await calls.http.get(path, params=MEDIA)
    assert early.status_code == 400
    assert early.json()["error"]["status"] == "FAILED_PRECONDITION"
    states = [
        (await calls.http.get(path.removesuffix(":download"))).json()["state"] for _ in range(2)
    ]
    assert states == ["PROCESSING", "ACTIVE"]
    assert (await calls.http.get(path, params=MEDIA)).status_code == 200


async def test_a_download_may_lead_elsewhere_where_no_key_is_needed(calls: Caller) -> None:
    path = await made(calls, "x [sim:redirect]")
    sent = await calls.http.get(path, params=MEDIA)
    assert sent.status_code == 302
    there = sent.headers["location"]
    plain = await calls.http.get(there, headers={"authorization": ""})
    assert shape(plain.content) == (640, 360, 3 * FPS)
    before = (await calls.running.statistics())["forwarded_credentials"]
    await calls.http.get(there, headers={"authorization": "", "x-goog-api-key": "k"})
    assert (await calls.running.statistics())["forwarded_credentials"] == before + 1


async def test_what_is_unknown_or_without_a_key_is_not_told(calls: Caller) -> None:
    unknown = await calls.http.get("/v1beta/files/none")
    assert unknown.status_code == 403
    assert "may not exist" in unknown.json()["error"]["message"]
    assert (await calls.http.get("/v1/files/A%2F..:download", params=MEDIA)).status_code >= 400
    path = await made(calls, "x")
    assert (await calls.http.get(path, params=MEDIA, headers={"authorization": ""})).is_error


async def test_a_file_is_the_source_of_the_next_interaction(calls: Caller) -> None:
    path = await made(calls, "x")
    source = {"type": "video", "uri": f"https://generativelanguage.googleapis.com{path}"}
    wanted = {"type": "video", "duration": "3s", "delivery": "uri"}
    config = {"video_config": {"task": "extend"}}
    done = await calls.create([source], DEVELOPER, response_format=wanted, generation_config=config)
    longer = urlsplit(content(done.json())["uri"]).path
    data = (await calls.http.get(longer, params=MEDIA)).content
    assert shape(data) == (640, 360, 6 * FPS)
