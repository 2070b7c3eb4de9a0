# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""google.longrunning.Operations over the same records, for tools that use the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsServicer
from google.protobuf.empty_pb2 import Empty

from longtake_server.errors import NotSupported
from longtake_server.rpc import convert, requests
from longtake_server.rpc.door import principal_of_call

if TYPE_CHECKING:
    import grpc

    from longtake_server.operations.service import VideoOperations

    Context = grpc.aio.ServicerContext[Any, Any]


class StandardOperationsServicer(OperationsServicer):  # type: ignore[misc]  # ships no types
    """Serves the standard methods. Operation names are the same as in VideoService."""

    def __init__(self, service: VideoOperations) -> None:
        self._service = service

    async def GetOperation(  # noqa: N802 - the contract's name
        self, request: operations_pb2.GetOperationRequest, context: Context
    ) -> operations_pb2.Operation:
        """Return an operation."""
        name = requests.operation_name(request.name)
        return convert.standard_operation(await self._service.get(name, principal_of_call()))

    async def ListOperations(  # noqa: N802
        self, request: operations_pb2.ListOperationsRequest, context: Context
    ) -> operations_pb2.ListOperationsResponse:
        """Return a page of operations; the filter has the same syntax as in VideoService."""
        if request.name not in ("", "operations"):
            raise requests.invalid("name", "accepted is operations")
        if request.return_partial_success:
            raise NotSupported("return_partial_success", "lists are always complete")
        principal = principal_of_call()
        wanted = requests.operation_filter(request.filter)
        cursor = requests.page_cursor(request.page_token, principal.id, request.filter)
        try:
            page = await self._service.list(
                wanted, principal, requests.page_size(request.page_size), cursor
            )
        except ValueError as error:
            raise requests.wrong_page_token() from error
        return operations_pb2.ListOperationsResponse(
            operations=[convert.standard_operation(record) for record in page.records],
            next_page_token=requests.page_token(page.next_cursor, principal.id, request.filter)
            if page.next_cursor
            else "",
        )

    async def WaitOperation(  # noqa: N802
        self, request: operations_pb2.WaitOperationRequest, context: Context
    ) -> operations_pb2.Operation:
        """Return an operation when it has ended, or its current state at the timeout."""
        record = await self._service.wait(
            requests.operation_name(request.name),
            principal_of_call(),
            None,
            requests.wait_seconds(
                request.timeout if request.HasField("timeout") else None,
                context.time_remaining(),
            ),
        )
        return convert.standard_operation(record)

    async def CancelOperation(  # noqa: N802
        self, request: operations_pb2.CancelOperationRequest, context: Context
    ) -> Empty:
        """Cancel an operation."""
        await self._service.cancel(requests.operation_name(request.name), principal_of_call())
        return Empty()

    async def DeleteOperation(  # noqa: N802
        self, request: operations_pb2.DeleteOperationRequest, context: Context
    ) -> Empty:
        """Delete an operation and its videos."""
        await self._service.delete(requests.operation_name(request.name), principal_of_call())
        return Empty()
