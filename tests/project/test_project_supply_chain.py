# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The bill of materials lists what is locked, and no locked package has a known vulnerability."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from project.locked_packages import locked_packages

from scripts import advisories

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LOCK_FILES = ("requirements.lock", "requirements-build.lock", "requirements-server.lock")
SERVER_LOCK = ROOT / "requirements-server.lock"
VULNERABLE = {"id": "GHSA-1", "affected": [{
    "package": {"name": "Starlette", "ecosystem": "PyPI"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.40.0"}]}],
}]}  # fmt: skip


def test_the_bill_of_materials_lists_exactly_the_packages_of_the_server(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    recipe = (ROOT / "Makefile").read_text()
    command = next(line for line in recipe.splitlines() if "cyclonedx-py " in line)
    options = command.split("cyclonedx-py ")[1].replace("build/sbom.json", str(file)).split()

    subprocess.run(
        [Path(sys.executable).with_name("cyclonedx-py"), *options],
        check=True, cwd=ROOT, capture_output=True,
    )  # fmt: skip

    bill = json.loads(file.read_text())
    listed = {(each["name"], each["version"]) for each in bill["components"]}
    locked = {(each.name, each.version) for each in locked_packages(SERVER_LOCK).values()}
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read_text()) is None
    assert listed == locked
    assert bill["metadata"]["component"]["name"] == "longtake-server"
    assert all(_hashes(each) for each in bill["components"])


def _hashes(component: dict[str, Any]) -> list[dict[str, str]]:
    references = component["externalReferences"]
    return [one for reference in references for one in reference.get("hashes", ())]


@pytest.mark.parametrize("lock_file", LOCK_FILES)
def test_no_locked_package_has_a_known_vulnerability(lock_file: str) -> None:
    versions = advisories.pinned(ROOT / lock_file)

    found = [f"{one.id} in {one.package}" for one in advisories.load().affecting(versions)]

    assert versions.keys() == locked_packages(ROOT / lock_file).keys()
    assert found == []


def test_a_version_is_vulnerable_from_its_introduction_until_its_fix() -> None:
    snapshot = advisories.load()
    cases = {"0.26.0": True, "0.27.0": False, "0.13.4": False, "0.13.5": True}

    for version, is_vulnerable in cases.items():
        found = {one.id for one in snapshot.affecting({"starlette": version})}
        assert ("PYSEC-2023-83" in found) is is_vulnerable, version


def test_the_snapshot_names_its_source_and_its_day_and_only_packages_that_are_locked() -> None:
    snapshot = advisories.load()

    assert snapshot.source
    assert snapshot.day <= datetime.now(UTC).date()
    assert len(snapshot.advisories) >= 20
    locked = advisories.pinned(ROOT / "requirements.lock")
    assert {one.package for one in snapshot.advisories} <= locked.keys()


def test_every_package_of_the_server_was_looked_up_in_the_snapshots_source() -> None:
    snapshot = advisories.load()

    found = {one.package for one in snapshot.advisories}
    assert advisories.pinned(SERVER_LOCK).keys() <= snapshot.checked_packages
    assert snapshot.checked_packages - found == snapshot.without_advisories
    assert found <= snapshot.checked_packages


@contextmanager
def osv() -> Iterator[str]:
    """Serve the one advisory as OSV does, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found = [VULNERABLE] if asked["package"]["name"] == "starlette" else []
            body = json.dumps({"vulns": found}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as service:
        serving = threading.Thread(target=service.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{service.server_address[1]}"
        finally:
            service.shutdown()
            serving.join()


def updated(service: str, folder: Path) -> subprocess.CompletedProcess[str]:
    lock = folder / "some.lock"
    lock.write_text("starlette==0.39.0 \\\n    --hash=sha256:0\nidna==3.20\n")
    command = (sys.executable, "-m", "scripts.update_advisories", "--service", service)
    files = ("--lock", str(lock), "--output", str(folder / "advisories.json"))
    return subprocess.run((*command, *files), check=False, cwd=ROOT, capture_output=True, text=True)


def test_the_snapshot_is_made_from_the_answers_of_the_service(tmp_path: Path) -> None:
    with osv() as service:
        assert updated(service, tmp_path).returncode == 0

    snapshot = advisories.load(tmp_path / "advisories.json")
    assert [one.id for one in snapshot.affecting({"starlette": "0.39.0"})] == ["GHSA-1"]
    assert list(snapshot.affecting({"starlette": "0.40.0"})) == []
    assert snapshot.checked_packages == {"idna", "starlette"}
    assert snapshot.without_advisories == {"idna"}


def test_the_snapshot_stays_if_the_service_cannot_be_reached(tmp_path: Path) -> None:
    told = updated("http://127.0.0.1:9", tmp_path)

    assert told.returncode == 1
    assert told.stderr == "cannot ask http://127.0.0.1:9: ConnectError\n"
    assert not (tmp_path / "advisories.json").exists()
