# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The configurations in docs/agents.md lead to a server, with the key that they name."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import pytest
from agents.agents_client import agent
from door.door_serving import http_serving
from identity.identity_known_keys import KnownKeys
from longtake_server.http.mcp.arguments import DEFAULT_WAIT_SECONDS, LONGEST_WAIT_SECONDS
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from project.markdown_snippets import snippets

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[2] / "docs" / "agents.md"
# As the agents write a variable: Claude Code, VS Code, Cursor and Gemini CLI.
VARIABLE = re.compile(r"\$\{(?:input:|env:)?LONGTAKE_API_KEY\}|\$LONGTAKE_API_KEY")
CONFIGURATIONS = snippets(DOCUMENT, "json")


def servers(configuration: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for member in ("mcpServers", "servers"):
        yield from configuration.get(member, {}).values()


def test_four_agents_are_configured() -> None:
    assert len(CONFIGURATIONS) == 4


@pytest.mark.parametrize("text", CONFIGURATIONS)
async def test_a_configuration_leads_to_the_tools(text: str, tmp_path: Path) -> None:
    (server,) = servers(json.loads(text))
    address = urlsplit(server.get("httpUrl") or server["url"])
    name, value = next(iter(server["headers"].items()))
    filled, found = VARIABLE.subn("ltk_ann", value)
    keys = KnownKeys({"ltk_ann": Principal("ann", frozenset({Role.GENERATOR}))})
    async with http_serving(tmp_path, proofs=Proofs(keys=keys)) as door:
        url = f"{address.scheme}://{door.address}{address.path}"
        async with httpx2.AsyncClient(headers={name: filled}) as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, mode="legacy") as client:
                tools = (await client.list_tools()).tools

    assert found == 1
    assert address.netloc == "127.0.0.1:8082"
    assert len(tools) == 5


async def test_the_documented_tools_are_those_that_are_served(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        served = [tool.name for tool in (await client.list_tools()).tools]

    documented = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert documented == served


def test_the_documented_times_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text()

    assert f"waits up to {LONGEST_WAIT_SECONDS} seconds" in text
    assert f"`wait_seconds`, {DEFAULT_WAIT_SECONDS} by default" in text


def test_the_program_in_the_document_has_no_type_errors(tmp_path: Path) -> None:
    (program,) = snippets(DOCUMENT, "python")
    path = tmp_path / "program.py"
    path.write_text(program)
    run = subprocess.run(
        [Path(sys.executable).parent / "mypy", "--strict", path],
        cwd=DOCUMENT.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout
