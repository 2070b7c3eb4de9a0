# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Streams whose token expires: they go on where they were, with a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, Silence, video_service
from longtake.errors import Unauthenticated
from longtake.types import InitialSetComplete, InitialSetRestarted, OperationChanged
from stubs.stubs_messages import (
    NAME,
    VIDEO,
    changed,
    chunk,
    operation,
    seen,
    set_complete,
    sha256,
    succeeded,
)
from stubs.stubs_tokens import EXPIRED, refusal_of, renewable

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller
    from stubs.stubs_tokens import MakeTokens

    MakeCaller = Callable[..., Caller]


@renewable
def test_a_watch_goes_on_after_its_last_revision_with_a_new_token(
    caller: MakeCaller, tokens: MakeTokens, reason: str
) -> None:
    with video_service(
        Call("WatchOperation", seen(operation("RUNNING", 3)), refusal_of(reason)),
        Call("WatchOperation", seen(operation("RUNNING", 5)), refusal_of(reason)),
        Call("WatchOperation", seen(succeeded(7))),
    ) as service:
        states = caller(service.address, token=tokens()).states(NAME)

        assert [state.revision for state in states] == [3, 5, 7]
        assert [one.after_revision for one in service.requests("WatchOperation")] == [0, 3, 5]
        assert service.credentials() == ["Bearer first", "Bearer second", "Bearer third"]


def test_a_wait_goes_on_with_a_new_token(caller: MakeCaller, tokens: MakeTokens) -> None:
    with video_service(
        Call("WatchOperation", EXPIRED), Call("WatchOperation", seen(succeeded()))
    ) as service:
        assert caller(service.address, token=tokens()).result(NAME).generated_videos


def test_a_download_goes_on_at_its_offset_with_a_new_token(
    caller: MakeCaller, tokens: MakeTokens
) -> None:
    with video_service(
        Call(
            "DownloadVideo",
            chunk(VIDEO[:1000], size_bytes=len(VIDEO), sha256=sha256()),
            EXPIRED,
        ),
        Call("DownloadVideo", chunk(VIDEO[1000:])),
    ) as service:
        assert caller(service.address, token=tokens()).read(f"{NAME}/videos/0") == VIDEO

        assert [one.read_offset for one in service.requests("DownloadVideo")] == [0, 1000]
        assert service.credentials() == ["Bearer first", "Bearer second"]


def test_a_watch_of_all_goes_on_after_its_position_with_a_new_token(
    caller: MakeCaller, tokens: MakeTokens
) -> None:
    with video_service(
        Call("WatchOperations", changed(operation()), set_complete("a"), EXPIRED),
        Call(
            "WatchOperations",
            changed(succeeded(), "b"),
            Silence.UNTIL_THE_CALLER_LEAVES,
        ),
    ) as service:
        events = caller(service.address, token=tokens()).events(3)

        assert [type(one) for one in events] == [
            OperationChanged,
            InitialSetComplete,
            OperationChanged,
        ]
        assert [one.after_position for one in service.requests("WatchOperations")] == ["", "a"]


def test_an_initial_set_that_a_refusal_breaks_is_said_to_restart(
    caller: MakeCaller, tokens: MakeTokens
) -> None:
    with video_service(
        Call("WatchOperations", changed(operation()), EXPIRED),
        Call(
            "WatchOperations",
            changed(operation()),
            set_complete("a"),
            Silence.UNTIL_THE_CALLER_LEAVES,
        ),
    ) as service:
        events = caller(service.address, token=tokens()).events(4)

    assert [type(one) for one in events] == [
        OperationChanged,
        InitialSetRestarted,
        OperationChanged,
        InitialSetComplete,
    ]


STREAMS: dict[str, Callable[[Caller], object]] = {
    "WatchOperation": lambda caller: caller.states(NAME),
    "WatchOperations": lambda caller: caller.events(1),
    "DownloadVideo": lambda caller: caller.read(f"{NAME}/videos/0"),
}


@pytest.mark.parametrize("method", STREAMS)
def test_a_stream_gives_up_if_the_new_token_is_refused_too(
    caller: MakeCaller, tokens: MakeTokens, method: str
) -> None:
    token = tokens()
    with video_service(*[Call(method, EXPIRED)] * 2) as service:
        with pytest.raises(Unauthenticated) as caught:
            STREAMS[method](caller(service.address, token=token))

        assert (caught.value.code, caught.value.reason) == (401, "CREDENTIAL_EXPIRED")
        assert token.count == 2


@pytest.mark.parametrize("method", STREAMS)
def test_a_stream_with_a_revoked_key_ends(caller: MakeCaller, method: str) -> None:
    refusal = refusal_of("CREDENTIAL_REVOKED")
    with video_service(Call(method, refusal)) as service, pytest.raises(Unauthenticated):
        STREAMS[method](caller(service.address, api_key="key"))
