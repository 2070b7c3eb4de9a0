# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`veo-simulator`: runs the simulator on a loopback port."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import uvicorn

from veo_simulator.application import Options, create_application

Number = TypeVar("Number", int, float)

_DEFAULT_PORT = 8085
_GRACE_SECONDS = 1
_BACKLOG = 2048


class AnnouncingServer(uvicorn.Server):
    """A server that writes its address to standard output once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and write the address."""
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            told = {"event": "listening", "port": port, "base_url": f"http://{host}:{port}"}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def main() -> None:
    """Run until SIGTERM, Ctrl-C, or with --parent-pipe the end of standard input."""
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # asyncio logs a warning for each write to a connection that the client has reset.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    # uvicorn raises the signal again after it has stopped. By default that would end the
    # process before its folder is removed.
    signal.signal(signal.SIGTERM, _leave)
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(_listen(arguments.host, arguments.port))
        folder = arguments.state_directory
        if folder is None:
            prefix = "veo-simulator-"
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=prefix)))
        _check_folder(folder)
        application = create_application(
            Options(
                state_directory=folder,
                latency_seconds=arguments.latency,
                quota_per_minute=arguments.quota_per_minute,
                workers=arguments.workers,
                keep_hours=arguments.keep_hours,
            )
        )
        config = uvicorn.Config(
            application,
            log_level="warning",
            access_log=False,
            lifespan="on",
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        logging.getLogger("uvicorn.error").addFilter(_is_no_cut_off)
        server = AnnouncingServer(config)
        if arguments.parent_pipe:
            threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
        if not server.started:
            sys.exit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="veo-simulator",
        description="Serves Google's video APIs on a loopback port and renders real MP4s. "
        "It does not run a generative model.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=_port, default=_DEFAULT_PORT, help="port, 0 for any (default: %(default)s)")
    add(
        "--state-directory",
        type=Path,
        help="folder that keeps generations and objects across restarts (default: a temporary one)",
    )
    add(
        *("--latency", "--latency-seconds"),
        type=_seconds,
        default=6.0,
        help="seconds that a generation takes at least (default: %(default)g)",
    )
    add("--quota-per-minute", type=_count, help="submissions per model and minute (default: any)")
    add(
        "--workers",
        type=_count,
        default=_processors(),
        help="videos rendered at the same time (default: one less than there are processors)",
    )
    add(
        "--keep-hours",
        type=_seconds,
        default=48.0,
        help="hours after which a generation is forgotten (default: %(default)g)",
    )
    add("--parent-pipe", action="store_true", help="stop at the end of standard input")
    told = f"veo-simulator {version('longtake-server')}"
    add("--version", action="version", version=told, help="print the version and exit")
    return parser.parse_args()


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        sys.exit(f"veo-simulator: cannot write to {folder}: {error.strerror}")


def _is_no_cut_off(record: logging.LogRecord) -> bool:
    """Drop the traceback of each call that is cancelled when the simulator stops.

    uvicorn logs their number in one line.
    """
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _leave(_signal: int, _frame: object) -> None:
    sys.exit(0)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        sys.exit(f"veo-simulator: cannot listen on {host}:{port}: {error.strerror}")


def _stop_with_parent(server: uvicorn.Server) -> None:
    while os.read(0, 1024):
        pass
    server.should_exit = True


def _processors() -> int:
    return max(1, (os.cpu_count() or 2) - 1)


def _port(text: str) -> int:
    return _bounded(text, int, 0, 65535)


def _count(text: str) -> int:
    return _bounded(text, int, 1, 1_000_000)


def _seconds(text: str) -> float:
    return _bounded(text, float, 0, 1e9)


def _bounded(text: str, kind: type[Number], low: int, high: float) -> Number:
    value = kind(text)
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text}: accepted is {low} to {high:g}")
    return value


if __name__ == "__main__":
    main()
