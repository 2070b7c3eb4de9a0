# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Two alternatives to the edge's Lua filter, for benchmarks.edge_bodies.

POST /v1/videos:generate parses the body with protobuf's strict JSON parser and calls the server, as
an HTTP listener of Longtake's own would. POST /check/... only parses it, as an ext_authz service
would. Usage: python -m benchmarks.edge_listener SERVER_ADDRESS
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import uvicorn
from google.protobuf import json_format
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

_MOST_BYTES = 64 << 20


def application(server: str) -> Starlette:
    """Return the application that calls the server at an address."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        options = [("grpc.max_send_message_length", _MOST_BYTES)]
        async with grpc.aio.insecure_channel(server, options=options) as channel:
            app.state.stub = VideoServiceStub(channel)
            yield

    async def generate(request: Request) -> Response:
        try:
            parsed = json_format.Parse(await request.body(), GenerateVideosRequest())
            answer = await request.app.state.stub.GenerateVideos(parsed)
        except json_format.ParseError as error:
            return JSONResponse({"code": 3, "message": str(error)}, 400)
        except grpc.aio.AioRpcError as error:
            return JSONResponse({"code": error.code().value[0], "message": error.details()}, 400)
        return JSONResponse(json_format.MessageToDict(answer))

    async def check(request: Request) -> Response:
        json_format.Parse(await request.body(), GenerateVideosRequest())
        return Response()

    routes = [
        Route("/v1/videos:generate", generate, methods=["POST"]),
        Route("/check/v1/videos:generate", check, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _serve(server: str) -> None:
    config = uvicorn.Config(application(server), port=0, log_level="error", ws="none")
    socket = config.bind_socket()
    sys.stdout.write(f"http://127.0.0.1:{socket.getsockname()[1]}\n")
    sys.stdout.flush()
    await uvicorn.Server(config).serve(sockets=[socket])


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
