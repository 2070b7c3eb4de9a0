# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An address is checked before it is used, and the message says what is wrong with it."""

from __future__ import annotations

import pytest
from longtake_server.configuration import addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:50051",
        "127.0.0.1:0",
        "0.0.0.0:65535",
        "localhost:1",
        "longtake.example.com:50051",
        "my_host:50051",
        "[::1]:50051",
        "[::]:0",
        "[fe80::1%eth0]:50051",
    ],
)
def test_an_address_to_listen_on(address: str) -> None:
    assert addresses.listen_address(address) == address


WRONG_ADDRESSES = {
    "127.0.0.1": "the port is missing",
    "localhost": "the port is missing",
    "[::1]": "the port is missing",
    "127.0.0.1:": "the port is a whole number",
    "127.0.0.1:99999": "the port is a whole number from 0 to 65535",
    "127.0.0.1:65536": "from 0 to 65535",
    "127.0.0.1:-1": "the port is a whole number",
    "127.0.0.1:+1": "the port is a whole number",
    "127.0.0.1:\u0665": "the port is a whole number",
    "127.0.0.1:grpc": "the port is a whole number",
    ":50051": "the host is missing",
    "50051": "the port is missing",
    "::1": "in brackets",
    "::1:50051": "in brackets",
    "[::x]:1": "not an IPv6 address",
    "256.0.0.1:1": "not an IPv4 address",
    "127.1:1": "not an IPv4 address",
    "127.0.0.1 :1": "no blanks",
    " 127.0.0.1:1": "no blanks",
    "127.0.0.1:1\n": "no blanks",
    "http://127.0.0.1:1": "leave out the scheme",
    "grpc://127.0.0.1:1": "leave out the scheme",
    "unix:/run/longtake": "other kinds than TCP",
    "/run/longtake.sock": "other kinds than TCP",
    "dns:localhost:1": "other kinds than TCP",
    "höst:1": "neither a name nor an IP address",
    "-host:1": "neither a name nor an IP address",
    "a..b:1": "neither a name nor an IP address",
    "user@host:1": "neither a name nor an IP address",
    f"{'a' * 64}:1": "neither a name nor an IP address",
    f"{'a.' * 127}a:1": "neither a name nor an IP address",
}


@pytest.mark.parametrize(("address", "says"), WRONG_ADDRESSES.items())
def test_no_address_to_listen_on(address: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        addresses.listen_address(address)
    assert "höst" not in str(refused.value)


def test_port_0_is_no_address_to_connect_to() -> None:
    assert addresses.server_address("localhost:1") == "localhost:1"
    with pytest.raises(ValueError, match="port 0 is no port to connect to"):
        addresses.server_address("localhost:0")


@pytest.mark.parametrize(
    "url",
    ["https://example.com", "http://127.0.0.1:8085", "http://[::1]:1/path", "https://a/b/c/"],
)
def test_a_base_url(url: str) -> None:
    assert addresses.http_address(url) == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("example.com", "http:// or https://"),
        ("127.0.0.1:8085", "http:// or https://"),
        ("ftp://example.com", "http:// or https://"),
        ("https://", "http:// or https://"),
        ("https:///path", "http:// or https://"),
        ("https://example.com:99999", "host or port is wrong"),
        ("https://example.com:x", "host or port is wrong"),
        ("https://example.com:0", "port 0"),
        ("https://[::1", "host or port is wrong"),
        ("https://ex ample.com", "no blanks"),
        ("https://example.com?key=hush", "no ?"),
        ("https://example.com#hush", "no ?"),
        ("https://user:hush@example.com", "no user and no password"),
        ("https://256.1.1.1", "not an IPv4 address"),
        ("https://-x-", "neither a name"),
    ],
)
def test_no_base_url(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("?", r"\?")) as refused:
        addresses.http_address(url)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("localhost:4317", "accepted is http://host:port"),
        ("http://localhost", "the port is missing"),
        ("http://localhost:4318/v1/traces", "OTLP over gRPC has no path"),
    ],
)
def test_no_collector(endpoint: str, says: str) -> None:
    assert addresses.collector_address("http://localhost:4317")
    with pytest.raises(ValueError, match=says):
        addresses.collector_address(endpoint)


@pytest.mark.parametrize(
    "place", ["media", "/media", "./a:b", "file:///m", "gs://my-b", "s3://my-b/p/q"]
)
def test_a_place_of_videos(place: str) -> None:
    assert addresses.media_place(place) == place


@pytest.mark.parametrize(
    "place",
    ["http://bucket", "gs:/bucket", "gs://", "gs:///p", "s3:bucket", "file://media", "GS://my-b"],
)
def test_no_place_of_videos(place: str) -> None:
    with pytest.raises(ValueError, match="accepted is a folder, file:///folder, gs://"):
        addresses.media_place(place)


def test_a_tilde_is_not_expanded() -> None:
    with pytest.raises(ValueError, match="~ is not expanded"):
        addresses.media_place("~/media")


@pytest.mark.parametrize("proxy", ["http://proxy:3128", "http://user:secret@proxy:1", "proxy:3128"])
def test_a_proxy(proxy: str) -> None:
    assert addresses.proxy_address(proxy) == proxy


@pytest.mark.parametrize("proxy", ["socks5://proxy:1", "http://proxy:x", "http://"])
def test_no_proxy(proxy: str) -> None:
    with pytest.raises(ValueError, match="http://host:port"):
        addresses.proxy_address(proxy)
