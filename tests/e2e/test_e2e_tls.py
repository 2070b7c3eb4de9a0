# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server with TLS files: it starts only with right ones, and replaces them while it runs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from processes.running import GUARD_SECONDS, Process
from rpc.rpc_certificates import Authority, TlsFolder, secure_channel, serial_at
from rpc.rpc_tls_server import models

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
AUTHORITY = Authority()
CLIENTS = Authority("clients")
OPEN = "plaintext,no-authentication"


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "LONGTAKE" not in name}
    given = {"listen": "127.0.0.1:0", "data_folder": str(folder / "data"), **settings}
    return kept | {f"LONGTAKE_{name.upper()}": value for name, value in given.items()}


def command(
    name: str, *options: str, variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "longtake_server", name, *options],
        env=variables,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def tls(files: TlsFolder) -> dict[str, str]:
    return {
        "tls_certificate": str(files.certificate),
        "tls_key": str(files.key),
        "mtls_listen": "127.0.0.1:0",
        "mtls_client_ca": str(files.client_ca),
    }


@pytest.mark.parametrize("name", ["serve", "check-config"])
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"insecure": "no-authentication"}, "LONGTAKE_INSECURE=plaintext"),
        ({"insecure": "plaintext"}, "LONGTAKE_INSECURE=no-authentication"),
    ],
)
def test_an_address_that_others_reach_is_refused_in_one_line(
    tmp_path: Path, name: str, settings: dict[str, str], says: str
) -> None:
    variables = environment(tmp_path, listen="0.0.0.0:0", **settings)
    ended = command(name, variables=variables)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert says in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()


async def test_an_address_that_others_reach_is_served_if_that_is_allowed(tmp_path: Path) -> None:
    running = await Process.start(
        *("-m", "longtake_server", "serve"),
        log=tmp_path / "server.log",
        environment=environment(tmp_path, listen="0.0.0.0:0", insecure=OPEN),
    )
    assert running.first_line.startswith("longtake-server is serving on 0.0.0.0:")
    assert await running.terminate() == 0


@pytest.mark.parametrize("name", ["serve", "check-config"])
def test_a_key_of_another_certificate_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    files = TlsFolder(tmp_path / "tls")
    files.write(AUTHORITY.server().pem, AUTHORITY.server().key_pem, CLIENTS.pem)
    ended = command(name, variables=environment(tmp_path, **tls(files)))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "longtake-server: LONGTAKE_TLS_KEY is not the key of the certificate in "
        "LONGTAKE_TLS_CERTIFICATE\n"
    )


def test_a_taken_mtls_address_is_named(tmp_path: Path) -> None:
    files = TlsFolder(tmp_path / "tls")
    files.put(AUTHORITY.server(), CLIENTS.pem)
    identities = tmp_path / "identities.toml"
    identities.write_text('[[certificate]]\nidentity = "dns:ann"\nroles = ["generator"]\n')
    given = {
        **tls(files),
        "mtls_listen": "192.0.2.1:50051",
        "authentication": "certificates",
        "identity_file": str(identities),
    }
    ended = command("serve", variables=environment(tmp_path, **given))
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(
        "longtake-server: cannot listen on 192.0.2.1:50051: this machine does not have that "
        "address; set LONGTAKE_MTLS_LISTEN to one that it has"
    )


async def test_a_running_server_takes_over_new_files_and_refuses_broken_ones(
    tmp_path: Path,
) -> None:
    files, old, new = TlsFolder(tmp_path / "tls"), AUTHORITY.server(), AUTHORITY.server()
    files.put(old, CLIENTS.pem)
    variables = environment(tmp_path, log_format="json", **tls(files))
    log = tmp_path / "server.log"
    running = await Process.start("-m", "longtake_server", "serve", log=log, environment=variables)
    address = running.first_line.split()[-1]
    async with secure_channel(address, AUTHORITY.pem) as channel:
        assert await models(channel) > 0
        files.write(new.pem, old.key_pem, CLIENTS.pem)
        while "cannot use the new TLS files" not in log.read_text():
            assert await models(channel) > 0
        assert await serial_at(address) == old.serial
        files.put(new, CLIENTS.pem)
        while await serial_at(address) != new.serial:
            assert await models(channel) > 0
    asked = await asyncio.to_thread(command, "health", "--address", address, variables=variables)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert await running.terminate() == 0
    assert log.read_text().count("cannot use the new TLS files") == 1
    assert '"mtls_address": "127.0.0.1:' in log.read_text()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--cert", "c.pem"], "--cert and --key go together"),
        (["--ca", "nowhere.pem"], "--ca: nowhere.pem cannot be read: No such file or directory"),
    ],
)
def test_wrong_options_of_health_are_one_line(
    tmp_path: Path, options: list[str], says: str
) -> None:
    ended = command("health", "--address", "127.0.0.1:1", *options, variables=environment(tmp_path))
    assert (ended.returncode, ended.stderr) == (1, f"longtake-server: {says}\n")
