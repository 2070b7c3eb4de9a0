# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C while gRPC is at work."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.client import Client


@contextmanager
def interruptible(client: Client) -> Iterator[None]:
    """Raise KeyboardInterrupt out of the block after Ctrl-C, by closing the client.

    An exception that a signal raises within gRPC leaves it broken: a call that it forgot
    keeps the channel from ever closing. Nothing waits on a channel that is closed, so the
    first Ctrl-C does only that; a second one does not wait.
    """
    interrupted = threading.Event()

    def interrupt(_number: int, _frame: object) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()
        # Not here: this thread may hold the locks that closing needs.
        threading.Thread(target=client.close, daemon=True).start()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except Exception as error:
        if interrupted.is_set():
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted.is_set():
        raise KeyboardInterrupt
