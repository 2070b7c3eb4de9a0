# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the documents and the deployment files name exists, and says what the code says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from longtake_server.settings import Settings

from scripts.write_metrics_table import with_metrics_table
from scripts.write_settings_table import GUIDE, with_settings_table

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "client_stubs/python/README.md"]
)
MAKE_TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
# A path in backquotes, as in `server/longtake_server/app.py` or `docs/decisions/`.
TOP_FOLDERS = "server|client_stubs|protos|tests|scripts|deploy|docs|benchmarks|examples|third_party"
PATH_IN_CODE = re.compile(rf"`((?:{TOP_FOLDERS})/[\w./-]*)`")
DEPLOYED = (
    "compose.yaml",
    "kubernetes.yaml",
    "replicas/compose.yaml",
    "replicas/kubernetes.yaml",
)
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text()

    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE))
    paths = set(PATH_IN_CODE.findall(text))
    links = set(LINK.findall(text))

    assert targets - MAKE_TARGETS == set()
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
    assert [link for link in sorted(links) if not (document.parent / link).exists()] == []


def test_the_files_in_the_architecture_document_exist() -> None:
    rows = re.findall(
        r"^\| .* \| (`.*`[^|]*) \|$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE
    )
    names = {name for row in rows for name in re.findall(r"`([\w/]+\.(?:py|proto|toml))`", row)}
    places = (ROOT, ROOT / "server/longtake_server", ROOT / "client_stubs/python", ROOT / "server")

    assert names
    assert [n for n in sorted(names) if not any((place / n).is_file() for place in places)] == []


def test_no_client_offers_several_servers_that_cannot_share_their_state() -> None:
    stubs = ROOT / "client_stubs"
    texts = [*stubs.glob("*/README.md"), *stubs.glob("*/src/*.rs"), *stubs.glob("*/src/*.ts")]
    offer = re.compile(r"spreads? calls|several (?:with commas|addresses, deadlines)|:50051,")

    assert len(texts) > 5
    assert [path.name for path in texts if offer.search(path.read_text())] == []


def test_every_make_target_is_explained() -> None:
    explained = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert explained == MAKE_TARGETS


def test_the_settings_table_is_the_settings_class() -> None:
    assert with_settings_table(GUIDE.read_text()) == GUIDE.read_text(), "run: make fix"


def test_the_metrics_table_is_the_code() -> None:
    assert with_metrics_table(GUIDE.read_text()) == GUIDE.read_text(), "run: make fix"


def test_the_dockerfile_copies_and_runs_what_exists() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    admitted = (ROOT / ".dockerignore").read_text().splitlines()
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    commands = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]

    for source in " ".join(copies).split():
        assert (ROOT / source).exists()
        assert f"!{source}" in admitted
    for command in re.findall(r'(?:ENTRYPOINT|CMD) \["(longtake[\w-]*)"', dockerfile):
        assert command in commands


def test_a_stop_has_more_time_than_the_server_takes() -> None:
    grace = Settings.model_fields["grace_seconds"].default
    text = "".join((ROOT / "deploy" / file).read_text() for file in DEPLOYED)
    waits = re.findall(r"(?:stop_grace_period|terminationGracePeriodSeconds): (\d+)", text)

    assert len(waits) > len(DEPLOYED)
    assert min(map(int, waits)) > grace + 10


def test_the_ci_command_runs_the_same_two_commands_as_a_person() -> None:
    command = (ROOT / ".ci/run").read_text()

    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    assert re.findall(r"^make (\w+)$", command, re.MULTILINE) == ["check", "test"]
