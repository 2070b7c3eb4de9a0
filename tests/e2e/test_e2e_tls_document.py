# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the section on TLS in docs/operations.md work one after the other."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from processes.running import GUARD_SECONDS
from project.markdown_snippets import snippets

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
SERVE = "longtake-server serve"


def blocks(folder: Path) -> list[str]:
    """Return the commands of the section, with ports that are free."""
    found = re.search(r"^## TLS$.*?(?=^## )", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    section = folder / "section.md"
    section.write_text(found[0].replace("127.0.0.1:50052", free_address()))
    return snippets(section, "sh")


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def serving(command: str, folder: Path, variables: dict[str, str]) -> Iterator[None]:
    with subprocess.Popen(
        ["bash", "-euc", command], cwd=folder, env=variables, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            assert server.stdout.readline().startswith("longtake-server is serving on")
            yield
        finally:
            server.terminate()
            assert server.wait() == 0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the commands need openssl")
def test_the_commands_make_a_tls_and_an_mtls_server(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if "LONGTAKE" not in name}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    variables = {**kept, "PATH": path, "LONGTAKE_LISTEN": free_address()}
    exported = ""
    served = 0
    with ExitStack() as running:
        for block in blocks(tmp_path):
            if SERVE not in block:
                subprocess.run(["bash", "-euc", block], cwd=tmp_path, env=variables, check=True)
                continue
            running.close()
            # The reader's terminal keeps what the earlier blocks have exported.
            exported += block.replace(SERVE, "")
            running.enter_context(serving(f"{exported}\nexec {SERVE}", tmp_path, variables))
            served += 1
    assert served == 2
