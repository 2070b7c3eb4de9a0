# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs out of Debian's packages, which are unpacked and not installed."""

from __future__ import annotations

import shutil
import subprocess

from processes.turns import BUILD, turn

_FOLDER = BUILD / "debian"
_SECONDS = 300


def found_or_unpacked(program: str, package: str) -> tuple[str, str]:
    """Return the path of a program, or an empty one and why there is none. Blocks.

    Args:
        program: The name of the program.
        package: The package that has it as /usr/bin/PROGRAM.

    """
    if path := shutil.which(program):
        return path, ""
    unpacked = _FOLDER / "usr" / "bin" / program
    if unpacked.exists():
        return str(unpacked), ""
    if shutil.which("apt-get") is None:
        return "", f"there is no {program}, and no apt-get to fetch it"
    _FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with turn("debian"):
            _unpack(program, package)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        told = (error.stderr or b"").decode(errors="replace").strip()[-300:]
        return "", f"there is no {program}, and Debian's package {package} is not to be had: {told}"
    return str(unpacked), ""


def _unpack(program: str, package: str) -> None:
    lists = _FOLDER / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    # Lists of its own: those of the machine may be missing, and another apt-get may lock them.
    with_lists = ("-o", f"Dir::State::Lists={lists}", "-o", "APT::Sandbox::User=")
    _run("apt-get", *with_lists, "update")
    _run("apt-get", *with_lists, "download", package)
    [archive] = _FOLDER.glob(f"{package}_*.deb")
    _run("dpkg-deb", "--extract", archive.name, "unpacked")
    (_FOLDER / "usr" / "bin").mkdir(parents=True, exist_ok=True)
    (_FOLDER / "unpacked" / "usr" / "bin" / program).rename(_FOLDER / "usr" / "bin" / program)
    shutil.rmtree(_FOLDER / "unpacked")
    archive.unlink()


def _run(*command: str) -> None:
    subprocess.run(command, cwd=_FOLDER, check=True, capture_output=True, timeout=_SECONDS)
