# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The work of the service and its peers, without what has to be installed for the proxy."""

from __future__ import annotations

import base64
import dataclasses
import sys
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from project.locked_packages import locked_packages

from benchmarks.peer_callers import LongtakeCaller, google_name
from benchmarks.peer_programs import configuration, sdk_at_work
from benchmarks.peer_work import MODEL, Effort, Work, work
from benchmarks.peers import as_table
from benchmarks.programs import running
from benchmarks.servers import longtake, on_simulator

ROOT = Path(__file__).parents[2]
NAME = f"projects/p/locations/l/publishers/google/models/{MODEL}/operations/1"
LITTLE = Effort(seconds=0.2, callers=2, submissions=3, video_bytes=1 << 20)
SIMULATOR = ["veo_simulator", "--port", "0", "--latency", "0"]


def _id(told: str) -> str:
    return f"video_{base64.b64encode(told.encode()).decode()}"


def _work(**figures: Any) -> Work:
    done = Work(
        reads=1000,
        read_seconds=1.0,
        caller_seconds=0.5,
        submit_seconds=[0.001 * number for number in range(1, 101)],
        first_download_seconds=2.0,
        download_seconds=0.5,
        download_wall_seconds=0.25,
        start_bytes=80 << 20,
        end_bytes=90 << 20,
        peak_bytes=300 << 20,
    )
    return dataclasses.replace(done, **figures)


def test_the_id_of_a_video_has_the_name_of_google_in_it() -> None:
    told = f"litellm:custom_llm_provider:vertex_ai;model_id:m;video_id:{NAME};deployment_id:d"

    assert google_name(_id(told)) == NAME
    assert google_name(_id(told).rstrip("=")) == NAME


def test_an_id_without_a_name_of_google_is_refused() -> None:
    with pytest.raises(ValueError, match="contains no operation name"):
        google_name(_id("litellm:custom_llm_provider:openai;model_id:m;video_id:video_1"))


def test_the_proxy_is_told_of_the_simulator_by_its_configuration() -> None:
    [model] = configuration("http://127.0.0.1:1")["model_list"]

    assert model["model_name"] == MODEL
    assert model["litellm_params"]["model"] == f"vertex_ai/{MODEL}"
    assert model["litellm_params"]["api_base"] == "http://127.0.0.1:1"


def test_a_table_names_the_best_of_each_row() -> None:
    works = {
        "longtake-server": _work(),
        "LiteLLM proxy": _work(reads=100, start_bytes=400 << 20, end_bytes=200 << 20),
        "google-genai SDK": _work(reads=500, first_download_seconds=1.0),
    }

    table = as_table(works, Effort())

    assert table.columns == ("figure", *works, "best")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["status reads per core s"] == ("1000", "100", "500", "longtake-server")
    assert rows["submission, p50 ms"][0] == "51.00"
    assert rows["submission, p99 ms"][0] == "100.00"
    assert rows["first download, MiB per core s"] == ("64", "64", "128", "google-genai SDK")
    assert rows["next download, MiB/s"][0] == "512"
    assert [budget.holds for budget in table.budgets] == [True, True, False, False]


async def test_the_service_does_the_work(tmp_path: Path) -> None:
    with (
        running(SIMULATOR, {}) as simulator,
        longtake(tmp_path, **on_simulator(tmp_path, simulator)) as server,
    ):
        async with grpc.aio.insecure_channel(server.address) as channel:
            done = await work(LongtakeCaller(VideoServiceStub(channel)), server, LITTLE)

    assert done.reads > 0
    assert len(done.submit_seconds) == LITTLE.submissions
    assert done.start_bytes <= done.peak_bytes


def test_the_sdk_does_the_work() -> None:
    with running(SIMULATOR, {}) as simulator:
        done = sdk_at_work(Path(sys.executable).parent, simulator.address, LITTLE)

    assert done.reads > 0
    assert len(done.submit_seconds) == LITTLE.submissions


def test_the_metadata_server_gives_a_token() -> None:
    with running(["benchmarks.metadata_server"], {}) as metadata:
        account = f"http://{metadata.address}/computeMetadata/v1/instance/service-accounts/default"
        token = httpx.get(f"{account}/token", params={"scopes": "any"}).raise_for_status()
        unknown = httpx.get(f"{account}/identity")

    assert token.json()["access_token"] == "benchmark"
    assert token.headers["metadata-flavor"] == "Google"
    assert unknown.status_code == 404


def test_the_peers_are_measured_with_the_sdk_that_the_tests_have() -> None:
    ours = locked_packages(ROOT / "requirements.lock")
    peers = locked_packages(ROOT / "benchmarks/peers.lock")

    assert peers["google-genai"].version == ours["google-genai"].version
    assert {"litellm", "google-auth", "aiohttp"} <= peers.keys()
