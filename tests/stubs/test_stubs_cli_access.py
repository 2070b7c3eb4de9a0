# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Keys, TLS and metadata on the command line, and what a refused key is answered with."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from google.rpc import code_pb2
from stubs.stubs_accounting import over_budget
from stubs.stubs_certificates import Authority
from stubs.stubs_messages import NAME, error_info, operation, seen, status, succeeded

if TYPE_CHECKING:
    from pathlib import Path

    from stubs.stubs_programs import Program

KEY = "ltk_a_key_for_tests"


@pytest.mark.parametrize("content", [KEY, f"{KEY}\n", f"  {KEY}\r\n"])
@pytest.mark.parametrize("before", [True, False])
def test_a_key_is_read_from_a_file(
    longtake: Program, tmp_path: Path, content: str, before: bool
) -> None:
    (tmp_path / "key").write_text(content)
    words = ["--api-key-file", "key"]
    with video_service(Call("GetOperation", operation())) as service:
        order = [*words, "get", NAME] if before else ["get", NAME, *words]
        outcome = longtake.run(*order, "--address", service.address)

        assert (outcome.code, outcome.err) == (0, "")
        assert service.credentials() == [f"Bearer {KEY}"]


def test_a_key_is_read_from_standard_input(
    longtake: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{KEY}\n".encode())))
    with video_service(Call("GetOperation", operation())) as service:
        outcome = longtake.run("get", NAME, "--api-key-file", "-", "--address", service.address)

        assert (outcome.code, outcome.err) == (0, "")
        assert service.credentials() == [f"Bearer {KEY}"]


def test_a_file_takes_precedence_over_the_variable(
    longtake: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(KEY)
    monkeypatch.setenv("LONGTAKE_API_KEY", "another")
    with video_service(*[Call("GetOperation", operation())] * 2) as service:
        monkeypatch.setenv("LONGTAKE_ADDRESS", service.address)
        assert longtake.run("get", NAME).code == 0
        assert longtake.run("get", NAME, "--api-key-file", "key").code == 0

        assert service.credentials() == ["Bearer another", f"Bearer {KEY}"]


def test_every_option_of_access_reaches_the_server(longtake: Program, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own = authority.pair("client")
    (tmp_path / "key").write_text(KEY)
    with video_service(
        Call("GetOperation", operation()), tls=authority.server(asks_clients=True)
    ) as service:
        outcome = longtake.run(
            "get", NAME, "--address", service.address, "--ca", str(authority.file),
            "--client-certificate", str(own.certificate), "--client-key", str(own.key),
            "--api-key-file", "key", "--metadata", "x-team=ads", "--metadata", "x-route=a=b",
        )  # fmt: skip

        assert (outcome.code, outcome.err) == (0, "")
        received = service.received[0].metadata
        assert received["authorization"] == f"Bearer {KEY}"
        assert (received["x-team"], received["x-route"]) == ("ads", "a=b")


def test_the_command_to_continue_with_has_the_same_options(
    longtake: Program, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    (tmp_path / "key").write_text(KEY)
    with video_service(
        Call("GetOperation", operation()),
        Call("DownloadVideo", status(code_pb2.NOT_FOUND, "No.", error_info("VIDEO_NOT_FOUND"))),
        Call("WatchOperation", seen(succeeded())),
        tls=authority.server(),
    ) as service:
        outcome = longtake.run(
            "watch", NAME, "-o", "a.mp4", "--address", service.address, "--ca", "ca.pem",
            "--api-key-file", "key", "--metadata", "x-a=b c", "--metadata", "x-d=e",
        )  # fmt: skip

    assert outcome.err.endswith(
        f"fetch it with: longtake download {NAME}/videos/0 -o a.mp4 --address {service.address} "
        "--api-key-file key --ca ca.pem --metadata 'x-a=b c' --metadata x-d=e\n"
    )
    assert KEY not in outcome.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--api-key-file", "none"), "--api-key-file: none cannot be read: No such file"),
        (("--api-key-file", "."), "--api-key-file: . cannot be read: Is a directory"),
        (("--api-key-file", "empty"), "--api-key-file: empty is empty"),
        (("--api-key-file", "bytes"), "--api-key-file: bytes is not text"),
        (("--api-key-file", "lines"), "--api-key-file: text of this kind is not accepted; it is a"),
        (("--ca", "none"), "--ca: the file none cannot be read"),
        (("--ca", "lines"), "--ca: the file lines has no certificate in PEM"),
        (("--client-key", "own.key"), "--client-key: it needs --client-certificate as well"),
        (("--client-certificate", "a"), "--client-certificate: it needs --client-key as well"),
        (
            ("--client-certificate", "none", "--client-key", "none"),
            "--client-certificate: the file none cannot be read",
        ),
        (("--metadata", "hush"), "--metadata: it is KEY=VALUE"),
        (("--metadata", "a key=hush"), "--metadata: a key is not accepted"),
        (("--metadata", "authorization=hush"), "--metadata: authorization is not accepted"),
    ],
)
def test_a_wrong_option_is_named_in_one_line_and_no_secret_is_repeated(
    longtake: Program, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfehush")
    (tmp_path / "lines").write_text("hush\nhush")
    outcome = longtake.run("list", "--address", "https://localhost", *words)

    assert outcome.err.startswith(f"longtake: {told}")
    assert (outcome.err.count("\n"), outcome.code, outcome.out) == (1, 2, "")
    assert "hush" not in outcome.err


def test_a_key_over_plaintext_is_refused_by_the_name_of_its_setting(
    longtake: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(KEY)
    address = "videos.example.com:50051"
    option = longtake.run("list", "--address", address, "--api-key-file", "key")
    monkeypatch.setenv("LONGTAKE_API_KEY", KEY)
    variable = longtake.run("list", "--address", address)

    told = f"it would be sent to {address} without TLS, readable by others; use an https:// address"
    assert option.err == f"longtake: --api-key-file: {told}\n"
    assert variable.err == f"longtake: LONGTAKE_API_KEY: {told}\n"
    assert (option.code, variable.code) == (2, 2)


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("CREDENTIAL_MISSING", "put a key into LONGTAKE_API_KEY, or its file into --api-key-file"),
        ("CREDENTIAL_EXPIRED", "put another key into LONGTAKE_API_KEY, or its file into"),
        ("CREDENTIAL_REVOKED", "put another key into LONGTAKE_API_KEY, or its file into"),
        ("CREDENTIAL_UNKNOWN", "put another key into LONGTAKE_API_KEY, or its file into"),
        ("CREDENTIAL_MALFORMED", "put another key into LONGTAKE_API_KEY, or its file into"),
    ],
)
def test_a_refused_key_is_answered_with_what_to_do(
    longtake: Program, monkeypatch: pytest.MonkeyPatch, reason: str, remedy: str
) -> None:
    monkeypatch.setenv("LONGTAKE_API_KEY", KEY)
    refusal = status(code_pb2.UNAUTHENTICATED, "The key is no good.", error_info(reason))
    with video_service(Call("GetOperation", refusal)) as service:
        outcome = longtake.run("get", NAME, "--address", service.address)

    assert outcome.err.startswith(f"longtake: UNAUTHENTICATED: The key is no good.; {remedy}")
    assert (outcome.code, outcome.err.count("\n"), outcome.out) == (2, 1, "")
    assert KEY not in outcome.err


def test_a_handshake_that_fails_is_answered_with_what_to_try(
    longtake: Program, tmp_path: Path
) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    trusted = ("--ca", str(authority.file))
    with video_service(tls=authority.server()) as service:
        plain = longtake.run("list", "--address", service.address.removeprefix("https://"))
        strange = longtake.run("list", "--address", service.address, "--ca", str(other.file))
    with video_service(tls=authority.server(asks_clients=True)) as service:
        nameless = longtake.run("list", "--address", service.address, *trusted)
    with video_service() as service:
        secure = longtake.run("list", "--address", f"https://{service.address}", *trusted)

    told = [one.err.rpartition("; ")[2] for one in (plain, strange, nameless, secure)]
    assert told == [
        "if it uses TLS, give https:// before the address\n",
        "its certificate is not trusted: name its authority with --ca or LONGTAKE_CA\n",
        "if it asks for a certificate, give --client-certificate and --client-key\n",
        "it does not use TLS: give http:// instead\n",
    ]
    assert [one.code for one in (plain, strange, nameless, secure)] == [5, 5, 5, 5]


def test_a_role_that_is_missing_is_a_refusal(longtake: Program) -> None:
    refusal = status(code_pb2.PERMISSION_DENIED, "It requires ADMIN.", error_info("ROLE_MISSING"))
    with video_service(Call("GetOperation", refusal)) as service:
        outcome = longtake.run("get", NAME, "--address", service.address)

    assert (outcome.code, outcome.err) == (2, "longtake: PERMISSION_DENIED: It requires ADMIN.\n")


def test_a_budget_that_is_spent_points_to_whoami(longtake: Program) -> None:
    with video_service(Call("GenerateVideos", over_budget())) as service:
        outcome = longtake.run("generate", "a dog", "--address", service.address)

    assert outcome.code == 2
    assert outcome.err == (
        "longtake: RESOURCE_EXHAUSTED: No budget is left.; `longtake whoami` shows the budgets\n"
    )


def test_no_option_takes_a_key_itself(longtake: Program) -> None:
    outcome = longtake.run("list", "--api-key", KEY)

    assert (outcome.code, KEY in outcome.err) == (2, False)
