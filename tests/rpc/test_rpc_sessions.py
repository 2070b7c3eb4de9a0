# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls that stay open end soon after their credential was revoked or has expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from fakes.clock import FakeClock
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc
from identity.identity_issuer import NOW, ed_key, issuing, rsa_key
from identity.identity_known_keys import KnownKeys
from longtake.v1 import video_service_pb2 as api
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role
from longtake_server.identity.tokens import Tokens
from longtake_server.operations.model import SubmissionAccepted, SubmissionStarted
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from rpc.rpc_server import Server

KEY, OTHER = "ltk_ada", "ltk_ada_2"
ADA = Principal("ada", frozenset({Role.GENERATOR}), key_id="0a1b")
AN_HOUR = Duration(seconds=3600)


@pytest.fixture
def keys() -> KnownKeys:
    return KnownKeys({KEY: ADA, OTHER: replace(ADA, key_id="2c3d")})


@pytest.fixture
async def server(tmp_path: Path, keys: KnownKeys) -> AsyncIterator[Server]:
    async with serving(tmp_path, proofs=Proofs(keys=keys)) as running:
        yield running


def bearing(credential: str) -> Any:
    return {"metadata": (("authorization", f"Bearer {credential}"),)}


async def accepted(server: Server, credential: str = KEY) -> str:
    request = api.GenerateVideosRequest(model="veo-3.1-generate-001", prompt="a dog")
    operation: Any = await server.videos.GenerateVideos(request, **bearing(credential))
    return str(operation.name)


def watch(server: Server, name: str, credential: str = KEY) -> Any:
    request = api.WatchOperationRequest(name=name)
    return server.videos.WatchOperation(request, **bearing(credential))


def watch_all(server: Server, name: str, credential: str = KEY) -> Any:
    return server.videos.WatchOperations(api.WatchOperationsRequest(), **bearing(credential))


def watch_health(server: Server, name: str, credential: str = KEY) -> Any:
    health: Any = health_pb2_grpc.HealthStub(server.channel)
    return health.Watch(
        health_pb2.HealthCheckRequest(service="upstream/scripted"), **bearing(credential)
    )


@pytest.mark.parametrize("open_stream", [watch, watch_all, watch_health])
async def test_a_stream_ends_once_its_key_is_revoked(
    server: Server, keys: KnownKeys, open_stream: Callable[..., Any]
) -> None:
    name = await accepted(server)
    stream, other = open_stream(server, name), open_stream(server, name, OTHER)
    messages, others = aiter(stream), aiter(other)
    await anext(messages)
    await anext(others)
    keys.revoked.add(KEY)
    await server.check_sessions()
    fault = await refused(messages)
    assert (fault.code, fault.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_REVOKED")
    assert fault.metadata == {"key_id": "0a1b"}
    # It cannot start again, and another key of the same principal is not affected.
    assert (await refused(open_stream(server, name))).reason == "CREDENTIAL_REVOKED"
    await server.check_sessions()
    await server.check_sessions()
    assert not other.done()
    other.cancel()


@pytest.mark.parametrize("kind", ["videos", "operations"])
async def test_a_wait_ends_once_its_key_is_revoked(
    server: Server, keys: KnownKeys, kind: str
) -> None:
    name = await accepted(server)
    requests: dict[str, Any] = {
        "videos": api.WaitOperationRequest(name=name, timeout=AN_HOUR),
        "operations": operations_pb2.WaitOperationRequest(name=name, timeout=AN_HOUR),
    }
    waiting = getattr(server, kind).WaitOperation(requests[kind], **bearing(KEY))
    # The check of sessions sleeps, and so does the wait.
    await server.parts.clock.sleeping(2)
    keys.revoked.add(KEY)
    await server.check_sessions()
    assert (await refused(waiting)).reason == "CREDENTIAL_REVOKED"


async def test_a_download_ends_once_its_key_is_revoked(server: Server, keys: KnownKeys) -> None:
    name = await accepted(server)
    await begin(server, name)
    # More than gRPC's windows hold, so that the download stays open.
    await server.succeed(name, b"v" * (32 << 20))
    request = api.DownloadVideoRequest(name=f"{name}/videos/0")
    stream = server.videos.DownloadVideo(request, **bearing(KEY))
    messages = aiter(stream)
    await anext(messages)
    keys.revoked.add(KEY)
    await server.check_sessions()
    assert (await refused(messages)).reason == "CREDENTIAL_REVOKED"


async def begin(server: Server, name: str) -> None:
    await server.parts.ledger.commit(name, SubmissionStarted())
    await server.parts.ledger.commit(name, SubmissionAccepted("up/1"))


async def test_a_stream_resumes_after_its_end_with_another_key(
    server: Server, keys: KnownKeys
) -> None:
    name = await accepted(server)
    messages = aiter(watch(server, name))
    revision = (await anext(messages)).operation.revision
    keys.revoked.add(KEY)
    await server.check_sessions()
    assert (await refused(messages)).reason == "CREDENTIAL_REVOKED"
    await begin(server, name)
    request = api.WatchOperationRequest(name=name, after_revision=revision)
    resumed = server.videos.WatchOperation(request, **bearing(OTHER))
    assert (await anext(aiter(resumed))).operation.revision > revision
    resumed.cancel()


async def test_streams_stay_open_while_the_keys_are_unavailable(
    server: Server, keys: KnownKeys
) -> None:
    name = await accepted(server)
    stream = watch(server, name)
    messages = aiter(stream)
    await anext(messages)
    keys.available = False
    for _ in range(5):
        await server.check_sessions()
    assert not stream.done()
    keys.revoked.add(KEY)
    keys.available = True
    await server.check_sessions()
    assert (await refused(messages)).reason == "CREDENTIAL_REVOKED"


async def test_a_key_that_expires_ends_its_stream_even_while_keys_are_unavailable(
    server: Server, keys: KnownKeys
) -> None:
    keys.principals[KEY] = replace(ADA, expire_time=NOW + timedelta(seconds=5))
    messages = aiter(watch(server, await accepted(server)))
    await anext(messages)
    keys.available = False
    await server.check_sessions()
    await server.check_sessions()
    fault = await refused(messages)
    assert (fault.code, fault.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_EXPIRED")
    assert fault.metadata == {"key_id": "0a1b"}


async def test_a_stream_ends_if_its_principal_loses_a_role(server: Server, keys: KnownKeys) -> None:
    keys.principals[KEY] = replace(ADA, roles=frozenset({Role.GENERATOR, Role.READER}))
    messages = aiter(watch_all(server, ""))
    await anext(messages)
    keys.principals[KEY] = ADA
    await server.check_sessions()
    fault = await refused(messages)
    assert (fault.code, fault.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
    assert fault.metadata == {"roles": "reader"}


async def test_one_check_serves_all_streams_of_a_key(server: Server, keys: KnownKeys) -> None:
    name = await accepted(server)
    streams = [watch(server, name) for _ in range(20)]
    told = [aiter(stream) for stream in streams]
    for messages in told:
        await anext(messages)
    before = keys.checks
    await server.check_sessions()
    assert keys.checks == before + 1
    keys.revoked.add(KEY)
    await server.check_sessions()
    reasons = {(await refused(messages)).reason for messages in told}
    assert reasons == {"CREDENTIAL_REVOKED"}
    # Nothing is kept of streams that have ended.
    after = keys.checks
    await server.check_sessions()
    assert keys.checks == after


async def test_a_stream_ends_when_the_exp_of_its_token_has_passed(tmp_path: Path) -> None:
    key = ed_key()
    clock = FakeClock()
    with issuing() as issuer:
        issuer.publish(key)
        proofs = Proofs(tokens=Tokens([issuer.row()], clock))
        async with serving(tmp_path, proofs=proofs, clock=clock) as server:
            token = issuer.token(key, exp=int(NOW.timestamp()) + 400)
            name = await accepted(server, token)
            stream = watch(server, name, token)
            messages = aiter(stream)
            await anext(messages)
            # After five minutes the signature is verified again.
            clock.advance(301)
            await server.check_sessions()
            assert (await anext(messages)).HasField("heartbeat")
            assert not stream.done()
            clock.advance(99)
            await server.check_sessions()
            fault = await refused(messages)
    assert (fault.code, fault.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_EXPIRED")


async def test_a_stream_ends_when_the_key_that_signed_its_token_is_withdrawn(
    tmp_path: Path,
) -> None:
    key = rsa_key()
    clock = FakeClock()
    with issuing() as issuer:
        issuer.publish(key)
        proofs = Proofs(tokens=Tokens([issuer.row()], clock))
        async with serving(tmp_path, proofs=proofs, clock=clock) as server:
            token = issuer.token(key, exp=int(NOW.timestamp()) + 10_000)
            messages = aiter(watch_all(server, "", token))
            await anext(messages)
            issuer.publish(ed_key())
            clock.advance(3601)
            await server.check_sessions()
            assert (await refused(messages)).reason == "CREDENTIAL_UNKNOWN"
