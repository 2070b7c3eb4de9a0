# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake get`, `list`, `cancel`, `delete`, `download` and `models`."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from google.protobuf.empty_pb2 import Empty
from google.rpc.status_pb2 import Status
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from longtake.v1 import model_pb2
from longtake.v1 import video_service_pb2 as api
from stubs.stubs_messages import (
    MODEL,
    NAME,
    VIDEO,
    failed,
    operation,
    succeeded,
    whole_video,
)

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from stubs.stubs_programs import Program

CREATED = datetime(2026, 11, 24, 12, tzinfo=UTC)
REFUSED = Status(code=14, message="no connection")


def _dated(message: GenerateVideosOperation) -> GenerateVideosOperation:
    message.metadata.create_time.FromDatetime(CREATED)
    message.metadata.estimated_cost.CopyFrom(Money(currency_code="USD", nanos=800_000_000))
    message.metadata.labels["team"] = "ads"
    return message


def _model() -> model_pb2.Model:
    price = Money(currency_code="USD", nanos=150_000_000)
    return model_pb2.Model(
        name=f"models/{MODEL}",
        model_id=MODEL,
        stage=model_pb2.Model.DEPRECATED,
        retirement_date=Date(year=2027, month=1, day=31),
        durations_seconds=[4, 8],
        resolutions=["720p", "1080p"],
        aspect_ratios=["16:9"],
        max_videos=4,
        prices=[model_pb2.Model.Price(resolution="720p", audio=True, price_per_second=price)],
    )


def test_get_shows_what_is_known(longtake: Program) -> None:
    with video_service(Call("GetOperation", _dated(succeeded(videos=2)))) as service:
        outcome = longtake.run("get", "0193", "--address", service.address)

        assert service.requests("GetOperation")[0].name == NAME
    assert outcome.out.splitlines() == [
        f"name:     {NAME}",
        "state:    SUCCEEDED",
        f"model:    {MODEL}",
        "labels:   team=ads",
        "created:  2026-11-24 12:00:00Z",
        "cost:     0.80 USD",
        f"video:    {NAME}/videos/0",
        f"video:    {NAME}/videos/1",
    ]
    assert (outcome.code, outcome.err) == (0, "")


def test_get_as_json_is_one_document_with_the_names_of_the_client(longtake: Program) -> None:
    with video_service(Call("GetOperation", _dated(failed()))) as service:
        outcome = longtake.run("get", NAME, "--json", "--address", service.address)

    told = json.loads(outcome.out)
    assert set(told) == {"name", "done", "error", "response", "metadata", "revision"}
    assert told["error"]["reason"] == "UPSTREAM_FAILED"
    assert told["error"]["violations"] == []
    assert told["response"] is None
    assert told["metadata"]["create_time"] == "2026-11-24T12:00:00Z"
    assert told["metadata"]["estimated_cost"]["amount"] == "0.800000000"
    assert told["metadata"]["labels"] == {"team": "ads"}
    assert outcome.code == 0


def test_list_is_a_table(longtake: Program) -> None:
    started = _dated(operation("RUNNING", 3, 40))
    started.metadata.prompt_excerpt = "A dog\nruns \x1b[31mfar"
    page = api.ListOperationsResponse(operations=[started, failed()])
    with video_service(Call("ListOperations", page)) as service:
        outcome = longtake.run("list", "--filter", "done = false", "--address", service.address)

        assert service.requests("ListOperations")[0].filter == "done = false"
    assert [re.split("  +", line) for line in outcome.out.splitlines()] == [
        ["NAME", "STATE", "MODEL", "CREATED", "COST", "LABELS", "PROMPT"],
        [
            *(NAME, "RUNNING 40%", MODEL, "2026-11-24 12:00:00Z", "0.80 USD", "team=ads"),
            "A dog runs [31mfar",
        ],
        [NAME, "FAILED", MODEL, "-", "-", "-", "-"],
    ]


def test_get_says_how_often_the_upstream_was_tried_and_when_it_is_tried_next(
    longtake: Program,
) -> None:
    refused = operation("QUEUED", 3)
    refused.metadata.attempts = 2
    refused.metadata.next_retry_time.FromDatetime(CREATED)
    refused.metadata.last_error.CopyFrom(REFUSED)
    with video_service(Call("GetOperation", refused)) as service:
        outcome = longtake.run("get", NAME, "--address", service.address)

    assert "2 attempts so far; next try at 2026-11-24 12:00:00Z\n" in outcome.out
    assert "waits because:  UNAVAILABLE: no connection\n" in outcome.out


def test_watch_says_why_a_generation_waits(longtake: Program) -> None:
    refused = operation("QUEUED", 3)
    refused.metadata.attempts = 1
    refused.metadata.next_retry_time.FromDatetime(CREATED)
    refused.metadata.last_error.CopyFrom(REFUSED)
    states = [api.WatchOperationResponse(operation=one) for one in (refused, succeeded())]
    with video_service(Call("GetOperation", refused), Call("WatchOperation", *states)) as service:
        outcome = longtake.run("watch", NAME, "--address", service.address)

    assert "next try at 2026-11-24 12:00:00Z; UNAVAILABLE: no connection)" in outcome.out


def test_list_says_when_there_are_more(longtake: Program) -> None:
    pages = [
        api.ListOperationsResponse(operations=[operation()], next_page_token=following)
        for following in ("second", "third")
    ]
    with video_service(*[Call("ListOperations", page) for page in pages]) as service:
        outcome = longtake.run("list", "--limit", "1", "--json", "--address", service.address)

        assert [one.page_token for one in service.requests("ListOperations")] == ["", "second"]
    assert len(json.loads(outcome.out)) == 1
    assert outcome.err == "longtake: there are more than 1; see --limit and --filter\n"
    assert outcome.code == 0


def test_cancel_shows_the_operation(longtake: Program) -> None:
    script = [Call("CancelOperation", failed("CANCELLED"))] * 2
    with video_service(*script) as service:
        text = longtake.run("cancel", NAME, "--address", service.address)
        document = longtake.run("cancel", NAME, "--json", "--address", service.address)

    assert "state:  CANCELLED" in text.out
    assert json.loads(document.out)["metadata"]["state"] == "CANCELLED"
    assert (text.code, document.code) == (0, 0)


def test_delete_says_what_it_deleted(longtake: Program) -> None:
    with video_service(*[Call("DeleteOperation", Empty())] * 2) as service:
        text = longtake.run("delete", NAME, "--address", service.address)
        document = longtake.run("delete", NAME, "--json", "--address", service.address)

    assert text.out == f"deleted {NAME}\n"
    assert json.loads(document.out) == {"deleted": NAME}


def test_models_are_a_table(longtake: Program) -> None:
    with video_service(Call("ListModels", api.ListModelsResponse(models=[_model()]))) as service:
        outcome = longtake.run("models", "--address", service.address)

    assert outcome.out.splitlines()[1].split() == [
        MODEL, "DEPRECATED", "4,8", "720p,1080p", "16:9", "4", "2027-01-31",
    ]  # fmt: skip


def test_models_as_json_tell_the_prices(longtake: Program) -> None:
    with video_service(Call("ListModels", api.ListModelsResponse(models=[_model()]))) as service:
        outcome = longtake.run("models", "--json", "--address", service.address)

    (model,) = json.loads(outcome.out)
    assert model["retirement_date"] == "2027-01-31"
    assert model["prices"] == [
        {
            "resolution": "720p",
            "audio": True,
            "price_per_second": {"currency_code": "USD", "amount": "0.150000000"},
        }
    ]


def test_download_saves_all_videos_of_an_operation(longtake: Program, tmp_path: Path) -> None:
    with video_service(
        Call("GetOperation", succeeded(videos=2)), *[Call("DownloadVideo", whole_video())] * 2
    ) as service:
        outcome = longtake.run("download", NAME, "-o", "dog.mp4", "--address", service.address)

    assert (outcome.code, outcome.out) == (0, "dog-0.mp4\ndog-1.mp4\n")
    assert (tmp_path / "dog-1.mp4").read_bytes() == VIDEO


def test_download_saves_one_video_of_several(longtake: Program, tmp_path: Path) -> None:
    with video_service(
        Call("GetOperation", succeeded(videos=2, withheld=1)), Call("DownloadVideo", whole_video())
    ) as service:
        outcome = longtake.run(
            "download", f"{NAME}/videos/1", "-o", "dog.mp4", "--json", "--address", service.address
        )

        assert service.requests("DownloadVideo")[0].name == f"{NAME}/videos/1"
    assert json.loads(outcome.out) == [{"name": f"{NAME}/videos/1", "path": "dog.mp4"}]
    assert outcome.code == 0


def test_download_tells_of_videos_that_were_withheld(longtake: Program) -> None:
    with video_service(
        Call("GetOperation", succeeded(withheld=1)), Call("DownloadVideo", whole_video())
    ) as service:
        outcome = longtake.run("download", NAME, "--address", service.address)

    assert (outcome.code, outcome.out) == (4, "0193.mp4\n")
    assert "1 of 2 videos were withheld" in outcome.err


@pytest.mark.parametrize(
    ("state", "name", "code", "message"),
    [
        (operation("RUNNING", 3, 40), NAME, 2, f"{NAME} is RUNNING 40% and has no video yet"),
        (failed(), NAME, 3, f"{NAME}: INTERNAL: The upstream failed."),
        (
            succeeded(),
            f"{NAME}/videos/1",
            2,
            f"{NAME}/videos/1: there is no such video",
        ),
    ],
    ids=["not ended", "failed", "no such video"],
)
def test_download_says_why_there_is_nothing_to_save(
    longtake: Program, state: GenerateVideosOperation, name: str, code: int, message: str
) -> None:
    with video_service(Call("GetOperation", state)) as service:
        outcome = longtake.run("download", name, "--address", service.address)

    assert outcome.err.startswith(f"longtake: {message}")
    assert (outcome.code, outcome.out) == (code, "")
