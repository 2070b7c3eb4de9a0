# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests that a place can store videos: writes, reads and deletes a small object."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from longtake_server.errors import CheckFailed

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

_CONTENT = b"longtake"
_CLIENT: ClientConfig = {"timeout": "10s", "connect_timeout": "5s"}
_RETRIES: RetryConfig = {"max_retries": 1, "retry_timeout": timedelta(seconds=10)}


def check_place(place: str, variable: str) -> None:
    """Check that a place can store videos. Blocks.

    A folder that does not exist is not created; it is enough that it can be.

    Args:
        place: A folder, or a file://, gs:// or s3:// URL.
        variable: The variable that sets the place, for the message.

    Raises:
        CheckFailed: The place cannot be used.

    """
    folder = _folder(place)
    if folder is not None and not folder.exists():
        _check_parent(folder, variable)
        return
    key = f".longtake-probe-{uuid4().hex}"
    step = "opened"
    try:
        store = _store(place, folder)
        step = "written"
        obstore.put(store, key, _CONTENT, use_multipart=False)
        step = "read"
        content = bytes(obstore.get(store, key).bytes())
        step = "deleted"
        obstore.delete(store, key)
    except (BaseError, OSError, ValueError) as error:
        cause = str(error).partition("\n")[0][:300]
        raise CheckFailed(
            f"an object cannot be {step}: {cause}; let the server read, write and delete there, "
            f"or correct {variable}"
        ) from error
    if content != _CONTENT:
        raise CheckFailed(f"an object has other content when read back; correct {variable}")


def _folder(place: str) -> Path | None:
    if place.startswith("file://"):
        return Path(place.removeprefix("file://"))
    return None if "://" in place else Path(place).absolute()


def _store(place: str, folder: Path | None) -> ObjectStore:
    if folder is not None:
        return LocalStore(folder)
    store: ObjectStore = from_url(place, client_options=_CLIENT, retry_config=_RETRIES)
    return store


def _check_parent(folder: Path, variable: str) -> None:
    parent = next(one for one in folder.parents if one.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise CheckFailed(
            f"the folder does not exist and cannot be created in {parent}; create it, or correct "
            f"{variable}"
        )
