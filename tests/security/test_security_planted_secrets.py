# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Secrets are planted in settings, keys, calls and pushes, and none comes out of the server."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from identity.identity_keys import added, keys_in_new_database
from longtake.v1 import video_service_pb2 as api
from longtake_server.identity.api_key import parse
from processes.running import GUARD_SECONDS, server, simulator
from security.security_collector import Collected, collecting
from security.security_secrets import Planted

if TYPE_CHECKING:
    from pathlib import Path

    from processes.running import Server

    Metadata = list[tuple[str, str | bytes]]

pytestmark = pytest.mark.timeout(2 * GUARD_SECONDS)

LEAST_SECRETS = 50
MODEL = "veo-3.1-lite-generate-001"
# A request is stored until its operation is deleted: the server submits it after a restart.
STORED = ("prompt ",)
# An error may repeat a name, a model or a filter to the caller who sent it. Nobody else sees it.
ECHOED = ("own text ",)
WRONG_SETTINGS = (
    "listen", "trust_caller_header", "google_project", "google_location", "google_base_url",
    "google_storage_url", "gemini_base_url", "media_url", "retention_days", "log_level",
    "otlp_endpoint", "push_jwks_url", "push_webhook_secret", "retain_results",
)  # fmt: skip
PATHS = {"google_base_url", "google_storage_url", "gemini_base_url", "otlp_endpoint"}


def settings_with(planted: Planted) -> dict[str, str]:
    """Return settings and variables with secrets in their right places."""
    password = planted.plant("password in a proxy's address")
    return {
        "LONGTAKE_GOOGLE_ACCESS_TOKEN": planted.plant("setting google_access_token", "token"),
        "LONGTAKE_GEMINI_API_KEY": planted.plant("setting gemini_api_key", "google"),
        "LONGTAKE_PUSH_WEBHOOK_SECRET": planted.plant("setting push_webhook_secret", "webhook"),
        "LONGTAKE_PUSH_LISTEN": "127.0.0.1:0",
        "LONGTAKE_PUSH_PUBSUB_AUDIENCE": "longtake",
        "LONGTAKE_PUSH_PUBSUB_EMAIL": "push@example.org",
        "HTTPS_PROXY": f"http://user:{password}@127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={planted.plant('header of the collector')}",
    }


def metadata_with(planted: Planted, call: str) -> Metadata:
    """Return metadata with a secret in each key that may hold one."""
    return [
        ("authorization", planted.plant(f"metadata authorization of {call}", "ours")),
        ("x-goog-api-key", planted.plant(f"metadata x-goog-api-key of {call}", "google")),
        *other_metadata(planted, call),
    ]


def other_metadata(planted: Planted, call: str) -> Metadata:
    """Return metadata with a secret in each key that holds no credential of the server."""
    keys = ("proxy-authorization", "cookie", "baggage", "traceparent", "tracestate")
    metadata: Metadata = [(key, planted.plant(f"metadata {key} of {call}")) for key in keys]
    metadata.append(("secret-bin", planted.plant(f"metadata secret-bin of {call}").encode()))
    return metadata


async def outcome(call: Any) -> str:
    """Return everything that a caller learns from a call that fails, or nothing."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return f"{error.details()} {error.trailing_metadata()!r} {error.debug_error_string()}"
    return ""


async def keys_with(planted: Planted, database: Path) -> dict[str, Metadata]:
    """Return the metadata of a call with each of three keys: valid, revoked and expired."""
    past = datetime.now(UTC) - timedelta(days=1)
    [valid] = await keys_in_new_database(database, "ann")
    texts = {
        "valid": valid,
        "revoked": added(database, revoke_time=past).text,
        "expired": added(database, expire_time=past).text,
    }
    for state, text in texts.items():
        planted.keep(f"{state} key", text)
        planted.keep(f"{state} key's secret", parse(text).secret)
    return {state: [("authorization", f"Bearer {text}")] for state, text in texts.items()}


async def generate(longtake: Server, planted: Planted, key: Metadata) -> None:
    """Generate videos with confidential prompts: one succeeds, one fails, one is filtered."""
    stub = longtake.connect()
    for end in ("", "[sim:fail]", "[sim:filter]", "[sim:internal times=1]"):
        prompt = planted.plant(f"prompt {end or 'of a success'}", "prompt")
        request = api.GenerateVideosRequest(model=MODEL, prompt=f"{prompt} {end}")
        name = (await stub.GenerateVideos(request, metadata=key)).name
        async for news in stub.WatchOperation(api.WatchOperationRequest(name=name), metadata=key):
            done = news.operation.done
        assert done


async def knock(longtake: Server, planted: Planted, keys: dict[str, Metadata]) -> list[str]:
    """Make calls that are refused for their credentials, and return what their callers learn."""
    stub = longtake.connect()
    unread = api.GenerateVideosRequest(model=MODEL, prompt=planted.plant("prompt that is unread"))
    request = api.ListModelsRequest()
    calls = [
        stub.GenerateVideos(unread, metadata=metadata_with(planted, "GenerateVideos")),
        stub.DownloadVideo(
            api.DownloadVideoRequest(), metadata=metadata_with(planted, "DownloadVideo")
        ).read(),
        *(
            stub.ListModels(
                request, metadata=[(name, planted.plant(f"{kind} alone in {name}", kind))]
            )
            for name in ("authorization", "x-goog-api-key")
            for kind in ("ours", "jwt", "token", "password")
        ),
        *(stub.ListModels(request, metadata=keys[state]) for state in ("revoked", "expired")),
    ]
    return [await outcome(call) for call in calls]


async def fail(longtake: Server, planted: Planted, key: Metadata) -> list[str]:
    """Make calls whose requests are refused, and return what their callers learn."""
    stub = longtake.connect()
    secret = planted.plant
    prompt = secret("prompt of an invalid request", "prompt")
    wrong = api.GenerateVideosRequest(model=MODEL, prompt=prompt)
    wrong.config.negative_prompt = secret("prompt that is negative", "prompt") + "x" * 100_000
    wrong.config.output_gcs_uri = f"https://{secret('uri of the output')}@example.org/"
    wrong.image.file_data.file_uri = f"https://example.org/a.png?sig={secret('uri of an image')}"
    wrong.request_id = secret("request_id", "ours")
    calls = [
        stub.GenerateVideos(wrong, metadata=key),
        stub.GetOperation(
            api.GetOperationRequest(name=f"operations/{secret('own text name', 'ours')}"),
            metadata=[*key, *other_metadata(planted, "GetOperation")],
        ),
        stub.ListOperations(
            api.ListOperationsRequest(page_token=secret("page_token", "jwt")), metadata=key
        ),
        stub.ListOperations(
            api.ListOperationsRequest(filter=secret("own text filter")), metadata=key
        ),
        stub.GetModel(api.GetModelRequest(name=f"models/{secret('own text model')}"), metadata=key),
        stub.WatchOperations(
            api.WatchOperationsRequest(after_position=secret("after_position", "ours")),
            metadata=key,
        ).read(),
        stub.DownloadVideo(
            api.DownloadVideoRequest(name=secret("name of a video")), metadata=key
        ).read(),
    ]
    return [await outcome(call) for call in calls]


async def push(address: str, planted: Planted) -> list[str]:
    """Send pushes that are refused, and return the answers."""
    signature, token = planted.plant("signature of a push", "jwt"), planted.plant("token", "jwt")
    body = planted.plant("body of a push")
    async with httpx.AsyncClient(base_url=f"http://{address}") as http:
        answers = [
            await http.post(
                f"/push/webhooks?key={planted.plant('query of a push')}",
                content=body,
                headers={
                    "webhook-id": planted.plant("id of a push"),
                    "webhook-timestamp": "1",
                    "webhook-signature": signature,
                },
            ),
            await http.post(
                "/push/pubsub", content=body, headers={"authorization": f"Bearer {token}"}
            ),
        ]
    assert {answer.status_code for answer in answers} <= {400, 401, 503}
    return [f"{answer.headers} {answer.text}" for answer in answers]


async def scrape(address: str) -> str:
    """Return the metrics for Prometheus."""
    async with httpx.AsyncClient(base_url=f"http://{address}") as http:
        return (await http.get("/metrics")).text


def address_in(log: str, said: str) -> str:
    """Return the address in the line of the log that says this."""
    [line] = [line for line in log.splitlines() if said in line]
    after = line.replace('"', "").replace(": ", "=").partition("address=")[2]
    return after.strip(" }").split(",")[0]


@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_of_fifty_planted_secrets_none_comes_out_anywhere(
    tmp_path: Path, log_format: str
) -> None:
    planted = Planted()
    environment = settings_with(planted)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            if not name.startswith("LONGTAKE"):
                patched.setenv(name, value)
        keys = await keys_with(planted, tmp_path / "data" / "longtake.db")
        chosen = {
            name.removeprefix("LONGTAKE_").lower(): value
            for name, value in environment.items()
            if name.startswith("LONGTAKE")
        }
        async with (
            collecting() as collected,
            simulator(tmp_path) as upstream,
            server(
                tmp_path,
                upstream,
                **chosen,
                otlp_endpoint=collected.address,
                authentication="keys",
                ops_listen="127.0.0.1:0",
                metric_principals="10",
                log_level="debug",
                log_format=log_format,
            ) as longtake,
        ):
            await longtake.start()
            await generate(longtake, planted, keys["valid"])
            told = await knock(longtake, planted, keys)
            told += await fail(longtake, planted, keys["valid"])
            told += await push(address_in(longtake.log, "receiving pushes"), planted)
            scraped = await scrape(address_in(longtake.log, "serving probes and metrics"))
            assert await longtake.process.terminate() == 0
            log = longtake.log

    assert len(planted.places) >= LEAST_SECRETS
    assert_nothing_found(planted, log, told, collected)
    assert "longtake_operations_finished_total" in scraped
    assert planted.found_in(scraped) == []
    files = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert files
    assert {file.name: planted.found_in(file.read_bytes(), but_not=STORED) for file in files} == {
        file.name: [] for file in files
    }


def assert_nothing_found(planted: Planted, log: str, told: list[str], collected: Collected) -> None:
    assert "call" in log
    assert planted.found_in(log) == []
    assert all(told)
    assert [planted.found_in(one, but_not=ECHOED) for one in told] == [[] for _ in told]
    assert collected.spans
    assert collected.metrics
    assert planted.found_in(collected.spans) == []
    assert planted.found_in(collected.metrics) == []


@pytest.mark.parametrize("source", ["variables", "file"])
def test_no_secret_in_a_wrong_place_of_the_settings_is_repeated(
    tmp_path: Path, source: str
) -> None:
    planted = Planted()
    values = {name: planted.plant(f"setting {name}", "ours") for name in WRONG_SETTINGS}
    values |= {
        name: f"ftp://user:{value}@example.org" for name, value in values.items() if name in PATHS
    }
    values["no_such_setting"] = planted.plant("a setting that does not exist")
    environment = {name: value for name, value in os.environ.items() if "LONGTAKE" not in name}
    command = [sys.executable, "-m", "longtake_server", "check-config"]
    if source == "file":
        file = tmp_path / "longtake.toml"
        file.write_text("".join(f'{name} = "{value}"\n' for name, value in values.items()))
        command += ["--config", str(file)]
    else:
        environment |= {f"LONGTAKE_{name.upper()}": value for name, value in values.items()}

    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) >= len(WRONG_SETTINGS)
    assert planted.found_in(ended.stdout + ended.stderr) == []
