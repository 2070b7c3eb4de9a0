# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A program that uses the interactions of Google's SDK, and prints what it was told, as JSON.

    python sdk_interactions.py credentials|developer BASE_URL FOLDER

Videos are saved in the folder. It needs nothing but google-genai, and the folder of the
tests in PYTHONPATH, so that each version of the SDK runs it in an environment of its own.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google import genai
from google.genai import errors

# The SDK has no public name for what its interactions raise.
from google.genai._gaos.lib.compat_errors import APIError
from sdk.sdk_client import client, counts, wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODEL = "gemini-omni-1.2-flash"
SMALL = {"type": "video", "duration": "3s", "resolution": "360p"}
DIRECTIVES = {
    "filtered": "[sim:filter]",
    "refused": "[sim:refuse]",
    "failed": "[sim:fail]",
    "rejected": "[sim:reject]",
    "quota": "[sim:quota]",
    "unavailable": "[sim:unavailable]",
    "proxy": "[sim:html]",
    "quota_always": "[sim:quota times=99 retry=1]",
    "dropped": "[sim:drop]",
    "garbage": "[sim:garbage]",
    "unavailable_poll": "[sim:poll-unavailable]",
}


class Calls:
    """Makes the calls of one client."""

    def __init__(self, mode: str, base_url: str, folder: Path) -> None:
        self._mode = mode
        self._base_url = base_url
        self._folder = folder
        self._client = client(mode, base_url, "global")
        # Loosely, as the two versions have different types.
        self._api: Any = self._client.interactions

    def run(self) -> dict[str, Any]:
        """Return what each case came to, by its name."""
        told = {}
        for name, case in self._cases().items():
            before = counts(self._base_url)
            told[name] = _caught(case)
            after = counts(self._base_url)
            told[name]["sent"] = after["submissions_received"] - before["submissions_received"]
            told[name]["started"] = after["submissions_accepted"] - before["submissions_accepted"]
            told[name]["polls"] = after["polls"] - before["polls"]
        return told

    def _cases(self) -> dict[str, Callable[[], dict[str, Any]]]:
        def in_background(name: str) -> Callable[[], dict[str, Any]]:
            return lambda: self._in_background(name, f"a boat {DIRECTIVES[name]}")

        return {
            "background": lambda: self._in_background("background", "a paper boat"),
            "at_once": lambda: self._ended("at_once", self._create("a boat", background=False)),
            "asynchronous": lambda: asyncio.run(self._asynchronous()),
            "by_address": self._by_address,
            "downloaded": self._downloaded,
            "upscaled": self._upscaled,
            "streamed": lambda: self._streamed("streamed", "a stream"),
            "streamed_filter": lambda: self._streamed("streamed_filter", "a stream [sim:filter]"),
            "streamed_failure": lambda: self._streamed("streamed_failure", "a stream [sim:fail]"),
            "cut": self._cut,
            "cancelled": self._cancelled,
            "cancelled_twice": self._cancelled_twice,
            "deleted": self._deleted,
            "invalid": lambda: self._started(response_format={**SMALL, "duration": "99s"}),
            "unknown_model": lambda: self._started(model="omni-9"),
            "continued": lambda: self._started(automatic_continuation=True),
            **{name: in_background(name) for name in DIRECTIVES},
            "quota_of_one_attempt": lambda: self._quota(attempts=1),
            "quota_of_no_attempts": lambda: self._quota(attempts=0),
        }

    def _create(self, prompt: Any, **fields: Any) -> Any:
        order = {"model": MODEL, "response_format": SMALL, "background": True, **fields}
        return self._api.create(input=prompt, **order)

    def _started(self, **fields: Any) -> dict[str, Any]:
        return {"status": self._create("a boat", **fields).status}

    def _in_background(self, name: str, prompt: str, **fields: Any) -> dict[str, Any]:
        created = self._create(prompt, **fields)
        wait(self._base_url, created.id)
        ended = self._ended(name, self._api.get(created.id))
        return {"created": created.status, "same_id": ended.pop("id") == created.id, **ended}

    async def _asynchronous(self) -> dict[str, Any]:
        api: Any = self._client.aio.interactions
        created = await api.create(
            model=MODEL, input="an asynchronous boat", response_format=SMALL, background=True
        )
        await asyncio.to_thread(wait, self._base_url, created.id)
        return self._ended("asynchronous", await api.get(created.id))

    def _by_address(self) -> dict[str, Any]:
        return self._in_background("by_address", "kept", response_format=self._elsewhere())

    def _downloaded(self) -> dict[str, Any]:
        made = self._create("a file", background=False, response_format=self._elsewhere())
        files: Any = self._client.files
        data = files.download(file=made.output_video.uri)
        (self._folder / "downloaded.mp4").write_bytes(data)
        return {"status": made.status}

    def _elsewhere(self) -> dict[str, str]:
        bucket = {} if self._mode == "developer" else {"gcs_uri": "gs://results/of/sdk"}
        return {**SMALL, "delivery": "uri", **bucket}

    def _upscaled(self) -> dict[str, Any]:
        data = (self._folder / "background.mp4").read_bytes()
        video = {"type": "video", "mime_type": "video/mp4", "data": base64.b64encode(data).decode()}
        created = self._create(
            [video],
            response_format={"type": "video", "resolution": "1080p"},
            generation_config={"video_config": {"task": "upscale"}},
        )
        wait(self._base_url, created.id)
        return self._ended("upscaled", self._api.get(created.id))

    def _streamed(self, name: str, prompt: str) -> dict[str, Any]:
        events = list(self._create(prompt, background=False, stream=True))
        return self._events(name, events)

    def _cut(self) -> dict[str, Any]:
        seen: list[Any] = []
        broken = _caught(lambda: _collect(self._create("a [sim:cut events=2]", stream=True), seen))
        name = seen[0].interaction.id
        rest = list(self._api.get(name, stream=True, last_event_id=seen[-1].event_id))
        return {
            "broken": broken,
            "seen": [event.event_type for event in seen],
            "numbered": len({event.event_id for event in [*seen, *rest]}),
            "whole": [event.event_type for event in self._api.get(name, stream=True)],
            "ended": self._ended("cut_and_asked_for", self._api.get(name)),
            **self._events("cut", rest),
        }

    def _cancelled(self) -> dict[str, Any]:
        name = self._create("a boat [sim:never]").id
        before = self._api.get(name).status
        return {
            "before": before,
            "answer": self._api.cancel(name).status,
            "after": self._api.get(name).status,
        }

    def _cancelled_twice(self) -> dict[str, Any]:
        name = self._create("a boat [sim:never]").id
        self._api.cancel(name)
        return {"answer": self._api.cancel(name).status}

    def _deleted(self) -> dict[str, Any]:
        name = self._create("a boat [sim:never]").id
        self._api.delete(name)
        return {
            "got": _caught(lambda: {"status": self._api.get(name).status}),
            "again": _caught(lambda: {"answer": self._api.delete(name)}),
        }

    def _quota(self, attempts: int) -> dict[str, Any]:
        # The client is kept: its interactions stop when nobody holds it.
        whole = client(self._mode, self._base_url, "global", attempts)
        api: Any = whole.interactions
        prompt = f"a boat of {attempts} attempts [sim:quota times=99 retry=1]"
        made = api.create(model=MODEL, input=prompt, response_format=SMALL, background=True)
        return {"status": made.status}

    def _ended(self, name: str, interaction: Any) -> dict[str, Any]:
        video = interaction.output_video
        if video is not None and video.data:
            self._save(name, video.data)
        return {
            "id": interaction.id,
            "status": interaction.status,
            "steps": [step.type for step in interaction.steps or []],
            "text": interaction.output_text,
            "video": video and {"uri": video.uri, "mime_type": video.mime_type},
            "errors": [[one.code, one.message] for one in interaction.errors or []],
            "output_tokens": interaction.usage and interaction.usage.total_output_tokens,
        }

    def _events(self, name: str, events: list[Any]) -> dict[str, Any]:
        deltas = [event.delta for event in events if event.event_type == "step.delta"]
        for delta in deltas:
            if delta.type == "video":
                self._save(name, delta.data)
        last = events[-1]
        return {
            "types": [event.event_type for event in events],
            "deltas": [delta.type for delta in deltas],
            "statuses": list(_statuses(events)),
            "error": last.error.code if last.event_type == "error" else None,
        }

    def _save(self, name: str, data: str) -> None:
        (self._folder / f"{name}.mp4").write_bytes(base64.b64decode(data))


def _collect(events: Any, seen: list[Any]) -> dict[str, Any]:
    for event in events:
        seen.append(event)  # noqa: PERF402 - what came before the cut is wanted
    return {}


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
            "is_public": isinstance(error, errors.APIError),
            "status_code": error.status_code,
            "body": error.body,
            "path": error.request.url.path,
        }
    except (TypeError, ValueError) as error:
        return {"raised": type(error).__name__, "message": str(error)}


def main() -> None:
    """Run the calls."""
    mode, base_url, folder = sys.argv[1:]
    told = Calls(mode, base_url, Path(folder)).run()
    sys.stdout.write(json.dumps({"version": genai.__version__, "told": told}))


if __name__ == "__main__":
    main()
