# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls the server as agents do, with the official client."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mcp.client.client import ConnectMode
    from mcp.client.extension import ClientExtension
    from mcp_types import CallToolResult

MODEL = "veo-3.1-generate-001"
ORDER = {"idempotency_key": "first", "model": MODEL, "prompt": "a dog"}
# The client of an agent that gives up on a tool after a minute.
READ_SECONDS = 60.0
MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])
"""The protocol of 2026-07-28, and the one that begins with a handshake."""


@asynccontextmanager
async def agent(
    address: str,
    mode: ConnectMode = "auto",
    *,
    key: str = "",
    extensions: Sequence[ClientExtension] = (),
) -> AsyncIterator[Client]:
    """Connect to the server.

    Args:
        address: `host:port` of its HTTP listener.
        mode: The protocol.
        key: An API key, empty for none.
        extensions: The extensions that the client declares.
    """
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with httpx2.AsyncClient(headers=headers, timeout=READ_SECONDS) as http:
        transport = streamable_http_client(f"http://{address}/mcp", http_client=http)
        async with Client(
            transport, mode=mode, read_timeout_seconds=READ_SECONDS, extensions=extensions
        ) as client:
            yield client


async def called(client: Client, tool: str, **arguments: Any) -> Any:
    """Call a tool that must succeed, and return its structured result."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    return result.structured_content


async def ended(client: Client, operation: str) -> Any:
    """Call get_video until an operation has ended, and return its structured result."""
    while True:
        found = await called(client, "get_video", operation=operation, wait_seconds=45)
        if found["done"]:
            return found


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """Call a tool that must fail, and return what it says."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert result.structured_content is None
    return text_of(result)


def text_of(result: CallToolResult) -> str:
    """Return the text of a result."""
    return "\n".join(block.text for block in result.content if block.type == "text")


def error_of(result: CallToolResult) -> dict[str, Any]:
    """Return the error of a tool as data."""
    assert result.is_error
    error: dict[str, Any] = (result.meta or {})["longtake.dev/error"]
    return error
