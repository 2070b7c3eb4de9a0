# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows the states of a generation while they come."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from longtake._documents import document_of
from longtake.cli.session import say, say_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from longtake.types import GenerateVideosOperation

    Show = Callable[[GenerateVideosOperation], None]


@contextmanager
def display(*, as_json: bool) -> Iterator[Show]:
    """Lend what shows a state: JSON lines, a live line on a terminal, else plain lines."""
    if as_json:
        yield lambda operation: say_json(document_of(operation), indent=None)
    elif sys.stdout.isatty():
        from rich.console import Console

        with live_line(Console()) as show:
            yield show
    else:
        yield plain_lines()


def state_line(operation: GenerateVideosOperation) -> str:
    """Return the state, with the progress where it is known."""
    state, percent = operation.metadata["state"], operation.metadata["progress_percent"]
    return f"{state} {percent}%" if state == "RUNNING" and percent is not None else state


def plain_lines() -> Show:
    """Return what writes a line whenever it differs from the one before."""
    last = ""

    def show(operation: GenerateVideosOperation) -> None:
        nonlocal last
        if (line := state_line(operation)) != last:
            last = line
            say(line)

    return show


@contextmanager
def live_line(console: Console) -> Iterator[Show]:
    """Lend what writes each state once, above a line that shows progress and time."""
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
        parts.append(f"until about {until.astimezone():%H:%M:%S}")
    return f"{operation.name}  {', '.join(parts)}"
