# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Veo on Google's Agent Platform, by predictLongRunning and fetchPredictOperation."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from longtake_server.operations.model import Code, Failure
from longtake_server.operations.upstream import Broken, Finished, OutcomeUnknown, Rejected, Running
from longtake_server.upstream import answers, wire
from longtake_server.upstream.exchange import AnswerTooLarge, Exchange
from longtake_server.upstream.faults import PollFaults, SubmitFaults
from longtake_server.upstream.google_storage import GoogleStorage

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

# Below this an answer is decoded faster than a thread is reached.
_DECODED_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class AgentPlatformConfig:
    """Where the Agent Platform is, and how long and how much to take of it.

    Attributes:
        name: The upstream's name in records and errors.
        project: The Google Cloud project.
        location: The location, for example `us-central1`.
        base_url: An address other than the one that the location has.
        api_version: `v1` or `v1beta1`.
        storage_base_url: Where gs:// objects are read from. None: from where the
            calls go.
        connect_seconds: How long a connection may take, and a free place for one.
        write_seconds: The longest silence while a request is written.
        read_seconds: The longest silence while an answer is read.
        call_seconds: How long a submission or a poll may take in all.
        max_body_bytes: The largest answer that is taken.
        max_connections: Connections at the same time.
        idle_seconds: How long an unused connection is kept. Shorter than the five
            seconds after which many servers close one, as a request that meets
            a closing connection has an unknown outcome.
        http2: Whether HTTP/2 is offered over TLS. Off by default: httpx gives a
            stream of HTTP/2 a window of 64 KiB, which slows down inline videos.
        environment_proxy: Whether HTTPS_PROXY and its like are obeyed.
    """

    project: str
    location: str
    name: str = "agent_platform"
    base_url: str | None = None
    api_version: str = "v1"
    storage_base_url: str | None = "https://storage.googleapis.com"
    connect_seconds: float = 10.0
    write_seconds: float = 60.0
    read_seconds: float = 60.0
    call_seconds: float = 300.0
    max_body_bytes: int = 256 << 20
    max_connections: int = 256
    idle_seconds: float = 4.0
    http2: bool = False
    environment_proxy: bool = True


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
        """Make the client; nothing is sent yet.

        Args:
            config: Where and how.
            tokens: Where the credentials come from; closed with this object.
            sink: Where videos go that come inline.
            clock: For Retry-After dates.
            endpoint: Gives the base URL before each call, in place of
                `config.base_url`; raises EndpointUnavailable.
            tracer_provider: Where a span for each HTTP call goes. None: none are made.

        """
        self._config = config
        self._tokens = tokens
        self._sink = sink
        self._client = _client(config, tracer_provider)
        api = endpoint or _fixed(config.base_url or _google_address(config.location))
        storage = _fixed(config.storage_base_url) if config.storage_base_url else api
        self._exchange = Exchange(
            self._client,
            api,
            tokens,
            deadline_seconds=config.call_seconds,
            max_body_bytes=config.max_body_bytes,
        )
        self._storage = GoogleStorage(self._client, storage, tokens, clock, config.name)
        self._submit_faults = SubmitFaults(config.name, clock)
        self._poll_faults = PollFaults(config.name, clock)

    @property
    def name(self) -> str:
        """The upstream's name in records and errors."""
        return self._config.name

    def check(self, request: GenerateVideosRequest) -> list[Violation]:
        """Return a violation for each field that the wire has no place for."""
        return wire.check(request)

    async def submit(
        self,
        operation: str,
        model: str,
        request: GenerateVideosRequest,
        earlier: Earlier | None = None,
    ) -> str:
        """Start a generation, as Upstream.submit says. The wire has no earlier ones."""
        _ = operation, earlier
        if violations := wire.check(request):
            raise Rejected(self._unfit(violations))
        body = await asyncio.to_thread(wire.serialise_submission, request)
        path = f"{self._resource(model)}:predictLongRunning"
        try:
            answer = await self._exchange.post(path, body, self._submit_faults)
        except AnswerTooLarge as error:
            raise OutcomeUnknown(str(error)) from error
        return answers.decode_submission(answer)

    async def poll(self, operation: str, upstream_operation: str) -> PollResult:
        """Ask how far a generation is, as Upstream.poll says."""
        match = answers.OPERATION_NAME.fullmatch(upstream_operation)
        if match is None:
            raise Rejected(self._lost(upstream_operation))
        path = f"/{self._config.api_version}/{match['resource']}:fetchPredictOperation"
        body = json.dumps({"operationName": upstream_operation}).encode()
        try:
            answer = await self._exchange.post(path, body, self._poll_faults)
        except AnswerTooLarge as error:
            return Broken(self._too_large(error))
        result = await self._decoded(answer)
        if isinstance(result, Running | Broken):
            return result
        return await self._stored(operation, result)

    async def cancel(self, upstream_operation: str) -> bool:
        """Return False: the Agent Platform has no call that stops a generation."""
        _ = upstream_operation
        return False

    def open_video(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AbstractAsyncContextManager[VideoReading]:
        """Read a video in a bucket, as Upstream.open_video says."""
        return self._storage.open(video, offset, limit)

    async def aclose(self) -> None:
        """Close the connections and give up a token refresh under way."""
        try:
            await self._client.aclose()
        finally:
            await self._tokens.aclose()

    def _resource(self, model: str) -> str:
        config = self._config
        return (
            f"/{config.api_version}/projects/{quote(config.project, safe=':')}"
            f"/locations/{quote(config.location, safe='')}"
            f"/publishers/google/models/{quote(model, safe='')}"
        )

    async def _decoded(self, answer: bytes | bytearray) -> Running | answers.Results | Broken:
        if len(answer) <= _DECODED_AT_ONCE:
            return answers.decode_poll(answer, self.name)
        return await asyncio.to_thread(answers.decode_poll, answer, self.name)

    async def _stored(self, operation: str, results: answers.Results) -> Finished:
        videos: list[StoredVideo] = []
        for index, video in enumerate(results.videos):
            if isinstance(video, answers.InlineVideo):
                video = await self._sink.put(operation, index, video.mime_type, video.data)
            videos.append(video)
        return Finished(tuple(videos), results.filtered_count, results.filtered_reasons)

    def _unfit(self, violations: list[Violation]) -> Failure:
        message = "; ".join(f"{one.field}: {one.description}" for one in violations)
        return Failure(Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED", message, {"upstream": self.name})

    def _lost(self, upstream_operation: str) -> Failure:
        message = f"{upstream_operation} is no generation of the upstream {self.name}"
        return Failure(Code.ABORTED, "UPSTREAM_LOST", message, {"upstream": self.name})

    def _too_large(self, error: AnswerTooLarge) -> Failure:
        message = (
            f"the videos came inline and {error}, which is the most that is taken; "
            "set config.output_gcs_uri, or ask for fewer or smaller videos"
        )
        metadata = {"upstream": self.name, "max_bytes": str(error.limit)}
        return Failure(Code.INTERNAL, "RESULT_NOT_STORED", message, metadata)


def _client(
    config: AgentPlatformConfig, tracer_provider: TracerProvider | None
) -> httpx.AsyncClient:
    client = httpx.AsyncClient(
        http2=config.http2,
        follow_redirects=False,
        trust_env=config.environment_proxy,
        timeout=httpx.Timeout(
            connect=config.connect_seconds,
            pool=config.connect_seconds,
            write=config.write_seconds,
            read=config.read_seconds,
        ),
        limits=httpx.Limits(
            max_connections=config.max_connections, keepalive_expiry=config.idle_seconds
        ),
        headers={
            "user-agent": f"longtake-server/{version('longtake-server')}",
            # base64 of a compressed video is not worth the time to inflate it.
            "accept-encoding": "identity",
        },
    )
    if tracer_provider is not None:
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=tracer_provider)
    return client


def _google_address(location: str) -> str:
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in {"us", "eu"}:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def _fixed(base_url: str) -> Callable[[], Awaitable[str]]:
    address = base_url.rstrip("/")

    async def endpoint() -> str:
        return address

    return endpoint
