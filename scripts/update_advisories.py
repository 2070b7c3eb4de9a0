# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Asks OSV for the advisories of all locked packages, and writes scripts/advisories.json.

Needs access to the service. `make check` reads the file without it.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import httpx

from scripts.advisories import FILE, ROOT, pinned

_OSV = "https://api.osv.dev"
_SECONDS = 30.0


def fetch(http: httpx.Client, package: str) -> list[dict[str, Any]]:
    """Return the advisories of a package, in the form of the file.

    Raises:
        httpx.HTTPError: The service cannot be reached, or answers with an error.

    """
    question = {"package": {"name": package, "ecosystem": "PyPI"}}
    answer = http.post("/v1/query", json=question).raise_for_status().json()
    return [
        {
            "id": found["id"],
            "aliases": sorted(found.get("aliases", ())),
            "package": package,
            "ranges": ranges,
        }
        for found in answer.get("vulns", ())
        if not found.get("withdrawn") and (ranges := list(_ranges(found, package)))
    ]


def _ranges(found: dict[str, Any], package: str) -> list[dict[str, str | None]]:
    ranges: list[dict[str, str | None]] = []
    for affected in found["affected"]:
        named = affected.get("package", {})
        if (named.get("ecosystem"), named.get("name", "").lower()) != ("PyPI", package):
            continue
        for one in affected.get("ranges", ()):
            if one["type"] == "ECOSYSTEM":
                ranges.extend(_pairs(one["events"]))
    return ranges


def _pairs(events: list[dict[str, str]]) -> list[dict[str, str | None]]:
    pairs: list[dict[str, str | None]] = []
    for event in events:
        if "introduced" in event:
            pairs.append({"introduced": event["introduced"], "fixed": None})
        elif "fixed" in event and pairs:
            pairs[-1]["fixed"] = event["fixed"]
    return pairs


def main() -> int:
    """Write the file, and return 0; return 1 and leave it if a package cannot be looked up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", default=_OSV, help="the address of OSV's API")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    parser.add_argument("--output", type=Path, default=FILE)
    given = parser.parse_args()
    try:
        with httpx.Client(base_url=given.service, timeout=_SECONDS) as http:
            found = {name: fetch(http, name) for name in sorted(pinned(given.lock))}
    except httpx.HTTPError as error:
        print(f"cannot ask {given.service}: {type(error).__name__}", file=sys.stderr)
        return 1
    advisories = [one for each in found.values() for one in sorted(each, key=itemgetter("id"))]
    snapshot = {
        "date": datetime.now(UTC).date().isoformat(),
        "source": "OSV",
        "checked_packages": list(found),
        "without_advisories": [name for name, each in found.items() if not each],
        "advisories": advisories,
    }
    given.output.write_text(json.dumps(snapshot, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
