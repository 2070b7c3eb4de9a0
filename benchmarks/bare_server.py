# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The baseline: a grpc.aio server that answers every call with the same bytes.

The first argument names a file of these bytes. WatchOperation streams them at once, and again after
the next call of another method. DownloadVideo streams the file that the second argument names.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CHUNK_BYTES = 1 << 20


class _SameBytes(grpc.GenericRpcHandler):
    def __init__(self, answer: bytes, video: Path) -> None:
        called = asyncio.Event()

        async def respond(_request: bytes, _context: object) -> bytes:
            called.set()
            return answer

        async def watch(_request: bytes, _context: object) -> AsyncIterator[bytes]:
            called.clear()
            yield answer
            await called.wait()
            yield answer

        async def download(_request: bytes, _context: object) -> AsyncIterator[bytes]:
            with video.open("rb", buffering=0) as file:
                while data := file.read(_CHUNK_BYTES):
                    yield data

        # grpc's type stubs describe the synchronous server.
        watching: Any = watch
        downloading: Any = download
        self._unary: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
            respond
        )
        self._streams: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "WatchOperation": grpc.unary_stream_rpc_method_handler(watching),
            "DownloadVideo": grpc.unary_stream_rpc_method_handler(downloading),
        }

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes]:
        method = handler_call_details.method.rpartition("/")[2]
        return self._streams.get(method, self._unary)


async def _serve(answer: bytes, video: Path) -> None:
    pending = [
        ("grpc.server.max_pending_requests", 100_000),
        ("grpc.server.max_pending_requests_hard_limit", 100_000),
    ]
    server = grpc.aio.server(options=pending)
    server.add_generic_rpc_handlers((_SameBytes(answer, video),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"serving on 127.0.0.1:{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2])))
