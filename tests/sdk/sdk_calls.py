# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A program that uses Google's SDK as its users do, and prints what it was told, as JSON.

    python sdk_calls.py credentials|express BASE_URL FOLDER

The folder has the inputs; videos are saved there. It needs nothing but google-genai, and
the folder of the tests in PYTHONPATH, so that each version of the SDK runs it in an
environment of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from google import genai
from google.genai import errors, types
from sdk.sdk_client import client, wait

SMALL = "veo-3.1-lite-generate-001"
FULL = "veo-3.1-generate-001"
EDITING = "veo-2.0-generate-exp"
SHORT = {"duration_seconds": 4, "resolution": "720p", "seed": 7}


class Calls:
    """Makes the calls of one client."""

    def __init__(self, client: genai.Client, base_url: str, folder: Path) -> None:
        self._client = client
        self._base_url = base_url
        self._folder = folder

    def run(self) -> dict[str, Any]:
        """Return what each case came to, by its name."""
        told = {name: self._run(name, *arguments) for name, arguments in self._cases().items()}
        told["extension"] = self._run(
            "extension", FULL, {"prompt": "it sails on", "video": self._saved("text")}, {}
        )
        told["mask_edit"] = self._run(
            "mask_edit",
            EDITING,
            {"prompt": "without the mast", "video": self._saved("text")},
            {"duration_seconds": 5, "mask": {"image": self._image("mask"), "mask_mode": "INSERT"}},
        )
        told["asynchronous"] = asyncio.run(self._asynchronous())
        return told

    def _cases(self) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
        first, last = self._image("first"), self._image("last")
        assets = [{"image": first, "reference_type": "ASSET"}] * 2
        bucket = {**SHORT, "output_gcs_uri": "gs://results/of/sdk"}
        return {
            "text": (FULL, {"prompt": "a paper boat"}, SHORT),
            "image": (SMALL, {"prompt": "it moves", "image": first}, SHORT),
            "first_and_last_frame": (SMALL, {"image": first}, {**SHORT, "last_frame": last}),
            "references": (FULL, {"prompt": "the two meet"}, {"reference_images": assets}),
            "bucket": (SMALL, {"prompt": "kept in a bucket"}, bucket),
            "filtered": (SMALL, {"prompt": "a person [sim:filter]"}, SHORT),
            "partly_filtered": (
                SMALL,
                {"prompt": "a person [sim:filter count=1]"},
                {**SHORT, "number_of_videos": 2},
            ),
            "failed": (SMALL, {"prompt": "a storm [sim:fail]"}, SHORT),
            "refused": (SMALL, {"prompt": "a fight [sim:refuse]"}, SHORT),
            "invalid": (SMALL, {"prompt": "a boat"}, {"duration_seconds": 3}),
            "rejected": (SMALL, {"prompt": "a boat [sim:reject]"}, SHORT),
            "quota": (SMALL, {"prompt": "a boat [sim:quota retry=3]"}, SHORT),
            "unavailable": (SMALL, {"prompt": "a boat [sim:unavailable]"}, SHORT),
            "unknown_model": ("veo-9", {"prompt": "a boat"}, SHORT),
        }

    def _run(
        self, name: str, model: str, source: dict[str, Any], config: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            operation = self._client.models.generate_videos(
                model=model,
                source=types.GenerateVideosSource(**source),
                config=types.GenerateVideosConfig(**config),
            )
            started_done = operation.done
            wait(self._base_url, operation.name)
            operation = self._client.operations.get(operation)
        except errors.APIError as error:
            return _raised(error)
        return {"started_done": started_done, **self._ended(name, operation)}

    async def _asynchronous(self) -> dict[str, Any]:
        calls = self._client.aio
        operation = await calls.models.generate_videos(
            model=SMALL,
            source=types.GenerateVideosSource(prompt="an asynchronous boat"),
            config=types.GenerateVideosConfig(duration_seconds=4),
        )
        await asyncio.to_thread(wait, self._base_url, operation.name)
        return self._ended("asynchronous", await calls.operations.get(operation))

    def _ended(self, name: str, operation: types.GenerateVideosOperation) -> dict[str, Any]:
        response = operation.response
        videos = (response.generated_videos if response else None) or []
        told = [self._save(name, index, one.video) for index, one in enumerate(videos)]
        return {
            "name": operation.name,
            "done": operation.done,
            "error": operation.error,
            "videos": told,
            "filtered_count": response.rai_media_filtered_count if response else None,
            "filtered_reasons": response.rai_media_filtered_reasons if response else None,
        }

    def _save(self, name: str, index: int, video: types.Video | None) -> dict[str, Any]:
        if video is None:
            return {}
        if video.video_bytes:
            video.save(str(self._folder / f"{name}_{index}.mp4"))
        return {"uri": video.uri, "mime_type": video.mime_type}

    def _image(self, name: str) -> types.Image:
        return types.Image.from_file(location=str(self._folder / f"{name}.png"))

    def _saved(self, name: str) -> types.Video:
        return types.Video.from_file(location=str(self._folder / f"{name}_0.mp4"))


def _raised(error: errors.APIError) -> dict[str, Any]:
    return {
        "raised": type(error).__name__,
        "code": error.code,
        "status": error.status,
        "message": error.message,
        "details": error.details,
    }


def main() -> None:
    """Run the calls."""
    mode, base_url, folder = sys.argv[1:]
    told = Calls(client(mode, base_url), base_url, Path(folder)).run()
    sys.stdout.write(json.dumps({"version": genai.__version__, "told": told}))


if __name__ == "__main__":
    main()
