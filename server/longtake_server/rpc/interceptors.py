# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What every call passes: the size of its request, the table of errors, a line in the log."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf.message import DecodeError
from grpc_status import rpc_status

from longtake_server.errors import InvalidRequest, ReaderTooSlow, RequestTooLarge, Violation
from longtake_server.rpc.status import status_of

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        Awaitable,
        Callable,
        Iterable,
        Mapping,
    )

    from longtake_server.clock import Clock

_log = logging.getLogger("longtake_server.access")


class Calls:
    """Bounds requests, turns domain errors into statuses, logs each call.

    Stands in a server's place where servicers are added, and wraps their handlers once.
    An interceptor of grpc.aio would be asked anew at each call, which costs a quarter of it.

    Args:
        server: What serves the wrapped handlers.
        max_request_bytes: The largest request message.
        send_timeout_seconds: How long a reader may leave a message of a stream unread
            before the stream is ended.
        clock: Time.

    """

    def __init__(
        self,
        server: grpc.aio.Server,
        *,
        max_request_bytes: int,
        send_timeout_seconds: float,
        clock: Clock,
    ) -> None:
        self._server = server
        self._max_request_bytes = max_request_bytes
        self._sends = _Sends(send_timeout_seconds)
        self._clock = clock

    def add_generic_rpc_handlers(self, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Serve the methods that these find, as older generated code gives them."""
        self._server.add_generic_rpc_handlers(
            tuple(_WrappedOnce(handler, self._wrapped) for handler in handlers)
        )

    def add_registered_method_handlers(
        self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        """Serve the methods of a service, each by its wrapped handler."""
        wrapped = {
            name: self._wrapped(f"/{service}/{name}", handler) for name, handler in handlers.items()
        }
        self._server.add_registered_method_handlers(service, wrapped)

    def _wrapped(self, method: str, handler: Any) -> grpc.RpcMethodHandler[Any, Any]:
        # Typed for the synchronous server; this one's behaviours are coroutines.
        if handler.request_streaming:
            return cast("grpc.RpcMethodHandler[Any, Any]", handler)
        # A request is decoded by the call, for grpcio would hold its message to the call's end:
        # that of a watch outlives by far the moment in which it is read.
        write = _writer(handler)
        if handler.response_streaming:
            streaming: Any = self._streaming(method, handler)
            return grpc.unary_stream_rpc_method_handler(streaming, None, write)
        unary: Any = self._unary(method, handler)
        return grpc.unary_unary_rpc_method_handler(unary, None, write)

    def _decoded(self, handler: Any, data: bytes) -> Any:
        if len(data) > self._max_request_bytes:
            raise RequestTooLarge(len(data), self._max_request_bytes)
        try:
            return handler.request_deserializer(data)
        except DecodeError as error:
            wrong = Violation("request", "it is not a message of the method's request type")
            raise InvalidRequest([wrong]) from error

    def _unary(self, method: str, handler: Any) -> Callable[[bytes, Any], Awaitable[Any]]:
        behaviour: Callable[[Any, Any], Awaitable[Any]] = handler.unary_unary

        async def call(data: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            began = self._clock.monotonic()
            try:
                return await behaviour(self._decoded(handler, data), context)
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception as error:  # noqa: BLE001 - the one table decides what is told
                await _abort(context, error)
            finally:
                self._tell(method, context, began)

        return call

    def _streaming(self, method: str, handler: Any) -> Callable[[bytes, Any], AsyncGenerator[Any]]:
        behaviour: Callable[[Any, Any], AsyncGenerator[Any]] = handler.unary_stream

        async def call(
            data: bytes, context: grpc.aio.ServicerContext[Any, Any]
        ) -> AsyncGenerator[Any]:
            began = self._clock.monotonic()
            try:
                async with aclosing(behaviour(self._decoded(handler, data), context)) as messages:
                    async for message in messages:
                        sending = self._sends.begin(method, context)
                        try:
                            yield message
                        finally:
                            self._sends.end(sending)
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except Exception as error:  # noqa: BLE001 - the one table decides what is told
                await _abort(context, error)
            finally:
                self._tell(method, context, began)

        return call

    def _tell(self, method: str, context: grpc.aio.ServicerContext[Any, Any], began: float) -> None:
        if not _log.isEnabledFor(logging.INFO):
            return
        # grpcio gives what was set, else a number, or nothing while the call goes well.
        code = cast("grpc.StatusCode | int | None", context.code())
        _log.info(
            "call",
            extra={
                "method": method,
                "code": _CODE_NAMES.get(code or 0, str(code)),
                "seconds": round(self._clock.monotonic() - began, 6),
            },
        )


_CODE_NAMES: dict[grpc.StatusCode | int, str] = {
    key: code.name for code in grpc.StatusCode for key in (code, code.value[0])
}


@dataclass(frozen=True, slots=True, eq=False)
class _Send:
    """A message that was given to a call and is not taken by its reader yet."""

    method: str
    context: grpc.aio.ServicerContext[Any, Any]
    call: asyncio.Task[Any] | None
    deadline: float


class _Sends:
    """Ends the calls whose readers leave a message for too long.

    All have the same time, so that the first that was begun is the first that is late, and
    one timer is enough: a timer for each message of a crowd costs more than to send it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun: dict[_Send, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._endings: set[asyncio.Future[None]] = set()

    def begin(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> _Send:
        """Note that the running call sends."""
        loop = asyncio.get_running_loop()
        send = _Send(method, context, asyncio.current_task(), loop.time() + self._seconds)
        self._begun[send] = None
        if self._timer is None:
            self._timer = loop.call_at(send.deadline, self._end_late_ones)
        return send

    def end(self, send: _Send) -> None:
        """Note that a message was taken, or its call has ended."""
        self._begun.pop(send, None)

    def _end_late_ones(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        while self._begun:
            send = next(iter(self._begun))
            if send.deadline > loop.time():
                self._timer = loop.call_at(send.deadline, self._end_late_ones)
                return
            del self._begun[send]
            self._give_up(send)

    def _give_up(self, send: _Send) -> None:
        _log.warning("a reader took nothing for too long", extra={"method": send.method})
        # The status waits behind the message that is not read, but holds nothing else.
        ending = asyncio.ensure_future(_end(send.context, ReaderTooSlow(), send.call))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)


class _WrappedOnce(grpc.GenericRpcHandler):
    """Finds what another finds, wrapped when it is first found."""

    def __init__(
        self,
        inner: grpc.GenericRpcHandler,
        wrap: Callable[[str, Any], grpc.RpcMethodHandler[Any, Any]],
    ) -> None:
        self._inner = inner
        self._wrap = wrap
        self._found: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Return the handler of a method, or None."""
        method = handler_call_details.method
        if method not in self._found:
            handler = self._inner.service(handler_call_details)
            if handler is None:
                return None
            self._found[method] = self._wrap(method, handler)
        return self._found[method]


def _writer(handler: Any) -> Callable[[Any], bytes]:
    """Return the serialiser of a handler whose answers may be bytes already."""
    serialise = handler.response_serializer

    def write(message: Any) -> bytes:
        return message if isinstance(message, bytes) else serialise(message)

    return write


async def _abort(context: grpc.aio.ServicerContext[Any, Any], error: Exception) -> None:
    status = rpc_status.to_status(status_of(error))
    await context.abort(status.code, status.details, status.trailing_metadata)


async def _end(
    context: grpc.aio.ServicerContext[Any, Any],
    error: Exception,
    call: asyncio.Task[Any] | None,
) -> None:
    """Send the status of a call from outside of it, and end the call meanwhile."""
    aborting = asyncio.ensure_future(_abort(context, error))
    if call is not None:
        call.cancel()
    with suppress(grpc.aio.AbortError):
        await aborting
