# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows the states of a generation as they arrive."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from longtake._documents import document_of
from longtake.cli.output import json_text, say, say_aside
from longtake.cli.tables import time_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from longtake.types import GenerateVideosOperation

    Show = Callable[[GenerateVideosOperation], None]
    Write = Callable[[str], None]


@contextmanager
def display(*, as_json: bool, aside: bool = False) -> Iterator[Show]:
    """Yield a function that shows a state: JSON lines, a live line on a terminal, else text lines.

    Args:
        as_json: Whether to write JSON.
        aside: Whether to write to standard error instead of standard output.
    """
    write, stream = (say_aside, sys.stderr) if aside else (say, sys.stdout)
    if as_json:
        yield lambda operation: write(json_text(document_of(operation), indent=None))
    elif stream is not None and stream.isatty():
        from rich.console import Console

        with live_line(Console(stderr=aside)) as show:
            yield show
    else:
        yield plain_lines(write)


def state_line(operation: GenerateVideosOperation) -> str:
    """Return the state, with the progress or the attempts so far where they are known."""
    facts = operation.metadata
    state, percent = facts["state"], facts["progress_percent"]
    if state == "RUNNING" and percent is not None:
        return f"{state} {percent}%"
    if state == "QUEUED" and (told := attempts_text(operation)):
        refusal = operation.metadata["last_error"]
        return f"{state} ({told}; {refusal})" if refusal else f"{state} ({told})"
    return state


def attempts_text(operation: GenerateVideosOperation) -> str | None:
    """Return how often the upstream was tried and when it is tried next.

    None where the first attempt has not been refused.
    """
    facts = operation.metadata
    attempts, following = facts["attempts"], time_text(facts["next_retry_time"])
    if following is None and (attempts == 0 or (attempts == 1 and facts["state"] != "QUEUED")):
        return None
    tried = "1 attempt so far" if attempts == 1 else f"{attempts} attempts so far"
    if operation.done:
        tried = tried.removesuffix(" so far")
    return f"{tried}; next try at {following}" if following else tried


def plain_lines(write: Write) -> Show:
    """Return a function that writes a line whenever it differs from the one before."""
    last = ""

    def show(operation: GenerateVideosOperation) -> None:
        nonlocal last
        if (line := state_line(operation)) != last:
            last = line
            write(line)

    return show


@contextmanager
def live_line(console: Console) -> Iterator[Show]:
    """Yield a function that writes each state once, above a line with progress and time."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    last = ""
    text = TextColumn("{task.description}", markup=False)
    columns = SpinnerColumn(), text, BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(operation: GenerateVideosOperation) -> None:
            nonlocal last
            percent = operation.metadata["progress_percent"]
            progress.update(
                task,
                description=_live_text(operation),
                total=None if percent is None else 100,
                completed=percent or 0,
            )
            if (state := operation.metadata["state"]) != last:
                last = state
                progress.console.print(state, highlight=False, markup=False)

        yield show


def _live_text(operation: GenerateVideosOperation) -> str:
    place = operation.metadata["queue_position"]
    until = operation.metadata["estimated_finish_time"]
    parts = [state_line(operation)]
    if place:
        parts.append(f"number {place} in the queue")
    if until:
        parts.append(f"done at about {until.astimezone():%H:%M:%S}")
    return f"{operation.name}  {', '.join(parts)}"
