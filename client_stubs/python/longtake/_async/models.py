# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`client.models`: generations start here."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Unpack

from longtake._async.connection import AsyncConnection
from longtake._async.operations import AsyncOperations
from longtake._http_options import call_options
from longtake._requests import add_repeat_note, generate_request, model_name, source_of
from longtake._responses import model_of
from longtake.errors import LongtakeError, ServerError
from longtake.types import (
    AsyncGenerateVideosOperation,
    AsyncStoredVideo,
    GenerateVideosConfig,
    GenerateVideosConfigDict,
    GenerateVideosOptions,
    GenerateVideosSource,
    GenerateVideosSourceDict,
    Image,
    ImageDict,
    Model,
    Video,
    VideoDict,
)
from longtake.v1 import video_service_pb2 as api


class AsyncModels:
    """Starts generations and describes the models.

    Every method raises LongtakeError if the server refuses the call or cannot be reached,
    and ClientClosed after the client was closed.
    """

    def __init__(self, connection: AsyncConnection, operations: AsyncOperations) -> None:
        self._connection = connection
        self._operations = operations

    async def generate_videos(
        self,
        *,
        model: str,
        prompt: str | None = None,
        image: Image | ImageDict | None = None,
        video: Video | VideoDict | None = None,
        source: GenerateVideosSource | GenerateVideosSourceDict | None = None,
        config: GenerateVideosConfig | GenerateVideosConfigDict | None = None,
        request_id: str | None = None,
        **options: Unpack[GenerateVideosOptions],
    ) -> AsyncGenerateVideosOperation:
        """Start a generation and return its operation without waiting for the result.

        Args:
            model: The id of a model, for example 'veo-3.1-generate-001'.
            prompt: What the video shows. At least one of prompt, image and video is required.
            image: The first frame of the video.
            video: A video to extend or edit.
            source: The prompt, image and video as one value, instead of the three.
            config: How to generate the video, as an object or a dict.
            request_id: A UUID of version 4. Calls with the same id return the same operation
                and are billed once. Default: a new id for each call, which covers the
                client's own retries.
            options: See GenerateVideosOptions.

        Raises:
            ValueError: A value is wrong. The message names the field and what is accepted.
            ClientError: The server refuses the request. The error lists every violation.
            ServerError: The server failed or cannot be reached.

        """
        inputs = source_of(source, prompt, image, video)
        settings = None if config is None else GenerateVideosConfig.of(config)
        http_options = None if settings is None else settings.http_options
        call = call_options(http_options, "config.http_options")
        if isinstance(inputs.video, AsyncStoredVideo):
            await inputs.video.read()
        request = generate_request(model, inputs, settings, request_id, options)
        method = self._connection.stub.GenerateVideos
        try:
            message = await self._connection.call(method, request, call)
        except LongtakeError as error:
            # Neither tells whether the server has started the generation.
            if isinstance(error, ServerError) or error.status == "CANCELLED":
                add_repeat_note(error, request)
            raise
        return self._operations.bind(message)

    async def get(self, name: str) -> Model:
        """Return a model by its id or its name."""
        request = api.GetModelRequest(name=model_name(name))
        return model_of(await self._connection.call(self._connection.stub.GetModel, request))

    async def list(self) -> AsyncGenerator[Model]:
        """Yield the models in the order of their ids."""
        request = api.ListModelsRequest()
        while True:
            page = await self._connection.call(self._connection.stub.ListModels, request)
            for message in page.models:
                yield model_of(message)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token
