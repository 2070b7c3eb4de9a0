# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the edge passes on of a caller's headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from edge import edge_running
from grpc_health.v1 import health, health_pb2_grpc
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

CREDENTIALS = {"authorization": "Bearer ltk_one", "x-goog-api-key": "ltk_two"}
HEADERS = {
    "x-longtake-caller": "mallory",
    "traceparent": f"00-{'1' * 32}-{'2' * 16}-01",
    **CREDENTIALS,
}


def recording(seen: list[dict[str, str | bytes]]) -> grpc.GenericRpcHandler:
    """Answer ListModels with no models, and keep the metadata."""

    async def list_models(_request: bytes, context: Any) -> bytes:
        seen.append(dict(context.invocation_metadata()))
        return b""

    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(list_models)
    return grpc.method_handlers_generic_handler("longtake.v1.VideoService", {"ListModels": handler})


@pytest.mark.timeout(GUARD_SECONDS)
async def test_a_caller_does_not_say_who_it_is_and_its_trace_goes_on(tmp_path: Path) -> None:
    seen: list[dict[str, str | bytes]] = []
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((recording(seen),))
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    process, url, _ = await edge_running.start(tmp_path, "--server", f"127.0.0.1:{port}")
    async with httpx.AsyncClient(base_url=url, headers=HEADERS) as http:
        answer = await http.get("/v1/models")
    await process.terminate()
    await server.stop(None)

    assert answer.status_code == 200
    assert "x-longtake-caller" not in seen[0]
    assert CREDENTIALS.items() <= seen[0].items()
    assert seen[0]["traceparent"] == HEADERS["traceparent"]
