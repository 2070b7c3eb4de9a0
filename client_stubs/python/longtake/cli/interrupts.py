# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Ends a command in order on Ctrl-C, SIGTERM and SIGHUP."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from longtake.client import Client

    Handler = Callable[[int, FrameType | None], None]

# Windows has no SIGHUP.
_SIGNALS = [
    signal.Signals[name]
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if name in signal.Signals.__members__
]
_SIGNAL_EXIT_CODES = 128


class Interrupted(BaseException):
    """A signal asked the process to end. Not an Exception, so that nothing handles it as one.

    Attributes:
        cause: What the user knows the signal as, for example 'Ctrl-C'.
        exit_code: What a shell reports for a process that the signal ended.
    """

    def __init__(self, number: int) -> None:
        self.cause = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        self.exit_code = _SIGNAL_EXIT_CODES + number
        super().__init__(self.cause)


@contextmanager
def raising_on_signals() -> Iterator[None]:
    """Raise Interrupted in the block as soon as a signal arrives."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    with _handling(interrupt):
        yield


@contextmanager
def interruptible(client: Client) -> Iterator[None]:
    """Raise Interrupted out of the block after a signal, by closing the client.

    An exception that a signal handler raises inside gRPC leaves a call open, and the
    channel then never closes. Closing the channel ends whatever waits on it, so the first
    signal only closes it. A second signal raises at once.
    """
    received: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if received:
            raise Interrupted(number)
        received.append(number)
        # In a thread of its own: this one may hold the locks that closing needs.
        threading.Thread(target=client.close, daemon=True).start()

    with _handling(interrupt):
        try:
            yield
        except Exception as error:
            if received:
                raise Interrupted(received[0]) from error
            raise
    if received:
        raise Interrupted(received[0])


@contextmanager
def _handling(handler: Handler) -> Iterator[None]:
    """Handle the signals in the block, except those that the process ignores (see nohup)."""
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
