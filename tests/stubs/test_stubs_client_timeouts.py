# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Timeouts of the Python client: numbers of any library and timedeltas, checked by name."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fakes.video_service import Call, video_service
from longtake import AsyncClient, Client
from longtake._durations import call_timeout, queue_timeout, wait_timeout
from stubs.stubs_messages import MODEL, NAME, operation, seen, succeeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]


class OnlyIndex:
    """As a whole number of some library."""

    def __index__(self) -> int:
        return 3


ACCEPTED = [
    3,
    3.0,
    timedelta(seconds=3),
    np.int64(3),
    np.uint8(3),
    np.float32(3),
    np.array(3.0),
    Decimal(3),
    Fraction(3),
    OnlyIndex(),
]
REFUSED = [
    -1,
    float("nan"),
    float("inf"),
    10**400,
    timedelta(seconds=-1),
    "30",
    b"30",
    bytearray(b"30"),
    True,
    np.True_,
    np.timedelta64(3, "s"),
    np.datetime64("2026-01-01"),
    np.array([3.0]),
    np.float64("nan"),
    Decimal("NaN"),
    Decimal("sNaN"),
    3j,
    [3],
    object(),
]


def _spelt(value: object) -> str:
    return f"{type(value).__name__}-{str(value)[:12]}" if type(value) is not object else "object"


@pytest.mark.parametrize("value", ACCEPTED, ids=_spelt)
def test_any_number_of_seconds_and_a_timedelta_is_accepted(value: Any) -> None:
    assert {check(value) for check in (wait_timeout, call_timeout, queue_timeout)} == {3.0}


@pytest.mark.parametrize("value", REFUSED, ids=_spelt)
@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_a_wrong_timeout_of_a_client_is_named(make: type[Client | AsyncClient], value: Any) -> None:
    with pytest.raises(ValueError, match=r"^timeout: .* number of seconds or a timedelta, more"):
        make("localhost:1", timeout=value)


@pytest.mark.parametrize("value", [0, None], ids=repr)
def test_a_client_needs_a_deadline(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^timeout: "):
        Client("localhost:1", timeout=value)


@pytest.mark.parametrize("value", REFUSED, ids=_spelt)
def test_a_wrong_timeout_of_a_wait_is_named_before_anything_is_sent(
    caller: MakeCaller, value: Any
) -> None:
    with (
        video_service() as service,
        pytest.raises(ValueError, match=r"^timeout: .*, 0 or more; No"),
    ):
        caller(service.address).result(NAME, timeout=value)


@pytest.mark.parametrize("value", [*REFUSED, timedelta.max], ids=_spelt)
def test_a_wrong_queue_timeout_is_named(caller: MakeCaller, value: Any) -> None:
    with video_service() as service, pytest.raises(ValueError, match=r"^queue_timeout: "):
        caller(service.address).generate(model=MODEL, prompt="a dog", queue_timeout=value)


def test_a_queue_timeout_may_be_a_timedelta(caller: MakeCaller) -> None:
    with video_service(Call("GenerateVideos", operation())) as service:
        caller(service.address).generate(
            model=MODEL, prompt="a dog", queue_timeout=timedelta(milliseconds=1500)
        )

        assert service.requests("GenerateVideos")[0].queue_timeout.ToMilliseconds() == 1500


def test_what_is_wrong_is_not_repeated() -> None:
    with pytest.raises(ValueError, match=r"^timeout: str is not accepted; give a number") as caught:
        wait_timeout("a dog on a beach")  # type: ignore[arg-type]  # what a caller may do

    assert "dog" not in str(caught.value)


def test_a_wait_takes_a_timedelta(caller: MakeCaller) -> None:
    with video_service(Call("WatchOperation", seen(succeeded()))) as service:
        assert caller(service.address).result(NAME, timeout=timedelta(hours=1)).generated_videos


def test_a_wait_that_is_over_says_how_long_it_was(caller: MakeCaller) -> None:
    with (
        video_service() as service,
        pytest.raises(TimeoutError, match="has not ended within 0 seconds"),
    ):
        caller(service.address).result(NAME, timeout=timedelta(0))


@pytest.mark.parametrize("value", [timedelta(hours=1), np.float32(60), timedelta.max])
def test_a_deadline_of_calls_may_be_a_timedelta_too(value: Any) -> None:
    with (
        video_service(Call("GetOperation", operation())) as service,
        Client(service.address, timeout=value) as client,
    ):
        assert client.operations.get(NAME).revision == 1


async def test_a_deadline_of_asynchronous_calls_may_be_a_timedelta_too() -> None:
    with video_service(Call("GetOperation", operation())) as service:
        async with AsyncClient(service.address, timeout=timedelta.max) as client:
            assert (await client.operations.get(NAME)).revision == 1


def test_an_operation_passes_its_timeout_on() -> None:
    with (
        video_service(
            Call("GetOperation", operation()), Call("WatchOperation", seen(succeeded()))
        ) as service,
        Client(service.address) as client,
    ):
        assert client.operations.get(NAME).result(timedelta(hours=1)).generated_videos
