# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Target that calls every method of the API, in process: the production handlers and store.

Only the socket is missing. Two callers own operations, and neither may read the other's name.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import grpc
from fakes.engine import MODEL, engine, principal
from fuzz.fuzz_outcome import Finding, OneLineLog, Target, code_name
from fuzz.fuzz_reader import Reader
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import add_OperationsServicer_to_server
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2
from longtake.v1 import video_service_pb2 as api
from longtake.v1 import webhook_service_pb2
from longtake.v1.video_service_pb2_grpc import add_VideoServiceServicer_to_server
from longtake.v1.webhook_service_pb2_grpc import add_WebhookServiceServicer_to_server
from longtake_server.clock import SystemClock
from longtake_server.identity.authentication import Authenticator, Proofs
from longtake_server.identity.principal import Role
from longtake_server.rpc import requests
from longtake_server.rpc.door import Door
from longtake_server.rpc.encoded import EncodedOperations
from longtake_server.rpc.interceptors import Calls
from longtake_server.rpc.observation import Observer
from longtake_server.rpc.operations_servicer import StandardOperationsServicer
from longtake_server.rpc.positions import Positions
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.rpc.video_servicer import VideoServicer
from longtake_server.rpc.webhook_servicer import WebhookServicer
from longtake_server.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from pathlib import Path

    from fakes.clock import FakeClock
    from fakes.engine import Engine

HEADER = "x-longtake-caller"
CALLERS = ("orders", "billing")
_OPERATIONS_EACH = 2
_MAX_REQUEST_BYTES = 4096
# A watch is ended after this time: it has sent what it had.
_WATCH_SECONDS = 0.01
_HANG_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class _Details:
    """What gRPC tells a generic handler of a call."""

    method: str
    invocation_metadata: tuple[tuple[str, str], ...] = ()


class _Methods:
    """Takes the place of the gRPC server, and keeps the wrapped handlers."""

    def __init__(self) -> None:
        self._handlers: list[Any] = []

    def add_generic_rpc_handlers(self, handlers: Sequence[object]) -> None:
        """Keep the generic handlers, which cover every method."""
        self._handlers.extend(handlers)

    def handler(self, method: str) -> Any:
        """Return the handler of a method."""
        found = (each.service(_Details(method)) for each in self._handlers)
        return next(handler for handler in found if handler is not None)


class _Context:
    """The context of one call, as far as the handlers use it."""

    def __init__(self, metadata: Sequence[tuple[str, str]]) -> None:
        self._metadata = metadata
        self.status: status_pb2.Status | None = None
        self.sent: list[bytes] = []

    def invocation_metadata(self) -> Sequence[tuple[str, str]]:
        return self._metadata

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def time_remaining(self) -> float:
        return 0.0

    def code(self) -> int | None:
        return None if self.status is None else self.status.code

    async def send_initial_metadata(self, metadata: object) -> None:
        """Discard the metadata."""

    async def write(self, message: Any) -> None:
        """Keep the message."""
        self.sent.append(serialized(message))

    async def abort(self, code: grpc.StatusCode, details: str, trailers: Any) -> None:
        """End the call with a status."""
        self.status = status_pb2.Status.FromString(dict(trailers)["grpc-status-details-bin"])
        raise grpc.aio.AbortError


def serialized(message: Any) -> bytes:
    """Return the bytes of a message that may be serialized already."""
    if isinstance(message, bytes):
        return message
    data: bytes = message.SerializeToString()
    return data


def request_types() -> dict[str, Any]:
    """Return the class of the request of each method of the API, by its path."""
    services = (
        api.DESCRIPTOR.services_by_name["VideoService"],
        webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"],
        operations_pb2.DESCRIPTOR.services_by_name["Operations"],
    )
    return {
        f"/{service.full_name}/{method.name}": GetMessageClass(method.input_type)
        for service in services
        for method in service.methods
    }


class _Callers:
    """The operations of each caller, created again after a deletion."""

    def __init__(self, parts: Engine) -> None:
        self._parts = parts
        self.names: dict[str, list[str]] = {caller: [] for caller in CALLERS}

    async def fill(self) -> None:
        for caller, names in self.names.items():
            while len(names) < _OPERATIONS_EACH:
                names.append((await self._parts.accept(caller)).name)

    async def clean(self, method: str, caller: str, answer: bytes) -> None:
        """Remove what a call created, and replace what it deleted."""
        if method.endswith("GenerateVideos"):
            name = api.GetOperationRequest.FromString(answer).name
            # What is only validated has no name.
            if name:
                await self._parts.service.delete(name, principal(caller))
        if method.endswith("DeleteOperation"):
            page = await self._parts.service.list(
                requests.operation_filter(""), principal(""), 100, None
            )
            left = {record.name for record in page.records}
            for names in self.names.values():
                names[:] = [name for name in names if name in left]
            await self.fill()


class _Fuzzed:
    """Makes a call from an input, and judges what comes of it."""

    def __init__(self, parts: Engine, key: bytes, methods: _Methods) -> None:
        self._callers = _Callers(parts)
        self._key = key
        self._types = request_types()
        self._methods = sorted(self._types)
        self._handlers = {name: methods.handler(name) for name in self._methods}
        self.fill = self._callers.fill

    async def once(self, data: bytes) -> str:
        reader = Reader(data)
        method = self._methods[reader.number(len(self._methods))]
        caller = reader.choice(CALLERS)
        body = self._body(method, reader, caller)
        context = _Context([(HEADER, caller), ("traceparent", reader.text())])
        handler = self._handlers[method]
        if handler.response_streaming:
            answer = await self._streamed(handler.unary_stream(body, context), context)
        else:
            answer = await self._unary(handler.unary_unary(body, context))
        if answer is None:
            return self._refused(context)
        self._check(method, caller, answer)
        await self._callers.clean(method, caller, answer)
        return "OK"

    def _body(self, method: str, reader: Reader, caller: str) -> bytes:
        if reader.number(4) == 0:
            return reader.rest()
        names = [name for names in self._callers.names.values() for name in names]
        request = self._types[method]()
        positions = Positions(self._key, CALLERS[0])
        pools = {
            "name": [*names, f"{names[0]}/videos/0", f"models/{MODEL}", "operations"],
            "previous_operation": names,
            "model": [MODEL, "veo-3.1-fast-generate-001"],
            "prompt": ["a dog"],
            "filter": ["state = QUEUED", f'model = "{MODEL}"', "done = false AND labels.a = b"],
            "after_position": [positions.token(0), positions.token(1)],
            "request_id": ["0b1f6dd6-9c4e-4ef5-9a4c-0d6bb3a2e4f1"],
        }
        reader.fill(request, pools)
        fields = request.DESCRIPTOR.fields_by_name
        if "page_token" in fields and reader.number(2):
            query = (caller, request.filter) if "filter" in fields else ("models",)
            request.page_token = requests.page_token(reader.text(), *query)
        return serialized(request)

    async def _unary(self, call: Coroutine[Any, Any, Any]) -> bytes | None:
        try:
            async with asyncio.timeout(_HANG_SECONDS):
                return serialized(await call)
        except grpc.aio.AbortError:
            return None
        except TimeoutError as error:
            raise Finding("a call hangs") from error

    async def _streamed(self, call: Coroutine[Any, Any, None], context: _Context) -> bytes | None:
        task = asyncio.ensure_future(call)
        await asyncio.wait({task}, timeout=_WATCH_SECONDS)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=_HANG_SECONDS)
        if not done:
            raise Finding("a cancelled stream hangs")
        if task.cancelled():
            return b"".join(context.sent)
        if isinstance(error := task.exception(), grpc.aio.AbortError):
            return None
        if error is not None:
            raise error
        return b"".join(context.sent)

    def _refused(self, context: _Context) -> str:
        assert context.status is not None
        code = code_name(context.status.code)
        if code in ("INTERNAL", "UNKNOWN", "DATA_LOSS"):
            raise Finding(f"{code}: {context.status.message}")
        return code

    def _check(self, method: str, caller: str, answer: bytes) -> None:
        """Raise Finding if an answer names an operation of another caller."""
        for owner, names in self._callers.names.items():
            if owner != caller and any(name.encode() in answer for name in names):
                raise Finding(f"{method} told {caller!r} of an operation of {owner!r}")


@contextmanager
def logging_to(log: OneLineLog) -> Iterator[None]:
    """Send what the server logs to one handler only."""
    logger = logging.getLogger("longtake_server")
    level, propagates = logger.level, logger.propagate
    logger.addHandler(log)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(log)
        logger.setLevel(level)
        logger.propagate = propagates


@contextmanager
def _calls(folder: Path) -> Iterator[Callable[[bytes], str]]:
    loop = asyncio.new_event_loop()
    log = OneLineLog()
    with ExitStack() as stack:
        stack.enter_context(logging_to(log))
        stack.callback(loop.close)
        clock, telemetry = SystemClock(), Telemetry()
        entered = engine(folder, clock=cast("FakeClock", clock))
        parts = loop.run_until_complete(entered.__aenter__())
        stack.callback(lambda: loop.run_until_complete(entered.__aexit__(None, None, None)))
        methods = _Methods()
        authenticator = Authenticator(Proofs(caller_roles=frozenset({Role.GENERATOR})))
        calls: Any = Calls(
            cast("Any", methods),
            max_request_bytes=_MAX_REQUEST_BYTES,
            budget=RequestBudget(10 * _MAX_REQUEST_BYTES),
            send_timeout_seconds=_HANG_SECONDS,
            observer=Observer(clock, telemetry),
            door=Door(authenticator, clock, header=HEADER),
        )
        videos = VideoServicer(parts.service, EncodedOperations(), clock, telemetry)
        add_VideoServiceServicer_to_server(videos, calls)
        add_WebhookServiceServicer_to_server(WebhookServicer(parts.webhooks), calls)
        add_OperationsServicer_to_server(StandardOperationsServicer(parts.service), calls)
        key = loop.run_until_complete(parts.store.position_key())
        fuzzed = _Fuzzed(parts, key, methods)
        loop.run_until_complete(fuzzed.fill())

        def once(data: bytes) -> str:
            try:
                return loop.run_until_complete(fuzzed.once(data))
            finally:
                log.raise_findings()

        yield once


_GENERATE = sorted(request_types()).index("/longtake.v1.VideoService/GenerateVideos")
_VALIDATED = api.GenerateVideosRequest(model=MODEL, prompt="a dog", validate_only=True)
_SEEDS = [
    bytes([_GENERATE, 0, 0]) + _VALIDATED.SerializeToString(),
    *(
        bytes([method, caller, mode]) + bytes(range(1, 120, step))
        for method in range(len(request_types()))
        for caller, mode, step in ((0, 1, 1), (1, 1, 2), (2, 0, 3))
    ),
]

CALLS = (Target("calls in process", 0.02, _SEEDS, _calls),)
