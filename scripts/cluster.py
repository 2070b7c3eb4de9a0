# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a cluster to try out: PostgreSQL, a simulator, replicas of the server, and Envoy.

Prints the address of Envoy first. A replica that ends is started again after a few seconds. Ctrl-C
stops everything.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from scripts.postgres import postgres_server
from scripts.processes import ended, first_line, say, wait_or_kill

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
_RESTART_SECONDS = 5.0
_LOOK_SECONDS = 1.0


class Replica:
    """A longtake-server that keeps its address when it is started again.

    Args:
        number: Counts from 1.
        folder: The folder for its data and its log.
        settings: LONGTAKE_* variables.

    Attributes:
        address: Where it listens.
        http_address: Where it serves signed addresses.
        ended: When it was noticed that it had ended, in monotonic seconds. None while it runs.

    """

    def __init__(self, number: int, folder: Path, settings: Mapping[str, str]) -> None:
        self.number = number
        self.address = "127.0.0.1:0"
        self.http_address = _free_address()
        self.ended: float | None = None
        self._log = folder / f"replica-{number}.log"
        self._settings = {**settings, "LONGTAKE_DATA_FOLDER": str(folder / f"replica-{number}")}
        self._process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def start(self) -> bool:
        """Start it, and return whether it serves."""
        listens = {"LONGTAKE_LISTEN": self.address, "LONGTAKE_HTTP_LISTEN": self.http_address}
        environment = {**self._settings, **listens}
        with self._log.open("ab") as log:
            self._process = _program("longtake_server", "serve", log=log, environment=environment)
        line = first_line(self._process)
        self.ended = None
        if line:
            self.address = line.split()[-1]
        return bool(line)

    def has_ended(self) -> bool:
        """Return whether its process is gone, and note since when."""
        if self._process.poll() is not None and self.ended is None:
            self.ended = time.monotonic()
        return self.ended is not None

    def is_engine(self) -> bool:
        """Return whether it is the replica that submits and polls."""
        with grpc.insecure_channel(self.address) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            try:
                told = stub.Check(
                    health_pb2.HealthCheckRequest(service="engine"), timeout=_LOOK_SECONDS
                )
            except grpc.RpcError:
                return False
        return bool(told.status == health_pb2.HealthCheckResponse.SERVING)

    def ask_to_stop(self) -> None:
        """Ask it to stop, and let it go on even if it was suspended."""
        for number in (signal.SIGTERM, signal.SIGCONT):
            if self._process.poll() is None:
                self._process.send_signal(number)

    def wait(self) -> None:
        """Wait until it has ended. Kill it if that takes too long."""
        wait_or_kill(self._process)


def main() -> None:
    """Run until SIGINT or SIGTERM. Exit non-zero if a part cannot start."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    arguments = _arguments()
    try:
        with ExitStack() as stack:
            try:
                _serve(arguments, stack)
            finally:
                # A second Ctrl-C must not leave processes behind.
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_IGN)
    except KeyboardInterrupt:
        sys.exit(0)
    except RuntimeError as error:
        sys.exit(f"cluster: {error}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cluster", description=__doc__)
    add = parser.add_argument
    add("--replicas", type=int, default=3, help="number of replicas (default: %(default)s)")
    add(
        "--listen",
        metavar="ADDRESS",
        default="127.0.0.1:8080",
        help="plaintext address of Envoy (default: %(default)s)",
    )
    add(
        "--tls-listen",
        metavar="ADDRESS",
        default="127.0.0.1:8443",
        help="TLS address of Envoy (default: %(default)s)",
    )
    arguments = parser.parse_args()
    if arguments.replicas < 1:
        parser.error(f"--replicas: {arguments.replicas}; must be 1 or more")
    return arguments


def _serve(arguments: argparse.Namespace, stack: ExitStack) -> None:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="longtake-cluster-")))
    database = stack.enter_context(postgres_server({}))
    simulator = stack.enter_context(_simulator(folder))
    settings = {
        "LONGTAKE_DATABASE_URL": database.url,
        "LONGTAKE_MEDIA_URL": (folder / "videos").as_uri(),
        "LONGTAKE_UPSTREAM": "agent_platform",
        "LONGTAKE_GOOGLE_PROJECT": "cluster",
        "LONGTAKE_GOOGLE_ACCESS_TOKEN": "cluster",
        "LONGTAKE_GOOGLE_BASE_URL": simulator,
        "LONGTAKE_GOOGLE_STORAGE_URL": simulator,
    }
    if not arguments.listen.endswith(":0"):
        settings["LONGTAKE_PUBLIC_URL"] = f"http://{arguments.listen}"
    count = range(1, arguments.replicas + 1)
    replicas = stack.enter_context(_replicas([Replica(each, folder, settings) for each in count]))
    listen = ("--listen", arguments.listen, "--tls-listen", arguments.tls_listen)
    plain, tls = stack.enter_context(_edge(folder, replicas, listen))
    say(f"The cluster serves gRPC and HTTP on {plain}, with TLS on {tls}")
    for replica in replicas:
        say(f"Replica {replica.number} listens on {replica.address}: kill -9 {replica.pid}")
    say(f"PostgreSQL is {database.url}, process {database.pid}")
    say(f"The simulator is {simulator}; logs and videos are in {folder}")
    say(f"A replica that ends starts again after {_RESTART_SECONDS:g} s. Ctrl-C stops everything.")
    _tend(replicas)


def _tend(replicas: Sequence[Replica]) -> None:
    """Start again what ends, and tell which replica is the engine, until interrupted."""
    engine: Replica | None = None
    while True:
        for replica in replicas:
            if replica.ended is None and replica.has_ended():
                say(f"Replica {replica.number} has ended")
            elif replica.ended and time.monotonic() - replica.ended > _RESTART_SECONDS:
                said = f"runs again: kill -9 {replica.pid}" if replica.start() else "cannot start"
                say(f"Replica {replica.number} {said}")
        found = next((each for each in replicas if each.ended is None and each.is_engine()), None)
        if found is not None and found is not engine:
            say(f"Replica {found.number} is the engine")
            engine = found
        time.sleep(_LOOK_SECONDS)


@contextmanager
def _replicas(replicas: Sequence[Replica]) -> Iterator[Sequence[Replica]]:
    with ExitStack() as started:
        for replica in replicas:
            serves = replica.start()
            started.callback(replica.wait)
            if not serves:
                raise RuntimeError(f"replica {replica.number} did not start")
        for replica in replicas:
            # All stop at once; each is waited for after that.
            started.callback(replica.ask_to_stop)
        yield replicas


def _free_address() -> str:
    """Return an address that a replica can take, and take again."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def _simulator(folder: Path) -> Iterator[str]:
    options = ("--port", "0", "--state-directory", str(folder / "simulator"))
    with ended(_program("veo_simulator", *options, log=None, environment={})) as process:
        if not (line := first_line(process)):
            raise RuntimeError("the simulator did not start; see the messages above")
        url: str = json.loads(line)["base_url"]
        yield url


@contextmanager
def _edge(
    folder: Path, replicas: Sequence[Replica], listen: Sequence[str]
) -> Iterator[tuple[str, str]]:
    servers = [word for replica in replicas for word in ("--server", replica.address)]
    http = [word for replica in replicas for word in ("--http-server", replica.http_address)]
    options = (*servers, *http, *listen, "--folder", str(folder / "edge"))
    with (folder / "edge.log").open("ab") as log:
        edge = _program("scripts.edge", *options, log=log, environment={})
    with ended(edge) as process:
        if not (line := first_line(process)):
            raise RuntimeError((folder / "edge.log").read_text())
        plain, tls = re.findall(r"https?://(\S+)", line)
        yield plain, tls


def _program(
    module: str, *options: str, log: Any, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    # In a session of its own, so that a terminal's Ctrl-C reaches only this process, which stops
    # all others in order.
    return subprocess.Popen(
        [sys.executable, "-m", module, *options],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )


if __name__ == "__main__":
    main()
