# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A program that uses the interactions of Google's SDK, moved to Longtake by its environment.

    python sdk_door_interactions.py all|survive|wait FOLDER

`all` prints as JSON what each case came to. `survive` prints the id of an interaction, asks for it
until it has ended, and prints what came of it. `wait` waits for the answer to one call that creates
an interaction. Videos are saved in the folder. The client has no
arguments. It needs nothing but google-genai, so that each version of the SDK runs it in an
environment of its own.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google import genai

# The SDK has no public name for what its interactions raise.
from google.genai._gaos.lib.compat_errors import APIConnectionError, APIError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODEL = "gemini-omni-1.2-flash"
SMALL = {"type": "video", "duration": "3s", "resolution": "360p"}


def _transport_errors() -> Iterator[type[Exception]]:
    # A version of the SDK has one of these or both.
    for name in ("httpx", "httpx2"):
        if importlib.util.find_spec(name) is not None:
            yield importlib.import_module(name).TransportError


_BROKEN: tuple[type[Exception], ...] = (APIConnectionError, *_transport_errors())


class Calls:
    """Makes the calls of one client."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client = genai.Client()
        # Loosely, as the versions have different types.
        self._api: Any = self._client.interactions

    def run(self) -> dict[str, Any]:
        """Return what each case came to, by its name."""
        cases: dict[str, Callable[[], dict[str, Any]]] = {
            "background": lambda: self._in_background("background", "a paper boat"),
            "at_once": lambda: self._ended("at_once", self._create("a boat", background=False)),
            "asynchronous": lambda: asyncio.run(self._asynchronous()),
            "first_frame": self._first_frame,
            "edited": self._edited,
            "streamed": lambda: self._streamed(self._create("a stream", stream=True)),
            "resumed": self._resumed,
            "filtered": lambda: self._in_background("filtered", "a boat [sim:filter]"),
            "failed": lambda: self._in_background("failed", "a boat [sim:fail]"),
            "streamed_failure": lambda: self._streamed(self._create("[sim:fail]", stream=True)),
            "cancelled": self._cancelled,
            "deleted": self._deleted,
            "anothers": self._anothers,
            "invalid": lambda: self._started(response_format={**SMALL, "duration": "99s"}),
            "unknown_member": lambda: self._started(extra_body={"surprise": 1}),
            "unknown_model": lambda: self._started(model="omni-9"),
            "repeated": self._repeated,
        }
        return {name: _caught(case) for name, case in cases.items()}

    def survive(self) -> dict[str, Any]:
        """Ask for an interaction until it has ended, whatever becomes of the server."""
        name = self._create("a boat").id
        sys.stdout.write(json.dumps({"id": name}) + "\n")
        sys.stdout.flush()
        events: list[Any] = []
        while not events or events[-1].event_type not in {"interaction.completed", "error"}:
            last = {"last_event_id": events[-1].event_id} if events else {}
            try:
                for event in self._api.get(name, stream=True, **last):
                    events.append(event)  # noqa: PERF402 - what came before a break is wanted
            except _BROKEN:
                continue
        ids = [event.event_id for event in events]
        return {
            "types": [event.event_type for event in events],
            "distinct": len(set(ids)) == len(ids),
            "ended": self._ended("survived", self._api.get(name)),
        }

    def wait(self) -> dict[str, Any]:
        """Create an interaction that is not in the background."""
        try:
            return {"status": self._create("a boat", background=False).status}
        except _BROKEN as error:
            return {"raised": type(error).__name__}

    def _create(self, prompt: Any, **fields: Any) -> Any:
        order = {"model": MODEL, "response_format": SMALL, "background": True, **fields}
        return self._api.create(input=prompt, **order)

    def _started(self, **fields: Any) -> dict[str, Any]:
        return {"status": self._create("a boat", **fields).status}

    def _in_background(self, name: str, prompt: Any, **fields: Any) -> dict[str, Any]:
        created = self._create(prompt, **fields)
        while (found := self._api.get(created.id)).status == "in_progress":
            pass
        return {"created": created.status, "id": created.id, **self._ended(name, found)}

    async def _asynchronous(self) -> dict[str, Any]:
        api: Any = self._client.aio.interactions
        stream = await api.create(
            model=MODEL, input="an asynchronous boat", response_format=SMALL, stream=True
        )
        events = [event async for event in stream]
        found = await api.get(events[0].interaction.id)
        return {**self._events(events), **self._ended("asynchronous", found)}

    def _first_frame(self) -> dict[str, Any]:
        data = base64.b64encode((self._folder / "frame.png").read_bytes()).decode()
        picture = {"type": "image", "mime_type": "image/png", "data": data}
        said = {"type": "text", "text": "it moves"}
        return self._in_background("first_frame", [picture, said])

    def _edited(self) -> dict[str, Any]:
        first = self._create("a boat", background=False)
        return self._in_background(
            "edited",
            "the same at night",
            previous_interaction_id=first.id,
            response_format={"type": "video"},
        )

    def _streamed(self, stream: Any) -> dict[str, Any]:
        return self._events(list(stream))

    def _resumed(self) -> dict[str, Any]:
        stream = self._create("a stream", stream=True)
        seen = [next(stream), next(stream)]
        stream.close()
        name = seen[0].interaction.id
        rest = list(self._api.get(name, stream=True, last_event_id=seen[-1].event_id))
        return {
            "seen": [event.event_type for event in seen],
            "distinct": len({event.event_id for event in [*seen, *rest]}) == len([*seen, *rest]),
            **self._events(rest),
            "again": [one.event_type for one in self._api.get(name, stream=True)],
        }

    def _cancelled(self) -> dict[str, Any]:
        name = self._create("a boat [sim:never]").id
        return {
            "answer": self._api.cancel(name).status,
            "after": self._api.get(name).status,
            "again": _caught(lambda: {"status": self._api.cancel(name).status}),
        }

    def _deleted(self) -> dict[str, Any]:
        name = self._create("a boat [sim:never]").id
        self._api.delete(name)
        return {
            "got": _caught(lambda: {"status": self._api.get(name).status}),
            "again": _caught(lambda: {"answer": str(self._api.delete(name))}),
        }

    def _anothers(self) -> dict[str, Any]:
        own = self._create("a boat [sim:filter]").id
        # The client is kept: its interactions stop when nobody holds it.
        client = genai.Client(api_key=os.environ["OTHER_API_KEY"])
        other: Any = client.interactions
        return {
            "got": _caught(lambda: {"status": other.get(own).status}),
            "never": _caught(lambda: {"status": other.get(f"{own[:-1]}x").status}),
        }

    def _repeated(self) -> dict[str, Any]:
        headers = {"Idempotency-Key": "one boat"}
        made = [self._create("a boat", extra_headers=headers).id for _ in range(2)]
        return {"same": made[0] == made[1]}

    def _ended(self, name: str, interaction: Any) -> dict[str, Any]:
        video = interaction.output_video
        if video is not None and video.data:
            self._save(name, video.data)
        return {
            "status": interaction.status,
            "steps": [step.type for step in interaction.steps or []],
            "text": interaction.output_text,
            "video": video and {"uri": video.uri, "mime_type": video.mime_type},
            "errors": [[one.code, one.message] for one in interaction.errors or []],
            "tokens": interaction.usage and interaction.usage.total_tokens,
        }

    def _events(self, events: list[Any]) -> dict[str, Any]:
        for event in events:
            if event.event_type == "step.delta" and event.delta.type == "video":
                self._save("streamed", event.delta.data)
        last = events[-1]
        return {
            "types": [event.event_type for event in events],
            "statuses": list(_statuses(events)),
            "error": last.error.code if last.event_type == "error" else None,
        }

    def _save(self, name: str, data: str) -> None:
        (self._folder / f"{name}.mp4").write_bytes(base64.b64decode(data))


def _statuses(events: list[Any]) -> Iterator[str]:
    for event in events:
        if event.event_type == "interaction.status_update":
            yield event.status
        elif event.event_type == "interaction.completed":
            yield event.interaction.status


def _caught(case: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return case()
    except APIError as error:
        return {
            "raised": type(error).__name__,
            "status_code": error.status_code,
            "body": error.body,
            "path": error.request.url.path,
        }


def main() -> None:
    """Run the calls."""
    which, folder = sys.argv[1:]
    calls = Calls(Path(folder))
    told = {"all": calls.run, "survive": calls.survive, "wait": calls.wait}[which]()
    sys.stdout.write(json.dumps({"version": genai.__version__, "told": told}))


if __name__ == "__main__":
    main()
