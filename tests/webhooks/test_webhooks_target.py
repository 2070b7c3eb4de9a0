# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""No spelling of an address, no name and no chain reaches what is not public."""

from __future__ import annotations

import threading
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import InvalidRequest
from longtake_server.webhooks.posting import Poster
from longtake_server.webhooks.resolver import NotResolved, Resolver
from longtake_server.webhooks.target import (
    Refusal,
    TargetCheck,
    TargetRefused,
    is_public,
    split_url,
)
from webhooks.webhooks_receiver import NameServer, Trust, answer, receiver

if TYPE_CHECKING:
    from pathlib import Path

NAMES = NameServer(
    {
        "localhost": [["127.0.0.1", "::1"]],
        "private.example.com": [["127.0.0.1"]],
        "mixed.example.com": [["93.184.216.34", "127.0.0.1"]],
        "mapped.example.com": [["::ffff:127.0.0.1"]],
        "translated.example.com": [["64:ff9b::7f00:1"]],
        "unspecified.example.com": [["0.0.0.0"]],  # noqa: S104 - what a name resolves to
        "linklocal.example.com": [["fe80::1%lo"]],
        "metadata.google.internal": [["169.254.169.254"]],
        "many.example.com": [["93.184.216.34"] * 50 + ["::1"]],
    }
)
# Every one of them but the unreachable networks reaches the listener if it is not refused.
FORBIDDEN = [
    "https://127.0.0.1:{port}/",
    "https://127.0.0.2:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://2130706433:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://017700000001:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://0X7F.0x0.0x0.0x1:{port}/",
    "https://127.0.0.0x1:{port}/",
    "https://0:{port}/",
    "https://0.0.0.0:{port}/",
    "https://00000177.1:{port}/",
    "https://[::]:{port}/",
    "https://[::1]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[64:ff9b::127.0.0.1]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[64:ff9b:1::7f00:1]:{port}/",
    "https://[2002:7f00:1::1]:{port}/",
    "https://[2001:0:7f00:1::80ff:fffe]:{port}/",
    "https://[fe80::1]:{port}/",
    "https://[fe80::1%25lo]:{port}/",
    "https://[fe80::1%lo]:{port}/",
    "https://[fc00::1]:{port}/",
    "https://[fd00:ec2::254]:{port}/",
    "https://[fec0::1]:{port}/",
    "https://[ff02::1]:{port}/",
    "https://[2001:db8::1]:{port}/",
    "https://[3fff::1]:{port}/",
    "https://10.0.0.1:{port}/",
    "https://172.16.0.1:{port}/",
    "https://192.168.0.1:{port}/",
    "https://100.64.0.1:{port}/",
    "https://100.100.100.200:{port}/",
    "https://169.254.169.254:{port}/latest/meta-data/",
    "https://168.63.129.16:{port}/",
    "https://192.0.0.192:{port}/",
    "https://192.88.99.1:{port}/",
    "https://198.18.0.1:{port}/",
    "https://224.0.0.1:{port}/",
    "https://255.255.255.255:{port}/",
    "https://240.0.0.1:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://localhost.:{port}/",
    "https://private.example.com:{port}/",
    "https://mixed.example.com:{port}/",
    "https://many.example.com:{port}/",
    "https://mapped.example.com:{port}/",
    "https://translated.example.com:{port}/",
    "https://unspecified.example.com:{port}/",
    "https://linklocal.example.com:{port}/",
    "https://metadata.google.internal:{port}/",
    "https://unknown.example.com:{port}/",
    "https://user@127.0.0.1:{port}/",
    "https://user:password@93.184.216.34:{port}/",
    "https://93.184.216.34@127.0.0.1:{port}/",
    "https://93.184.216.34:443@127.0.0.1:{port}/",
    "https://93.184.216.34#@127.0.0.1:{port}/",
    "https://93.184.216.34\\@127.0.0.1:{port}/",
    "https://127.0.0.1\\.example.com:{port}/",
    "https://127.0.0.1%00.example.com:{port}/",
    "https://127%2e0%2e0%2e1:{port}/",
    "https://%31%32%37.0.0.1:{port}/",
    "https://127.0.0.1:{port}/#fragment",
    "https://127。0。0。1:{port}/",
    "https://１２７.0.0.1:{port}/",  # noqa: RUF001
    "https://ⓛocalhost:{port}/",
    "https://127.0.0.1 :{port}/",
    "https://127.0.0.1\t:{port}/",
    "https://127.0.0.1\r\n:{port}/",
    "https:///127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "https://:{port}/",
    "https://[127.0.0.1]:{port}/",
    "https://[::1:{port}/",
    "https://a..example.com:{port}/",
    "https://93.184.216.34:0/{port}",
    "https://93.184.216.34:65536/{port}",
    "https://93.184.216.34:/{port}",
    "https://93.184.216.34:４43/{port}",  # noqa: RUF001
    "http://127.0.0.1:{port}/",
    "http://93.184.216.34/{port}",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/",
    "file:///etc/passwd?{port}",
    "unix:///run/socket?{port}",
    "https://example.com/" + "a" * 2048 + "{port}",
    "",
]


def test_there_are_at_least_forty_of_them() -> None:
    assert len(set(FORBIDDEN)) == len(FORBIDDEN) >= 40


@pytest.mark.parametrize("spelling", FORBIDDEN)
async def test_a_forbidden_address_is_refused_and_gets_no_connection(spelling: str) -> None:
    check = TargetCheck((), Resolver(NAMES))
    # On every address of this machine, IPv4 and IPv6.
    async with receiver("::") as listener:
        url = spelling.format(port=listener.port)
        with pytest.raises(InvalidRequest) as refused:
            await check.check(url)
        with pytest.raises(TargetRefused):
            await Poster().post(await check.resolve(url), {}, b"{}")
        assert listener.connections == 0
    [violation] = refused.value.violations
    assert violation.field == "url"
    assert "127.0.0.1" not in violation.description


async def test_the_listener_of_these_tests_is_reached_if_it_is_allowed() -> None:
    allowed = TargetCheck((ip_network("127.0.0.0/8"),), Resolver(NAMES))
    async with receiver("::") as listener:
        for host in ("127.0.0.1", "127.0.0.2", "[::ffff:127.0.0.1]", "private.example.com"):
            url = f"http://{host}:{listener.port}/hook?a=b"
            said = await Poster().post(await allowed.resolve(url), {}, b"{}")
            assert said.status == 204
            assert listener.requests[-1].path == "/hook?a=b"
        assert listener.connections == 4


@pytest.mark.parametrize(
    "url",
    [
        "https://93.184.216.34",
        "https://example.com/hook?x=1&y=%20",
        "HTTPS://Example.COM:8443/a@b",
        "https://xn--bcher-kva.example/",
        "https://[2606:4700::1111]/",
        "https://[64:ff9b::808:808]/",
    ],
)
async def test_a_public_address_is_accepted(url: str) -> None:
    public = NameServer(
        {name: [["93.184.216.34"]] for name in ("example.com", "xn--bcher-kva.example")}
    )
    await TargetCheck((), Resolver(public)).check(url)


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("64:ff9b::808:808", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("4000::1", False),
        ("5f00::1", False),
        ("100::1", False),
        ("2001:20::1", False),
    ],
)
def test_what_is_public(text: str, public: bool) -> None:
    assert is_public(ip_address(text)) is public


async def test_a_name_that_moves_to_a_private_address_is_refused_at_the_delivery() -> None:
    names = NameServer({"hooks.example.com": [["93.184.216.34"], ["127.0.0.1"]]})
    check = TargetCheck((), Resolver(names))
    async with receiver("::") as listener:
        url = f"https://hooks.example.com:{listener.port}/"
        await check.check(url)
        with pytest.raises(TargetRefused) as refused:
            await check.resolve(url)
        assert refused.value.refusal is Refusal.NOT_PUBLIC
        assert listener.connections == 0


async def test_a_delivery_resolves_once_and_connects_to_what_was_checked() -> None:
    names = NameServer({"hooks.example.com": [["127.0.0.1"], ["127.0.0.2"]]})
    check = TargetCheck((ip_network("127.0.0.1/32"),), Resolver(names))
    async with receiver("127.0.0.1") as listener:
        target = await check.resolve(f"http://hooks.example.com:{listener.port}/")
        assert (await Poster().post(target, {}, b"{}")).status == 204
        assert names.asked == ["hooks.example.com"]
        assert listener.requests[0].headers["host"] == f"hooks.example.com:{listener.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(tmp_path: Path, status: int) -> None:
    trust = Trust(tmp_path)
    check = TargetCheck(
        (ip_network("127.0.0.1/32"),), Resolver(NameServer({"localhost": [["127.0.0.1"]]}))
    )
    async with receiver("::") as private, receiver(tls=trust.server) as redirecting:
        where = f"http://127.0.0.1:{private.port}/"
        redirecting.reply = lambda _: answer(status, location=where)
        target = await check.resolve(f"https://localhost:{redirecting.port}/")
        assert (await Poster(trust.client).post(target, {}, b"{}")).status == status
        assert (redirecting.connections, private.connections) == (1, 0)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    check = TargetCheck((ip_network("127.0.0.1/32"),), Resolver())
    async with receiver() as proxy, receiver() as listener:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{proxy.port}")
        target = await check.resolve(f"http://127.0.0.1:{listener.port}/")
        assert (await Poster().post(target, {}, b"{}")).status == 204
        assert (listener.connections, proxy.connections) == (1, 0)


async def test_plain_http_needs_every_address_to_be_allowed() -> None:
    names = NameServer({"half.example.com": [["127.0.0.1", "93.184.216.34"]]})
    check = TargetCheck((ip_network("127.0.0.0/8"),), Resolver(names))
    await check.check("https://half.example.com/")
    with pytest.raises(InvalidRequest, match="not encrypted"):
        await check.check("http://half.example.com/")


async def test_a_name_server_that_does_not_answer_is_waited_for_with_a_bound() -> None:
    answering = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        answering.wait()
        return []

    resolver = Resolver(hang, seconds=0.05)
    try:
        with pytest.raises(NotResolved):
            await resolver.addresses("slow.example.com")
        with pytest.raises(InvalidRequest, match="cannot be resolved"):
            await TargetCheck((), resolver).check("https://slow.example.com/")
    finally:
        answering.set()
        resolver.close()


async def test_callers_that_want_the_same_name_share_a_lookup_and_lookups_have_a_bound() -> None:
    answering = threading.Event()
    asked: list[str] = []

    def hang(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        answering.wait()
        return []

    resolver = Resolver(hang, seconds=0.01)
    try:
        for number in (*range(300), *range(10)):
            with pytest.raises(NotResolved):
                await resolver.addresses(f"{number}.example.com")
        assert len(asked) == len(set(asked)) <= 32
        assert len(resolver._under_way) == 256
    finally:
        answering.set()
        resolver.close()


def test_the_parts_of_a_url_are_those_that_are_sent() -> None:
    target = split_url("HTTPS://Example.COM:8443/A/b%20c?d=e")
    assert (target.scheme, target.host, target.port) == ("https", "example.com", 8443)
    assert target.path == "/A/b%20c?d=e"
    assert split_url("https://example.com?x").path == "/?x"
