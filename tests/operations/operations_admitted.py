# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Quotas, and runner and dispatcher steps, for the tests of admission."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fakes.engine import MODEL
from longtake_server.operations.requests.catalogue import Catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.engine import Engine


def quotas(folder: Path, **limits: int) -> Catalogue:
    file = folder / "quotas.toml"
    rows = "\n".join(f"{name} = {value}" for name, value in limits.items())
    file.write_text(f'[models."{MODEL}"]\n{rows}')
    return Catalogue.load(file, shipped_quotas=False)


async def step_until_none_goes(parts: Engine) -> None:
    """Run the steps of the runner and the dispatcher without advancing time."""
    while True:
        await parts.dispatcher.step()
        now = parts.clock.now()
        taken = await parts.store.take("test", now, now + timedelta(minutes=1), 100)
        if not taken:
            return
        for work in taken:
            due = await parts.driver.step(work.name)
            if due is not None:
                await parts.store.again(work, due)
