# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake webhooks listen`, against the real server."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from longtake import AsyncClient
from longtake._webhook_events import WebhookRequest
from longtake._webhook_signing import new_secret, secret_bytes
from longtake.cli.forwarding import Forwarder
from longtake.types import WebhookEvent
from processes.running import GUARD_SECONDS, server
from standardwebhooks import Webhook
from stubs.stubs_messages import MODEL
from stubs.stubs_programs import process
from stubs.stubs_receiver import receiver

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from longtake.cli.forwarding import Attempt
    from stubs.stubs_programs import Program
    from stubs.stubs_receiver import Posted, Receiver

pytestmark = pytest.mark.timeout(GUARD_SECONDS)


def _line(running: subprocess.Popen[str]) -> str:
    assert running.stderr is not None
    return running.stderr.readline().rstrip()


@contextmanager
def _listening(
    address: str, receiving: Receiver, folder: Path, *options: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run it until it forwards, and yield it with the secret that it prints."""
    arguments = ("webhooks", "listen", "--forward-to", receiving.url, *options)
    with process(address, *arguments, folder=folder) as running:
        said, secret = _line(running).rsplit(" ", 1)
        assert said == "longtake: signing secret:"
        assert _line(running) == f"longtake: forwarding to {receiving.url}; Ctrl-C stops it"
        yield running, secret


async def test_it_forwards_signed_events_from_now_on_and_over_a_kill(tmp_path: Path) -> None:
    async with server(tmp_path, simulator_latency_seconds="0") as longtake:
        await longtake.start()
        async with AsyncClient(longtake.address) as client:
            before = await client.models.generate_videos(model=MODEL, prompt="before")
            await before.result()
            with (
                receiver() as receiving,
                _listening(longtake.address, receiving, tmp_path, "--json") as (running, secret),
            ):
                made = await client.models.generate_videos(model=MODEL, prompt="a secret plan")
                await made.result()
                first = await asyncio.to_thread(receiving.next)
                await longtake.process.kill()
                await longtake.start()
                failing = await client.models.generate_videos(
                    model=MODEL, prompt="[sim:fail=INTERNAL]"
                )
                last = await client.operations.wait(failing)
                second = await asyncio.to_thread(receiving.next)
                assert running.stdout is not None
                lines = [json.loads(running.stdout.readline()) for _ in range(2)]
                running.send_signal(signal.SIGINT)
                assert await asyncio.to_thread(running.wait) == 130

    event = _verified(first, secret)
    assert event["type"] == "operation.succeeded"
    operation = event["data"]["operation"]
    assert operation["name"] == made.name
    assert "secret plan" not in first.body.decode()
    assert first.headers["webhook-id"] == f"{made.name.partition('/')[2]}.{operation['revision']}"
    assert first.path == "/hooks?from=longtake"
    assert _verified(second, secret)["data"]["operation"]["name"] == failing.name
    assert [line["http_status"] for line in lines] == [204, 204]
    assert [line["operation"] for line in lines] == [made.name, failing.name]
    assert lines[1]["type"] == ("operation.failed" if last.error else "operation.succeeded")


def _verified(posted: Posted, secret: str) -> dict[str, Any]:
    assert posted.headers["content-type"] == "application/json"
    event: dict[str, Any]
    event = Webhook(secret).verify(posted.body, posted.headers)
    return event


def test_an_event_is_tried_again_with_the_same_id_until_it_arrives() -> None:
    attempts: list[Attempt] = []
    request = WebhookRequest("1.7", WebhookEvent.OPERATION_FAILED, "operations/1", b'{"a":1}')
    secret = new_secret()
    with (
        receiver(500, 302, 200) as receiving,
        Forwarder(
            receiving.url, secret_bytes(secret), attempts.append, _nothing, (0.0, 0.0)
        ) as forwarder,
    ):
        forwarder.send(request)
        posted = [receiving.next() for _ in range(3)]
        forwarder.send(request)
        receiving.next()
    assert {one.headers["webhook-id"] for one in posted} == {"1.7"}
    assert all(Webhook(secret).verify(one.body, one.headers) == {"a": 1} for one in posted)
    # The fourth request arrived after the report on the third.
    told = [(one.number, one.status, one.retry_seconds) for one in attempts[:3]]
    assert told == [(1, 500, 0.0), (2, 302, 0.0), (3, 200, None)]


@pytest.mark.parametrize(("statuses", "count"), [((500, 500), 2), ((410,), 1)])
def test_an_event_is_given_up_after_its_last_attempt_or_when_the_endpoint_is_gone(
    statuses: tuple[int, ...], count: int
) -> None:
    attempts: list[Attempt] = []
    request = WebhookRequest("1.7", WebhookEvent.OPERATION_FAILED, "operations/1", b"{}")
    with (
        receiver(*statuses) as receiving,
        Forwarder(receiving.url, b"x" * 32, attempts.append, _nothing, (0.0,)) as forwarder,
    ):
        forwarder.send(request)
        for _ in range(count):
            receiving.next()
        forwarder.send(request)
        receiving.next()
    assert attempts[count - 1].retry_seconds is None
    assert [one.status for one in attempts[:count]] == list(statuses)


def test_an_address_where_nobody_listens_is_a_failure_with_its_cause() -> None:
    attempts: list[Attempt] = []
    with receiver() as gone:
        url = gone.url
    request = WebhookRequest("1.7", WebhookEvent.OPERATION_FAILED, "operations/1", b"{}")
    ended = asyncio.Event()

    def stop(attempt: Attempt) -> None:
        attempts.append(attempt)
        raise RuntimeError("enough")

    with Forwarder(url, b"x" * 32, stop, ended.set) as forwarder:
        forwarder.send(request)
        forwarder.join()
    assert ended.is_set()
    assert str(forwarder.failure) == "enough"
    assert [(one.status, one.failure) for one in attempts] == [(None, "Connection refused")]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ("--forward-to", "localhost:3000"),
            "--forward-to: it is not an address such as http://localhost:3000/hooks",
        ),
        (
            ("--forward-to", "http://localhost:99999/"),
            "--forward-to: it is not an address such as http://localhost:3000/hooks",
        ),
        (
            ("--forward-to", "http://localhost/", "--secret", "whsec_short"),
            "--secret: it is not whsec_ and base64 of 24 to 64 bytes",
        ),
        (
            ("--forward-to", "http://localhost/", "--event", "budget.threshold"),
            "--event: budget.threshold is of no operation",
        ),
        ((), "Missing option '--forward-to'; see --help"),
    ],
)
def test_a_wrong_option_of_listen_is_named(
    longtake: Program, options: tuple[str, ...], line: str
) -> None:
    outcome = longtake.run("webhooks", "listen", *options)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"longtake: {line}\n")


def _nothing() -> None:
    raise AssertionError("no report failed")
