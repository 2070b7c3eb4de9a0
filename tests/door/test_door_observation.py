# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Each request has a line, a metric and a span, and none of them has its secret."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from door.door_serving import http_serving
from door.door_videos import VIDEO, address_of, changed, parameter
from longtake_server.telemetry.exporting import exporting
from ops.ops_scraping import Scrape

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ROUTE = "/v1/signed/operations/{operation}/videos/{file}"


async def test_a_request_has_a_line_without_its_query(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with http_serving(tmp_path) as door:
        name = await door.grpc.succeeded(VIDEO)
        url = await address_of(door, name)
        await door.client.get(url)
        await door.client.head(changed(url, expires="1"))
        await door.client.get("/nothing/secret-in-a-path?key=secret-in-a-query")
    lines = [vars(one) for one in caplog.records if one.getMessage() == "request"]
    seen: list[tuple[Any, ...]] = [
        (line["method"], line["code"], line.get("operation", "")) for line in lines
    ]
    assert seen == [(f"GET {ROUTE}", 200, name), (f"HEAD {ROUTE}", 403, ""), ("GET", 404, "")]
    assert all(line["peer"].startswith("127.0.0.1:") for line in lines)
    # The client logs the addresses that it asks for.
    served = [vars(one) for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    secrets = (parameter(url, "signature"), "secret-in-a-path", "secret-in-a-query")
    assert not [line for line in served if any(secret in str(line) for secret in secrets)]


async def test_a_request_is_measured_by_its_route_and_status(tmp_path: Path) -> None:
    with exporting(None, prometheus=True, principals=0) as exported:
        assert exported.scrape is not None
        async with http_serving(tmp_path, telemetry=exported.telemetry) as door:
            url = await address_of(door, await door.grpc.succeeded(VIDEO))
            for _ in range(2):
                await door.client.get(url)
            await door.client.get(changed(url, signature="x"))
            await door.client.request("BREW", url)
        found = Scrape(exported.scrape().decode())
    count = "http_server_request_duration_seconds_count"
    served = {"http_request_method": "GET", "http_route": ROUTE}
    assert found.values(count, **served, http_response_status_code="200") == [2]
    assert found.values(count, **served, http_response_status_code="403") == [1]
    assert found.values(count, http_request_method="_OTHER", http_route=ROUTE) == [1]
    sent = found.values("longtake_video_sent_bytes_total", rpc_method=f"GET {ROUTE}")
    assert sent == [2 * len(VIDEO)]
