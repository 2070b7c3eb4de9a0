# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Addresses that the client takes, and those that it refuses before it connects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake import AsyncClient, Client

if TYPE_CHECKING:
    from stubs.stubs_programs import Program

WRONG = [
    "localhost",
    "localhost:",
    ":50051",
    "localhost:0",
    "127.0.0.1:99999",
    "localhost:fifty",
    "nowhere:port:more",
    "::1:50051",
    "http://localhost:50051",
    "localhost:50051/v1",
    "me@localhost:50051",
    "local host:50051",
    " ",
]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("address", WRONG)
def test_what_is_no_address_is_refused(kind: type[Client | AsyncClient], address: str) -> None:
    with pytest.raises(ValueError, match=r"^address: .* is not accepted; it is HOST:PORT"):
        kind(address)


@pytest.mark.parametrize(
    "address",
    [
        "localhost:50051",
        "127.0.0.1:1",
        "[::1]:65535",
        "dns:///videos.example.com:443",
        "unix:/run/longtake.sock",
    ],
)
def test_addresses_and_names_of_grpc_are_taken(address: str) -> None:
    with Client(address) as client:
        assert client.address == address


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGTAKE_ADDRESS", "localhost")
    with pytest.raises(ValueError, match=r"^LONGTAKE_ADDRESS: 'localhost' is not accepted"):
        Client()


def test_the_command_line_names_its_option_or_the_variable(
    longtake: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = longtake.run("list", "--address", "127.0.0.1:99999")
    monkeypatch.setenv("LONGTAKE_ADDRESS", "localhost")
    variable = longtake.run("list")

    assert option.err.startswith("longtake: --address: '127.0.0.1:99999' is not accepted; it is")
    assert variable.err.startswith("longtake: LONGTAKE_ADDRESS: 'localhost' is not accepted; it is")
    assert option.err.count("\n") == variable.err.count("\n") == 1
    assert (option.code, variable.code) == (2, 2)
