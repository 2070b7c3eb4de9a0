# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The checks of `longtake-server check-config --probe`, and the lines that they print.

All checks run at the same time, each within a deadline. They read, write and ask, but
generate nothing, and they may run beside a server.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlsplit

from longtake_server.clock import SystemClock
from longtake_server.errors import CheckFailed, StartFailure
from longtake_server.media.place_check import check_place
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.stores import check_database
from longtake_server.upstream.probing import upstream_checks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from longtake_server.clock import Clock
    from longtake_server.settings import Settings

    Check = Callable[[], Awaitable[None]]

_DEADLINE_SECONDS = 45.0
_CONNECT_SECONDS = 5.0


async def probe(settings: Settings, output: TextIO) -> bool:
    """Run every check, print a line for each, and return whether all succeeded.

    Raises:
        StartFailure: The catalogue of models cannot be read.

    """
    clock = SystemClock()
    catalogue = Catalogue.load(settings.catalogue_file)
    async with AsyncExitStack() as parts:
        # A simulator of its own: one that runs for a server owns its folder.
        folder = parts.enter_context(TemporaryDirectory(prefix="longtake-probe-"))
        upstreams = await parts.enter_async_context(
            upstream_checks(settings, catalogue, clock, folder)
        )
        checks = {**upstreams, **_other_checks(settings, clock)}
        results = await asyncio.gather(*map(_outcome, checks.values()))
    for subject, fault in zip(checks, results, strict=True):
        output.write(f"{subject}: {'OK' if fault is None else f'FAILED: {fault}'}\n")
    output.flush()
    return not any(results)


async def _outcome(check: Check) -> str | None:
    """Return what is wrong, or None."""
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            await check()
    except CheckFailed as failure:
        return str(failure)
    except TimeoutError:
        return f"no result within {_DEADLINE_SECONDS:g} s; check the network between"
    return None


def _other_checks(settings: Settings, clock: Clock) -> Mapping[str, Check]:
    media = settings.media_url or str(settings.data_folder / "media")
    checks: dict[str, Check] = {
        f"data folder ({settings.data_folder})": partial(
            asyncio.to_thread, check_place, str(settings.data_folder), "LONGTAKE_DATA_FOLDER"
        ),
        f"media store ({media})": partial(
            asyncio.to_thread, check_place, media, "LONGTAKE_MEDIA_URL"
        ),
    }
    if settings.database_url is not None:
        checks["database"] = partial(asyncio.to_thread, _check_database, settings)
    if settings.otlp_endpoint is not None:
        checks[f"telemetry ({settings.otlp_endpoint})"] = partial(
            _connect, settings.otlp_endpoint, "LONGTAKE_OTLP_ENDPOINT"
        )
    if settings.push_listen is not None and (settings.push_jwks_url or settings.push_audience):
        checks["keys of dynamic webhooks"] = partial(_fetch_keys, settings, clock)
    return checks


def _check_database(settings: Settings) -> None:
    try:
        check_database(settings)
    except StartFailure as failure:
        raise CheckFailed(str(failure)) from failure


async def _connect(url: str, variable: str) -> None:
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except TimeoutError:
        raise CheckFailed(
            f"no connection within {_CONNECT_SECONDS:g} s; correct {variable}, or check the network"
        ) from None
    except OSError as error:
        cause = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else "refused"
        raise CheckFailed(
            f"no connection ({cause}); start the collector, or correct {variable}"
        ) from error
    writer.close()


async def _fetch_keys(settings: Settings, clock: Clock) -> None:
    """Fetch the keys; the import costs memory that others need not spend."""
    from longtake_server.identity.key_set import KeySet, KeysUnavailable, at
    from longtake_server.push.signatures import GOOGLE_JWKS

    keys = KeySet(at(settings.push_jwks_url or GOOGLE_JWKS), clock, "webhooks")
    try:
        # No key has that name, but all are fetched.
        await keys.find("")
    except KeysUnavailable:
        raise CheckFailed(
            "the keys cannot be fetched; correct LONGTAKE_PUSH_JWKS_URL, or let this machine "
            "reach that address"
        ) from None
    finally:
        await keys.aclose()
