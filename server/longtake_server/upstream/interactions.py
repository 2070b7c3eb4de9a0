# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Omni models by background interactions, on the Agent Platform or the Gemini Developer API."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import uuid4

from longtake_server.errors import Violation
from longtake_server.operations.model import StoredVideo
from longtake_server.operations.upstream import Broken, OutcomeUnknown, Rejected, Running, always
from longtake_server.upstream import interactions_answers as answers
from longtake_server.upstream import results
from longtake_server.upstream.connection import Connection
from longtake_server.upstream.exchange import AnswerTooLarge
from longtake_server.upstream.faults import PollFaults, SubmitFaults
from longtake_server.upstream.files import DeveloperFiles
from longtake_server.upstream.http_client import HttpConfig, fixed_endpoint
from longtake_server.upstream.intake import Intakes
from longtake_server.upstream.interactions_check import check
from longtake_server.upstream.interactions_wire import encode_submission

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from opentelemetry.trace import TracerProvider

    from longtake_server.clock import Clock
    from longtake_server.operations.upstream import Earlier, PollResult, ResultSink, VideoReading
    from longtake_server.upstream.answers import Results
    from longtake_server.upstream.auth import TokenSource
    from longtake_server.upstream.faults import Faults
    from longtake_server.upstream.google_error import GoogleError
    from longtake_server.upstream.interactions_check import Host


@dataclass(frozen=True, slots=True)
class InteractionsConfig(HttpConfig):
    """Address and limits of calls to the Interactions API.

    Attributes:
        host: `agent_platform`, which needs OAuth tokens, or `developer`, which needs an
            API key.
        project: The Google Cloud project, for the Agent Platform.
        name: The upstream's name in records and errors.
        base_url: Base URL in place of the host's, without the version.
        api_version: The version in paths. None: `v1beta1` on the Agent Platform,
            `v1beta` on the Developer API.
    """

    host: Host
    project: str = ""
    name: str = "interactions"
    base_url: str | None = None
    api_version: str | None = None

    @property
    def address(self) -> str:
        """The base URL of calls."""
        if self.host == "developer":
            return self.base_url or "https://generativelanguage.googleapis.com"
        return self.base_url or "https://aiplatform.googleapis.com"

    @property
    def prefix(self) -> str:
        """The prefix of the paths `/interactions` and `/files`. Omni models are global."""
        if self.host == "developer":
            return f"/{self.api_version or 'v1beta'}"
        project = quote(self.project, safe=":")
        return f"/{self.api_version or 'v1beta1'}/projects/{project}/locations/global"


class Interactions:
    """Implements operations.upstream.Upstream over one pool of connections."""

    def __init__(
        self,
        config: InteractionsConfig,
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
            tokens: Source of the credentials that `config.host` needs; closed with this
                object.
            sink: Stores videos that arrive inline.
            clock: For Retry-After dates.
            endpoint: Returns the base URL before each call, instead of
                `config.base_url`; raises EndpointUnavailable.
            tracer_provider: Receives a span for each HTTP call. None: no spans.

        """
        self._config = config
        self._intakes = Intakes(config, sink, answers.INLINE)
        api = endpoint or fixed_endpoint(config.address)
        self._connection = Connection(config, config.name, api, tokens, clock, tracer_provider)
        self._exchange = self._connection.exchange
        self._files = DeveloperFiles(
            self._connection.client,
            self._exchange,
            api,
            config.prefix,
            tokens,
            clock,
            config.name,
        )
        self._submit_faults = SubmitFaults(config.name, clock)
        self._poll_faults = PollFaults(config.name, clock, _lost)
        self._cancel_faults = PollFaults(config.name, clock, _past_cancelling)

    @property
    def name(self) -> str:
        """The upstream's name in records and errors."""
        return self._config.name

    @property
    def provider(self) -> str:
        """The provider's name in spans."""
        return "gcp.gemini" if self._config.host == "developer" else "gcp.vertex_ai"

    @property
    def place(self) -> str:
        """The place for display: the location, or the Developer API."""
        return "Gemini Developer API" if self._config.host == "developer" else "global"

    def check(self, request: GenerateVideosRequest) -> list[Violation]:
        """Return a violation for each field that this API does not have."""
        return check(request, self._config.host)

    async def submit(
        self,
        operation: str,
        model: str,
        request: GenerateVideosRequest,
        earlier: Earlier | None = None,
        last_look: Callable[[], bool] = always,
    ) -> str:
        """Start a generation. See Upstream.submit."""
        _ = operation
        results.refuse_unfit(self.check(request), self.name)
        if request.previous_operation:
            results.refuse_unfit(_unknown_earlier(earlier), self.name)
        body = encode_submission(model, request, self._config.host, earlier)
        try:
            # The answer may repeat the media of the request.
            answer = await self._exchange.call(
                "POST", self._path(), body, self._submit_faults, self._intakes.text_alone, last_look
            )
        except AnswerTooLarge as error:
            raise OutcomeUnknown(str(error)) from error
        return answers.decode_submission(answer)

    async def poll(self, operation: str, upstream_operation: str) -> PollResult:
        """Poll a generation. See Upstream.poll."""
        path = self._path(upstream_operation)
        async with self._intakes.begin(operation) as intake:
            try:
                answer = await self._exchange.call("GET", path, b"", self._poll_faults, intake.read)
            except AnswerTooLarge as error:
                return results.too_large(error, self.name)
            result = await results.decoded(answers.decode_poll, answer, self.name)
            if isinstance(result, Running | Broken):
                return result
            ready = await self._ready(result)
            if isinstance(ready, Running | Broken):
                return ready
            return await results.kept(ready)

    async def ask_for_unknown(self, model: str, faults: Faults) -> None:
        """Get an interaction that does not exist. Needs the permission that polls need.

        Raises:
            Exception: What `faults` makes of the answer, which is never 200 from Google.

        """
        _ = model
        await self._exchange.get(self._path(f"v1_{uuid4().hex}"), faults)

    async def cancel(self, upstream_operation: str) -> bool:
        """Cancel a generation. Return False if it can no longer be cancelled."""
        path = f"{self._path(upstream_operation)}/cancel"
        try:
            await self._exchange.call(
                "POST", path, b"", self._cancel_faults, self._intakes.text_alone
            )
        except Rejected:
            return False
        except AnswerTooLarge:
            # The answer is the interaction, which may have completed in the meantime.
            return True
        return True

    def open_video(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AbstractAsyncContextManager[VideoReading]:
        """Read a video in a bucket or in a file. See Upstream.open_video."""
        if video.in_callers_bucket:
            return self._connection.storage.open(video, offset, limit)
        return self._files.open(video, offset, limit)

    async def aclose(self) -> None:
        """Close the connections and cancel a token refresh under way."""
        await self._connection.aclose()

    def _path(self, interaction: str | None = None) -> str:
        collection = f"{self._config.prefix}/interactions"
        if interaction is None:
            return collection
        if not answers.INTERACTION_ID.fullmatch(interaction):
            raise results.not_ours(interaction, self.name)
        return f"{collection}/{interaction}"

    async def _ready(self, result: Results) -> Results | Running | Broken:
        """Return the results if every file is ready, otherwise the state of one that is not."""
        videos = []
        for video in result.videos:
            if isinstance(video, StoredVideo) and not video.in_callers_bucket:
                if self._config.host != "developer":
                    raise OutcomeUnknown("the upstream answered with an address of another host")
                ready = await self._files.ready(video)
                if not isinstance(ready, StoredVideo):
                    return ready
                video = ready
            videos.append(video)
        return replace(result, videos=tuple(videos))


def _unknown_earlier(earlier: Earlier | None) -> list[Violation]:
    if earlier is not None and answers.INTERACTION_ID.fullmatch(earlier.upstream_operation):
        return []
    return [Violation("previous_operation", "accepted is an operation of the same upstream")]


def _lost(status: int, error: GoogleError) -> bool:
    # For an unknown id this API answers 400, not 404.
    return status in {404, 410} or (
        status == 400 and "invalid interaction name" in error.message.lower()
    )


def _past_cancelling(status: int, _: GoogleError) -> bool:
    return status in {400, 404, 409, 410}
