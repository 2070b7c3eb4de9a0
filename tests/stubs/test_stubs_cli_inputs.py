# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments of the command line: media types, text that is not UTF-8, wrong values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from longtake.v1.media_pb2 import Image, Video
from stubs.stubs_config import JPEG, PNG
from stubs.stubs_messages import NAME, operation

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from stubs.stubs_programs import Program

NO_SUFFIX = "gs://bucket/uploads/7f3a9c"
NOT_UTF_8 = os.fsdecode(b"caf\xe9")
IMAGE_OPTIONS = {
    "--image": "--image-type",
    "--last-frame": "--last-frame-type",
    "--reference": "--reference-media-type",
    "--mask": "--mask-type",
}
TYPE_OPTIONS = {**IMAGE_OPTIONS, "--video": "--video-type"}


def _media_type(request: GenerateVideosRequest, option: str) -> str:
    config = request.config
    references = config.reference_images
    found: dict[str, Image | Video] = {
        "--image": request.image,
        "--video": request.video,
        "--last-frame": config.last_frame,
        "--reference": references[0].image if references else Image(),
        "--mask": config.mask.image,
    }
    return found[option].file_data.mime_type or found[option].mime_type


def _needed(option: str) -> list[str]:
    return ["--mask-mode", "insert"] if option == "--mask" else []


@pytest.mark.parametrize("option", TYPE_OPTIONS)
def test_a_name_that_does_not_tell_the_type_is_refused_with_the_option_that_does(
    longtake: Program, option: str
) -> None:
    with video_service() as service:
        outcome = longtake.run("generate", "x", option, NO_SUFFIX, "--address", service.address)

    example = "video/mp4" if option == "--video" else "image/png"
    assert outcome.err == (
        f"longtake: {option}: the name '{NO_SUFFIX}' does not tell the media type; "
        f"give it with {TYPE_OPTIONS[option]}, for example {TYPE_OPTIONS[option]} {example}\n"
    )
    assert outcome.code == 2


@pytest.mark.parametrize("option", TYPE_OPTIONS)
def test_the_type_of_a_file_in_a_store_can_be_given(longtake: Program, option: str) -> None:
    mime_type = "video/mp4" if option == "--video" else "image/jpeg"
    with video_service(Call("GenerateVideos", operation())) as service:
        outcome = longtake.run(
            *("generate", "x", option, NO_SUFFIX, TYPE_OPTIONS[option], mime_type),
            *(*_needed(option), "--no-wait", "--address", service.address),
        )

        assert (outcome.code, outcome.err) == (0, "")
        assert _media_type(service.requests("GenerateVideos")[0], option) == mime_type


@pytest.mark.parametrize("option", IMAGE_OPTIONS)
def test_the_type_of_a_local_file_can_be_given(
    longtake: Program, tmp_path: Path, option: str
) -> None:
    (tmp_path / "upload").write_bytes(PNG)
    with video_service(Call("GenerateVideos", operation())) as service:
        outcome = longtake.run(
            *("generate", "x", option, "upload", IMAGE_OPTIONS[option], "image/png"),
            *(*_needed(option), "--no-wait", "--address", service.address),
        )

        assert (outcome.code, outcome.err) == (0, "")
        assert _media_type(service.requests("GenerateVideos")[0], option) == "image/png"


def test_references_have_one_type_for_all_or_one_for_each(longtake: Program) -> None:
    two = [f"--reference={NO_SUFFIX}", f"--reference={NO_SUFFIX}"]
    for types, expected in {
        ("image/png",): ["image/png", "image/png"],
        ("image/png", "image/jpeg"): ["image/png", "image/jpeg"],
    }.items():
        given = [f"--reference-media-type={one}" for one in types]
        with video_service(Call("GenerateVideos", operation())) as service:
            longtake.run("generate", "x", *two, *given, "--no-wait", "--address", service.address)

            references = service.requests("GenerateVideos")[0].config.reference_images
            assert [one.image.file_data.mime_type for one in references] == expected


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["generate", NOT_UTF_8], "'PROMPT'"),
        (["generate", "x", "--negative-prompt", NOT_UTF_8], "'--negative-prompt'"),
        (["generate", "x", "--aspect-ratio", NOT_UTF_8], "'--aspect-ratio'"),
        (["generate", "x", "--model", NOT_UTF_8], "'--model'"),
        (["generate", "x", "--label", "a=b", "--label", f"c={NOT_UTF_8}"], "'--label'"),
        (["generate", "x", "--image", f"gs://bucket/{NOT_UTF_8}.png"], "'--image'"),
        (["generate", "x", "--image-type", NOT_UTF_8], "'--image-type'"),
        (["list", "--filter", NOT_UTF_8], "'--filter'"),
        (["get", NOT_UTF_8], "'NAME'"),
        (["get", NAME, "--address", NOT_UTF_8], "'--address'"),
        (["--address", NOT_UTF_8, "list"], "'--address'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_text_that_is_not_utf_8_is_refused_by_the_name_of_its_argument(
    longtake: Program, arguments: list[str], named: str
) -> None:
    outcome = longtake.run(*arguments)

    assert outcome.err.startswith(f"longtake: Invalid value for {named}: it is not valid UTF-8")
    assert outcome.err.count("\n") == 1
    assert (outcome.code, outcome.out) == (2, "")


def test_the_name_of_a_local_file_may_be_any_bytes(longtake: Program, tmp_path: Path) -> None:
    (tmp_path / f"{NOT_UTF_8}.jpg").write_bytes(JPEG)
    with video_service(Call("GenerateVideos", operation())) as service:
        outcome = longtake.run(
            *("generate", "x", "--image", f"{NOT_UTF_8}.jpg"),
            *("--no-wait", "--address", service.address),
        )

    assert outcome.code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing command"),
        (["fetch"], "No such command 'fetch'"),
        (["get"], "Missing argument 'NAME'"),
        (
            ["get", "operations/1", "operations/2"],
            "Got unexpected extra argument(s)",
        ),
        (["get", ""], "name: "),
        (["list", "--limit", "0"], "Invalid value for '--limit'"),
        (["generate"], "give a PROMPT, --image or --video"),
        (["generate", "x", "--image-type", "image/png"], "--image-type needs --image"),
        (["generate", "x", "--video-type", "video/mp4"], "--video-type needs --video"),
        (["generate", "x", "--mask", "m.png"], "--mask: m.png cannot be read: No such file"),
        (
            ["generate", "x", "--reference-media-type", "image/png"],
            "--reference-media-type: 1 given for 0 --reference; give one for all",
        ),
        (["generate", "x", "--image", "."], "--image: . cannot be read: Is a directory"),
        (["generate", "x", "--queue-timeout", "-1"], "Invalid value for '--queue-timeout'"),
        (["generate", "x", "--queue-timeout", "nan"], "Invalid value for '--queue-timeout'"),
        (["generate", "x", "--priority", "high"], "Invalid value for '--priority'"),
        (["generate", "x", "-o", "pipe"], "--output: pipe is a pipe or a device"),
        (["generate", "x", "-o", "sealed/dog.mp4"], "--output: cannot write to the folder sealed"),
        (["generate", "x", "-o", "/dev/stdout"], "--output: for standard output, give - instead"),
        (["generate", "x", "-o", ""], "--output: . is a folder; give the name of a file"),
        (["generate", "x", "-o", "-", "--no-wait"], "--output: --no-wait saves nothing"),
        (["watch", NAME, "-o", "pipe"], "--output: pipe is a pipe or a device"),
        (["download", NAME, "-o", "."], "--output: . is a folder; give the name of a file"),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_wrong_input_ends_with_2_and_one_line_before_the_server_is_asked(
    longtake: Program, tmp_path: Path, arguments: list[str], message: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "sealed").write_text("a file where a folder is named")
    with video_service() as service:
        given = [] if "--address" in arguments or not arguments else ["--address", service.address]
        outcome = longtake.run(*arguments, *given)

    assert outcome.err.startswith(f"longtake: {message}")
    assert outcome.err.count("\n") == 1
    assert (outcome.code, outcome.out) == (2, "")
