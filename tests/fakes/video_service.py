# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Both services on a real socket, following a script, including faulty answers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message_factory import GetMessageClass
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status
from longtake.v1 import video_service_pb2, webhook_service_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.descriptor import MethodDescriptor
    from google.protobuf.message import Message

_SERVICES = (
    video_service_pb2.DESCRIPTOR.services_by_name["VideoService"],
    webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"],
)
_METHODS = {method.name for service in _SERVICES for method in service.methods}
_OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.so_reuseport", 0)]


class Silence(Enum):
    """An answer that is neither a message nor a status."""

    UNTIL_THE_CALLER_LEAVES = auto()


class Call:
    """One expected call and its answers: messages, and then optionally a status or silence."""

    def __init__(self, method: str, *answers: Message | Silence) -> None:
        assert method in _METHODS, method
        self.method = method
        self.answers = answers


@dataclass(frozen=True)
class Received:
    """A received call.

    Attributes:
        metadata: Its metadata, by key.
        ended: Set when the call ends for any reason.
    """

    method: str
    request: Any
    metadata: dict[str, str]
    ended: threading.Event


class ScriptedVideoService:
    """Answers the calls of each method in the order of the script.

    Attributes:
        address: The listening address.
        received: The received calls.
        arrivals: The methods of received calls, for tests that wait for them.
    """

    def __init__(self, script: tuple[Call, ...]) -> None:
        self._left = list(script)
        self._lock = threading.Lock()
        self.received: list[Received] = []
        self.arrivals: SimpleQueue[str] = SimpleQueue()
        self.unexpected: list[str] = []
        self.address = ""

    def requests(self, method: str) -> list[Any]:
        return [one.request for one in self.received if one.method == method]

    def credentials(self) -> list[str | None]:
        """Return the authorization of each received call."""
        return [one.metadata.get("authorization") for one in self.received]

    def assert_as_scripted(self) -> None:
        assert self.unexpected == [], f"not in the script: {self.unexpected}"
        assert self._left == [], f"left over: {[call.method for call in self._left]}"

    def answer(
        self, method: str, request: Message, context: grpc.ServicerContext
    ) -> Iterator[Message]:
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        received = Received(method, request, metadata, threading.Event())
        if not context.add_callback(received.ended.set):
            received.ended.set()
        with self._lock:
            self.received.append(received)
            call = next((one for one in self._left if one.method == method), None)
            if call is None:
                self.unexpected.append(method)
                context.abort(grpc.StatusCode.UNIMPLEMENTED, "not in the script")
            self._left.remove(call)
        self.arrivals.put(method)
        for answer in call.answers:
            if isinstance(answer, Status):
                context.abort_with_status(rpc_status.to_status(answer))
            if isinstance(answer, Silence):
                received.ended.wait()
                return
            yield answer


@contextmanager
def video_service(
    *script: Call, tls: grpc.ServerCredentials | None = None
) -> Iterator[ScriptedVideoService]:
    """Serve the script, which must be used up on exit. With `tls`, the address is https://."""
    service = ScriptedVideoService(script)
    with ThreadPoolExecutor(4) as threads:
        server = grpc.server(threads, options=_OPTIONS)
        for each in _SERVICES:
            handlers = {method.name: _handler(service, method) for method in each.methods}
            server.add_registered_method_handlers(each.full_name, handlers)
        if tls is None:
            service.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        else:
            service.address = f"https://127.0.0.1:{server.add_secure_port('127.0.0.1:0', tls)}"
        server.start()
        try:
            yield service
            service.assert_as_scripted()
        finally:
            server.stop(None).wait()


def _handler(
    service: ScriptedVideoService, method: MethodDescriptor
) -> grpc.RpcMethodHandler[Any, Any]:
    def stream(request: Message, context: grpc.ServicerContext) -> Iterator[Message]:
        return service.answer(method.name, request, context)

    def single(request: Message, context: grpc.ServicerContext) -> Message:
        return next(service.answer(method.name, request, context))

    make: Callable[..., grpc.RpcMethodHandler[Any, Any]] = (
        grpc.unary_stream_rpc_method_handler
        if method.server_streaming
        else grpc.unary_unary_rpc_method_handler
    )
    return make(
        stream if method.server_streaming else single,
        request_deserializer=GetMessageClass(method.input_type).FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )
