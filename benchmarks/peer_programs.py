# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the peers in their own virtual environment, which is kept between runs."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.peer_work import MODEL, Effort, Work
from benchmarks.programs import Program, stopped

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_LOCK = Path(__file__).with_name("peers.lock")
_ENVIRONMENT = _ROOT / "build" / "peers"
_START_SECONDS = 120.0


def peers_environment() -> Path:
    """Return the `bin` folder of the peers' environment. Creates the environment if needed.

    Raises:
        RuntimeError: The locked packages cannot be installed.

    """
    programs, ready = _ENVIRONMENT / "bin", _ENVIRONMENT / "ready"
    wanted = sha256(_LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if ready.is_file() and ready.read_text() == wanted:
        return programs
    subprocess.run([sys.executable, "-m", "venv", "--clear", _ENVIRONMENT], check=True)
    locked = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", _LOCK)
    pip = (programs / "python", "-m", "pip", "--disable-pip-version-check", "--quiet")
    installed = subprocess.run([*pip, "install", *locked], check=False, stdin=subprocess.DEVNULL)
    if installed.returncode != 0:
        raise RuntimeError(f"cannot install {_LOCK.name}; see the error above")
    ready.write_text(wanted)
    return programs


def configuration(base_url: str) -> dict[str, Any]:
    """Return a proxy configuration that uses the simulator in place of Google."""
    parameters = {
        "model": f"vertex_ai/{MODEL}",
        "api_base": base_url,
        "vertex_project": "benchmark",
        "vertex_location": "us-central1",
    }
    return {"model_list": [{"model_name": MODEL, "litellm_params": parameters}]}


@contextmanager
def litellm_proxy(
    programs: Path, folder: Path, base_url: str, metadata: str
) -> Iterator[tuple[Program, httpx.Headers]]:
    """Run the proxy until the block ends.

    Args:
        programs: The folder of its command.
        folder: The folder for its configuration and log.
        base_url: Base URL of the simulator.
        metadata: Address of a metadata server.

    Returns:
        The proxy, and the headers that its callers must send.

    Raises:
        RuntimeError: The proxy did not start.

    """
    file, log, key = folder / "litellm.yaml", folder / "litellm.log", f"sk-{secrets.token_hex(32)}"
    file.write_text(json.dumps(configuration(base_url)))
    port = _free_port()
    options = ("--config", file, "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1")
    environment = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MASTER_KEY": key,
        "LITELLM_MODE": "PRODUCTION",
        # Hides this machine's credentials, so google-auth asks the metadata server.
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "GCE_METADATA_HOST": metadata,
        "GCE_METADATA_IP": metadata,
        "GOOGLE_APPLICATION_CREDENTIALS": "",
    }
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [programs / "litellm", *options],
            cwd=folder,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
        stopped(process),
    ):
        address = f"http://127.0.0.1:{port}"
        if not _answers(process, f"{address}/health/liveliness"):
            raise RuntimeError(f"the LiteLLM proxy did not start: {log.read_text()[-2000:]}")
        yield Program(process.pid, address), httpx.Headers({"Authorization": f"Bearer {key}"})


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    """Return whether a program answers before the deadline. Checks repeatedly."""
    start = time.monotonic()
    while process.poll() is None and time.monotonic() - start < _START_SECONDS:
        try:
            return httpx.get(url).is_success
        except httpx.TransportError:
            time.sleep(0.2)
    return False


def sdk_at_work(programs: Path, base_url: str, effort: Effort) -> Work:
    """Do the work with Google's SDK in a separate process.

    Args:
        programs: The `bin` folder of the peers' environment.
        base_url: Base URL of the simulator.
        effort: The amount of work.

    Raises:
        subprocess.CalledProcessError: The process failed. The reason is on standard error.

    """
    done = subprocess.run(
        [programs / "python", "-m", "benchmarks.sdk_caller", base_url, json.dumps(asdict(effort))],
        check=True,
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    return Work(**json.loads(done.stdout))
