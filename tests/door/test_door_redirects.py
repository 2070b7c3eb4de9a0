# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""If the operator wants it, an address leads to one that the bucket signs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from door.door_serving import http_serving
from door.door_videos import VIDEO, address_of
from identity.identity_assertions import document
from longtake.v1 import video_service_pb2 as api
from longtake_server.media.objects import ObjectMediaStore
from longtake_server.operations.model import StoredVideo
from obstore.store import GCSStore, S3Store

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = ObjectMediaStore(
    S3Store("videos", access_key_id="id", secret_access_key="secret", region="eu-west-1")
)
GOOGLE = ObjectMediaStore(
    GCSStore("videos", service_account_key=json.dumps(document("id", "https://example.com/token")))
)


@pytest.mark.parametrize(("bucket", "kind"), [(BUCKET, "Amz"), (GOOGLE, "Goog")])
async def test_a_bucket_signs_an_address(bucket: ObjectMediaStore, kind: str) -> None:
    url = await bucket.address(StoredVideo("operations/x/videos/0.mp4"), 90)
    assert url is not None
    parts = urlsplit(url)
    assert (parts.scheme, parts.path.endswith("/operations/x/videos/0.mp4")) == ("https", True)
    assert parse_qs(parts.query)[f"X-{kind}-Expires"] == ["90"]
    assert f"X-{kind}-Signature" in parse_qs(parts.query)


async def test_an_address_redirects_to_the_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_serving(tmp_path, redirects=True) as door:
        name = await door.grpc.succeeded(VIDEO)
        monkeypatch.setattr(door.grpc.parts.media, "address", BUCKET.address)
        for method in ("GET", "HEAD"):
            url = await address_of(door, name, seconds=7200)
            answer = await door.client.request(method, url)
            assert answer.status_code == 302
            assert answer.headers["cache-control"] == "private, no-store"
            to = urlsplit(answer.headers["location"])
            # A new one is signed every hour, so that a revocation counts.
            assert parse_qs(to.query)["X-Amz-Expires"] == ["3600"]
        file = await address_of(door, name, disposition=api.CreateVideoUrlRequest.ATTACHMENT)
        assert (await door.client.get(file)).content == VIDEO


async def test_a_folder_signs_nothing_and_is_read_as_ever(tmp_path: Path) -> None:
    async with http_serving(tmp_path, redirects=True) as door:
        url = await address_of(door, await door.grpc.succeeded(VIDEO))
        assert (await door.client.get(url)).content == VIDEO
