# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The peer: a grpc.aio server that answers every unary call with the same bytes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import grpc


class _SameBytes(grpc.GenericRpcHandler):
    def __init__(self, answer: bytes) -> None:
        async def respond(_request: bytes, _context: object) -> bytes:
            return answer

        self._handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
            respond
        )

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes]:
        _ = handler_call_details
        return self._handler


async def _serve(answer: bytes) -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_SameBytes(answer),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"serving on 127.0.0.1:{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]).read_bytes()))
