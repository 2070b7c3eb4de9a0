# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Short runs of fuzz targets, and the seeds of each; `make fuzz` makes a million inputs."""

from __future__ import annotations

import pytest
from fuzz.fuzz_all import SOCKET_SHARE, leaks, run_target
from fuzz.fuzz_held import Held
from fuzz.fuzz_socket import fuzz_socket
from fuzz.fuzz_targets import TARGETS
from processes.running import GUARD_SECONDS

pytestmark = pytest.mark.timeout(2 * GUARD_SECONDS)
RUNS = 300
SEED = 7


# Most of the time of a run is its start, so these stand for all.
@pytest.mark.parametrize("name", ["page tokens", "credentials", "calls in process"])
def test_no_input_of_a_target_leads_to_more_than_a_status(name: str) -> None:
    pytest.importorskip("atheris", reason="atheris has no build for this machine")

    report = run_target(name, RUNS, GUARD_SECONDS, SEED)

    assert sum(report["counts"].values()) == RUNS
    before, after = (Held(*held) for held in report["held"])
    assert after.files <= before.files + 1
    assert not leaks(before, after)


def test_a_task_that_stays_for_each_input_is_a_leak() -> None:
    assert leaks(Held(0, 0, 3), Held(0, 0, 300))


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_of_a_target_reach_its_code(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = TARGETS[name]

    with target.opened(tmp_path_factory.mktemp("fuzz")) as once:
        statuses = {once(seed) for seed in target.seeds}

    assert "OK" in statuses


async def test_calls_over_a_socket_end_with_a_status_of_the_contract() -> None:
    report = await fuzz_socket(RUNS, GUARD_SECONDS, SEED)

    assert sum(report.counts.values()) == RUNS
    assert {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "UNAUTHENTICATED"} <= set(report.counts)


def test_the_shares_of_all_targets_add_up_to_all() -> None:
    assert sum(target.share for target in TARGETS.values()) + SOCKET_SHARE == pytest.approx(1)
