# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""TLS and client certificates over real sockets, and files that are not what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from fakes.video_service import Call, video_service
from longtake import AsyncClient, Client
from longtake.errors import ServerError
from stubs.stubs_certificates import Authority
from stubs.stubs_messages import NAME, operation, seen, succeeded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[..., Caller]

KEY = "ltk_a_key_for_tests"


def test_a_key_goes_over_tls_with_each_call(caller: MakeCaller, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with video_service(
        Call("GetOperation", operation()),
        Call("WatchOperation", seen(succeeded())),
        tls=authority.server(),
    ) as service:
        made = caller(service.address, ca=authority.file, api_key=KEY)
        assert made.get(NAME).name == NAME
        assert made.states(NAME)[-1].done

        assert service.credentials() == [f"Bearer {KEY}"] * 2


@pytest.mark.parametrize("scheme", ["https", "grpcs", "HTTPS"])
def test_every_name_of_tls_is_understood(scheme: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with video_service(Call("GetOperation", operation()), tls=authority.server()) as service:
        address = service.address.replace("https", scheme)
        with Client(address, ca=authority.file) as client:
            assert client.operations.get(NAME).name == NAME
            assert client.address == client.aio.address == address


def test_a_server_of_another_authority_is_not_trusted(caller: MakeCaller, tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    with video_service(tls=authority.server()) as service:
        with pytest.raises(ServerError) as caught:
            caller(service.address, ca=other.file, api_key=KEY).get(NAME)

        assert caught.value.status == "UNAVAILABLE"
        assert service.received == []


def test_a_client_shows_its_certificate(caller: MakeCaller, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with video_service(
        Call("GetOperation", operation()), tls=authority.server(asks_clients=True)
    ) as service:
        own = authority.pair("client").files

        assert (
            caller(service.address, ca=authority.file, client_certificate=own).get(NAME).name
            == NAME
        )


def test_files_may_come_from_the_environment(
    caller: MakeCaller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    own = authority.pair("client")
    monkeypatch.setenv("LONGTAKE_CA", str(authority.file))
    monkeypatch.setenv("LONGTAKE_CLIENT_CERTIFICATE", str(own.certificate))
    monkeypatch.setenv("LONGTAKE_CLIENT_KEY", str(own.key))
    monkeypatch.setenv("LONGTAKE_API_KEY", KEY)
    with video_service(
        Call("GetOperation", operation()), tls=authority.server(asks_clients=True)
    ) as service:
        assert caller(service.address).get(NAME).name == NAME

        assert service.credentials() == [f"Bearer {KEY}"]


def test_grpcs_own_credentials_are_taken_as_before(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own = grpc.ssl_channel_credentials(authority.file.read_bytes())
    with video_service(*[Call("GetOperation", operation())] * 2, tls=authority.server()) as service:
        for address in (service.address, service.address.removeprefix("https://")):
            with Client(address, credentials=own, api_key=KEY) as client:
                assert client.operations.get(NAME).name == NAME


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("setting", "content", "told"),
    [
        ("ca", None, r"ca: the file .*ca.pem cannot be read: No such file or directory"),
        ("ca", b"hush", r"ca: the file .*ca.pem has no certificate in PEM"),
        ("ca", b"", r"ca: the file .*ca.pem has no certificate in PEM"),
        ("ca", b"\xff\xfe", r"ca: the file .*ca.pem has no certificate in PEM"),
        ("certificate", None, r"client_certificate: the file .*own.pem cannot be read: No such"),
        ("certificate", b"hush", r"client_certificate: the file .*own.pem and the key .*own.key"),
        ("key", None, r"client_certificate: the file .*own.key cannot be read: No such"),
        ("key", b"hush", r"client_certificate: the file .*own.pem and the key .*own.key are not"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named(
    kind: type[Client | AsyncClient],
    setting: str,
    content: bytes | None,
    told: str,
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    own = authority.pair("own")
    broken = {"ca": authority.file, "certificate": own.certificate, "key": own.key}[setting]
    broken.unlink()
    if content is not None:
        broken.write_bytes(content)

    with pytest.raises(ValueError, match=f"^{told}") as caught:
        kind("https://localhost", ca=authority.file, client_certificate=own.files)
    assert "hush" not in str(caught.value)


def test_the_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.pair("one"), authority.pair("other")

    with pytest.raises(ValueError, match=r"other.key is not the key of the certificate$"):
        Client("https://localhost", client_certificate=(one.certificate, other.key))


def test_an_encrypted_key_is_refused_without_asking_for_a_password(tmp_path: Path) -> None:
    own = Authority(tmp_path).pair("own", password=b"hush")

    with pytest.raises(ValueError, match=r"own.key is encrypted; the key must not need a password"):
        Client("https://localhost", client_certificate=own.files)


@pytest.mark.parametrize("alone", ["LONGTAKE_CLIENT_CERTIFICATE", "LONGTAKE_CLIENT_KEY"])
def test_half_of_a_pair_is_refused(alone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (other,) = {"LONGTAKE_CLIENT_CERTIFICATE", "LONGTAKE_CLIENT_KEY"} - {alone}
    monkeypatch.setenv(alone, "own.pem")

    with pytest.raises(ValueError, match=f"^{alone}: it needs {other} as well$"):
        Client("https://localhost")


@pytest.mark.parametrize("address", ["localhost:1", "http://localhost:1", "unix:/run/longtake"])
@pytest.mark.parametrize("setting", ["ca", "client_certificate"])
def test_files_for_tls_are_refused_with_an_address_without_tls(
    address: str, setting: str, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    value = authority.file if setting == "ca" else authority.pair("own").files

    with pytest.raises(ValueError, match=f"^{setting}: it needs TLS, and the address {address} is"):
        Client(address, **{setting: value})  # type: ignore[arg-type]  # one of two


def test_two_ways_to_set_tls_are_refused(tmp_path: Path) -> None:
    own = grpc.ssl_channel_credentials()

    with pytest.raises(ValueError, match=r"^ca: credentials are given as well; give one of"):
        Client("https://localhost", ca=Authority(tmp_path).file, credentials=own)
    with pytest.raises(ValueError, match=r"^credentials: they need TLS, and the address http://"):
        Client("http://localhost:1", credentials=own)
