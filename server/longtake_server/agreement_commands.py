# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands `resume-submissions` and `change-upstreams`: what an operator decides for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.stores import database_address, store_place
from longtake_server.upstream_settings import upstream_settings

if TYPE_CHECKING:
    from longtake_server.settings import Settings


def resume_submissions(settings: Settings) -> str:
    """Let the engine submit again, and return a line that says whether it could not.

    Raises:
        StartFailure: The store cannot be used.

    """
    place = store_place(settings)
    with place.writing() as store:
        was_held = store.resume_submissions()
    if not was_held:
        return f"submissions were not held in {place}; nothing was changed\n"
    return f"submissions go on in {place} within a minute, without a restart\n"


def change_upstreams(settings: Settings) -> str:
    """Make the upstream settings of this configuration those of the shared store.

    Raises:
        StartFailure: The store cannot be used, or is not shared.

    """
    database_address(settings)
    place, upstreams = store_place(settings), upstream_settings(settings)
    with place.writing() as store:
        store.change_upstreams(upstreams)
    lines = "".join(f"{name} = {value or '(not set)'}\n" for name, value in upstreams.items())
    return f"{lines}{place} is used with these settings from now on; restart servers with others\n"
