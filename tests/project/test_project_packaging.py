# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Both distributions build, hold what they need, and the client installs alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from processes.environments import new_environment, pip
from project.locked_packages import locked_packages

# A new environment takes the packages of the index.
pytestmark = pytest.mark.timeout(900)
ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client_stubs" / "python"
SERVER_ONLY = {"longtake-server", "grpcio-tools", "httpx", "uvloop", "starlette", "obstore", "av"}


def _wheel(source: Path, folder: Path) -> Path:
    # Without a fetch: the build backend is among the locked packages.
    built = pip(
        Path(sys.executable), "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _wheel(CLIENT, tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def server_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _wheel(ROOT, tmp_path_factory.mktemp("server"))


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _package_files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder.parent).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_client_wheel_holds_the_client_and_nothing_else(client_wheel: Path) -> None:
    files = {name for name in _names(client_wheel) if ".dist-info/" not in name}

    assert "longtake/py.typed" in files
    assert "longtake/v1/video_service_pb2.py" in files
    assert files == _package_files(CLIENT / "longtake")


def test_the_server_wheel_holds_both_packages_with_their_data(server_wheel: Path) -> None:
    files = {name for name in _names(server_wheel) if ".dist-info/" not in name}

    assert {"longtake_server/py.typed", "veo_simulator/py.typed"} <= files
    assert any(name.endswith("/models.toml") for name in files)
    assert files == _package_files(ROOT / "server" / "longtake_server") | _package_files(
        ROOT / "server" / "veo_simulator"
    )


def test_both_wheels_carry_the_licence_and_their_commands(
    client_wheel: Path, server_wheel: Path
) -> None:
    for wheel, commands in (
        (client_wheel, {"longtake"}),
        (server_wheel, {"longtake-server", "veo-simulator"}),
    ):
        (entry_points,) = (name for name in _names(wheel) if name.endswith("/entry_points.txt"))
        with zipfile.ZipFile(wheel) as archive:
            lines = archive.read(entry_points).decode().splitlines()
        assert {line.split(" = ")[0] for line in lines if " = " in line} == commands
        assert any(name.endswith("/licenses/LICENSE") for name in _names(wheel))


def _client_requirements() -> list[str]:
    declared = tomllib.loads((CLIENT / "pyproject.toml").read_text())
    dependencies: list[str] = declared["project"]["dependencies"]
    return dependencies


def _empty_environment(folder: Path) -> Path:
    """Return the Python of a new environment. Skips the test if no package index is reached."""
    python = new_environment(folder / "venv")
    locked = locked_packages(ROOT / "requirements.lock")
    first = locked[canonicalize_name(Requirement(_client_requirements()[0]).name)]
    probe = pip(
        python, "download", "--no-deps", "-d", folder, "--retries", "0",
        f"{first.name}=={first.version}",
    )  # fmt: skip
    if probe.returncode != 0:
        pytest.skip(f"no package index can be reached: {probe.stderr.strip()[-200:]}")
    return python


def test_the_client_installs_and_runs_without_the_server(
    client_wheel: Path, tmp_path: Path
) -> None:
    python = _empty_environment(tmp_path)
    locked = locked_packages(ROOT / "requirements.lock")
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("".join(f"{p.name}=={p.version}\n" for p in locked.values()))

    installed = pip(python, "install", "--no-compile", "-c", constraints, client_wheel)

    assert installed.returncode == 0, installed.stderr
    listed = {line.split("==")[0] for line in pip(python, "freeze").stdout.splitlines()}
    assert SERVER_ONLY.isdisjoint(map(canonicalize_name, listed))
    told = subprocess.run(
        [python.parent / "longtake", "--help"], check=True, capture_output=True, text=True
    )
    assert "generate" in told.stdout
    version = subprocess.run([python, "-c", "import longtake"], check=False)
    assert version.returncode == 0


@pytest.fixture(scope="module")
def installed(
    client_wheel: Path, server_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The commands of both wheels in an environment that has what the lock lists, and no more."""
    python = _empty_environment(tmp_path_factory.mktemp("installed"))
    lock = ROOT / "requirements-server.lock"
    exact = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", lock)
    wheels = ("--no-deps", "--no-index", client_wheel, server_wheel)
    for options in (exact, wheels):
        done = pip(python, "install", "--no-compile", *options)
        assert done.returncode == 0, done.stderr
    return python.parent


def test_the_locked_packages_are_all_that_both_wheels_need(installed: Path) -> None:
    checked = pip(installed / "python", "check")
    modules = ("longtake_server.app", "veo_simulator.application", "longtake")
    paths = subprocess.run(
        [installed / "python", "-c", f"import {', '.join(modules)}; print(longtake.__file__)"],
        check=True, cwd=installed, capture_output=True, text=True,
    )  # fmt: skip

    assert checked.stdout == "No broken requirements found.\n"
    assert str(installed.parent) in paths.stdout


def test_the_installed_commands_generate_a_video(installed: Path, tmp_path: Path) -> None:
    environment = {
        "PATH": f"{installed}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LONGTAKE_LISTEN": "127.0.0.1:0",
        "LONGTAKE_SIMULATOR_LATENCY_SECONDS": "0",
    }
    with subprocess.Popen(
        ["longtake-server", "serve"], cwd=tmp_path, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, executable=installed / "longtake-server",
    ) as server:  # fmt: skip
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[-1]
            subprocess.run(
                [installed / "longtake", "generate", "a paper boat", "--output", "boat.mp4"],
                check=True, cwd=tmp_path, env={**environment, "LONGTAKE_ADDRESS": address},
                capture_output=True,
            )  # fmt: skip
        finally:
            server.terminate()

    assert server.returncode == 0
    assert (tmp_path / "boat.mp4").read_bytes()[4:8] == b"ftyp"
    assert (tmp_path / "data" / "longtake.db").exists()
