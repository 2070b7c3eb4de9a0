# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations and their videos as resources: what they are as JSON, never the bytes of a video."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mcp_types import (
    ListResourcesResult,
    ListResourceTemplatesResult,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from longtake_server.errors import InvalidRequest, Violation
from longtake_server.http.mcp import answers
from longtake_server.http.mcp.tools import as_json
from longtake_server.operations.results.download import video_of
from longtake_server.operations.store import Filter
from longtake_server.rpc.requests import page_cursor, page_token

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.http.mcp.calls import Call, Calls
    from longtake_server.operations.model import OperationRecord

_URI = re.compile(
    re.escape(answers.SCHEME) + r"(operations/[a-zA-Z0-9_-]{1,64})(?:/videos/(0|[1-9][0-9]{0,5}))?"
)
_JSON = "application/json"
_PAGE = 50
_QUERY = "resources"

TEMPLATES = ListResourceTemplatesResult(
    resource_templates=[
        ResourceTemplate(
            uri_template=answers.operation_uri("operations/{id}"),
            name="operation",
            description="An operation: its state, and its videos once it has succeeded.",
            mime_type=_JSON,
        ),
        ResourceTemplate(
            uri_template=answers.video_uri("operations/{id}", 0).replace("/0", "/{index}"),
            name="video",
            description="A video: its address, its size and its digest.",
            mime_type=_JSON,
        ),
    ]
)
"""The templates of the URIs."""


class Resources:
    """Lists and reads resources.

    Args:
        calls: The calls of agents.
        clock: Time.

    """

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    async def list(self, call: Call, cursor: str) -> ListResourcesResult:
        """Return a page of the operations that the principal may see, the newest first.

        Args:
            call: The call.
            cursor: The next_cursor of the page before, empty for the first page.

        Raises:
            InvalidRequest: The cursor belongs to another list.
            StorageUnavailable: The store failed.

        """
        try:
            after = page_cursor(cursor, call.principal.id, _QUERY)
            page = await self._calls.page(call, Filter(), _PAGE, after)
        except (InvalidRequest, ValueError) as error:
            accepted = "accepted is the nextCursor of the page before"
            raise InvalidRequest([Violation("cursor", accepted)]) from error
        further = page.next_cursor
        return ListResourcesResult(
            resources=[_resource(record) for record in page.records],
            next_cursor=page_token(further, call.principal.id, _QUERY) if further else None,
        )

    async def read(self, call: Call, uri: str) -> ReadResourceResult:
        """Return an operation or a video as JSON.

        Raises:
            InvalidRequest: The URI has another form.
            VideoNotFound, VideoNotReady: The operation has no such video, or not yet.

        Raises also as VideoOperations.get.

        """
        match = _URI.fullmatch(uri)
        if match is None:
            accepted = "accepted is longtake://operations/{id} or .../videos/{index}"
            raise InvalidRequest([Violation("uri", accepted)])
        record = await self._calls.get(call, match[1])
        located = await self._calls.located(call, record)
        if match[2] is None:
            tree = answers.operation(record, located, self._clock.now())
        else:
            index = int(match[2])
            video_of(record, index)
            tree = answers.video(record, index, located[index])
        contents = TextResourceContents(uri=uri, mime_type=_JSON, text=as_json(tree))
        return ReadResourceResult(contents=[contents])


def _resource(record: OperationRecord) -> Resource:
    return Resource(
        uri=answers.operation_uri(record.name),
        name=record.name,
        description=f"{record.state.value}: {record.prompt_excerpt}",
        mime_type=_JSON,
    )
