# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A client made and used as google-genai's is: what has a meaning, and what has none."""

from __future__ import annotations

import io
import re
import socket
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, video_service
from google.oauth2.credentials import Credentials
from longtake import AsyncClient, Client, errors, types
from longtake.types import HttpOptions, HttpRetryOptions
from stubs.stubs_messages import (
    MODEL,
    NAME,
    VIDEO,
    failed,
    operation,
    seen,
    succeeded,
    whole_video,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[..., Caller]

FIRST = f"{NAME}/videos/0"
EVERY_OPTION = HttpOptions(
    api_version="v1",
    client_args={"verify": False},
    async_client_args={"ssl": False},
    retry_options=HttpRetryOptions(attempts=3),
)
each_client = pytest.mark.parametrize("make", [Client, AsyncClient])


@pytest.mark.parametrize(
    "options",
    [
        {"vertexai": True, "project": "my-project", "location": "us-central1"},
        {"enterprise": True, "http_options": EVERY_OPTION},
        {"vertexai": False, "http_options": {"api_version": "v1beta1", "retry_options": {}}},
    ],
    ids=["project", "options", "dict"],
)
def test_arguments_of_google_change_nothing(caller: MakeCaller, options: dict[str, Any]) -> None:
    with video_service(Call("GetOperation", operation())) as service:
        assert caller(service.address, **options).get(NAME).name == NAME

        assert "my-project" not in str(service.received[0].metadata)


@each_client
@pytest.mark.parametrize(
    ("given", "told"),
    [({}, False), ({"vertexai": True}, True), ({"enterprise": True}, True)],
    ids=["neither", "vertexai", "enterprise"],
)
def test_a_client_tells_which_of_googles_it_stands_for(
    make: Any, given: dict[str, bool], told: bool
) -> None:
    assert make("localhost:1", **given).vertexai is told


def test_a_base_url_is_the_address(caller: MakeCaller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGTAKE_ADDRESS", "localhost:1")
    with video_service(Call("GetOperation", operation())) as service:
        options = {"base_url": f"http://{service.address}/"}
        assert caller(None, http_options=options).get(NAME).name == NAME


def test_an_address_counts_before_a_base_url(caller: MakeCaller) -> None:
    with video_service(Call("GetOperation", operation())) as service:
        options = HttpOptions(base_url="http://localhost:1")
        assert caller(service.address, http_options=options).get(NAME).name == NAME


def test_headers_are_metadata_of_every_call(caller: MakeCaller) -> None:
    headers = {"X-Team": "blue", "Content-Type": "application/json", "User-Agent": "mine"}
    with video_service(Call("GetOperation", operation())) as service:
        made = caller(service.address, metadata={"x-other": "1"}, http_options={"headers": headers})
        made.get(NAME)

        received = service.received[0].metadata
        assert (received["x-team"], received["x-other"]) == ("blue", "1")
        assert "mine" not in received["user-agent"]


def test_headers_of_one_call_are_carried_by_it_alone() -> None:
    config: Any = {"http_options": {"headers": {"x-run": "7"}}}
    with (
        video_service(
            Call("GenerateVideos", operation()),
            Call("GetOperation", operation()),
            Call("GetOperation", operation()),
        ) as service,
        Client(service.address) as client,
    ):
        started = client.models.generate_videos(model=MODEL, prompt="a dog", config=config)
        client.operations.get(started, config=config)
        client.operations.get(started)

        assert ["x-run" in one.metadata for one in service.received] == [True, True, False]
        assert not service.requests("GenerateVideos")[0].config.ByteSize()


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the address of a server that never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_timeout_is_in_milliseconds(caller: MakeCaller, silent: str) -> None:
    with pytest.raises(errors.ServerError, match="DEADLINE_EXCEEDED"):
        caller(silent, http_options={"timeout": 1}).get(NAME)


def test_a_timeout_of_one_call_counts_for_it(caller: MakeCaller, silent: str) -> None:
    config = {"http_options": HttpOptions(timeout=1)}
    with pytest.raises(errors.ServerError, match="DEADLINE_EXCEEDED"):
        caller(silent).generate(model=MODEL, prompt="a dog", config=config)


@each_client
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"http_options": {"extra_body": {}}}, "http_options: there is no field 'extra_body'"),
        ({"http_options": {"timeout": 0}}, "http_options.timeout: 0 is not accepted; it is a who"),
        ({"http_options": {"timeout": 1.5}}, "http_options.timeout: 1.5 is not accepted"),
        ({"http_options": "hush"}, "http_options: str is not accepted; it is HttpOptions or a"),
        (
            {"http_options": {"headers": {"Authorization": "hush"}}},
            "http_options.headers: authorization is not accepted; give api_key or token instead",
        ),
        ({"http_options": {"headers": "hush"}}, "http_options.headers: str is not accepted"),
        (
            {"http_options": {"base_url": "https://example.com/a/path"}, "address": None},
            "http_options.base_url: 'https://example.com/a/path' is not accepted; it is HOST:PORT",
        ),
        ({"http_options": {"base_url": 7}}, "http_options.base_url: 7 is not accepted"),
        (
            {"credentials": Credentials("hush")},  # type: ignore[no-untyped-call]  # google-auth's
            "credentials: Credentials is not accepted; it is a grpc.ChannelCredentials. Google's",
        ),
    ],
    ids=lambda value: re.sub(r"\W+", " ", value)[:30] if isinstance(value, str) else "",
)
def test_a_wrong_option_is_named(make: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"^\w") as caught:
        make(**{"address": "https://localhost:1", **options})

    assert str(caught.value).startswith(message)
    assert "hush" not in str(caught.value)


def test_a_call_cannot_go_to_another_server(caller: MakeCaller) -> None:
    config = {"http_options": {"base_url": "https://example.com"}}
    with (
        video_service() as service,
        pytest.raises(ValueError, match=r"^config\.http_options\.base_url: a call cannot go to"),
    ):
        caller(service.address).generate(model=MODEL, prompt="a dog", config=config)


def test_an_operation_may_be_made_of_its_name_alone() -> None:
    made = types.GenerateVideosOperation(name=NAME)
    with (
        video_service(Call("GetOperation", succeeded())) as service,
        Client(service.address) as client,
    ):
        assert not made.done
        assert made.metadata["state"] == "STATE_UNSPECIFIED"
        assert client.operations.get(operation=made).done

    with pytest.raises(RuntimeError, match=r"client\.operations\.result\('operations/0193'\)"):
        made.result()


async def test_an_operation_of_either_kind_may_be_got_on_a_loop() -> None:
    made = types.AsyncGenerateVideosOperation(name=NAME)
    with pytest.raises(RuntimeError, match=r"client\.operations\.result\('operations/0193'\)"):
        await made.result()

    with video_service(
        Call("GetOperation", operation()), Call("GetOperation", operation())
    ) as service:
        async with AsyncClient(service.address) as client:
            for one in (made, types.GenerateVideosOperation(name=NAME)):
                assert (await client.operations.get(one)).name == NAME


def test_a_result_is_read_without_a_call(caller: MakeCaller) -> None:
    with video_service(Call("GetOperation", succeeded(videos=2, withheld=1))) as service:
        got: Any = caller(service.address).get(NAME)

    assert got.result
    assert got.result.generated_videos == got.response.generated_videos
    assert got.result.rai_media_filtered_count == 1
    assert got.result.rai_media_filtered_reasons == ["The prompt names a person."]


def test_a_result_that_is_not_there_is_false(caller: MakeCaller) -> None:
    with video_service(Call("GetOperation", operation())) as service:
        got: Any = caller(service.address).get(NAME)

    assert not got.result
    assert not hasattr(got.result, "generated_videos")
    assert repr(got.result) == "<result of operations/0193: None>"


def test_an_error_is_read_as_a_dict(caller: MakeCaller) -> None:
    with video_service(Call("GetOperation", failed())) as service:
        error = caller(service.address).get(NAME).error

    assert error is not None
    assert error["message"] == error.message == "The upstream failed."
    assert (error.get("code"), error.get("status")) == (13, None)
    assert dict(error) == {"code": 13, "message": error.message, "details": error.details}


def test_a_video_is_read_under_googles_names() -> None:
    with (
        video_service(
            Call("GetOperation", succeeded()), Call("DownloadVideo", whole_video())
        ) as service,
        Client(service.address) as client,
    ):
        response = client.operations.get(NAME).response
        assert response is not None
        video = response.generated_videos[0].video

        assert (video.video_bytes, video.uri) == (VIDEO, None)


@pytest.mark.parametrize("form", ["video", "generated video", "name"])
def test_a_download_returns_the_bytes_and_keeps_them(form: str) -> None:
    with (
        video_service(
            Call("WatchOperation", seen(succeeded())), Call("DownloadVideo", whole_video())
        ) as service,
        Client(service.address) as client,
    ):
        generated = client.operations.result(NAME).generated_videos[0]
        file: Any = {"video": generated.video, "generated video": generated, "name": FIRST}[form]

        assert client.files.download(file=file) == VIDEO
        if form != "name":
            assert generated.video.video_bytes == VIDEO


def test_a_download_goes_to_a_path_or_an_open_file(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with (
        video_service(
            Call("DownloadVideo", whole_video()), Call("DownloadVideo", whole_video())
        ) as service,
        Client(service.address) as client,
    ):
        assert client.files.download(file=FIRST, destination=tmp_path / "a.mp4") is None
        assert client.files.download(file=FIRST, destination=buffer) is None

    assert (tmp_path / "a.mp4").read_bytes() == buffer.getvalue() == VIDEO


async def test_a_download_goes_to_an_open_file_on_a_loop(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with video_service(
        Call("DownloadVideo", whole_video()), Call("DownloadVideo", whole_video())
    ) as service:
        client = AsyncClient(service.address)
        await client.files.download(file=FIRST, destination=str(tmp_path / "a.mp4"))
        await client.files.download(file=FIRST, destination=buffer)
        await client.aclose()

        with pytest.raises(errors.ClientClosed):
            await client.files.download(file=FIRST)

    assert (tmp_path / "a.mp4").read_bytes() == buffer.getvalue() == VIDEO


def test_only_videos_of_the_server_are_downloaded() -> None:
    file: Any = types.Video(uri="gs://bucket/a.mp4")
    with (
        Client("localhost:1") as client,
        pytest.raises(ValueError, match=r"^file: Video is not accepted; it is a generated video"),
    ):
        client.files.download(file=file)
