# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""TLS files are checked before use, and replaced under a running server without a failed call."""

from __future__ import annotations

import asyncio
import itertools
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from fakes.clock import FakeClock
from longtake_server.errors import CertificateRefused
from longtake_server.rpc.certificate_files import CertificateFiles, FileContents
from longtake_server.rpc.certificates import Certificates
from rpc.rpc_certificates import Authority, TlsFolder, secure_channel, serial_at
from rpc.rpc_tls_server import models, tls_serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_LOGGER = "longtake_server.rpc.certificates"
_REFUSED = "cannot use the new TLS files; the server keeps its certificate"
_REPLACEMENTS = 5

AUTHORITY = Authority()
SERVER = AUTHORITY.server()
OTHER = AUTHORITY.server()
ENCRYPTED_KEY = SERVER.key.private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hush")
)


def files_of(folder: TlsFolder) -> CertificateFiles:
    return CertificateFiles(folder.certificate, folder.key, folder.client_ca)


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the causes of the logged refusals."""
    records = [one for one in caplog.records if one.name == _LOGGER and one.msg == _REFUSED]
    return [str(vars(record)["cause"]) for record in records]


async def test_no_call_fails_while_the_files_are_replaced(tmp_path: Path) -> None:
    files = TlsFolder(tmp_path / "tls")
    files.put(SERVER, AUTHORITY.pem)
    async with tls_serving(tmp_path, files) as server:
        replaced = asyncio.Event()

        async def keep_calling() -> int:
            calls = 0
            async with secure_channel(server.address, AUTHORITY.pem) as channel:
                while not replaced.is_set():
                    assert await models(channel) > 0
                    calls += 1
            return calls

        async def keep_connecting() -> int:
            calls = 0
            while not replaced.is_set():
                async with secure_channel(server.address, AUTHORITY.pem) as channel:
                    assert await models(channel) > 0
                calls += 1
            return calls

        tasks = [asyncio.create_task(one()) for one in (keep_calling, keep_connecting)]
        for _ in range(_REPLACEMENTS):
            new = AUTHORITY.server()
            files.put(new, AUTHORITY.pem)
            await server.certificates.look()
            assert await serial_at(server.address) == new.serial
            assert await serial_at(server.mtls_address) == new.serial
            async with secure_channel(server.address, AUTHORITY.pem) as channel:
                assert await models(channel) > 0
        replaced.set()
        assert all(calls > 0 for calls in await asyncio.gather(*tasks))


async def test_an_open_channel_goes_on_with_the_certificate_that_it_saw(tmp_path: Path) -> None:
    files, successor = TlsFolder(tmp_path / "tls"), Authority("successor")
    files.put(SERVER, AUTHORITY.pem)
    async with (
        tls_serving(tmp_path, files) as server,
        secure_channel(server.address, AUTHORITY.pem) as old,
        secure_channel(server.address, successor.pem) as new,
    ):
        assert await models(old) > 0
        files.put(successor.server(), AUTHORITY.pem)
        await server.certificates.look()
        assert await models(new) > 0
        assert await models(old) > 0


async def test_the_files_are_looked_at_every_second(tmp_path: Path) -> None:
    files = TlsFolder(tmp_path / "tls")
    files.put(SERVER)
    clock = FakeClock(datetime.now(UTC))
    certificates = await Certificates.load(
        CertificateFiles(files.certificate, files.key, None), clock
    )
    later = AUTHORITY.server(valid_to=timedelta(days=9))
    files.put(later)
    running = asyncio.create_task(certificates.run())
    try:
        await clock.sleeping()
        clock.advance(1.0)
        # Sleeps again once it has looked.
        await clock.sleeping()
    finally:
        running.cancel()
    assert certificates.expiry == later.certificate.not_valid_after_utc.timestamp()


async def test_a_broken_pair_is_refused_and_logged_once_and_the_old_one_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, _LOGGER)
    files = TlsFolder(tmp_path / "tls")
    files.put(SERVER, AUTHORITY.pem)
    async with tls_serving(tmp_path, files) as server:
        files.write(OTHER.pem, SERVER.key_pem, AUTHORITY.pem)
        for _ in range(3):
            await server.certificates.look()
        assert refusals(caplog) == [
            "LONGTAKE_TLS_KEY is not the key of the certificate in LONGTAKE_TLS_CERTIFICATE"
        ]
        assert await serial_at(server.address) == SERVER.serial
        async with secure_channel(server.address, AUTHORITY.pem) as channel:
            assert await models(channel) > 0
        files.put(OTHER, AUTHORITY.pem)
        await server.certificates.look()
        assert await serial_at(server.address) == OTHER.serial
        said = caplog.records[-1]
        assert said.getMessage() == "changed the TLS certificate; new connections see it"
        assert vars(said)["expires"] == OTHER.certificate.not_valid_after_utc.isoformat()
        assert vars(said)["serial"] == f"{OTHER.serial:x}"


async def test_files_that_are_half_replaced_at_one_look_are_not_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = TlsFolder(tmp_path)
    files.put(SERVER)
    certificates = await Certificates.load(
        CertificateFiles(files.certificate, files.key, None), FakeClock(datetime.now(UTC))
    )
    files.certificate.write_bytes(OTHER.pem)
    await certificates.look()
    files.key.write_bytes(OTHER.key_pem)
    await certificates.look()
    await certificates.look()
    assert refusals(caplog) == []
    assert certificates.expiry == OTHER.certificate.not_valid_after_utc.timestamp()


async def test_files_that_vanish_are_reported_once_and_may_come_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = TlsFolder(tmp_path)
    files.put(SERVER)
    certificates = await Certificates.load(
        CertificateFiles(files.certificate, files.key, None), FakeClock(datetime.now(UTC))
    )
    files.key.unlink()
    for _ in range(3):
        await certificates.look()
    assert refusals(caplog) == [
        "LONGTAKE_TLS_KEY: the file cannot be read: no such file or directory"
    ]
    files.key.write_bytes(SERVER.key_pem)
    await certificates.look()
    await certificates.look()
    assert len(refusals(caplog)) == 1


def lacking(name: str) -> Callable[[TlsFolder], None]:
    def put(files: TlsFolder) -> None:
        files.put(SERVER, AUTHORITY.pem)
        file = {"certificate": files.certificate, "key": files.key, "client_ca": files.client_ca}
        file[name].unlink()

    return put


def of_folder(files: TlsFolder) -> None:
    files.put(SERVER, AUTHORITY.pem)
    files.certificate.unlink()
    files.certificate.mkdir()


def holding(
    certificate: bytes = SERVER.pem, key: bytes = SERVER.key_pem, client_ca: bytes = AUTHORITY.pem
) -> Callable[[TlsFolder], None]:
    return lambda files: files.write(certificate, key, client_ca)


def with_key(key: Key) -> Callable[[TlsFolder], None]:
    return lambda files: files.put(AUTHORITY.server(key), AUTHORITY.pem)


WRONG = {
    "no certificate": (lacking("certificate"), "LONGTAKE_TLS_CERTIFICATE: the file cannot be read"),
    "no key": (lacking("key"), "LONGTAKE_TLS_KEY: the file cannot be read"),
    "no client CA": (lacking("client_ca"), "LONGTAKE_MTLS_CLIENT_CA: the file cannot be read"),
    "a folder": (of_folder, "LONGTAKE_TLS_CERTIFICATE is not a regular file"),
    "an empty certificate": (holding(b""), "LONGTAKE_TLS_CERTIFICATE: the file holds no PEM"),
    "an empty key": (holding(key=b""), "LONGTAKE_TLS_KEY: the file holds no PEM private key"),
    "an empty client CA": (
        holding(client_ca=b""),
        "LONGTAKE_MTLS_CLIENT_CA: the file holds no PEM certificate",
    ),
    "garbage": (
        holding(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        "LONGTAKE_TLS_CERTIFICATE: the file holds no PEM",
    ),
    "half a key": (
        holding(key=SERVER.key_pem[: len(SERVER.key_pem) // 2]),
        "LONGTAKE_TLS_KEY: the file holds no PEM private key",
    ),
    "a key of DER": (
        holding(key=bytes(range(256))),
        "LONGTAKE_TLS_KEY: the file holds no PEM private key",
    ),
    "too much": (holding(b"x" * 1_100_000), "LONGTAKE_TLS_CERTIFICATE: the file is larger than"),
    "the two swapped": (
        holding(SERVER.key_pem, SERVER.pem),
        "LONGTAKE_TLS_CERTIFICATE: the file holds no PEM",
    ),
    "another's key": (
        holding(key=OTHER.key_pem),
        "LONGTAKE_TLS_KEY is not the key of the certificate in LONGTAKE_TLS_CERTIFICATE",
    ),
    "the wrong order": (
        holding(AUTHORITY.pem + SERVER.pem),
        "LONGTAKE_TLS_CERTIFICATE: the certificate of LONGTAKE_TLS_KEY must be the first",
    ),
    "an encrypted key": (holding(key=ENCRYPTED_KEY), "LONGTAKE_TLS_KEY: the key is encrypted"),
    "a short key": (
        with_key(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - to be refused
        "LONGTAKE_TLS_KEY: gRPC clients accept an RSA key of at least 2048 bits",
    ),
    "an Ed25519 key": (
        with_key(ed25519.Ed25519PrivateKey.generate()),
        "LONGTAKE_TLS_KEY: gRPC clients accept",
    ),
    "a key on P-521": (
        with_key(ec.generate_private_key(ec.SECP521R1())),
        "LONGTAKE_TLS_KEY: gRPC clients accept",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_files_that_cannot_be_used_are_refused_by_the_name_of_their_setting(
    tmp_path: Path, wrong: str
) -> None:
    write, says = WRONG[wrong]
    files = TlsFolder(tmp_path)
    write(files)
    with pytest.raises(CertificateRefused) as refused:
        await Certificates.load(files_of(files), FakeClock())
    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
    ],
    ids=["RSA", "P-256", "P-384"],
)
async def test_a_client_accepts_each_kind_of_key_that_the_server_accepts(
    tmp_path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
) -> None:
    files = TlsFolder(tmp_path / "tls")
    files.put(AUTHORITY.server(key), AUTHORITY.pem)
    async with (
        tls_serving(tmp_path, files) as server,
        secure_channel(server.address, AUTHORITY.pem) as channel,
    ):
        assert await models(channel) > 0


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "says"),
    [(-2, -1, "it expired at"), (1, 2, "it is not valid before")],
)
async def test_a_certificate_that_is_not_valid_now_is_served_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, valid_from: int, valid_to: int, says: str
) -> None:
    files = TlsFolder(tmp_path / "tls")
    issued = AUTHORITY.server(
        valid_from=timedelta(days=valid_from), valid_to=timedelta(days=valid_to)
    )
    files.put(issued, AUTHORITY.pem)
    async with tls_serving(tmp_path, files) as server:
        assert await serial_at(server.address) == issued.serial
    warnings = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert [one.getMessage() for one in warnings] == ["clients refuse the TLS certificate"]
    assert str(vars(warnings[0])["cause"]).startswith(says)


async def test_an_authority_of_clients_that_has_expired_is_taken_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = TlsFolder(tmp_path)
    files.put(SERVER, AUTHORITY.pem, Authority("old", valid_to=timedelta(days=-1)).pem)
    await Certificates.load(files_of(files), FakeClock(datetime.now(UTC)))
    [warning] = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert warning.getMessage() == "an authority of LONGTAKE_MTLS_CLIENT_CA is not valid"
    assert str(vars(warning)["cause"]).startswith("it expired at")


@pytest.mark.filterwarnings("ignore:Parsed a serial number:Warning")
def test_a_damaged_certificate_is_refused_or_accepted_by_grpc_too() -> None:
    whole = SERVER.certificate.public_bytes(Encoding.DER)
    server, accepted, refused = grpc.server(ThreadPoolExecutor(1)), 0, 0
    for place, byte in itertools.product(range(len(whole)), (0x00, 0x31, 0xFF)):
        damaged = whole[:place] + bytes([byte]) + whole[place + 1 :]
        pem = ssl.DER_cert_to_PEM_cert(damaged).encode()
        try:
            checked = FileContents(pem, SERVER.key_pem, pem).identity()
        except CertificateRefused:
            refused += 1
            continue
        pair = (checked.key, checked.chain)
        credentials = grpc.ssl_server_credentials([pair], checked.client_ca, True)
        assert server.add_secure_port("127.0.0.1:0", credentials)
        accepted += 1
    server.stop(None)
    assert accepted > 0
    assert refused > 0


async def test_no_key_is_shown_by_what_holds_it(tmp_path: Path) -> None:
    files = TlsFolder(tmp_path)
    files.put(SERVER, AUTHORITY.pem)
    contents = files_of(files).read()
    assert "PRIVATE" not in f"{contents!r} {contents.identity()!r}"
