# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Both distributions build, hold what they need, and the client installs alone."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from project.locked_packages import locked_packages

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client_stubs" / "python"
SERVER_ONLY = {"longtake-server", "grpcio-tools", "httpx", "uvloop", "starlette", "obstore", "av"}


def _pip(python: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def _wheel(source: Path, folder: Path) -> Path:
    # Without a fetch: the build backend is among the locked packages.
    built = _pip(
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


def test_the_client_installs_and_runs_without_the_server(
    client_wheel: Path, tmp_path: Path
) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    locked = locked_packages(ROOT / "requirements.lock")
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("".join(f"{p.name}=={p.version}\n" for p in locked.values()))
    first = locked[canonicalize_name(Requirement(_client_requirements()[0]).name)]
    probe = _pip(
        python, "download", "--no-deps", "-d", tmp_path, "--retries", "0",
        f"{first.name}=={first.version}",
    )  # fmt: skip
    if probe.returncode != 0:
        pytest.skip(f"no package index can be reached: {probe.stderr.strip()[-200:]}")

    installed = _pip(python, "install", "-c", constraints, client_wheel)

    assert installed.returncode == 0, installed.stderr
    listed = {line.split("==")[0] for line in _pip(python, "freeze").stdout.splitlines()}
    assert SERVER_ONLY.isdisjoint(map(canonicalize_name, listed))
    told = subprocess.run(
        [python.parent / "longtake", "--help"], check=True, capture_output=True, text=True
    )
    assert "generate" in told.stdout
    version = subprocess.run([python, "-c", "import longtake"], check=False)
    assert version.returncode == 0
