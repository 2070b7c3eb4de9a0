# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the credentials file of a new key, for Google's SDKs."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from longtake_server.configuration.addresses import is_loopback, split_address
from longtake_server.errors import StartFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longtake_server.settings import Settings

_TOKEN_PATH = "/token"  # noqa: S105 - a path
_ONLY_OWNER = 0o600


def token_uri_of(settings: Settings, address: str | None = None) -> str | None:
    """Return the address of the token endpoint for callers, None if it is not known.

    Args:
        settings: The settings.
        address: `host:port` of the HTTP listener, None if it does not listen yet.

    """
    base = base_url_of(settings, address)
    return None if base is None else base + _TOKEN_PATH


def base_url_of(settings: Settings, address: str | None = None) -> str | None:
    """Return the address of the HTTP server for callers without a slash, None if it is not known.

    Args:
        settings: The settings.
        address: As for `token_uri_of`.

    """
    base = settings.public_url
    listen = address or settings.http_listen
    if base is None and listen is not None and is_loopback(listen) and split_address(listen)[1]:
        base = f"{'http' if settings.tls_certificate is None else 'https'}://{listen}"
    return None if base is None else base.rstrip("/")


@contextmanager
def credentials_file(file: Path | None, key_id: str, token_uri: str | None) -> Iterator[str]:
    """Write a file with a new private key, and yield the public key in PEM.

    Without a file, yield an empty text. If the block raises, the file is removed again: no server
    would know it.

    Args:
        file: The file, which must not exist. Only its owner may read it.
        key_id: The id of the key that the file stands for.
        token_uri: The address of the token endpoint for callers.

    Raises:
        StartFailure: The address is not known, or the file exists or cannot be written.

    """
    if file is None:
        yield ""
        return
    if token_uri is None:
        raise StartFailure(
            "--google-credentials: LONGTAKE_PUBLIC_URL is not set; the file needs the address by "
            "which callers reach the HTTP listener of the server"
        )
    # Imported only then: other commands do not need it.
    from longtake_server.identity.credentials_file import credentials_of, new_key_pair

    pair = new_key_pair()
    content = credentials_of(key_id, pair.private, token_uri)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OWNER)
    except FileExistsError:
        raise StartFailure(f"--google-credentials: {file} exists; name a new file") from None
    except OSError as error:
        raise _unwritable(file, error) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
            writing.write(json.dumps(content, indent=2) + "\n")
        yield pair.public
    except OSError as error:
        file.unlink(missing_ok=True)
        raise _unwritable(file, error) from error
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _unwritable(file: Path, error: OSError) -> StartFailure:
    return StartFailure(f"--google-credentials: {file} cannot be written: {error.strerror}")
