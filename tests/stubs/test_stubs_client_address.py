# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Addresses that the client takes, and those that it refuses before it connects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake import AsyncClient, Client
from longtake._address import address_of

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
    "http://localhost",
    "grpc://localhost",
    "grpc://",
    "https://",
    "https://:443",
    "https://localhost:",
    "https://localhost:0",
    "https://localhost:99999",
    "https://localhost/v1",
    "https://localhost:443//",
    "https://localhost?team=ads",
    "https://localhost#top",
    "ftp://localhost:21",
    "https:localhost",
    "http://https://localhost:1",
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
        "http://localhost:50051",
        "grpc://[::1]:50051",
        "https://videos.example.com",
        "https://videos.example.com/",
        "https://[::1]",
        "grpcs://videos.example.com",
        "GRPCS://videos.example.com:8443",
    ],
)
def test_addresses_and_names_of_grpc_are_taken(address: str) -> None:
    with Client(address) as client:
        assert client.address == address


@pytest.mark.parametrize(
    ("address", "target", "secure"),
    [
        ("localhost:50051", "localhost:50051", None),
        ("http://localhost:80", "localhost:80", False),
        ("grpc://[::1]:50051/", "[::1]:50051", False),
        ("https://videos.example.com", "videos.example.com:443", True),
        ("https://videos.example.com:8443/", "videos.example.com:8443", True),
        ("grpcs://[2001:db8::1]", "[2001:db8::1]:443", True),
        ("dns:///videos.example.com:443", "dns:///videos.example.com:443", None),
    ],
)
def test_an_address_says_where_to_connect_and_how(
    address: str, target: str, secure: bool | None
) -> None:
    known = address_of(address)

    assert (known.target, known.secure) == (target, secure)


@pytest.mark.parametrize("address", ["https://me:hush@localhost:443", "me:hush@localhost:50051"])
def test_a_password_in_an_address_is_not_repeated(address: str) -> None:
    with pytest.raises(ValueError, match=r"^address: an address with a user is not") as caught:
        Client(address)

    assert "hush" not in str(caught.value)


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
