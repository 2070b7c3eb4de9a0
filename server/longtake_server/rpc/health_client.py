# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Asks a running server whether it serves, for `longtake-server health`."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from longtake_server.clock import SystemClock
from longtake_server.configuration.addresses import split_address
from longtake_server.errors import StartFailure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DEADLINE_SECONDS = 5.0
_ADVICE = "start it with longtake-server serve, or name its address with --address"
_NO_TLS = "is not a Longtake server without TLS"
_TLS = "is not a Longtake server with TLS for which --ca, --cert and --key are right"
# A proxy in the environment is for Google's addresses, not for this server.
_OPTIONS: Mapping[str, int | str] = {"grpc.enable_http_proxy": 0}
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - replaced, not bound


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """How to ask a server that speaks TLS.

    Attributes:
        ca: The authorities of its certificate. With None, the certificate is not verified, as in
            the probes of Kubernetes: nothing secret is sent.
        certificate: The certificate of the caller, or None.
        key: The private key of the caller's certificate, or None.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def address_to_ask(listen: str) -> str:
    """Return the address to reach a server that listens on `listen`.

    Raises:
        StartFailure: The port is 0, so only the running server knows the actual port.

    """
    host, _, port = listen.rpartition(":")
    if port == "0":
        raise StartFailure(
            "LONGTAKE_LISTEN has port 0, which stands for any free port; give --address with the "
            "port that the server printed"
        )
    return f"{_WILDCARDS.get(host, host)}:{port}"


async def check_health(address: str, tls: TlsOptions | None = None) -> None:
    """Return if the server at `host:port` answers that it is serving.

    Args:
        address: The address.
        tls: How to ask over TLS, or None for a server without TLS.

    Raises:
        StartFailure: It does not answer, or is not serving, or a file of `tls` cannot be used; one
            line says why.

    """
    files = None if tls is None else await asyncio.to_thread(_read, tls)
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            presented = await _connect(address, None if files is None else files.context)
            channel = _channel(address, files, presented)
            status = await _status(channel, address, _NO_TLS if files is None else _TLS)
    except TimeoutError:
        raise StartFailure(
            f"the server at {address} does not answer within {_DEADLINE_SECONDS:g} s"
        ) from None
    if status != health_pb2.HealthCheckResponse.SERVING:
        raise StartFailure(f"the server at {address} is not serving; it is starting or stopping")


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of `TlsOptions`.

    Attributes:
        context: Connects without verifying the certificate of the server.
        ca: The authorities of the server's certificate, or None.
        pair: The caller's key and certificate, or two times None.
    """

    context: ssl.SSLContext
    ca: bytes | None
    pair: tuple[bytes | None, bytes | None]


def _read(tls: TlsOptions) -> _Files:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    ca = None if tls.ca is None else _content(tls.ca, "--ca")
    if tls.certificate is None or tls.key is None:
        return _Files(context, ca, (None, None))
    pair = _content(tls.key, "--key"), _content(tls.certificate, "--cert")
    try:
        # Without a password, an encrypted key would make OpenSSL ask for one.
        context.load_cert_chain(tls.certificate, tls.key, password="")
    except OSError as error:
        raise StartFailure("--cert and --key: they are not a certificate and its key") from error
    return _Files(context, ca, pair)


def _content(file: Path, option: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise StartFailure(f"{option}: {file} cannot be read: {error.strerror}") from error


async def _connect(address: str, context: ssl.SSLContext | None) -> bytes:
    """Connect, disconnect, and return the server's certificate in DER, empty without TLS.

    On failure, the system's error is clearer than gRPC's.
    """
    host, port = split_address(address)
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    except socket.gaierror as error:
        raise StartFailure(
            f"no server answers at {address}: the host name has no address"
        ) from error
    except ssl.SSLError as error:
        raise StartFailure(
            f"what answers at {address} does not speak TLS, or refuses the certificate of --cert"
        ) from error
    except OSError as error:
        # If a host name has several addresses, the error has no number.
        cause = os.strerror(error.errno or errno.ECONNREFUSED).lower()
        raise StartFailure(f"no server answers at {address} ({cause}); {_ADVICE}") from error
    encrypted = writer.get_extra_info("ssl_object")
    presented: bytes = b"" if encrypted is None else encrypted.getpeercert(binary_form=True)
    writer.transport.abort()
    return presented


def _channel(address: str, files: _Files | None, presented: bytes) -> grpc.aio.Channel:
    if files is None:
        return grpc.aio.insecure_channel(address, options=tuple(_OPTIONS.items()))
    options = dict(_OPTIONS)
    if files.ca is None:
        # gRPC always verifies, so it is told to expect what the server has just presented.
        options["grpc.ssl_target_name_override"] = _name_in(presented, address)
    roots = files.ca or ssl.DER_cert_to_PEM_cert(presented).encode()
    credentials = grpc.ssl_channel_credentials(roots, *files.pair)
    return grpc.aio.secure_channel(address, credentials, options=tuple(options.items()))


def _name_in(certificate: bytes, address: str) -> str:
    """Return a name for which a certificate is valid."""
    # Imported only here, so that asking without TLS starts fast.
    from cryptography import x509

    parsed = x509.load_der_x509_certificate(certificate)
    expiry = parsed.not_valid_after_utc
    if expiry < SystemClock().now():
        raise StartFailure(
            f"the certificate of the server at {address} expired at {expiry.isoformat()}"
        )
    names: list[str] = []
    for extension in parsed.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            names += extension.value.get_values_for_type(x509.DNSName)
            names += map(str, extension.value.get_values_for_type(x509.IPAddress))
    common = parsed.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return next(iter((*names, *(str(one.value) for one in common))), "")


async def _status(channel: grpc.aio.Channel, address: str, unexpected: str) -> int:
    async with channel:
        # The library types the stub's methods for the synchronous channel only.
        health: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=_DEADLINE_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise TimeoutError from None
            raise StartFailure(
                f"what answers at {address} {unexpected} ({error.code().name})"
            ) from error
    return int(answer.status)
