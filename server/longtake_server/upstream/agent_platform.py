# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Veo on Google's Agent Platform, by predictLongRunning and fetchPredictOperation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import uuid4

from longtake_server.operations.upstream import Broken, OutcomeUnknown, Running, always
from longtake_server.upstream import answers, results, wire
from longtake_server.upstream.connection import Connection
from longtake_server.upstream.exchange import AnswerTooLarge
from longtake_server.upstream.faults import PollFaults, SubmitFaults
from longtake_server.upstream.http_client import HttpConfig, fixed_endpoint
from longtake_server.upstream.intake import Intakes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from opentelemetry.trace import TracerProvider

    from longtake_server.clock import Clock
    from longtake_server.errors import Violation
    from longtake_server.operations.model import StoredVideo
    from longtake_server.operations.upstream import (
        Earlier,
        PollResult,
        ResultSink,
        VideoReading,
    )
    from longtake_server.upstream.auth import TokenSource
    from longtake_server.upstream.faults import Faults


@dataclass(frozen=True, slots=True)
class AgentPlatformConfig(HttpConfig):
    """Address and limits of calls to the Agent Platform.

    Attributes:
        name: The upstream's name in records and errors.
        project: The Google Cloud project, or None for express mode with an API key.
        location: The location, for example `us-central1`.
        base_url: Base URL in place of the location's own.
        api_version: `v1` or `v1beta1`.
    """

    project: str | None
    location: str
    name: str = "agent_platform"
    base_url: str | None = None
    api_version: str = "v1"


class AgentPlatform:
    """Implements operations.upstream.Upstream over one pool of connections."""

    def __init__(
        self,
        config: AgentPlatformConfig,
        tokens: TokenSource,
        sink: ResultSink,
        clock: Clock,
        *,
        endpoint: Callable[[], Awaitable[str]] | None = None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        """Create the adapter; nothing is sent yet.

        Args:
            config: Address and limits.
            tokens: Source of the credentials; closed with this object.
            sink: Stores videos that arrive inline.
            clock: For Retry-After dates.
            endpoint: Returns the base URL before each call, instead of
                `config.base_url`; raises EndpointUnavailable.
            tracer_provider: Receives a span for each HTTP call. None: no spans.

        """
        self._config = config
        self._intakes = Intakes(config, sink, answers.INLINE)
        api = endpoint or fixed_endpoint(
            config.base_url or _google_address(config.location if config.project else "global")
        )
        self._connection = Connection(config, config.name, api, tokens, clock, tracer_provider)
        self._exchange = self._connection.exchange
        self._submit_faults = SubmitFaults(config.name, clock)
        self._poll_faults = PollFaults(config.name, clock)

    @property
    def name(self) -> str:
        """The upstream's name in records and errors."""
        return self._config.name

    @property
    def provider(self) -> str:
        """The provider's name in spans."""
        return "gcp.vertex_ai"

    @property
    def place(self) -> str:
        """The place for display: the location, or express mode."""
        return self._config.location if self._config.project else "express mode"

    def check(self, request: GenerateVideosRequest) -> list[Violation]:
        """Return a violation for each field that this API does not have."""
        return wire.check(request)

    async def submit(
        self,
        operation: str,
        model: str,
        request: GenerateVideosRequest,
        earlier: Earlier | None = None,
        last_look: Callable[[], bool] = always,
    ) -> str:
        """Start a generation. See Upstream.submit. This API has no earlier operations."""
        _ = operation, earlier
        results.refuse_unfit(wire.check(request), self.name)
        body = wire.encode_submission(request)
        path = f"{self._resource(model)}:predictLongRunning"
        try:
            answer = await self._exchange.post(path, body, self._submit_faults, last_look)
        except AnswerTooLarge as error:
            raise OutcomeUnknown(str(error)) from error
        return answers.decode_submission(answer)

    async def poll(self, operation: str, upstream_operation: str) -> PollResult:
        """Poll a generation. See Upstream.poll."""
        match = answers.OPERATION_NAME.fullmatch(upstream_operation)
        if match is None:
            raise results.not_ours(upstream_operation, self.name)
        path = f"/{self._config.api_version}/{match['resource']}:fetchPredictOperation"
        body = json.dumps({"operationName": upstream_operation}).encode()
        async with self._intakes.begin(operation) as intake:
            try:
                answer = await self._exchange.call(
                    "POST", path, body, self._poll_faults, intake.read
                )
            except AnswerTooLarge as error:
                return results.too_large(error, self.name)
            result = await results.decoded(answers.decode_poll, answer, self.name)
            if isinstance(result, Running | Broken):
                return result
            return await results.kept(result)

    async def ask_for_unknown(self, model: str, faults: Faults) -> None:
        """Poll a generation that does not exist. Needs the permission that polls need.

        Raises:
            Exception: What `faults` makes of the answer, which is never 200 from Google.

        """
        resource = self._resource(model)
        name = f"{resource.split('/', 2)[2]}/operations/{uuid4()}"
        body = json.dumps({"operationName": name}).encode()
        await self._exchange.post(f"{resource}:fetchPredictOperation", body, faults)

    async def cancel(self, upstream_operation: str) -> bool:
        """Return False: the Agent Platform cannot cancel a generation."""
        _ = upstream_operation
        return False

    def open_video(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AbstractAsyncContextManager[VideoReading]:
        """Read a video in a bucket. See Upstream.open_video."""
        return self._connection.storage.open(video, offset, limit)

    async def aclose(self) -> None:
        """Close the connections and cancel a token refresh under way."""
        await self._connection.aclose()

    def _resource(self, model: str) -> str:
        config = self._config
        parent = ""
        if config.project is not None:
            project, location = quote(config.project, safe=":"), quote(config.location, safe="")
            parent = f"/projects/{project}/locations/{location}"
        return f"/{config.api_version}{parent}/publishers/google/models/{quote(model, safe='')}"


def _google_address(location: str) -> str:
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in {"us", "eu"}:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"
