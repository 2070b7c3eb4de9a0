# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`check-config --probe` reports which upstream, store or collector cannot be used, and why."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import rsa
from fakes.scripted_http import Reply, error_reply, json_reply, scripted_http
from jwt.algorithms import RSAAlgorithm
from processes.running import GUARD_SECONDS, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from processes.running import Simulator

pytestmark = [pytest.mark.timeout(GUARD_SECONDS), pytest.mark.asyncio(loop_scope="module")]

VEO = "agent_platform (us-central1)"
OMNI = "interactions (global)"
DEVELOPER = "interactions (Gemini Developer API)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def google(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path_factory.mktemp("google")) as running:
        yield running


@dataclass(frozen=True)
class Probed:
    """The result of the command.

    Attributes:
        code: The exit code.
        lines: The outcome of each check, keyed by its subject.
        text: Standard output and standard error.
        errors: Standard error.
    """

    code: int | None
    lines: dict[str, str]
    text: str
    errors: str


async def probe(folder: Path, **settings: str) -> Probed:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LONGTAKE_")}
    # No credentials of this machine are used.
    kept |= {"CLOUDSDK_CONFIG": str(folder / "none"), "NO_GCE_CHECK": "true"}
    kept.pop("GOOGLE_APPLICATION_CREDENTIALS", None)
    given = {f"LONGTAKE_{name.upper()}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "longtake_server", "check-config", "--probe"),
        env={**kept, "LONGTAKE_DATA_FOLDER": str(folder / "data"), **given},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, errors = (stream.decode() for stream in await process.communicate())
    lines = printed.partition("\n\n")[2].splitlines()
    found = dict(line.split(": ", 1) for line in lines)
    return Probed(process.returncode, found, printed + errors, errors)


def at(google: Simulator, **settings: str) -> dict[str, str]:
    return {
        "upstream": "agent_platform",
        "google_project": "my-project",
        "google_base_url": google.base_url,
        "google_access_token": "fine",
        **settings,
    }


async def test_the_embedded_simulator_is_usable_and_no_folder_is_made(tmp_path: Path) -> None:
    probed = await probe(tmp_path)
    assert probed.code == 0, probed.text
    assert probed.errors == ""
    assert probed.lines == dict.fromkeys(
        [
            "simulator (us-central1)",
            "simulator_interactions (global)",
            f"data folder ({tmp_path}/data)",
            f"media store ({tmp_path}/data/media)",
        ],
        "OK",
    )
    assert not (tmp_path / "data").exists()


async def test_every_location_and_host_is_asked_and_nothing_is_generated(
    tmp_path: Path, google: Simulator
) -> None:
    before = await google.statistics()
    probed = await probe(
        tmp_path,
        **at(google, google_fallback_locations="us-east4,europe-west4"),
        gemini_api_key="fine",
        gemini_base_url=google.base_url,
    )
    assert probed.code == 0, probed.text
    for subject in (VEO, "agent_platform@us-east4 (us-east4)", DEVELOPER):
        assert probed.lines[subject] == "OK"
    # The simulator does not count polls of generations that do not exist, which probes are.
    assert await google.statistics() == before


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("expired", "LONGTAKE_GOOGLE_ACCESS_TOKEN is not accepted: replace it"),
        (
            "forbidden",
            "grant the permission aiplatform.endpoints.predict, which roles/aiplatform.user has",
        ),
        ("disabled", "run gcloud services enable aiplatform.googleapis.com --project my-project"),
        ("stranger", "correct LONGTAKE_GOOGLE_PROJECT: there is no such project"),
    ],
)
async def test_a_refusal_says_what_to_do(
    tmp_path: Path, google: Simulator, word: str, says: str
) -> None:
    probed = await probe(tmp_path, **at(google, google_access_token=word))
    assert probed.code == 1
    assert probed.lines[VEO].startswith("FAILED: ")
    assert says in probed.lines[VEO]
    assert probed.lines[OMNI].startswith("FAILED: ")
    assert probed.lines[f"media store ({tmp_path}/data/media)"] == "OK"


async def test_a_wrong_key_is_named_by_its_variable(tmp_path: Path, google: Simulator) -> None:
    probed = await probe(
        tmp_path,
        upstream="agent_platform",
        gemini_api_key="invalid",
        gemini_base_url=google.base_url,
    )
    assert probed.code == 1
    # A key of the Gemini Developer API serves only Omni models.
    assert VEO not in probed.lines
    assert "correct LONGTAKE_GEMINI_API_KEY" in probed.lines[DEVELOPER]


async def test_no_credentials_and_the_ways_to_set_them(tmp_path: Path) -> None:
    probed = await probe(tmp_path, upstream="agent_platform", google_project="my-project")
    assert probed.code == 1
    assert "GOOGLE_APPLICATION_CREDENTIALS" in probed.lines[VEO]
    assert "gcloud auth application-default login" in probed.lines[VEO]
    assert probed.errors == ""


async def test_an_upstream_that_refuses_connections(tmp_path: Path, google: Simulator) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        probed = await probe(tmp_path, **at(google, google_base_url=url))
    assert probed.code == 1
    assert probed.lines[VEO] == (
        "FAILED: no answer (connection refused); check the network, HTTPS_PROXY and "
        "LONGTAKE_GOOGLE_BASE_URL"
    )


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (error_reply(503, "UNAVAILABLE", "Overloaded."), "Overloaded.; the upstream itself"),
        (Reply(404, b"<html><title>nginx</title></html>"), "is not Google's API (HTTP 404: nginx)"),
        (
            Reply(302, b"", headers={"location": "https://elsewhere"}),
            "is not Google's API (HTTP 302)",
        ),
        (Reply(200, b"{}"), "knows a generation that was never started"),
        (Reply(reset=True), "no answer (the connection was closed)"),
    ],
    ids=["503", "html", "redirect", "200", "reset"],
)
async def test_an_answer_that_is_not_googles(
    tmp_path: Path, google: Simulator, reply: Reply, says: str
) -> None:
    async with scripted_http(reply) as peer:
        probed = await probe(
            tmp_path,
            **at(google, google_base_url=peer.url),
            gemini_api_key="fine",
            gemini_base_url=google.base_url,
        )
    assert probed.code == 1
    assert says in probed.lines[VEO]
    assert probed.lines[DEVELOPER] == "OK"


async def test_no_secret_is_printed_whatever_the_upstream_says(
    tmp_path: Path, google: Simulator
) -> None:
    said = error_reply(401, "UNAUTHENTICATED", "Bearer hush-hush and key=hush-hush are wrong.")
    # A call with a refused token is repeated once.
    async with scripted_http(said, said) as peer:
        probed = await probe(
            tmp_path,
            **at(google, google_base_url=peer.url, google_access_token="hush-hush"),
            gemini_api_key="AIza-hush-hush",
            gemini_base_url=google.base_url,
        )
    assert probed.code == 1
    assert "hush-hush" not in probed.text


async def test_stores_and_the_collector_are_tested(tmp_path: Path, google: Simulator) -> None:
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as collector, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        up, down = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in (collector, closed))
        good = await probe(tmp_path, **at(google, otlp_endpoint=up))
        bad = await probe(
            tmp_path, **at(google, otlp_endpoint=down, media_url=str(tmp_path / "file" / "m"))
        )
    assert good.code == 0, good.text
    assert good.lines[f"telemetry ({up})"] == "OK"
    assert bad.code == 1
    assert "(connection refused); start the collector" in bad.lines[f"telemetry ({down})"]
    assert "correct LONGTAKE_MEDIA_URL" in bad.lines[f"media store ({tmp_path}/file/m)"]


async def test_the_keys_of_dynamic_webhooks_are_fetched(tmp_path: Path, google: Simulator) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    jwk = RSAAlgorithm.to_jwk(key, as_dict=True) | {"kid": "1"}
    async with scripted_http(json_reply(200, {"keys": [jwk]})) as peer:
        push = {"push_listen": "127.0.0.1:0", "push_jwks_url": peer.url}
        probed = await probe(tmp_path, **at(google, **push))
    assert probed.lines["keys of dynamic webhooks"] == "OK", probed.text
    async with scripted_http(Reply(500)) as peer:
        push["push_jwks_url"] = peer.url
        probed = await probe(tmp_path, **at(google, **push))
    assert "correct LONGTAKE_PUSH_JWKS_URL" in probed.lines["keys of dynamic webhooks"]


async def test_a_place_that_exists_is_left_as_it_was(tmp_path: Path, google: Simulator) -> None:
    media = tmp_path / "data" / "media"
    media.mkdir(parents=True)
    (media / "kept").write_bytes(b"x")
    probed = await probe(tmp_path, **at(google))
    assert probed.code == 0, probed.text
    assert [path.name for path in media.iterdir()] == ["kept"]
