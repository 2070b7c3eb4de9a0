# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""gRPC's C core writes to the server's standard error only if the operator asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from processes.running import server

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = "Compression algorithm 'gzip' is disabled"


@pytest.mark.parametrize("verbosity", [None, "ERROR"])
async def test_a_compressed_request_writes_a_line_only_if_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verbosity: str | None
) -> None:
    if verbosity is None:
        monkeypatch.delenv("GRPC_VERBOSITY", raising=False)
    else:
        monkeypatch.setenv("GRPC_VERBOSITY", verbosity)
    async with server(tmp_path) as longtake:
        await longtake.start()
        async with grpc.aio.insecure_channel(
            longtake.address, compression=grpc.Compression.Gzip
        ) as channel:
            call: Any = channel.unary_unary("/longtake.v1.VideoService/GenerateVideos")
            with pytest.raises(grpc.aio.AioRpcError, match=REFUSED):
                await call(bytes(10_000))
        await longtake.process.terminate()
        assert (REFUSED in longtake.log) is (verbosity is not None)
