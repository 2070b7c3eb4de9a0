# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The composition root: runs the server until a signal, and stops it in order."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from longtake_server.configuration.addresses import is_loopback
from longtake_server.errors import StorageLost
from longtake_server.http.parts import DoorParts, DoorSettings
from longtake_server.identity.configured import configured_authenticator
from longtake_server.identity.keys import KeyRing
from longtake_server.keys_file import token_uri_of
from longtake_server.memory import (
    MemoryReturner,
    forget_attribute_names,
    free_heap_bytes,
    keep_chunks,
    trim_heap,
)
from longtake_server.parts import build_parts
from longtake_server.rpc.door import Door
from longtake_server.rpc.listeners import bind
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.rpc.server import RpcServer
from longtake_server.scheduling import use_batch_scheduling
from longtake_server.telemetry import Telemetry, metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

    from longtake_server.http_listener import HttpListener
    from longtake_server.identity.authentication import Authenticator
    from longtake_server.parts import Parts
    from longtake_server.push.server import PushServer
    from longtake_server.rpc.certificates import Certificates
    from longtake_server.rpc.health import HealthServicer
    from longtake_server.rpc.listeners import Listeners
    from longtake_server.settings import Settings

_log = logging.getLogger(__name__)

_OBJECTS_BETWEEN_COLLECTIONS = 10_000


async def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, and then stop in order.

    Args:
        settings: The settings.
        announce: Called with the listening address once the server accepts calls.

    Raises:
        StartFailure: The server cannot start. Everything opened so far is closed.
        StorageLost: The database files were removed or replaced.

    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    use_batch_scheduling()
    keep_chunks()
    _stop_tracking_generators()
    async with AsyncExitStack() as parts:
        telemetry, scrape = _telemetry(settings, parts)
        built = await _unless(stop, build_parts(settings, telemetry, parts))
        if built is None:
            return
        keys = await _keys(settings, built, telemetry)
        authenticator = configured_authenticator(settings, keys, built.clock)
        parts.push_async_callback(authenticator.aclose)
        door = _door(settings, built, authenticator)
        budget = RequestBudget(settings.max_request_bytes_in_flight)
        server = _server(settings, built, telemetry, door, budget)
        listeners = await bind(server, settings, built.clock)
        certificates = listeners.certificates
        if certificates is not None:
            telemetry.report(metrics.CERTIFICATE_EXPIRY, lambda: certificates.expiry)
        push = await _push(settings, built, parts)
        await _ops(settings, built.health, scrape, parts)
        shared = _shared(settings, built, telemetry, authenticator, budget)
        doors = await _doors(settings, shared, certificates, keys, parts)
        await server.start()
        running = asyncio.create_task(built.election.run(), name="election")
        returning = asyncio.create_task(_memory(built, server).run(), name="memory")
        guarding = asyncio.create_task(_guard(door, keys), name="door")
        checking = asyncio.create_task(built.start_check(), name="start check")
        stopping = asyncio.create_task(stop.wait(), name="signal")
        losing = asyncio.create_task(built.store.lost(), name="storage-lost")
        following = asyncio.create_task(_follow_files(built), name="files")
        loops = [returning, guarding]
        if built.store.is_shared:
            loops.append(asyncio.create_task(built.follower.run(), name="follower"))
            loops.append(asyncio.create_task(built.neighbours.run(), name="neighbours"))
        if certificates is not None:
            loops.append(asyncio.create_task(certificates.run(), name="certificates"))
        _reduce_garbage_collection()
        try:
            announce(listeners.address)
            _log.info("serving", extra=_addresses(listeners) | {"upstream": settings.upstream})
            await asyncio.wait(
                (running, *loops, stopping, losing), return_when=asyncio.FIRST_COMPLETED
            )
            if stop.is_set():
                await server.enter_shutdown()
                await built.clock.sleep(settings.drain_seconds)
            if losing.done():
                _log.error(
                    "the database files were removed or replaced; stopping",
                    extra={"cause": losing.result()},
                )
        finally:
            stopping.cancel()
            await _stop(
                settings, server, doors, push, built, running, (*loops, checking, following)
            )
            losing.cancel()
        if losing.done() and not losing.cancelled():
            raise StorageLost(_advice(settings.database_file, losing.result()))
    _log.info("stopped")


async def _follow_files(built: Parts) -> None:
    """Follow the files of the operator until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(built.budgets.run(), name="budgets file")
        tasks.create_task(built.webhooks_file.run(), name="webhooks file")


async def _unless(stop: asyncio.Event, building: Coroutine[Any, Any, Parts]) -> Parts | None:
    """Return the parts, or None if the server is to stop first: it may wait for the database."""
    tasks = asyncio.create_task(building), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].result() if tasks[0].done() else None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _server(
    settings: Settings, built: Parts, telemetry: Telemetry, door: Door, budget: RequestBudget
) -> RpcServer:
    return RpcServer(
        built.service,
        built.webhooks,
        built.health,
        max_request_bytes=settings.max_request_bytes,
        budget=budget,
        max_calls_per_connection=settings.max_calls_per_connection,
        send_timeout_seconds=settings.send_timeout_seconds,
        clock=built.clock,
        telemetry=telemetry,
        door=door,
        max_connection_age_seconds=settings.max_connection_age_seconds,
        connection_grace_seconds=settings.grace_seconds,
    )


def _memory(built: Parts, server: RpcServer) -> MemoryReturner:
    """Return what gives freed memory back after a burst."""
    return MemoryReturner(
        lambda: built.watching.watches,
        free_heap_bytes,
        built.clock,
        (server.forget_encodings, built.ledger.forget_records, forget_attribute_names),
        trim_heap,
    )


def _addresses(listeners: Listeners) -> dict[str, str]:
    addresses = {"address": listeners.address}
    if listeners.mtls_address is not None:
        addresses["mtls_address"] = listeners.mtls_address
    return addresses


def _stop_tracking_generators() -> None:
    """Stop the event loop from tracking asynchronous generators.

    The loop keeps a set of open generators to close at shutdown, and that set never shrinks. It is
    not needed here: all code closes the generators that it opens.
    """
    sys.set_asyncgen_hooks(firstiter=None)


def _reduce_garbage_collection() -> None:
    """Exclude long-lived objects from garbage collection, and collect less often.

    With the default threshold and many watchers, a third of the CPU time goes to collections that
    free nothing, since almost no objects here form reference cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


async def _stop(
    settings: Settings,
    server: RpcServer,
    doors: Sequence[HttpListener],
    push: PushServer | None,
    built: Parts,
    running: asyncio.Task[None],
    helpers: tuple[asyncio.Task[None], ...],
) -> None:
    """Stop in order. The next start resumes what does not end within the grace period.

    1. Report NOT_SERVING, so that load balancers stop sending calls.
    2. Refuse pushes.
    3. End watches and waits with a status that tells callers to reconnect.
    4. Stop the engine from taking more work.
    5. Let calls in progress end.
    6. Let steps in progress end.
    """
    deadline = asyncio.get_running_loop().time() + settings.grace_seconds
    await server.enter_shutdown()
    if push is not None:
        await push.stop()
    built.watching.drain()
    built.election.stop()
    async with asyncio.TaskGroup() as stopping:
        stopping.create_task(server.stop(settings.grace_seconds))
        for door in doors:
            stopping.create_task(door.stop())
    await asyncio.wait((running,), timeout=max(0.0, deadline - asyncio.get_running_loop().time()))
    for task in (running, *helpers):
        task.cancel()
    ends = await asyncio.gather(running, *helpers, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _push(settings: Settings, built: Parts, parts: AsyncExitStack) -> PushServer | None:
    """Start the push server if it is configured. It is imported only then, to save memory."""
    if settings.push_listen is None:
        return None
    from longtake_server.push.server import PushConfig, PushServer
    from longtake_server.push.signatures import GOOGLE_JWKS

    secret = settings.push_webhook_secret
    audience, email = settings.push_pubsub_audience, settings.push_pubsub_email
    config = PushConfig(
        webhook_secret=None if secret is None else secret.get_secret_value(),
        jwks_url=settings.push_jwks_url or (GOOGLE_JWKS if settings.push_audience else None),
        audience=settings.push_audience,
        pubsub=(audience, email) if audience and email else None,
    )
    push = PushServer(config, built.service.hint, built.clock)
    parts.push_async_callback(push.stop)
    address = push.bind(settings.push_listen)
    await push.start()
    _log.info("receiving pushes", extra={"address": address})
    return push


def _shared(
    settings: Settings,
    built: Parts,
    telemetry: Telemetry,
    authenticator: Authenticator,
    budget: RequestBudget,
) -> DoorParts:
    """Return what the routes of the HTTP listener share."""
    door = DoorSettings(
        caller_header=settings.trust_caller_header,
        max_request_bytes=settings.max_request_bytes,
        send_timeout_seconds=settings.send_timeout_seconds,
        redirects=settings.video_url_redirect,
        own_pages_only=_serves_this_machine_only(settings),
        public_url=settings.public_url,
        console=settings.console,
        google_results=settings.google_results,
        agents=settings.mcp,
    )
    return DoorParts(
        *(built.service, authenticator, built.clock, door, built.signer, budget, telemetry),
        built.webhooks,
    )


def _serves_this_machine_only(settings: Settings) -> bool:
    """Return whether the HTTP listener serves whoever is on this machine, without a credential."""
    listen, proven = settings.http_listen, settings.authentication or settings.trust_caller_header
    return listen is not None and is_loopback(listen) and not proven


async def _doors(
    settings: Settings,
    shared: DoorParts,
    certificates: Certificates | None,
    keys: KeyRing | None,
    parts: AsyncExitStack,
) -> Sequence[HttpListener]:
    """Start the HTTP listeners of callers that are configured. They are imported only then."""
    if settings.http_listen is None:
        return ()
    from longtake_server.http.server import door_listener, mtls_door_listener

    http = door_listener(shared, settings.grace_seconds, certificates)
    parts.push_async_callback(http.stop)
    addresses = {"address": http.bind(settings.http_listen)}
    shared.signer.listens(addresses["address"], tls=certificates is not None)
    if keys is not None:
        keys.issue_at(token_uri_of(settings, addresses["address"]))
    doors = [http]
    if settings.http_mtls_listen is not None and certificates is not None:
        mtls = mtls_door_listener(shared, settings.grace_seconds, certificates)
        parts.push_async_callback(mtls.stop)
        addresses["mtls_address"] = mtls.bind(settings.http_mtls_listen)
        doors.append(mtls)
    for door in doors:
        await door.start()
    _log.info("serving HTTP", extra=addresses)
    return doors


async def _keys(settings: Settings, built: Parts, telemetry: Telemetry) -> KeyRing | None:
    """Read the API keys if they are accepted, and report whether they can be read."""
    if "keys" not in settings.authentication:
        return None
    keys = KeyRing(built.store, built.clock)
    await keys.refresh()
    telemetry.report(metrics.KEYS_AVAILABLE, lambda: int(keys.available))
    return keys


def _door(settings: Settings, built: Parts, authenticator: Authenticator) -> Door:
    return Door(
        authenticator,
        built.clock,
        header=settings.trust_caller_header,
        tell=built.health.note_authentication,
    )


async def _guard(door: Door, keys: KeyRing | None) -> None:
    """Keep the keys fresh and check open calls, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(door.run(), name="sessions")
        if keys is not None:
            tasks.create_task(keys.run(), name="keys")


def _advice(database: Path, fault: str) -> str:
    return (
        f"stopped because of {database}: {fault}; restore the data folder, from a backup if "
        "necessary, and start the server again"
    )


def _telemetry(
    settings: Settings, parts: AsyncExitStack
) -> tuple[Telemetry, Callable[[], bytes] | None]:
    """Return the telemetry, and what returns the metrics as text if they can be scraped."""
    if settings.otlp_endpoint is None and settings.ops_listen is None:
        return Telemetry(), None
    from longtake_server.telemetry.exporting import exporting

    exported = parts.enter_context(
        exporting(
            settings.otlp_endpoint,
            prometheus=settings.ops_listen is not None,
            principals=settings.metric_principals,
        )
    )
    return exported.telemetry, exported.scrape


async def _ops(
    settings: Settings,
    health: HealthServicer,
    scrape: Callable[[], bytes] | None,
    parts: AsyncExitStack,
) -> None:
    """Serve probes and metrics if that is configured, until all other parts are closed."""
    if settings.ops_listen is None or scrape is None:
        return
    from longtake_server.ops.server import ops_listener

    ops = ops_listener(health.is_serving, scrape)
    parts.push_async_callback(ops.stop)
    address = ops.bind(settings.ops_listen)
    await ops.start()
    _log.info("serving probes and metrics", extra={"address": address})
