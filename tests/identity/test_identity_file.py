# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The identity file says whose credentials are admitted, and every fault of it is told at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import StartFailure
from longtake_server.identity.identity_file import load_identities
from longtake_server.identity.principal import Role

if TYPE_CHECKING:
    from collections.abc import Collection

WHOLE = """
[[issuer]]
alias = "google"
issuer = "https://accounts.google.com"
audience = "32555940559.apps.googleusercontent.com"
jwks_url = "https://www.googleapis.com/oauth2/v3/certs"
roles = "reader"

[[issuer]]
alias = "okta"
issuer = "https://example.okta.com"
audience = ["longtake", "https://longtake.example.com"]
roles_claim = "groups"
roles_by_value = { makers = "generator", heads = ["reader", "admin"] }
labels = { team = "department" }

[[certificate]]
identity = "spiffe://example.org/ns/prod/*"
roles = ["generator"]
labels = { team = "films" }

[[certificate]]
identity = "dns:batch.example.org"
roles = ["admin"]

[caller_header]
roles = ["generator", "reader"]
"""
GUIDE = Path(__file__).parents[2] / "docs/operations.md"
ALL = ("tokens", "certificates")


def written(folder: Path, text: str) -> Path:
    file = folder / "identity.toml"
    file.write_text(text)
    return file


def faults(
    folder: Path, text: str, methods: Collection[str] = ALL, *, names_callers: bool = True
) -> list[str]:
    """Return the faults, each without the file's name, which begins it."""
    file = written(folder, text)
    with pytest.raises(StartFailure) as raised:
        load_identities(file, methods, names_callers=names_callers)
    lines = str(raised.value).splitlines()
    assert all(line.startswith(f"{file}") for line in lines)
    return [line.removeprefix(f"{file}").lstrip(":, ") for line in lines]


def test_a_file_says_who_is_admitted(tmp_path: Path) -> None:
    found = load_identities(written(tmp_path, WHOLE), ALL, names_callers=True)
    google, okta = found.issuer
    assert google.audience == ("32555940559.apps.googleusercontent.com",)
    assert google.roles == (Role.READER,)
    assert okta.jwks_url is None
    assert okta.roles_by_value == {
        "makers": (Role.GENERATOR,),
        "heads": (Role.READER, Role.ADMIN),
    }
    assert [row.identity for row in found.certificate] == [
        "spiffe://example.org/ns/prod/*",
        "dns:batch.example.org",
    ]
    assert found.caller_header.roles == (Role.GENERATOR, Role.READER)


def test_the_example_of_the_guide_is_right(tmp_path: Path) -> None:
    [example] = re.findall(r"```toml\n(\[\[issuer.*?)```", GUIDE.read_text(), re.DOTALL)
    found = load_identities(written(tmp_path, example), ALL, names_callers=True)
    assert [row.alias for row in found.issuer] == ["google", "corp"]
    assert len(found.certificate) == 1


def test_without_a_file_nobody_is_admitted_and_callers_are_generators() -> None:
    found = load_identities(None, (), names_callers=True)
    assert (found.issuer, found.certificate) == ((), ())
    assert found.caller_header.roles == (Role.GENERATOR,)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = """
    [[issuer]]
    alias = "spiffe"
    issuer = "http://sso.example.com"
    audience = []
    roles = ["owner"]
    colour = "secret-value"

    [[issuer]]
    alias = "Okta"
    issuer = 7

    [[certificate]]
    identity = "CN=admin"
    roles = []
    labels = { Team = "films" }

    [caller_header]
    roles = ["admin"]

    [keys]
    """
    told = faults(tmp_path, text, names_callers=False)
    assert [fault.partition(":")[0] for fault in told] == [
        "issuer 1, alias",
        "issuer 1, issuer",
        "issuer 1, audience",
        "issuer 1, roles.0",
        "issuer 1, colour",
        "issuer 2, alias",
        "issuer 2, issuer",
        "issuer 2, audience",
        "certificate 1, identity",
        "certificate 1, roles",
        "certificate 1, labels.Team",
        "keys",
        "[caller_header] has no effect without LONGTAKE_TRUST_CALLER_HEADER",
    ]
    assert "secret-value" not in "".join(told)
    assert "owner" not in "".join(told)


@pytest.mark.parametrize(
    "identity",
    [
        "*",
        "spiffe://*",
        "spiffe://example.org*",
        "uri:https://example.org/a*",
        "dns:*",
        "dns:*.example.org",
        "dns:orders*",
        "orders.example.org",
        "spiffe://example.org/a*b/*",
        "spiffe://example.org/a b",
        "x509:admin",
    ],
)
def test_an_identity_that_would_admit_strangers_is_refused(tmp_path: Path, identity: str) -> None:
    text = f'[[certificate]]\nidentity = "{identity}"\nroles = ["generator"]'
    [fault] = faults(tmp_path, text, ("certificates",))
    assert fault.startswith("certificate 1, identity: accepted is spiffe://DOMAIN/PATH")


@pytest.mark.parametrize(
    ("methods", "text", "fault"),
    [
        (
            ("tokens",),
            "",
            "there is no [[issuer]], which LONGTAKE_AUTHENTICATION needs for tokens",
        ),
        (
            ("certificates",),
            "certificate = []",
            "there is no [[certificate]], which LONGTAKE_AUTHENTICATION needs for certificates",
        ),
        (
            (),
            '[[certificate]]\nidentity = "dns:a.example.org"\nroles = ["reader"]',
            "[[certificate]] has no effect unless LONGTAKE_AUTHENTICATION has certificates",
        ),
    ],
)
def test_the_file_must_fit_the_settings(
    tmp_path: Path, methods: Collection[str], text: str, fault: str
) -> None:
    assert faults(tmp_path, text, methods) == [fault]


SAFE = "an https:// address, or an http:// one of this machine"
ROLES = "roles for all its principals, or roles_claim and roles_by_value"
ISSUER = '[[issuer]]\nalias = "a"\nissuer = "https://a.example.com"\naudience = "x"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f'{ISSUER}roles = ["reader"]\n' * 2,
            [
                "two [[issuer]] have the alias a; each has one of its own",
                "two [[issuer]] have the issuer https://a.example.com; each has one of its own",
            ],
        ),
        (
            ISSUER,
            [f"issuer 1: it gives no role; add {ROLES}"],
        ),
        (
            f'{ISSUER}roles = ["reader"]\nroles_claim = "groups"',
            ["issuer 1: roles_claim and roles_by_value go together"],
        ),
        (
            f'{ISSUER}roles = ["reader"]\njwks_url = "http://a.example.com/keys"',
            [f"issuer 1, jwks_url: keys could be forged on the way; accepted is {SAFE}"],
        ),
    ],
)
def test_rows_must_not_contradict_each_other(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    assert faults(tmp_path, text, ("tokens",)) == expected


def test_two_rows_for_one_identity_are_refused(tmp_path: Path) -> None:
    text = '[[certificate]]\nidentity = "dns:a.example.org"\nroles = ["reader"]\n' * 2
    assert faults(tmp_path, text, ("certificates",)) == [
        "two [[certificate]] have the identity dns:a.example.org; give it once"
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"[[issuer", "at its end: this is not TOML"),
        (b"\xff", "the identity file is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes, fault: str) -> None:
    file = tmp_path / "identity.toml"
    file.write_bytes(content)
    with pytest.raises(StartFailure, match=fault):
        load_identities(file, ALL, names_callers=False)


def test_a_file_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartFailure, match="the identity file cannot be read: No such file"):
        load_identities(tmp_path / "none.toml", ALL, names_callers=False)
