# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Wraps every handler: admits calls, bounds requests, maps errors, ends slow streams."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf.message import DecodeError

from longtake_server.errors import InvalidRequest, ReaderTooSlow, RequestTooLarge, Violation
from longtake_server.rpc.endings import Endings, abort
from longtake_server.telemetry.logs import ACCESS_LOG

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Callable,
        Iterable,
        Mapping,
    )

    from longtake_server.rpc.door import Door
    from longtake_server.rpc.observation import ObservedCall, Observer
    from longtake_server.rpc.request_budget import RequestBudget

_log = logging.getLogger(ACCESS_LOG)

# The calls with one response that stay open for long.
_WAITS = frozenset(
    {
        "/longtake.v1.VideoService/WaitOperation",
        "/google.longrunning.Operations/WaitOperation",
    }
)


# Accepted apart from all others: a probe must be answered even if many calls wait to be accepted.
_APART = frozenset({"/grpc.health.v1.Health/Check"})


class Calls:
    """Admits calls, bounds requests, maps domain errors to statuses, has each call observed.

    Pass it in place of the server when servicers are added. It wraps each handler once; an
    interceptor of grpc.aio would run on every call and make short calls a quarter slower.

    Args:
        server: Serves the wrapped handlers.
        max_request_bytes: The largest request message.
        budget: Bounds the requests in flight.
        send_timeout_seconds: How long a reader may leave a message of a stream unread
            before the stream is ended.
        observer: Records each call.
        door: Identifies the principal of each call, before its request is decoded.

    """

    def __init__(
        self,
        server: grpc.aio.Server,
        *,
        max_request_bytes: int,
        budget: RequestBudget,
        send_timeout_seconds: float,
        observer: Observer,
        door: Door,
    ) -> None:
        self._max_request_bytes = max_request_bytes
        self._budget = budget
        self._sends = _Sends(send_timeout_seconds)
        self._observer = observer
        self._door = door
        self._server = server
        self._methods = _Methods(self._wrapped)
        server.add_generic_rpc_handlers((self._methods,))

    def add_generic_rpc_handlers(self, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Serve the methods of generic handlers, which older generated code registers."""
        self._methods.unwrapped.extend(handlers)

    def add_registered_method_handlers(
        self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        """Serve the methods of a service."""
        for name, handler in handlers.items():
            method = f"/{service}/{name}"
            self._methods.wrapped[method] = self._wrapped(method, handler)
            if method in _APART:
                apart = {name: self._methods.wrapped[method]}
                self._server.add_registered_method_handlers(service, apart)

    def _wrapped(self, method: str, handler: Any) -> grpc.RpcMethodHandler[Any, Any]:
        # Typed as Any: grpcio types the synchronous server, but these behaviours are coroutines.
        # The call decodes its request, because grpcio would keep the message until the call
        # ends, which for a watch is long after it was read.
        write = _writer(handler)
        if handler.response_streaming:
            streaming: Any = self._streaming(method, handler)
            if handler.request_streaming:
                return grpc.stream_stream_rpc_method_handler(streaming, None, write)
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
        observing = self._observer.unary(method)

        async def call(data: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            with observing.call(context) as observed:
                held = 0
                try:
                    presented = self._door.admit_known(method, context, data)
                    if presented is None:
                        presented = await self._door.admit(method, context, data)
                    observed.admitted()
                    self._budget.take(len(data))
                    held = len(data)
                    request = self._decoded(handler, data)
                    observed.requested(request)
                    if method not in _WAITS:
                        return await behaviour(request, context)
                    with self._door.stay(presented, context):
                        return await behaviour(request, context)
                except (asyncio.CancelledError, grpc.aio.AbortError):
                    raise
                except Exception as error:  # noqa: BLE001 - rpc/status.py maps every error
                    observed.refused(error)
                    await abort(context, error)
                finally:
                    self._budget.give_back(held)

        return call

    def _streaming(self, method: str, handler: Any) -> Callable[[Any, Any], Awaitable[None]]:
        """Return a coroutine that sends what a handler yields.

        grpcio does not close a generator that it has not exhausted, for example when the caller
        cancels. This coroutine closes it, in the task and the context of the call.
        """
        observing = self._observer.stream(method)

        async def call(received: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            # Streams of requests are not budgeted: gRPC holds one small message of them at a time.
            size = 0 if handler.request_streaming else len(received)
            with observing.call(context) as observed:
                held = 0
                try:
                    request = b"" if handler.request_streaming else received
                    # Not kept in a variable: a credential is large, and a watch is long.
                    staying = self._door.stay(
                        await self._door.admit(method, context, request), context
                    )
                    del request
                    observed.admitted()
                    self._budget.take(size)
                    held = size
                    answers = self._answers(handler, received, context, observed)
                    with staying:
                        async with aclosing(answers) as messages:
                            first: AsyncGenerator[Any] | None = messages
                            async for message in messages:
                                await self._send(observed, context, message, first)
                                observed.sent()
                                first = None
                except (asyncio.CancelledError, grpc.aio.AbortError):
                    raise
                except Exception as error:  # noqa: BLE001 - rpc/status.py maps every error
                    observed.refused(error)
                    await abort(context, error)
                finally:
                    self._budget.give_back(held)

        return call

    def _answers(
        self, handler: Any, received: Any, context: Any, observed: ObservedCall
    ) -> AsyncGenerator[Any]:
        if handler.request_streaming:
            requests = self._all_decoded(handler, received)
            return cast("AsyncGenerator[Any]", handler.stream_stream(requests, context))
        request = self._decoded(handler, received)
        observed.requested(request)
        return cast("AsyncGenerator[Any]", handler.unary_stream(request, context))

    async def _all_decoded(self, handler: Any, stream: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        async for data in stream:
            yield self._decoded(handler, data)

    async def _send(
        self,
        observed: ObservedCall,
        context: grpc.aio.ServicerContext[Any, Any],
        message: Any,
        source: AsyncGenerator[Any] | None,
    ) -> None:
        """Send a message of a stream; `source` is the stream if this is its first message."""
        sending = self._sends.begin(observed, context, source)
        try:
            await context.write(message)
        except grpc.aio.InternalError as error:
            # The connection is gone, so the call is over.
            raise asyncio.CancelledError from error
        finally:
            self._sends.end(sending)
        sending.raise_if_late()


@dataclass(slots=True, eq=False)
class _Send:
    """A message that a call is sending and that its client has not accepted yet.

    Attributes:
        observed: Names the call in the log.
        context: The call.
        task: Runs the call.
        source: The stream of messages, if this is the first message of the call.
        deadline: The time by which the client must accept the message, on the loop's clock.
        is_late: Whether the deadline has passed.
    """

    observed: ObservedCall
    context: grpc.aio.ServicerContext[Any, Any]
    task: asyncio.Task[Any] | None
    source: AsyncGenerator[Any] | None
    deadline: float
    is_late: bool = False

    def raise_if_late(self) -> None:
        """Raise ReaderTooSlow if the deadline has passed."""
        if self.is_late:
            raise ReaderTooSlow


class _Sends:
    """Ends calls whose clients leave a message unread for too long.

    All messages have the same timeout, so they expire in order and one timer is enough. A timer
    for each message would cost more than sending the message.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun: dict[_Send, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._endings = Endings()

    def begin(
        self,
        observed: ObservedCall,
        context: grpc.aio.ServicerContext[Any, Any],
        source: AsyncGenerator[Any] | None,
    ) -> _Send:
        """Start the timeout of a message of the running call; pass `source` with the first one."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._seconds
        send = _Send(observed, context, asyncio.current_task(), source, deadline)
        self._begun[send] = None
        if self._timer is None:
            # It serves all calls, so it must not log in the name of this one.
            self._timer = loop.call_at(send.deadline, self._end_late_ones, context=Context())
        return send

    def end(self, send: _Send) -> None:
        """End the timeout: the client accepted the message, or the call has ended."""
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
        _log.warning(
            "ended a stream that its reader left unread",
            extra={"method": send.observed.method, **send.observed.log_fields()},
        )
        send.is_late = True
        if send.source is None:
            # The status waits behind the unread message. Everything else is released.
            self._endings.end(send.context, ReaderTooSlow(), send.task)
        else:
            # gRPC sends the headers with the first message and accepts no status before both are
            # sent. Release what the call holds; it ends when the client reads or disconnects.
            self._endings.close(send.source)


class _Methods(grpc.GenericRpcHandler):
    """Finds the wrapped handler of a method.

    Generated code would register each method with grpc.aio, which then waits for its next call in a
    task of its own, and looks through all of these tasks for every call.

    Args:
        wrap: Wraps the handler of a method, given its full name.

    Attributes:
        wrapped: The wrapped handlers, by the full names of their methods.
        unwrapped: Handlers of whole services, whose methods are wrapped on their first use.

    """

    def __init__(self, wrap: Callable[[str, Any], grpc.RpcMethodHandler[Any, Any]]) -> None:
        self._wrap = wrap
        self.wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        self.unwrapped: list[grpc.GenericRpcHandler] = []

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Return the wrapped handler of a method, or None if the method is unknown."""
        method = handler_call_details.method
        known = self.wrapped.get(method)
        return known or self._wrapped_now(method, handler_call_details)

    def _wrapped_now(
        self, method: str, details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        found = (each.service(details) for each in self.unwrapped)
        handler = next((handler for handler in found if handler is not None), None)
        if handler is None:
            return None
        self.wrapped[method] = self._wrap(method, handler)
        return self.wrapped[method]


def _writer(handler: Any) -> Callable[[Any], bytes]:
    """Return the serializer of a handler; a response that is already bytes is passed on."""
    serialize = handler.response_serializer

    def write(message: Any) -> bytes:
        return message if isinstance(message, bytes) else serialize(message)

    return write
