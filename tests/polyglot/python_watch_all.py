# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The program of the Python client that tells a watch of all; see watching_all.py."""

from __future__ import annotations

import json
import sys

from longtake import Client
from longtake.types import InitialSetComplete, OperationChanged, OperationDeleted


def main(address: str, filter: str, after_position: str) -> None:  # noqa: A002 - its name
    with Client(address) as client:
        for event in client.operations.watch_all(filter, after_position=after_position):
            match event:
                case OperationChanged(operation, position):
                    facts = {"name": operation.name, "revision": operation.revision}
                    tell("changed", position, **facts)
                case OperationDeleted(name, position):
                    tell("deleted", position, name=name)
                    return
                case InitialSetComplete(position):
                    tell("complete", position)
                case _:
                    tell("restarted", event.position)


def tell(step: str, position: str | None, **facts: object) -> None:
    sys.stdout.write(json.dumps({"step": step, "position": position or "", **facts}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
