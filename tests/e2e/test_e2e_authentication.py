# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server process with API keys and tokens, and the commands beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from identity.identity_issuer import ec_key, issuing
from longtake.v1 import video_service_pb2 as api
from processes.running import GUARD_SECONDS, server

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "veo-3.1-generate-001"


def command(data: Path, *words: str) -> str:
    """Run a command of the server on its data, and return what it prints."""
    ended = subprocess.run(
        [sys.executable, "-m", "longtake_server", *words],
        env={**os.environ, "LONGTAKE_DATA_FOLDER": str(data)},
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=True,
    )
    return ended.stdout.strip()


def bearing(credential: str) -> Any:
    return {"metadata": (("authorization", f"Bearer {credential}"),)}


def reason(error: grpc.aio.AioRpcError) -> str:
    call: Any = error
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(call)
    assert status is not None
    status.details[0].Unpack(info)
    return str(info.reason)


async def reason_at_the_end(stream: Any) -> str:
    try:
        async for _ in stream:
            pass
    except grpc.aio.AioRpcError as error:
        return reason(error)
    return ""


async def test_a_key_works_until_it_is_revoked_and_so_does_its_watch(tmp_path: Path) -> None:
    data = tmp_path / "data"
    key = command(data, "keys", "create", "--principal", "ada", "--label", "team=film")
    async with server(tmp_path, authentication="keys", simulator_latency_seconds="600") as longtake:
        stub: Any = await longtake.start()
        request = api.GenerateVideosRequest(model=MODEL, prompt="a dog")
        operation = await stub.GenerateVideos(request, **bearing(key))
        caller = await stub.GetCaller(api.GetCallerRequest(), **bearing(key))
        assert caller.principal == "ada"
        watch = stub.WatchOperation(api.WatchOperationRequest(name=operation.name), **bearing(key))
        await anext(aiter(watch))
        # A probe needs no key.
        command(data, "health", "--address", longtake.address)
        command(data, "keys", "revoke", key.split("_")[1])
        assert await reason_at_the_end(watch) == "CREDENTIAL_REVOKED"
        again = stub.WatchOperation(api.WatchOperationRequest(name=operation.name), **bearing(key))
        assert await reason_at_the_end(again) == "CREDENTIAL_REVOKED"
        assert key not in longtake.log


async def test_tokens_of_the_issuers_in_the_identity_file_are_admitted(tmp_path: Path) -> None:
    signing = ec_key()
    with issuing() as issuer:
        issuer.publish(signing)
        file = tmp_path / "identity.toml"
        file.write_text(
            f'[[issuer]]\nalias = "corp"\nissuer = "{issuer.url}"\naudience = "longtake"\n'
            'roles = ["reader"]\n'
        )
        async with server(tmp_path, authentication="tokens", identity_file=str(file)) as longtake:
            stub: Any = await longtake.start()
            token = issuer.token(signing, datetime.now(UTC))
            caller = await stub.GetCaller(api.GetCallerRequest(), **bearing(token))
            assert caller.principal == "corp:ada"
            late = issuer.token(signing, datetime.now(UTC), exp=1)
            watch = stub.WatchOperations(api.WatchOperationsRequest(), **bearing(late))
            assert await reason_at_the_end(watch) == "CREDENTIAL_EXPIRED"
            assert token not in longtake.log


def test_faults_of_the_identity_file_are_told_before_the_start(tmp_path: Path) -> None:
    file = tmp_path / "identity.toml"
    file.write_text('[[issuer]]\nalias = "A"\n[[certificate]]\nidentity = "*"\n')
    for name in ("check-config", "serve"):
        ended = subprocess.run(
            [sys.executable, "-m", "longtake_server", name],
            env={
                **os.environ,
                "LONGTAKE_DATA_FOLDER": str(tmp_path / "data"),
                "LONGTAKE_LISTEN": "127.0.0.1:0",
                "LONGTAKE_AUTHENTICATION": "tokens,certificates",
                "LONGTAKE_IDENTITY_FILE": str(file),
            },
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert ended.returncode == 1
        lines = ended.stderr.splitlines()
        assert all(line.startswith(f"longtake-server: {file}: ") for line in lines)
        assert [line.split(": ")[2] for line in lines] == [
            "issuer 1, alias",
            "issuer 1, issuer",
            "issuer 1, audience",
            "certificate 1, identity",
            "certificate 1, roles",
        ]
