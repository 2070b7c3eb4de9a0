# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the descriptor set of the protos, which Envoy's gRPC-JSON transcoder needs."""

from __future__ import annotations

import argparse
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).parents[1]
# The public contract and the types of its error details.
FOLDER = "protos/longtake/v1"
ERROR_DETAILS = "google/rpc/error_details.proto"


def write_descriptor_set(output: Path) -> None:
    """Write the set, with imports and comments.

    Raises:
        RuntimeError: The protos do not compile. protoc prints the reason to standard error.

    """
    output.parent.mkdir(parents=True, exist_ok=True)
    sources = sorted(path.relative_to(ROOT / "protos") for path in (ROOT / FOLDER).glob("*.proto"))
    code = protoc.main(
        [
            "protoc",
            f"-I{ROOT / 'protos'}",
            f"-I{ROOT / 'third_party/protos'}",
            f"-I{Path(grpc_tools.__file__).parent / '_proto'}",
            "--include_imports",
            "--include_source_info",
            f"--descriptor_set_out={output}",
            *(source.as_posix() for source in sources),
            ERROR_DETAILS,
        ]
    )
    if code != 0:
        raise RuntimeError(f"the protos do not compile: protoc ended with {code}")


def main() -> None:
    """Write the set to the file given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, metavar="FILE", help="output file")
    write_descriptor_set(parser.parse_args().output)


if __name__ == "__main__":
    main()
