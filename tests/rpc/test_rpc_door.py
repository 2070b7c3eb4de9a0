# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The door admits a call by its credential and its role, before it reads the request."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

import grpc
import pytest
from fakes.clock import FakeClock
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from identity.identity_issuer import ed_key, issuing
from identity.identity_known_keys import KnownKeys
from longtake.v1 import video_service_pb2 as api
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role
from longtake_server.identity.tokens import Tokens
from rpc.rpc_server import fault_of, refused, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rpc.rpc_server import Server

ADA, READER, NOBODY = "ltk_ada", "ltk_reader", "ltk_nobody"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
# A field 1 whose length is missing.
UNREADABLE = b"\x0a"


@pytest.fixture
def keys() -> KnownKeys:
    return KnownKeys(
        {
            ADA: Principal("ada", frozenset({Role.GENERATOR}), {"team": "film"}),
            READER: Principal("reader", frozenset({Role.READER})),
            NOBODY: Principal("nobody", frozenset()),
        }
    )


@pytest.fixture
async def server(tmp_path: Path, keys: KnownKeys) -> AsyncIterator[Server]:
    async with serving(tmp_path, proofs=Proofs(keys=keys)) as running:
        yield running


def bearing(key: str) -> Any:
    return {"metadata": (("authorization", f"Bearer {key}"),)}


def reflection(server: Server, **options: Any) -> Any:
    channel: Any = server.channel
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    return stub.ServerReflectionInfo(iter([request]), **options)


async def test_a_call_without_a_credential_is_unauthenticated(server: Server) -> None:
    fault = await refused(server.videos.ListModels(api.ListModelsRequest()))
    assert (fault.code, fault.reason) == (
        grpc.StatusCode.UNAUTHENTICATED,
        "CREDENTIAL_MISSING",
    )


@pytest.mark.parametrize(
    "metadata",
    [
        (("authorization", f"Bearer {ADA}"),),
        (("x-goog-api-key", ADA),),
        (("authorization", f"Bearer {ADA}"), ("x-goog-api-key", ADA)),
    ],
)
async def test_a_key_says_who_calls(server: Server, metadata: Any) -> None:
    caller = await server.videos.GetCaller(api.GetCallerRequest(), metadata=metadata)
    assert caller.principal == "ada"


async def test_two_keys_that_differ_are_told_apart_from_a_wrong_one(server: Server) -> None:
    both = (("authorization", f"Bearer {ADA}"), ("x-goog-api-key", READER))
    fault = await refused(server.videos.GetCaller(api.GetCallerRequest(), metadata=both))
    assert (fault.code, fault.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_DIFFER")
    wrong = await refused(server.videos.GetCaller(api.GetCallerRequest(), **bearing("ltk_wrong")))
    assert (wrong.code, wrong.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_UNKNOWN")


async def test_a_token_says_who_calls(tmp_path: Path) -> None:
    key = ed_key()
    with issuing() as issuer:
        issuer.publish(key)
        proofs = Proofs(tokens=Tokens([issuer.row()], FakeClock()))
        async with serving(tmp_path, proofs=proofs) as server:
            caller = await server.videos.GetCaller(
                api.GetCallerRequest(), **bearing(issuer.token(key))
            )
            assert caller.principal == "test:ada"
            late = issuer.token(key, exp=1)
            fault = await refused(server.videos.GetCaller(api.GetCallerRequest(), **bearing(late)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_EXPIRED")


@pytest.mark.parametrize("method", ["GenerateVideos", "CancelOperation", "DeleteOperation"])
async def test_the_role_is_checked_before_the_request_is_read(server: Server, method: str) -> None:
    call: Any = server.channel.unary_unary(f"/longtake.v1.VideoService/{method}")
    unauthenticated = await refused(call(UNREADABLE))
    assert unauthenticated.reason == "CREDENTIAL_MISSING"
    denied = await refused(call(UNREADABLE, **bearing(READER)))
    assert (denied.code, denied.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
    assert denied.metadata == {"roles": "admin,generator"}
    unread = await refused(call(UNREADABLE, **bearing(ADA)))
    assert unread.code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_principal_without_a_role_may_do_nothing(server: Server) -> None:
    fault = await refused(server.videos.ListModels(api.ListModelsRequest(), **bearing(NOBODY)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
    fault = await refused(reflection(server, **bearing(NOBODY)))
    assert fault.reason == "ROLE_MISSING"


async def test_only_the_health_of_the_whole_server_is_told_to_everyone(server: Server) -> None:
    health: Any = health_pb2_grpc.HealthStub(server.channel)
    assert (await health.Check(health_pb2.HealthCheckRequest())).status == SERVING
    named = health_pb2.HealthCheckRequest(service="upstream/scripted")
    # Its types leave this message out.
    every = cast("Any", health_pb2).HealthListRequest()
    closed = (
        health.Check(named),
        health.List(every),
        health.Watch(named),
        reflection(server),
    )
    assert [(await refused(call)).reason for call in closed] == ["CREDENTIAL_MISSING"] * 4
    assert (await health.Check(named, **bearing(READER))).status == SERVING
    services = (await health.List(every, **bearing(READER))).statuses
    assert {"", "longtake.v1.VideoService", "upstream/scripted"} <= services.keys()
    assert {one.status for one in services.values()} == {SERVING}
    for name in ("", "longtake.v1.VideoService"):
        watch = health.Watch(health_pb2.HealthCheckRequest(service=name))
        assert (await anext(aiter(watch))).status == SERVING
        watch.cancel()
    [answer] = [answer async for answer in reflection(server, **bearing(READER))]
    assert answer.list_services_response.service


async def test_a_service_that_health_does_not_know_is_not_found(server: Server) -> None:
    health: Any = health_pb2_grpc.HealthStub(server.channel)
    unknown = health_pb2.HealthCheckRequest(service="none")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await health.Check(unknown, **bearing(ADA))
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


async def test_the_server_does_not_serve_while_its_keys_are_unavailable(
    server: Server, keys: KnownKeys
) -> None:
    health: Any = health_pb2_grpc.HealthStub(server.channel)
    watch = health.Watch(health_pb2.HealthCheckRequest(), **bearing(ADA))
    told = aiter(watch)
    assert (await anext(told)).status == SERVING
    keys.available = False
    fault = await refused(server.videos.ListModels(api.ListModelsRequest(), **bearing(ADA)))
    assert (fault.code, fault.reason) == (
        grpc.StatusCode.UNAVAILABLE,
        "AUTHENTICATION_UNAVAILABLE",
    )
    await server.check_sessions()
    # The watch itself stays open.
    assert (await anext(told)).status == NOT_SERVING
    assert (await health.Check(health_pb2.HealthCheckRequest())).status == NOT_SERVING
    keys.available = True
    await server.check_sessions()
    assert (await anext(told)).status == SERVING
    assert (await health.Check(health_pb2.HealthCheckRequest())).status == SERVING
    watch.cancel()


async def test_a_method_that_does_not_exist_needs_no_credential(server: Server) -> None:
    call: Any = server.channel.unary_unary("/longtake.v1.VideoService/Rewind")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call(b"")
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_refused_credential_is_nowhere_repeated(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ("ltk_hunter2", "hunter2.hunter2.hunter2", "hunter2")
    for secret in secrets:
        for metadata in (
            (("authorization", f"Bearer {secret}"),),
            (("authorization", secret),),
            (("x-goog-api-key", secret),),
            (("authorization", f"Bearer {secret}"), ("x-goog-api-key", f"{secret}-2")),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await server.videos.GetCaller(api.GetCallerRequest(), metadata=metadata)
            fault = fault_of(raised.value)
            assert fault.code is grpc.StatusCode.UNAUTHENTICATED
            assert "hunter2" not in f"{fault} {raised.value.trailing_metadata()}"
    assert "hunter2" not in caplog.text + str([vars(record) for record in caplog.records])


async def test_many_calls_at_once_are_each_their_own_callers(server: Server) -> None:
    async def caller(key: str) -> str:
        answer: Any = await server.videos.GetCaller(api.GetCallerRequest(), **bearing(key))
        return str(answer.principal)

    asked = [ADA, READER] * 20
    assert await asyncio.gather(*map(caller, asked)) == ["ada", "reader"] * 20
