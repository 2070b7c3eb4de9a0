# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Replaces replicas of an older commit by those of this checkout, one by one, under load.

Both run with the packages of this environment.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cluster.cluster_clients import clients
from cluster.cluster_parts import running_cluster
from cluster.cluster_trial import MAX_CONCURRENT, Scale, checked

if TYPE_CHECKING:
    from cluster.cluster_parts import Cluster
    from cluster.cluster_trial import Outcome

ROOT = Path(__file__).parents[2]
_SCHEMA = "server/longtake_server/storage/postgres/schema.py"
# The folders of a checkout that hold the code of a server.
_CODE = ("server", "client_stubs/python")


async def update(folder: Path, scale: Scale, seed: int, code: str = "") -> Outcome:
    """Run clients while each replica is replaced, and check everything.

    A client repeats only calls that failed with UNAVAILABLE or DEADLINE_EXCEEDED.

    Args:
        folder: An empty folder.
        scale: How much the clients do.
        seed: What the random choices follow from.
        code: The code of the older replicas, see running_cluster.

    Raises:
        AssertionError: The service broke a promise.
        grpc.aio.AioRpcError: A call failed otherwise.

    """
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    async with (
        running_cluster(
            folder, max_concurrent=MAX_CONCURRENT, per_minute=scale.per_minute, code=code
        ) as cluster,
        clients([each.address for each in cluster.replicas], chance) as callers,
    ):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(callers.run(scale.operations, scale.seconds))
            tasks.create_task(_replace(cluster, scale.seconds))
        return await checked(cluster, callers, {"update": len(cluster.replicas)}, scale)


async def _replace(cluster: Cluster, seconds: float) -> None:
    for replica in cluster.replicas:
        await asyncio.sleep(seconds / (len(cluster.replicas) + 1))
        await replica.update()


def before_the_last_change() -> str:
    """Return the commit before the last change of the database schema."""
    changes = _git("log", "-2", "--format=%H", "--", _SCHEMA).decode().split()
    # If the schema has never changed, its first commit.
    return f"{changes[0]}^" if len(changes) > 1 else changes[0]


def unpacked(commit: str, folder: Path) -> str:
    """Unpack the code of a commit, and return its folders, joined as in PYTHONPATH."""
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit, *_CODE))) as archive:
        archive.extractall(folder, filter="data")
    return os.pathsep.join(str(folder / each) for each in _CODE)


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout


def main() -> int:
    """Return 0 if every check passed."""
    parser = argparse.ArgumentParser(prog="cluster_update", description=__doc__)
    add = parser.add_argument
    add("--commit", help="the older commit (default: before the last change of the schema)")
    add("--seconds", type=float, default=60, help="seconds of load (default: %(default)g)")
    add("--operations", type=int, default=120, help="number of operations (default: %(default)s)")
    add("--seed", type=int, default=1, help="seed of the random choices (default: %(default)s)")
    given = parser.parse_args()
    commit = given.commit or before_the_last_change()
    print(f"from {commit}, seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="longtake-update-") as name:
        folder = Path(name)
        run = folder / "run"
        run.mkdir()
        code = unpacked(commit, folder / "older")
        scale = Scale(given.operations, given.seconds)
        print(asyncio.run(update(run, scale, given.seed, code)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
