# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Generates the blocking half of the Python client from its asyncio half.

Writes to the folder that the optional argument names, by default into the client's package.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tokenize
from pathlib import Path

from unasync import Rule, unasync_files

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "client_stubs" / "python" / "longtake"
SOURCES = PACKAGE / "_async"
TARGETS = PACKAGE / "_sync"
# Written by hand in each half, because more than names differs.
BY_HAND = {"__init__.py", "credentials.py", "transport.py"}
# In addition to unasync's own replacements, such as AsyncGenerator.
NAMES = {
    "_async": "_sync",
    "aclosing": "closing",
    "AsyncCallers": "Callers",
    "AsyncBaseClient": "BlockingClient",
    "AsyncConnection": "Connection",
    "AsyncCredentials": "Credentials",
    "AsyncDownloads": "Downloads",
    "AsyncFiles": "Files",
    "AsyncGenerateVideosOperation": "GenerateVideosOperation",
    "AsyncModels": "Models",
    "AsyncOperations": "Operations",
    "AsyncProcessBound": "ProcessBound",
    "AsyncStoredVideo": "StoredVideo",
    "AsyncTransport": "Transport",
    "AsyncUsages": "Usages",
    "AsyncWebhooks": "Webhooks",
    "VideoServiceAsyncStub": "VideoServiceStub",
    "WebhookServiceAsyncStub": "WebhookServiceStub",
}
NOTICE = "# Generated from _async/{name} by `make sync`. Do not edit."
LICENCE = "# SPDX-License-Identifier: Apache-2.0\n"
LEFT_OVER = re.compile(r"\basync|\bawait\b|\bSync[A-Z]|\bAsync[A-Z]\w*")


def main(destination: Path) -> None:
    """Generate every module of the blocking half.

    Raises:
        SystemExit: A name is never used, or something asynchronous is left.

    """
    sources = sorted(path for path in SOURCES.glob("*.py") if path.name not in BY_HAND)
    if unused := NAMES.keys() - {name for path in sources for name in _names(path)}:
        raise SystemExit(f"scripts/generate_blocking.py: no source uses {sorted(unused)}")
    rule = Rule(f"{SOURCES}/", f"{destination}/", additional_replacements=NAMES)
    unasync_files([str(path) for path in sources], [rule])
    for path in sources:
        _finish(destination / path.name)


def _names(path: Path) -> set[str]:
    with path.open("rb") as file:
        return {token.string for token in tokenize.tokenize(file.readline)}


def _finish(path: Path) -> None:
    """Add the notice and format the module. Fails if anything asynchronous is left in it."""
    text = path.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        if found := LEFT_OVER.search(line):
            raise SystemExit(
                f"{path}:{number}: {found[0]!r} is left: reword it, or add it to NAMES"
            )
    text = text.replace(LICENCE, f"{LICENCE}{NOTICE.format(name=path.name)}\n", 1)
    text = _ruff(path.name, text, "check", "--select", "I", "--fix")
    path.write_text(_ruff(path.name, text, "format"))


def _ruff(name: str, text: str, *arguments: str) -> str:
    """Run ruff on a text and return the result. `name` tells ruff which imports are local."""
    ruff = Path(sysconfig.get_path("scripts"), "ruff")
    run = subprocess.run(
        [ruff, *arguments, "--quiet", "--stdin-filename", TARGETS / name, "-"],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else TARGETS)
