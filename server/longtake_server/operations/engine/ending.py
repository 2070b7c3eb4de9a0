# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Ends operations: with videos, with an error, or cancelled."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from longtake_server.errors import UpstreamUnavailable, VideoExpired
from longtake_server.operations.model import CancelConfirmed, Code, Failed, Failure, Succeeded
from longtake_server.operations.upstream import UpstreamFailure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from longtake_server.operations.engine.retries import Retries
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.model import Event, OperationRecord, StoredVideo
    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.upstream import Finished, OutcomeUnknown, Upstream
    from longtake_server.telemetry import Telemetry

_log = logging.getLogger(__name__)

_MAY_BE_BILLED = "the upstream cannot be told to stop, so it may bill this generation"
_WAS_TOLD = "the upstream was told to stop; what it had generated may be billed"


class Ending:
    """The last step of an operation.

    Args:
        retained_in: Where results are copied to that lie at an upstream; None leaves them.

    """

    def __init__(
        self,
        *,
        store: OperationStore,
        ledger: Ledger,
        upstreams: Mapping[str, Upstream],
        catalogue: Catalogue,
        retries: Retries,
        telemetry: Telemetry,
        retained_in: MediaStore | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._upstreams = upstreams
        self._catalogue = catalogue
        self._retries = retries
        self._telemetry = telemetry
        self._retained_in = retained_in

    async def finish(self, record: OperationRecord, result: Finished) -> datetime | None:
        """End an operation whose generation has finished; return when to try again, if need be.

        Raises as Driver.step.
        """
        try:
            videos = tuple(
                [await self._retained(record, *numbered) for numbered in enumerate(result.videos)]
            )
        except UpstreamUnavailable:
            return self._retries.later(record.name)
        return await self.end(record, await self._success(record, replace(result, videos=videos)))

    async def _retained(
        self, record: OperationRecord, index: int, video: StoredVideo
    ) -> StoredVideo:
        """Return a video as it is kept: a copy of one at the upstream, if that is wished."""
        if self._retained_in is None or not video.at_upstream:
            return video
        upstream = self._upstreams[record.upstream]
        try:
            async with upstream.open_video(video, 0, None) as reading:
                return await self._retained_in.put_stream(
                    record.name, index, video.mime_type, reading.chunks
                )
        except VideoExpired:
            return video

    async def _success(self, record: OperationRecord, result: Finished) -> Succeeded:
        request = await self._store.get_request(record.name)
        bill = self._catalogue.bill(record.served_model, request, len(result.videos))
        return Succeeded(
            videos=result.videos,
            filtered_count=result.filtered_count,
            filtered_reasons=result.filtered_reasons,
            billed_seconds=bill.seconds,
            cost_micros=bill.cost_micros,
        )

    async def fail(
        self, record: OperationRecord, failure: Failure, *, may_be_billed: bool = False
    ) -> datetime | None:
        """End an operation with an error. Raises as Driver.step."""
        return await self.end(record, Failed(failure, may_be_billed=may_be_billed))

    async def end(self, record: OperationRecord, event: Event) -> datetime | None:
        """Commit the event that ends an operation. Raises as Driver.step."""
        ended = await self._ledger.commit(record.name, event, record)
        seconds = (ended.update_time - ended.create_time).total_seconds()
        self._telemetry.finished(ended.model, ended.state.value, seconds)
        return None

    async def cancel(self, record: OperationRecord) -> datetime | None:
        """Tell the upstream to stop, where it can be told, and end the operation.

        Raises as Driver.step.
        """
        upstream = self._upstreams.get(record.upstream)
        try:
            told = upstream is not None and await upstream.cancel(record.upstream_operation)
        except UpstreamFailure:
            told = False
        return await self.end(record, CancelConfirmed(_WAS_TOLD if told else _MAY_BE_BILLED))


def no_answer(upstream: str, error: OutcomeUnknown) -> Failure:
    """Return a call that was sent and not answered, as a failure of the upstream."""
    return Failure(Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", str(error), {"upstream": upstream})


def log_not_set_up(record: OperationRecord) -> None:
    """Log that an operation waits for an upstream that is not set up."""
    _log.error(
        "the upstream of an operation is not set up; with its settings it goes on",
        extra={"operation": record.name, "upstream": record.upstream},
    )
