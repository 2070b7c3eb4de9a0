# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tokens that a function gives: kept for all calls, and renewed when they are refused."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, video_service
from longtake import AsyncClient, Client
from longtake.errors import ClientClosed, ServerError, Unauthenticated
from stubs.stubs_messages import MODEL, NAME, operation
from stubs.stubs_tokens import EXPIRED, AsyncTokens, BlockingTokens, Tokens, refusal_of, renewable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stubs.stubs_callers import Caller
    from stubs.stubs_tokens import MakeTokens

    MakeCaller = Callable[..., Caller]


def test_a_token_is_kept_for_all_calls(tokens: MakeTokens) -> None:
    token = tokens()
    with (
        video_service(*[Call("GetOperation", operation())] * 3) as service,
        Client(service.address, token=token) as client,
    ):
        for _ in range(3):
            client.operations.get(NAME)

        assert service.credentials() == ["Bearer first"] * 3
        assert token.count == 1


@renewable
def test_a_call_whose_token_is_refused_is_repeated_with_a_new_one(
    caller: MakeCaller, tokens: MakeTokens, reason: str
) -> None:
    token = tokens()
    with video_service(
        Call("GenerateVideos", refusal_of(reason)), Call("GenerateVideos", operation())
    ) as service:
        made = caller(service.address, token=token).generate(model=MODEL, prompt="a dog")

        assert made.name == NAME
        assert service.credentials() == ["Bearer first", "Bearer second"]
        first, second = service.requests("GenerateVideos")
        assert first == second


def test_a_call_is_repeated_only_once(caller: MakeCaller, tokens: MakeTokens) -> None:
    token = tokens()
    with video_service(*[Call("GetOperation", EXPIRED)] * 2) as service:
        with pytest.raises(Unauthenticated) as caught:
            caller(service.address, token=token).get(NAME)

        assert caught.value.reason == "CREDENTIAL_EXPIRED"
        assert (len(service.received), token.count) == (2, 2)


@pytest.mark.parametrize(
    "reason",
    ["CREDENTIAL_REVOKED", "CREDENTIAL_MALFORMED", "CREDENTIAL_MISSING", "CREDENTIALS_DIFFER"],
)
def test_a_token_that_no_other_can_mend_raises_at_once(
    caller: MakeCaller, tokens: MakeTokens, reason: str
) -> None:
    token = tokens()
    with video_service(Call("GetOperation", refusal_of(reason))) as service:
        with pytest.raises(Unauthenticated) as caught:
            caller(service.address, token=token).get(NAME)

        assert caught.value.reason == reason
        assert token.count == 1


def test_a_refused_token_is_not_used_by_later_calls(tokens: MakeTokens) -> None:
    token = tokens()
    with (
        video_service(
            Call("GetOperation", refusal_of("CREDENTIAL_REVOKED")),
            Call("GetOperation", operation()),
        ) as service,
        Client(service.address, token=token) as client,
    ):
        with pytest.raises(Unauthenticated):
            client.operations.get(NAME)
        assert client.operations.get(NAME).name == NAME

        assert service.credentials() == ["Bearer first", "Bearer second"]


def test_threads_that_need_a_token_share_one_call_of_the_function() -> None:
    may_return, count = threading.Event(), 0

    def token() -> str:
        nonlocal count
        count += 1
        may_return.wait()
        return "shared"

    with (
        video_service(*[Call("GetOperation", operation())] * 4) as service,
        Client(service.address, token=token) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        calls = [threads.submit(client.operations.get, NAME) for _ in range(4)]
        may_return.set()
        assert [call.result().name for call in calls] == [NAME] * 4

        assert count == 1


async def test_tasks_that_need_a_token_share_one_call_of_the_function() -> None:
    may_return, count = asyncio.Event(), 0

    async def token() -> str:
        nonlocal count
        count += 1
        await may_return.wait()
        return "shared"

    with video_service(*[Call("GetOperation", operation())] * 4) as service:
        async with AsyncClient(service.address, token=token) as client:
            calls = [asyncio.ensure_future(client.operations.get(NAME)) for _ in range(4)]
            leaves = asyncio.ensure_future(client.operations.get(NAME))
            await asyncio.sleep(0)
            leaves.cancel()
            may_return.set()
            assert [one.name for one in await asyncio.gather(*calls)] == [NAME] * 4

    assert leaves.cancelled()
    assert count == 1


def test_an_error_of_the_function_reaches_the_caller(
    caller: MakeCaller, tokens: MakeTokens
) -> None:
    class Failing(Tokens):
        def __call__(self) -> str:
            raise LookupError("no token today")

    class AsyncFailing(Tokens):
        async def __call__(self) -> str:
            raise TimeoutError("no token today")

    failing = Failing() if tokens is BlockingTokens else AsyncFailing()
    with (
        video_service() as service,
        pytest.raises((LookupError, TimeoutError), match=r"^no token today$"),
    ):
        caller(service.address, token=failing).get(NAME)


@pytest.mark.parametrize("value", ["", "hush hush", None, b"hush"])
def test_what_is_no_token_is_refused_and_not_repeated(
    caller: MakeCaller, tokens: MakeTokens, value: Any
) -> None:
    with video_service() as service, pytest.raises(ValueError, match=r"^token: ") as caught:
        caller(service.address, token=tokens(value)).get(NAME)

    assert "hush" not in str(caught.value)


def test_a_function_that_takes_too_long_ends_the_call(caller: MakeCaller) -> None:
    late: Future[str] = Future()

    async def token() -> str:
        return await asyncio.shield(asyncio.wrap_future(late))

    with video_service() as service, pytest.raises(ServerError) as caught:
        caller(service.address, token=token, timeout=0.01).get(NAME)
    late.set_result("too late")

    assert str(caught.value) == "DEADLINE_EXCEEDED: token: there is none after 0.01 seconds"


def test_closing_a_client_ends_the_wait_for_a_token() -> None:
    begun, may_return = threading.Event(), threading.Event()

    def token() -> str:
        begun.set()
        may_return.wait()
        return "late"

    with video_service() as service, ThreadPoolExecutor(1) as threads:
        client = Client(service.address, token=token)
        call = threads.submit(client.operations.get, NAME)
        begun.wait()
        client.close()
        try:
            with pytest.raises(ClientClosed):
                call.result()
        finally:
            may_return.set()


async def test_closing_an_asynchronous_client_ends_the_wait_for_a_token() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def token() -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return "late"

    with video_service() as service:
        client = AsyncClient(service.address, token=token)
        call = asyncio.ensure_future(client.operations.get(NAME))
        await begun.wait()
        await client.close()

        assert ended.is_set()
        with pytest.raises(ClientClosed):
            await call


def test_an_asynchronous_client_takes_its_token_along_to_another_loop() -> None:
    token = AsyncTokens()
    with video_service(*[Call("GetOperation", operation())] * 2) as service:
        client = AsyncClient(service.address, token=token)

        async def get() -> str:
            return (await client.operations.get(NAME)).name

        run: Callable[[Awaitable[str]], str] = asyncio.run  # type: ignore[assignment]  # a coroutine
        assert [run(get()), run(get())] == [NAME, NAME]
        assert token.count == 1
