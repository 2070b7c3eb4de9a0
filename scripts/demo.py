# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`make demo`: starts a server on the simulator, generates a video and decodes every frame of it.

The server uses a free port and a temporary data folder, and always stops at the end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import av

from scripts.processes import ended, first_line, say

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "build" / "demo.mp4"
COMMANDS = Path(sys.executable).parent
PROMPT = "A paper boat sails down a rainy street"


def main() -> None:
    """Run the demonstration. If a step fails, print one line and exit with 1."""
    # Otherwise SIGTERM would end this process and leave the server running.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.unlink(missing_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="longtake-demo-") as folder,
        _service(folder) as address,
    ):
        say(f"The server listens on {address} and stores its data in {folder}")
        _generate(address)
    frames = _count_frames(OUTPUT)
    if frames == 0:
        sys.exit(f"demo: {OUTPUT} has no frames")
    say(f"All {frames} frames decode. The server has stopped. Your video: {OUTPUT}")


@contextmanager
def _service(folder: str) -> Iterator[str]:
    environment = os.environ | {
        "LONGTAKE_LISTEN": "127.0.0.1:0",
        "LONGTAKE_HTTP_LISTEN": "127.0.0.1:0",
        "LONGTAKE_DATA_FOLDER": str(Path(folder) / "data"),
        "LONGTAKE_UPSTREAM": "simulator",
        "LONGTAKE_SIMULATOR_LATENCY_SECONDS": "2",
        "LONGTAKE_LOG_LEVEL": "warning",
    }
    command = [str(COMMANDS / "longtake-server"), "serve"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    with ended(process):
        announcement = first_line(process)
        if not announcement:
            sys.exit("demo: the server did not start; see the messages above")
        yield announcement.split()[-1]


def _generate(address: str) -> None:
    say(f'$ longtake generate "{PROMPT}" -o {OUTPUT.relative_to(ROOT)}')
    command = [str(COMMANDS / "longtake"), "generate", PROMPT, "-o", str(OUTPUT)]
    finished = subprocess.run(command, check=False, env=os.environ | {"LONGTAKE_ADDRESS": address})
    if finished.returncode != 0:
        sys.exit(f"demo: longtake generate failed with exit code {finished.returncode}")


def _count_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


if __name__ == "__main__":
    main()
