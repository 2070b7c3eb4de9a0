# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Without authentication, pages of other sites cannot call the server, however they try."""

from __future__ import annotations

import httpx
import pytest
from longtake_server.http.sites import OwnPages
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

PUBLIC = "https://videos.example/longtake"


def client(public_url: str | None = None) -> httpx.AsyncClient:
    served = Starlette(
        routes=[
            Route(path, lambda _: PlainTextResponse("served")) for path in ("/v1/x", "/v1/signed/x")
        ]
    )
    application = OwnPages(served, "/v1/signed/", public_url)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="http://localhost"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost:8082"},
        {"host": "127.0.0.1:8082"},
        {"host": "127.0.0.1"},
        {"host": "[::1]:8082"},
        {"host": "[::1]"},
        {"host": "localhost:8082", "origin": "http://localhost:3000"},
        {"host": "videos.example"},
        {"host": "videos.example", "origin": "https://videos.example"},
    ],
)
async def test_pages_and_programs_of_this_machine_may_call(headers: dict[str, str]) -> None:
    async with client(PUBLIC) as http:
        answer = await http.get("/v1/x", headers=headers)
    assert (answer.status_code, answer.text) == (200, "served")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost:8082", "origin": "https://evil.example"},
        {"host": "localhost:8082", "origin": "null"},
        {"host": "localhost:8082", "origin": "http://localhost.evil.example"},
        # The name of the page's site leads to this machine.
        {"host": "evil.example:8082"},
        {"host": "evil.example:8082", "origin": "http://evil.example:8082"},
        {"host": "videos.example:8082"},
        {"host": ""},
    ],
)
async def test_pages_of_other_sites_may_not(headers: dict[str, str]) -> None:
    async with client(PUBLIC) as http:
        answer = await http.get("/v1/x", headers=headers)
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


async def test_pages_of_any_site_may_play_a_signed_address() -> None:
    async with client() as http:
        headers = {"host": "evil.example", "origin": "https://evil.example"}
        answer = await http.get("/v1/signed/x", headers=headers)
    assert answer.text == "served"
