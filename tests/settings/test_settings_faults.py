# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Wrong settings are reported all at once, in the operator's words, without a value."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from longtake_server.configuration.loading import CLIENT_VARIABLES, WrongSettings, accepted_words
from longtake_server.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
NEEDED = "LONGTAKE_GOOGLE_PROJECT, LONGTAKE_GOOGLE_API_KEY or LONGTAKE_GEMINI_API_KEY"
NOT_GREATER = "must not be greater than LONGTAKE"
CLIENTS = ("client_stubs", "examples")
# Words of pydantic's, which no message may have.
LIBRARY_WORDS = re.compile(
    r"Input should|unable to parse|validation error|Value error|\[type=", re.I
)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


def faults_of(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], file: Path | None = None
) -> tuple[str, ...]:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings) as refused:
        load_settings(file)
    assert not LIBRARY_WORDS.search(str(refused.value))
    return refused.value.faults


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "longtake.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_says_what_it_accepts_and_never_repeats_a_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str
) -> None:
    assert accepted_words(Settings.model_fields[setting])
    variable = f"LONGTAKE_{setting.upper()}"
    # A table is what no setting takes; a text is what some take.
    [fault] = faults_of(monkeypatch, {}, written(tmp_path, f"[{setting}]\nhush = 1\n"))
    assert fault.startswith(f"{tmp_path}/longtake.toml, line 1: {setting}: accepted is ")
    [fault] = faults_of(monkeypatch, {variable: "  "})
    assert fault.startswith(f"{variable} is empty; remove it to use the default, or give ")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("LONGTAKE_GRACE_SECONDS", "-1", "a number of seconds, more than 0 and at most 2000000"),
        ("LONGTAKE_GRACE_SECONDS", "inf", "a number of seconds, more than 0 and at most 2000000"),
        ("LONGTAKE_GRACE_SECONDS", "nan", "a number of seconds, more than 0 and at most 2000000"),
        ("LONGTAKE_GRACE_SECONDS", "20s", "a number of seconds, more than 0 and at most 2000000"),
        ("LONGTAKE_RETENTION_DAYS", "1e9", "a number of days, more than 0 and at most 36500"),
        ("LONGTAKE_MAX_WATCHES", "none", "a whole number from 1 to 1000000"),
        ("LONGTAKE_MAX_WATCHES", "0", "a whole number from 1 to 1000000"),
        ("LONGTAKE_MAX_REQUEST_BYTES", "32M", "a whole number of bytes from 1024 to 62914560"),
        ("LONGTAKE_RETAIN_RESULTS", "maybe", "true or false"),
        ("LONGTAKE_UPSTREAM", "google", "simulator or agent_platform"),
        ("LONGTAKE_LOG_LEVEL", "LOUD", "debug, info, warning or error"),
        ("LONGTAKE_LISTEN", "127.0.0.1", "the port is missing"),
        ("LONGTAKE_TRUST_CALLER_HEADER", "x-caller-bin", "nor ending with -bin"),
        ("LONGTAKE_TRUST_CALLER_HEADER", "grpc-caller", "not beginning with grpc-"),
    ],
)
def test_a_wrong_value_is_told_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    [fault] = faults_of(monkeypatch, {variable: value})
    assert fault.startswith(f"{variable}: ")
    assert says in fault


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("LONGTAKE_LISTNE", "is not a setting; did you mean LONGTAKE_LISTEN?"),
        ("LONGTAKE_DATA_DIR", "is not a setting; did you mean LONGTAKE_DATA_FOLDER?"),
        ("longtake_listen", "is not a setting; did you mean LONGTAKE_LISTEN?"),
        ("LONGTAKE_GRACE", "is not a setting; did you mean LONGTAKE_GRACE_SECONDS?"),
        ("LONGTAKE_XYZZY", "is not a setting; docs/operations.md lists the settings"),
        ("LONGTAKE_PORT", "is not a setting"),
        ("LONGTAKE_", "is not a setting"),
    ],
)
def test_an_unknown_variable_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, says: str
) -> None:
    [fault] = faults_of(monkeypatch, {variable: "hush"})
    assert fault.startswith(variable)
    assert says in fault
    assert "hush" not in fault


def test_variables_of_clients_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = (
        path
        for folder in CLIENTS
        for suffix in ("py", "ts", "go", "rs", "java")
        for path in (ROOT / folder).rglob(f"*.{suffix}")
        if "node_modules" not in path.parts
    )
    read = {
        name
        for path in sources
        for name in re.findall(r"""["'](LONGTAKE_[A-Z_]+)["']""", path.read_text())
    }
    assert read == CLIENT_VARIABLES
    for name in read:
        monkeypatch.setenv(name, "localhost:1")
    load_settings(None)


def test_variables_that_kubernetes_sets_for_a_service_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "LONGTAKE_SERVICE_HOST": "10.0.0.1",
        "LONGTAKE_SERVICE_PORT": "50051",
        "LONGTAKE_SERVICE_PORT_GRPC": "50051",
        "LONGTAKE_PORT": "tcp://10.0.0.1:50051",
        "LONGTAKE_PORT_50051_TCP": "tcp://10.0.0.1:50051",
        "LONGTAKE_PORT_50051_TCP_PROTO": "tcp",
        "LONGTAKE_PORT_50051_TCP_PORT": "50051",
        "LONGTAKE_PORT_50051_TCP_ADDR": "10.0.0.1",
        "LONGTAKE_EDGE_SERVICE_HOST": "10.0.0.2",
        "LONGTAKE_EDGE_PORT": "tcp://10.0.0.2:80",
    }.items():
        monkeypatch.setenv(name, value)
    assert load_settings(None).listen == "127.0.0.1:50051"


def test_all_faults_are_reported_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = written(tmp_path, 'listne = "x"\n\nmax_watches = true\n[log]\nlevel = "info"\n')
    faults = faults_of(
        monkeypatch,
        {
            "LONGTAKE_LISTEN": "127.0.0.1:99999",
            "LONGTAKE_OTLP": "x",
            "LONGTAKE_UPSTREAM": "agent_platform",
            "LONGTAKE_POLL_SHORTEST_SECONDS": "200",
            "LONGTAKE_BACKOFF_FIRST_SECONDS": "100",
            "HTTPS_PROXY": "socks5://user:hush@proxy",
        },
        file,
    )
    assert sorted(faults) == sorted(
        [
            f"{file}, line 1: listne is not a setting; did you mean listen?",
            f"{file}, line 3: max_watches: accepted is a whole number from 1 to 1000000",
            f"{file}, line 4: log is not a setting; did you mean log_level?",
            "LONGTAKE_LISTEN: the port is a whole number from 0 to 65535",
            "LONGTAKE_OTLP is not a setting; did you mean LONGTAKE_OTLP_ENDPOINT?",
            f"LONGTAKE_UPSTREAM is agent_platform, which needs {NEEDED}",
            f"LONGTAKE_POLL_SHORTEST_SECONDS (200) {NOT_GREATER}_POLL_LONGEST_SECONDS (120 s)",
            f"LONGTAKE_BACKOFF_FIRST_SECONDS (100) {NOT_GREATER}_BACKOFF_LONGEST_SECONDS (60 s)",
            "HTTPS_PROXY: accepted is http://host:port or https://host:port",
        ]
    )


def test_a_rule_names_the_line_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = written(tmp_path, "listen = '127.0.0.1:1'\nupstream = 'agent_platform'\n")
    [fault] = faults_of(monkeypatch, {}, file)
    assert fault.startswith(f"{file}, line 2: upstream is agent_platform, which needs ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\n= = =", "line 2, column 1: this is not TOML"),
        ("listen = '127.0.0.1:1", "longtake.toml"),
        ("listen = 'a'\nlisten = 'b'\n", "line 2, column 13: this key is given twice"),
    ],
)
def test_a_fault_of_syntax_names_the_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, says: str
) -> None:
    [fault] = faults_of(monkeypatch, {}, written(tmp_path, text))
    assert says in fault


def test_a_file_that_cannot_be_read_is_named_with_the_other_faults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    given = {"LONGTAKE_LISTEN": "x"}
    for file, says in {
        tmp_path / "none.toml": "does not exist",
        tmp_path: "Is a directory",
        binary: "not UTF-8",
    }.items():
        first, second = faults_of(monkeypatch, given, file)
        assert str(file) in first
        assert says in first
        assert second.startswith("LONGTAKE_LISTEN: ")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"GOOGLE_PROJECT": "p"}, "LONGTAKE_UPSTREAM is not set, and LONGTAKE_GOOGLE_PROJECT has"),
        ({"GOOGLE_PROJECT": "My Project"}, "its display name is not its ID"),
        ({"GOOGLE_LOCATION": "evil.com/"}, "LONGTAKE_GOOGLE_LOCATION: a location is lower-case"),
        ({"GOOGLE_API_KEY": "kлюч"}, "LONGTAKE_GOOGLE_API_KEY: accepted are printable ASCII"),
        (
            {"GOOGLE_API_KEY": "k", "GOOGLE_ACCESS_TOKEN": "t"},
            "give either LONGTAKE_GOOGLE_API_KEY or LONGTAKE_GOOGLE_ACCESS_TOKEN, not both",
        ),
        (
            {"GOOGLE_API_KEY": "k", "GEMINI_BASE_URL": "http://a"},
            "LONGTAKE_GEMINI_BASE_URL needs LONGTAKE_GEMINI_API_KEY",
        ),
    ],
)
def test_google_settings_that_would_have_no_effect_or_fail_later(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    alone = "GOOGLE_PROJECT" in given or "GOOGLE_LOCATION" in given
    variables = {f"LONGTAKE_{name}": value for name, value in given.items()}
    if not alone:
        variables["LONGTAKE_UPSTREAM"] = "agent_platform"
    faults = faults_of(monkeypatch, variables)
    assert says in faults[0]


def test_the_simulator_is_chosen_in_spite_of_google_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LONGTAKE_UPSTREAM", "simulator")
    monkeypatch.setenv("LONGTAKE_GOOGLE_PROJECT", "p")
    assert load_settings(None).upstream == "simulator"
