# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Log lines about a call or an operation say which, by whom, and in which trace."""

from __future__ import annotations

import contextvars
import io
import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest
from fakes.engine import engine, principal
from fakes.upstream import ScriptedUpstream
from longtake.v1 import video_service_pb2 as api
from longtake_server.telemetry.logs import StepSubject, set_up_logging, subject
from longtake_server.telemetry.traces import TraceContext
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


class Written(io.StringIO):
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def one(self, message: str) -> dict[str, Any]:
        [line] = [line for line in self.lines() if line["message"] == message]
        return line


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    root, text = logging.getLogger(), Written()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", text)
    set_up_logging("info", "json")
    yield text
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_the_line_of_a_call_has_the_principal_the_operation_and_the_callers_trace(
    tmp_path: Path, written: Written
) -> None:
    async with serving(tmp_path, caller_header="x-caller") as server:
        await server.videos.GenerateVideos(
            api.GenerateVideosRequest(model="veo-3.1-generate-001", prompt="a secret dog"),
            metadata=(("x-caller", "ann"), ("traceparent", PARENT)),
        )
    line = written.one("call")
    assert (line["principal"], line["trace_id"], line["span_id"]) == ("ann", TRACE, SPAN)
    assert line["operation"].startswith("operations/")
    assert "secret" not in written.getvalue()


NAME = "operations/0193e9a0-0000-7000-8000-000000000000"


async def test_a_line_within_a_call_has_the_fields_of_the_call(
    tmp_path: Path, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path, caller_header="x-caller") as server:

        async def broken(*_: object) -> None:
            raise KeyError("secret")

        monkeypatch.setattr(server.parts.service, "get", broken)
        await refused(
            server.videos.GetOperation(
                api.GetOperationRequest(name=NAME),
                metadata=(("x-caller", "ann"), ("traceparent", PARENT)),
            )
        )
    line = written.one("unexpected error")
    assert (line["principal"], line["operation"]) == ("ann", NAME)
    assert (line["trace_id"], line["span_id"]) == (TRACE, SPAN)


async def test_a_line_about_a_step_has_the_operation_and_its_trace(
    tmp_path: Path, written: Written
) -> None:
    upstream = ScriptedUpstream(submissions=[RuntimeError("a defect")])
    async with engine(tmp_path, upstream) as parts:
        record = await parts.service.generate(
            api.GenerateVideosRequest(model="veo-3.1-generate-001", prompt="a dog"),
            principal("ann"),
            TraceContext(PARENT),
        )
        [work] = await parts.store.take("test", parts.clock.now(), parts.clock.now(), 1)
        await parts.runner._run_step(work)
    line = written.one("a step failed")
    assert line["operation"] == record.name
    assert (line["trace_id"], line["span_id"]) == (TRACE, SPAN)


def test_a_line_about_nothing_has_no_such_fields(written: Written) -> None:
    contextvars.Context().run(logging.getLogger("longtake_server").info, "about nothing")
    assert written.one("about nothing").keys() == {"time", "level", "logger", "message"}


def test_what_a_line_says_itself_stays(written: Written) -> None:
    def log() -> None:
        subject.set(StepSubject("operations/one"))
        logging.getLogger("longtake_server").info("own", extra={"operation": "operations/two"})

    contextvars.Context().run(log)
    assert written.one("own")["operation"] == "operations/two"
