# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Asks a running server whether it serves, for `longtake-server health`."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from longtake_server.configuration.addresses import split_address
from longtake_server.errors import StartFailure

_DEADLINE_SECONDS = 5.0
_ADVICE = "start it with longtake-server serve, or name its address with --address"
# A proxy in the environment is for Google's addresses, not for this server.
_OPTIONS = (("grpc.enable_http_proxy", 0),)
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - replaced, not bound


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


async def check_health(address: str) -> None:
    """Return if the server at `host:port` answers that it is serving.

    Raises:
        StartFailure: It does not answer, or is not serving; one line says why.

    """
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            await _connect(address)
            status = await _status(address)
    except TimeoutError:
        raise StartFailure(
            f"the server at {address} does not answer within {_DEADLINE_SECONDS:g} s"
        ) from None
    if status != health_pb2.HealthCheckResponse.SERVING:
        raise StartFailure(f"the server at {address} is not serving; it is starting or stopping")


async def _connect(address: str) -> None:
    """Open a connection and close it. On failure, the system's error is clearer than gRPC's."""
    host, port = split_address(address)
    try:
        _, writer = await asyncio.open_connection(host, port)
    except socket.gaierror as error:
        raise StartFailure(
            f"no server answers at {address}: the host name has no address"
        ) from error
    except OSError as error:
        # If a host name has several addresses, the error has no number.
        cause = os.strerror(error.errno or errno.ECONNREFUSED).lower()
        raise StartFailure(f"no server answers at {address} ({cause}); {_ADVICE}") from error
    writer.close()


async def _status(address: str) -> int:
    async with grpc.aio.insecure_channel(address, options=_OPTIONS) as channel:
        # The library types the stub's methods for the synchronous channel only.
        health: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=_DEADLINE_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise TimeoutError from None
            raise StartFailure(
                f"what answers at {address} is not a Longtake server without TLS "
                f"({error.code().name})"
            ) from error
    return int(answer.status)
