# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The events of an interaction: in order, resumed after any of them, and never without an end."""

from __future__ import annotations

import asyncio
import base64
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from door.door_serving import http_serving
from google_wire.interactions_calls import (
    ORDER,
    PATH,
    UNKNOWN,
    all_events,
    completed,
    created,
    events_of,
    read_until_broken,
    run,
    types,
    until_watched,
)
from longtake_server.errors import VideoExpired
from longtake_server.identity.authentication import Proofs
from longtake_server.operations.model import Code, Failed, Failure, StoredVideo, Succeeded
from longtake_server.operations.results.download import Download
from rpc.rpc_isolation import ADA, known_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from door.door_serving import HttpDoor

VIDEO = bytes(range(256)) * 5000
END = ["step.start", "step.delta", "step.stop", "interaction.completed"]
ALL = ["interaction.created", *END]


@asynccontextmanager
async def watched(
    door: HttpDoor, interaction: str, last: str | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[AsyncIterator[Any]]:
    """Yield the events of an interaction as they come."""
    parameters = {"stream": "true", **({} if last is None else {"last_event_id": last})}
    path = f"{PATH}/{interaction}"
    async with door.client.stream("GET", path, params=parameters, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        async with aclosing(events_of(response)) as events:
            yield events


async def test_a_created_stream_tells_each_revision_and_then_the_video(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        order = {**ORDER, "stream": True}
        async with (
            door.client.stream("POST", PATH, json=order) as response,
            aclosing(events_of(response)) as events,
        ):
            told = [await anext(events), await anext(events)]
            name = told[1]["metadata"]["operation"]
            await run(door, name)
            while (last := await anext(events))["metadata"]["state"] != "RUNNING":
                assert last["metadata"]["state"] == "SUBMITTING"
            await door.grpc.succeed(name, VIDEO)
            rest = [event async for event in events]

    assert types(told) == ["interaction.created", "interaction.status_update"]
    assert told[0]["interaction"]["status"] == told[1]["status"] == "in_progress"
    assert told[1]["metadata"]["state"] == "QUEUED"
    assert rest.pop() == {}
    assert types(rest) == END
    assert rest[1]["delta"] == {
        "type": "video",
        "mime_type": "video/mp4",
        "data": base64.b64encode(VIDEO).decode(),
    }
    assert rest[-1]["interaction"]["status"] == "completed"
    assert "steps" not in rest[-1]["interaction"]


async def test_a_stream_of_an_ended_interaction_is_whole(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await completed(door, VIDEO)
        first = await all_events(door, made["id"])
        # The first full read stored the digest, which is a revision of its own.
        second = await all_events(door, made["id"])

    assert types(first) == ALL
    assert [event["event_id"] for event in first] == [event["event_id"] for event in second]
    assert len({event["event_id"] for event in first}) == len(first)


async def test_a_stream_resumes_after_any_event_of_the_end(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await completed(door, VIDEO)
        events = await all_events(door, made["id"])
        for count, event in enumerate(events, 1):
            rest = await all_events(door, made["id"], event["event_id"])
            assert rest == events[count:]


async def test_a_stream_resumes_after_any_revision_and_misses_no_end(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        seen: list[dict[str, Any]] = []
        async with watched(door, made["id"]) as events:
            seen += [await anext(events), await anext(events)]
            await run(door, made["metadata"]["operation"])
            seen.append(await anext(events))
        await until_watched(door, 0)
        await door.grpc.succeed(made["metadata"]["operation"], VIDEO)
        rests = [await all_events(door, made["id"], event["event_id"]) for event in seen]

    assert [types(rest) for rest in rests] == [END] * 3


async def test_a_stream_that_resumes_gets_only_what_is_new(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        async with watched(door, made["id"]) as events:
            await anext(events)
            last = await anext(events)
        async with watched(door, made["id"], last["event_id"]) as events:
            coming = asyncio.ensure_future(anext(events))
            await until_watched(door, 1)
            await run(door, made["metadata"]["operation"])
            new = await coming

    assert new["metadata"]["revision"] > last["metadata"]["revision"]


async def test_a_client_that_leaves_its_stream_leaves_the_operation(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        async with watched(door, made["id"]) as events:
            await anext(events)
        await until_watched(door, 0)
        record = await door.grpc.parts.store.get(made["metadata"]["operation"])

    assert (record.done, record.cancel_requested) == (False, False)


async def test_the_stream_of_a_failure_ends_with_its_error(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        name = made["metadata"]["operation"]
        await run(door, name)
        failure = Failure(Code.INTERNAL, "UPSTREAM_FAILED", "it is broken")
        await door.grpc.parts.ledger.commit(name, Failed(failure))
        events = await all_events(door, made["id"])

    assert types(events) == ["interaction.created", "interaction.status_update", "error"]
    assert events[1]["status"] == "failed"
    assert events[2]["error"] == {"code": "internal", "message": "it is broken"}


async def test_the_stream_of_a_cancelled_interaction_ends_with_its_status(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        async with watched(door, made["id"]) as events:
            await anext(events)
            await anext(events)
            await door.client.post(f"{PATH}/{made['id']}/cancel")
            rest = [event async for event in events]

    assert rest.pop() == {}
    assert [event["status"] for event in rest] == ["cancelled"]


async def test_the_stream_of_an_interaction_that_is_deleted_ends_with_an_error(
    tmp_path: Path,
) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        async with watched(door, made["id"]) as events:
            await anext(events)
            await anext(events)
            await door.client.delete(f"{PATH}/{made['id']}")
            rest = [event async for event in events]

    assert rest.pop() == {}
    assert [event["error"]["code"] for event in rest] == ["not_found"]


async def test_the_stream_of_a_video_that_is_gone_ends_with_an_error(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        name = made["metadata"]["operation"]
        await run(door, name)
        await door.grpc.parts.ledger.commit(name, Succeeded((StoredVideo(f"{name}/0"),)))
        events = await all_events(door, made["id"])
        whole = await door.client.get(f"{PATH}/{made['id']}")

    assert types(events) == ["interaction.created", "step.start", "error"]
    assert events[-1]["error"]["code"] == "failed_precondition"
    assert (whole.status_code, whole.json()["error"]["code"]) == (400, "failed_precondition")


async def test_a_stream_whose_video_goes_while_it_is_read_breaks_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield VIDEO
        raise VideoExpired("operations/1/videos/0")

    @asynccontextmanager
    async def download(*_: object) -> AsyncIterator[Download]:
        yield Download(StoredVideo("a"), 2 * len(VIDEO), chunks())

    events: list[dict[str, Any]] = []
    async with http_serving(tmp_path) as door:
        made = await completed(door, VIDEO)
        monkeypatch.setattr(door.grpc.parts.service, "download", download)
        parameters = {"stream": "true"}
        path = f"{PATH}/{made['id']}"
        async with door.client.stream("GET", path, params=parameters) as response:
            with pytest.raises(httpx.RemoteProtocolError):
                await read_until_broken(response, events)

    assert types(events) == ["interaction.created", "step.start"]


async def test_comments_keep_a_stream_open_and_clients_skip_them(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        parameters = {"stream": "true"}
        path = f"{PATH}/{made['id']}"
        async with door.client.stream("GET", path, params=parameters) as response:
            lines = response.aiter_lines()
            while "status_update" not in await anext(lines):
                pass
            await anext(lines)
            await anext(lines)
            await door.grpc.parts.clock.sleeping()
            door.grpc.parts.clock.advance(8.0)
            comment = [await anext(lines), await anext(lines)]

    assert comment == [":", ""]


async def test_a_stream_breaks_off_when_the_server_stops_and_resumes_after_it(
    tmp_path: Path,
) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        async with watched(door, made["id"]) as events:
            await anext(events)
            last = await anext(events)
            door.grpc.parts.watching.drain()
            with pytest.raises(httpx.RemoteProtocolError):
                await anext(events)
    async with http_serving(tmp_path) as door:
        name = made["metadata"]["operation"]
        await run(door, name)
        await door.grpc.succeed(name, VIDEO)
        rest = await all_events(door, made["id"], last["event_id"])

    assert types(rest) == END


async def test_a_revoked_credential_ends_its_stream_at_the_next_event(tmp_path: Path) -> None:
    keys = known_keys()
    headers = {"x-goog-api-key": ADA}
    async with http_serving(tmp_path, proofs=Proofs(keys=keys)) as door:
        made = await created(door, headers)
        async with watched(door, made["id"], headers=headers) as events:
            await anext(events)
            await anext(events)
            keys.revoked.add(ADA)
            await door.grpc.parts.clock.sleeping()
            door.grpc.parts.clock.advance(8.0)
            with pytest.raises(httpx.RemoteProtocolError):
                await anext(events)


async def test_an_event_of_no_such_stream_is_refused(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        own = (await created(door))["id"]
        for last in ("1", "~1", "v1_another~1", own, f"{own}~", f"{own}~-1", f"{own}~end"):
            parameters = {"stream": "true", "last_event_id": last}
            answer = await door.client.get(f"{PATH}/{own}", params=parameters)
            assert answer.status_code == 400
            assert answer.json()["error"]["message"].startswith("last_event_id: ")


async def test_an_event_that_is_ahead_of_the_store_is_refused(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        parameters = {"stream": "true", "last_event_id": f"{made['id']}~999999999999999999"}
        answer = await door.client.get(f"{PATH}/{made['id']}", params=parameters)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "failed_precondition")


async def test_a_stream_over_the_limit_of_watches_is_refused_and_may_be_repeated(
    tmp_path: Path,
) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        door.grpc.parts.watching._max_watches = 0
        parameters = {"stream": "true"}
        answer = await door.client.get(f"{PATH}/{made['id']}", params=parameters)

    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_requests")


async def test_a_created_stream_over_the_limit_of_watches_tells_the_id_and_breaks_off(
    tmp_path: Path,
) -> None:
    """An error would make Google's SDKs send the request again, and start a second generation."""
    async with http_serving(tmp_path) as door:
        door.grpc.parts.watching._max_watches = 0
        events: list[dict[str, Any]] = []
        async with door.client.stream("POST", PATH, json={**ORDER, "stream": True}) as answer:
            with pytest.raises(httpx.RemoteProtocolError):
                await read_until_broken(answer, events)
        found = await door.client.get(f"{PATH}/{events[0]['interaction']['id']}")

    assert types(events) == ["interaction.created"]
    assert found.json()["status"] == "in_progress"


async def test_a_stream_of_an_unknown_interaction_is_refused_before_it_begins(
    tmp_path: Path,
) -> None:
    async with http_serving(tmp_path) as door:
        answer = await door.client.get(f"{PATH}/v1_unknown", params={"stream": "true"})

    assert (answer.status_code, answer.json()) == (400, UNKNOWN)
