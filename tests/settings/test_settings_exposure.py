# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server that other machines reach needs TLS and authentication, or a word that allows less."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from longtake_server.configuration.addresses import is_loopback
from longtake_server.configuration.loading import WrongSettings
from longtake_server.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TLS = {"tls_certificate": "tls.crt", "tls_key": "tls.key"}
MTLS = {**TLS, "mtls_listen": "127.0.0.1:0", "mtls_client_ca": "ca.crt"}
OPEN = "0.0.0.0:50051"
INSECURITIES = "plaintext, no-authentication, or both, separated by a comma"
NO_TLS = (
    "LONGTAKE_LISTEN is not a loopback address, so others could read the calls; set "
    "LONGTAKE_TLS_CERTIFICATE and LONGTAKE_TLS_KEY, or allow it with LONGTAKE_INSECURE=plaintext"
)
NO_AUTHENTICATION = (
    "LONGTAKE_LISTEN is not a loopback address, so others could spend your quota; set "
    "LONGTAKE_AUTHENTICATION, or LONGTAKE_TRUST_CALLER_HEADER behind a proxy that authenticates, "
    "or allow it with LONGTAKE_INSECURE=no-authentication"
)


def loaded(monkeypatch: pytest.MonkeyPatch, **given: str) -> Settings:
    for name, value in given.items():
        monkeypatch.setenv(f"LONGTAKE_{name.upper()}", value)
    return load_settings(None)


def faults(monkeypatch: pytest.MonkeyPatch, **given: str) -> tuple[str, ...]:
    with pytest.raises(WrongSettings) as refused:
        loaded(monkeypatch, **given)
    return refused.value.faults


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:1",
        "127.9.9.9:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
        "localhost:1",
        "LOCALHOST:1",
        "localhost.:1",
    ],
)
def test_only_this_machine_reaches_a_loopback_address(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0:1",
        "[::]:1",
        "10.0.0.1:1",
        "128.0.0.1:1",
        "[::ffff:10.0.0.1]:1",
        "[fe80::1%eth0]:1",
        "localhost.example.com:1",
        "longtake:1",
    ],
)
def test_others_may_reach_any_other_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert not is_loopback(address)
    assert faults(monkeypatch, listen=address) == (NO_TLS, NO_AUTHENTICATION)


def test_the_defaults_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch)
    assert (settings.insecure, settings.authentication) == ((), ())


@pytest.mark.parametrize(
    "given",
    [
        {"insecure": "plaintext,no-authentication"},
        {"insecure": "no-authentication, plaintext"},
        {"insecure": "plaintext", "authentication": "keys"},
        {"insecure": "plaintext", "trust_caller_header": "x-longtake-caller"},
        {**TLS, "insecure": "no-authentication"},
        {**TLS, "authentication": "keys,tokens", "identity_file": "i"},
    ],
)
def test_what_is_protected_or_allowed_may_be_reached(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    assert loaded(monkeypatch, listen=OPEN, **given).listen == OPEN


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"insecure": "plaintext"}, NO_AUTHENTICATION),
        ({**TLS}, NO_AUTHENTICATION),
        ({"insecure": "no-authentication"}, NO_TLS),
        ({"authentication": "keys"}, NO_TLS),
    ],
)
def test_each_lack_is_a_line_that_names_what_would_allow_it(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    assert faults(monkeypatch, listen=OPEN, **given) == (says,)


def test_the_address_of_http_needs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"http_listen": "0.0.0.0:8082"}
    says = (NO_TLS, NO_AUTHENTICATION)
    assert faults(monkeypatch, **given) == tuple(
        one.replace("LONGTAKE_LISTEN", "LONGTAKE_HTTP_LISTEN") for one in says
    )
    allowed = loaded(monkeypatch, **given, insecure="plaintext,no-authentication")
    assert allowed.http_listen == "0.0.0.0:8082"


def test_the_address_of_mtls_needs_authentication_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {**MTLS, "mtls_listen": "[::]:50052"}
    [fault] = faults(monkeypatch, **given)
    assert fault.startswith("LONGTAKE_MTLS_LISTEN is not a loopback address")
    assert loaded(
        monkeypatch, **given, authentication="certificates", identity_file="i"
    ).mtls_client_ca


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tls_key": "k"}, "LONGTAKE_TLS_CERTIFICATE and LONGTAKE_TLS_KEY go together"),
        ({"tls_certificate": "c"}, "LONGTAKE_TLS_CERTIFICATE and LONGTAKE_TLS_KEY go together"),
        (
            {**TLS, "mtls_client_ca": "ca"},
            "LONGTAKE_MTLS_CLIENT_CA needs LONGTAKE_MTLS_LISTEN or LONGTAKE_HTTP_MTLS_LISTEN",
        ),
        (
            {**TLS, "mtls_listen": "127.0.0.1:1"},
            "LONGTAKE_MTLS_LISTEN needs LONGTAKE_MTLS_CLIENT_CA",
        ),
        (
            {**TLS, "mtls_client_ca": "ca", "http_mtls_listen": "127.0.0.1:1"},
            "LONGTAKE_HTTP_MTLS_LISTEN needs LONGTAKE_HTTP_LISTEN",
        ),
        (
            {"http_listen": "127.0.0.1:1", "http_mtls_listen": "127.0.0.1:2"},
            "LONGTAKE_HTTP_MTLS_LISTEN needs LONGTAKE_MTLS_CLIENT_CA",
        ),
        (
            {"mtls_listen": "127.0.0.1:1", "mtls_client_ca": "ca"},
            "LONGTAKE_MTLS_LISTEN needs LONGTAKE_TLS_CERTIFICATE and LONGTAKE_TLS_KEY",
        ),
        (
            {**MTLS, "mtls_listen": "127.0.0.1:50051"},
            "LONGTAKE_MTLS_LISTEN must be another address than LONGTAKE_LISTEN",
        ),
        (
            {"http_listen": "127.0.0.1:50051"},
            "LONGTAKE_HTTP_LISTEN must be another address than LONGTAKE_LISTEN",
        ),
        (
            {**MTLS, "mtls_listen": "127.0.0.1:2", "http_listen": "127.0.0.1:2"},
            "LONGTAKE_HTTP_LISTEN must be another address than LONGTAKE_MTLS_LISTEN",
        ),
        (
            {"insecure": "everything"},
            f"LONGTAKE_INSECURE: accepted is {INSECURITIES}",
        ),
        (
            {"insecure": " "},
            f"LONGTAKE_INSECURE is empty; remove it to use the default, or give {INSECURITIES}",
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    assert faults(monkeypatch, **given) == (says,)


def test_both_listeners_may_take_a_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, listen="127.0.0.1:0", **MTLS).mtls_listen == "127.0.0.1:0"


def test_a_key_in_place_of_its_path_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n"
    said = faults(monkeypatch, tls_certificate="tls.crt", tls_key=key)
    assert said == ("LONGTAKE_TLS_KEY: accepted is the path of a PEM file, not its content",)


def test_a_file_of_settings_may_have_lists(tmp_path: Path) -> None:
    file = tmp_path / "longtake.toml"
    file.write_text(f'listen = "{OPEN}"\ninsecure = ["plaintext"]\nauthentication = ["keys"]\n')
    assert load_settings(file).insecure == ("plaintext",)
    file.write_text(f'listen = "{OPEN}"\n')
    with pytest.raises(WrongSettings, match=r"longtake\.toml, line 1: listen is not a loopback"):
        load_settings(file)


def composed(folder: Path) -> dict[str, str]:
    file = yaml.safe_load((folder / "compose.yaml").read_text())
    return dict(file["services"]["longtake"]["environment"])


def in_kubernetes(folder: Path) -> dict[str, str]:
    files = yaml.safe_load_all((folder / "kubernetes.yaml").read_text())
    [deployment] = [one for one in files if one["kind"] == "Deployment"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one["value"] for one in container["env"] if "value" in one}


@pytest.mark.parametrize("variables", [composed, in_kubernetes])
@pytest.mark.parametrize("folder", ["deploy", "deploy/replicas"])
def test_the_deployments_start_and_can_be_reached(
    monkeypatch: pytest.MonkeyPatch, folder: str, variables: Callable[[Path], dict[str, str]]
) -> None:
    for name, value in variables(ROOT / folder).items():
        monkeypatch.setenv(name, value)
    assert not is_loopback(load_settings(None).listen)


def test_the_image_starts_as_it_is() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "LONGTAKE_LISTEN=" not in re.sub("#.*", "", text)
    assert "LONGTAKE_INSECURE=" not in text
