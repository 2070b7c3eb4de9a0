# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Functions that give tokens, and the answers of a server that refuses one."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from google.rpc import code_pb2
from stubs.stubs_messages import error_info, status

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.rpc.status_pb2 import Status

    MakeTokens = Callable[..., "BlockingTokens | AsyncTokens"]


class Tokens:
    """Gives `first`, `second` and so on, and counts."""

    def __init__(self, *values: str) -> None:
        self._values = values or ("first", "second", "third")
        self.count = 0

    def next(self) -> str:
        self.count += 1
        return self._values[min(self.count, len(self._values)) - 1]


class BlockingTokens(Tokens):
    def __call__(self) -> str:
        assert threading.current_thread() is not threading.main_thread()
        return self.next()


class AsyncTokens(Tokens):
    async def __call__(self) -> str:
        await asyncio.sleep(0)
        return self.next()


def refusal_of(reason: str) -> Status:
    details = [error_info(reason)] if reason else []
    return status(code_pb2.UNAUTHENTICATED, "No.", *details)


EXPIRED = refusal_of("CREDENTIAL_EXPIRED")
renewable = pytest.mark.parametrize(
    "reason", ["CREDENTIAL_EXPIRED", "CREDENTIAL_UNKNOWN", ""], ids=lambda reason: reason or "none"
)
