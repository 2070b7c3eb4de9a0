# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The lock files cover what the distributions ask for, and name no address."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from project.locked_packages import locked_packages

ROOT = Path(__file__).parents[2]
IMAGE_LOCK_FILES = ("requirements-build.lock", "requirements-server.lock")
LOCK_FILES = (
    "requirements.lock",
    *IMAGE_LOCK_FILES,
    "tests/sdk/google-genai-2.19.0.lock",
    "tests/sdk/google-genai-3.6.1.lock",
    "tests/agents/langchain-mcp-adapters-0.3.2.lock",
    "benchmarks/peers.lock",
)
OUR_OWN = {"longtake", "longtake-server"}


def _asked_for(*, groups: bool) -> list[Requirement]:
    asked: list[str] = []
    for file in (ROOT / "pyproject.toml", ROOT / "client_stubs/python/pyproject.toml"):
        declared = tomllib.loads(file.read_text())
        asked += declared["project"]["dependencies"]
        if groups:
            asked += declared["build-system"]["requires"]
            for group in declared.get("dependency-groups", {}).values():
                asked += [entry for entry in group if isinstance(entry, str)]
    return [
        requirement
        for requirement in map(Requirement, asked)
        if canonicalize_name(requirement.name) not in OUR_OWN
    ]


@pytest.mark.parametrize(
    ("lock_file", "groups"), [("requirements.lock", True), ("requirements-server.lock", False)]
)
def test_every_dependency_is_locked_at_an_accepted_version(lock_file: str, *, groups: bool) -> None:
    locked = locked_packages(ROOT / lock_file)

    for requirement in _asked_for(groups=groups):
        package = locked.get(canonicalize_name(requirement.name))
        assert package is not None, f"{requirement} is not in {lock_file}; run: make lock"
        assert requirement.specifier.contains(package.version, prereleases=True), (
            f"{package} does not satisfy {requirement}; run: make lock"
        )


@pytest.mark.parametrize("lock_file", LOCK_FILES)
def test_every_package_has_hashes(lock_file: str) -> None:
    packages = locked_packages(ROOT / lock_file)

    assert packages
    assert [package for package in packages.values() if package.hashes == 0] == []


@pytest.mark.parametrize("lock_file", LOCK_FILES)
def test_no_lock_file_names_an_address_or_an_option(lock_file: str) -> None:
    text = (ROOT / lock_file).read_text()

    assert "://" not in text
    assert [line for line in text.splitlines() if line.startswith(("-", "."))] == []
    assert OUR_OWN.isdisjoint(locked_packages(ROOT / lock_file))


@pytest.mark.parametrize("lock_file", IMAGE_LOCK_FILES)
def test_the_image_gets_the_versions_that_the_tests_ran_with(lock_file: str) -> None:
    everything = locked_packages(ROOT / "requirements.lock")

    for name, package in locked_packages(ROOT / lock_file).items():
        assert everything[name] == package
