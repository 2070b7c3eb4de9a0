# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The compose files follow the schema of compose, and name what exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from longtake_server.configuration.loading import variable_of
from longtake_server.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
ONE = ROOT / "deploy/compose.yaml"
REPLICAS = ROOT / "deploy/replicas/compose.yaml"
SCHEMA = jsonschema_rs.validator_for(
    json.loads((ROOT / "third_party/compose-spec/compose-spec.json").read_text())
)
IMAGE = "longtake-server:local"
COMMANDS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


@pytest.fixture(params=[ONE, REPLICAS], ids=["one", "replicas"])
def file(request: pytest.FixtureRequest) -> Path:
    given: Path = request.param
    return given


def read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text())
    return content


def ours(file: Path) -> dict[str, dict[str, Any]]:
    services = read(file)["services"]
    return {name: each for name, each in services.items() if each["image"] == IMAGE}


def test_a_file_follows_the_schema_of_compose(file: Path) -> None:
    SCHEMA.validate(read(file))


def test_a_misspelt_field_does_not_follow_the_schema() -> None:
    wrong = read(REPLICAS)
    wrong["services"]["envoy"]["comand"] = []

    with pytest.raises(jsonschema_rs.ValidationError):
        SCHEMA.validate(wrong)


def test_what_a_file_names_is_defined(file: Path) -> None:
    content = read(file)

    for service in content["services"].values():
        if "build" in service:
            assert (file.parent / service["build"] / "Dockerfile").is_file()
        assert set(service.get("depends_on", ())) <= content["services"].keys()
        assert set(service.get("secrets", ())) <= content.get("secrets", {}).keys()
        for config in service.get("configs", ()):
            assert (file.parent / content["configs"][config["source"]]["file"]).is_file()
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in content["volumes"]


def test_every_service_that_another_one_waits_for_has_a_health_check() -> None:
    services = read(REPLICAS)["services"]
    dockerfile = (ROOT / "Dockerfile").read_text()

    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            assert wanted == {"condition": "service_healthy"}
            by_the_image = services[name]["image"] == IMAGE and "HEALTHCHECK" in dockerfile
            assert "healthcheck" in services[name] or by_the_image


def test_every_command_exists(file: Path) -> None:
    for service in ours(file).values():
        [program] = service.get("entrypoint", ["longtake-server"])
        assert program in COMMANDS
        command = service.get("command", ["serve"])
        asked = subprocess.run(
            [_installed(program), *command, "--help"], check=False, capture_output=True, text=True
        )
        assert asked.returncode == 0, asked.stderr
        for option in (word for word in command if word.startswith("--")):
            assert option in asked.stdout


def test_every_variable_is_a_setting_and_they_go_together(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {variable_of(field) for field in Settings.model_fields}
    variables: dict[str, str] = ours(file)["longtake"]["environment"]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    settings = load_settings(_secrets(tmp_path) / "longtake.toml" if file is REPLICAS else None)

    assert variables.keys() <= known
    assert (settings.database_url is not None) == (file is REPLICAS)


def test_the_secrets_are_made_as_the_file_says_and_have_one_password(tmp_path: Path) -> None:
    folder = _secrets(tmp_path)
    password = (folder / "postgres-password").read_text()
    url = tomllib.loads((folder / "longtake.toml").read_text())["database_url"]
    content = read(REPLICAS)

    assert re.fullmatch("[0-9a-f]{48}", password)
    assert url == f"postgresql://longtake:{password}@postgres/longtake"
    assert {Path(each["file"]).name for each in content["secrets"].values()} == {
        each.name for each in folder.iterdir()
    }
    assert content["services"]["postgres"]["environment"] == {
        "POSTGRES_USER": "longtake",
        "POSTGRES_PASSWORD_FILE": "/run/secrets/postgres-password",
    }
    assert password not in REPLICAS.read_text()
    assert "/deploy/replicas/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_replicas_share_their_videos_and_the_simulator() -> None:
    services = read(REPLICAS)["services"]
    longtake = services["longtake"]
    [volume] = longtake["volumes"]
    variables = longtake["environment"]

    assert longtake["deploy"]["replicas"] == 2
    assert variables["LONGTAKE_MEDIA_URL"].startswith(f"file://{volume.partition(':')[2]}/")
    assert variables["LONGTAKE_GOOGLE_BASE_URL"] == variables["LONGTAKE_GOOGLE_STORAGE_URL"]
    [host, port] = variables["LONGTAKE_GOOGLE_BASE_URL"].removeprefix("http://").split(":")
    assert port in services[host]["command"]


def test_nothing_is_published_beyond_this_machine(file: Path) -> None:
    published = [
        port for service in read(file)["services"].values() for port in service.get("ports", ())
    ]

    assert published[0] == "127.0.0.1:50051:50051"
    assert published[1:] == (["127.0.0.1:8082:8082"] if file == REPLICAS else [])


def _installed(program: str) -> str:
    return str(Path(sys.executable).parent / program)


def _secrets(folder: Path) -> Path:
    """Make the secrets by the commands in the file, and return their folder."""
    told = re.search(r"^#   (mkdir .*)\n((?:#   .*\n)+)# Then", REPLICAS.read_text(), re.MULTILINE)
    assert told is not None
    script = "\n".join([told[1], told[2].replace("#   ", "")])
    (folder / "deploy/replicas").mkdir(parents=True)
    subprocess.run(["sh", "-ec", script], cwd=folder, check=True)
    return folder / "deploy/replicas/secrets"
