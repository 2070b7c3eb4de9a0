# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Addresses of videos, as the Python client and the command line have them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, video_service
from longtake import types
from longtake.types.stored_video import StoredVideoFacts
from longtake.v1 import video_service_pb2 as api
from stubs.stubs_messages import NAME, succeeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller
    from stubs.stubs_programs import Program

    MakeCaller = Callable[..., Caller]

VIDEO = f"{NAME}/videos/0"
URL = "https://videos.example/v1/signed/operations/x/videos/0.mp4?signature=s"
EXPIRES = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
CREATED = api.CreateVideoUrlResponse(url=URL)
CREATED.expire_time.FromDatetime(EXPIRES)
Disposition = api.CreateVideoUrlRequest


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, (0, Disposition.INLINE)),
        ({"lifetime": 90.9}, (90, Disposition.INLINE)),
        ({"lifetime": timedelta(days=7)}, (604_800, Disposition.INLINE)),
        ({"disposition": "attachment"}, (0, Disposition.ATTACHMENT)),
        ({"disposition": types.Disposition.ATTACHMENT}, (0, Disposition.ATTACHMENT)),
    ],
)
def test_an_address_is_created_as_asked(
    caller: MakeCaller, arguments: dict[str, Any], expected: tuple[int, int]
) -> None:
    with video_service(Call("CreateVideoUrl", CREATED)) as service:
        created = caller(service.address).video_url(VIDEO, **arguments)
        [request] = service.requests("CreateVideoUrl")
    assert created == types.VideoUrl(url=URL, expire_time=EXPIRES)
    assert request.name == VIDEO
    assert (request.lifetime.seconds, request.disposition) == expected
    assert request.HasField("lifetime") is ("lifetime" in arguments)


def test_a_video_stands_for_its_name(caller: MakeCaller) -> None:
    facts = StoredVideoFacts(name=VIDEO)
    for video in (types.StoredVideo(facts, None), types.AsyncStoredVideo(facts, None)):  # type: ignore[arg-type]  # no bytes are fetched
        with video_service(Call("CreateVideoUrl", CREATED)) as service:
            caller(service.address).video_url(video)
            assert service.requests("CreateVideoUrl")[0].name == VIDEO


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"lifetime": 0.5}, "lifetime"),
        ({"lifetime": "90"}, "lifetime"),
        ({"lifetime": float("nan")}, "lifetime"),
        ({"disposition": "save"}, "disposition"),
        ({"video": ""}, "name"),
        ({"video": 7}, "name"),
    ],
)
def test_a_wrong_argument_is_named_before_any_call(
    caller: MakeCaller, arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=f"^{named}: "):
        caller("localhost:1").video_url(**{"video": VIDEO, **arguments})


def test_an_address_is_not_in_a_repr() -> None:
    assert "signature" not in repr(types.VideoUrl(url=URL, expire_time=EXPIRES))


def test_url_prints_the_addresses_of_all_videos(longtake: Program) -> None:
    script = Call("GetOperation", succeeded(videos=2)), *[Call("CreateVideoUrl", CREATED)] * 2
    with video_service(*script) as service:
        outcome = longtake.run("url", NAME, "--address", service.address)
        names = [request.name for request in service.requests("CreateVideoUrl")]
    assert (outcome.code, outcome.out) == (0, f"{URL}\n{URL}\n")
    assert names == [f"{NAME}/videos/0", f"{NAME}/videos/1"]


def test_url_of_one_video_as_json(longtake: Program) -> None:
    script = Call("GetOperation", succeeded()), Call("CreateVideoUrl", CREATED)
    with video_service(*script) as service:
        outcome = longtake.run(
            *("url", VIDEO, "--lifetime", "60", "--attachment", "--json"),
            *("--address", service.address),
        )
        [request] = service.requests("CreateVideoUrl")
    assert json.loads(outcome.out) == [
        {"name": VIDEO, "url": URL, "expire_time": "2026-05-06T07:08:09Z"}
    ]
    assert (request.lifetime.seconds, request.disposition) == (60, Disposition.ATTACHMENT)
