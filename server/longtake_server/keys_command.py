# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command `longtake-server keys`: creates, lists, revokes and rotates API keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from longtake_server.errors import StartFailure
from longtake_server.identity.api_key import generate
from longtake_server.identity.key_store import StoredKey
from longtake_server.identity.principal import Role
from longtake_server.keys_list import as_json, as_table, fields_of, time_text
from longtake_server.keys_options import labels_of, moment_of

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from longtake_server.identity.api_key import ApiKey
    from longtake_server.identity.key_store import KeyRegister
    from longtake_server.storage.command_store import StorePlace


@dataclass(frozen=True, slots=True)
class Report:
    """What a command prints.

    Attributes:
        output: The text for standard output. It has the secret of a new key.
        notes: The lines for standard error, for people.
    """

    output: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()


def keys(place: StorePlace, arguments: argparse.Namespace, now: datetime) -> Report:
    """Run the command. A server may be using the database.

    Args:
        place: Where the store is.
        arguments: The parsed options of keys_options.add_commands.
        now: The present time.

    Raises:
        StartFailure: The database cannot be used, or there is no such key.

    """
    if arguments.action == "list":
        with place.reading() as store:
            found = store.keys()
        return Report(as_json(found) if arguments.json else as_table(found))
    with place.writing() as store:
        register = store.register
        if arguments.action == "create":
            return _create(register, arguments, now)
        if arguments.action == "rotate":
            return _rotate(register, arguments, now)
        return _revoke(register, arguments.id, now)


def _create(register: KeyRegister, arguments: argparse.Namespace, now: datetime) -> Report:
    key = generate()
    stored = StoredKey(
        id=key.id,
        hash=key.hash,
        last_four=key.text[-4:],
        principal=arguments.principal,
        roles=frozenset(arguments.role or {Role.GENERATOR}),
        labels=labels_of(arguments.label),
        create_time=now,
        expire_time=moment_of(arguments.expires, now),
    )
    register.add(stored)
    return Report(_output(key, stored, arguments), (_note(stored),))


def _rotate(register: KeyRegister, arguments: argparse.Namespace, now: datetime) -> Report:
    old = _found(register, arguments.id)
    if old.revoke_time is not None or (old.expire_time is not None and old.expire_time <= now):
        raise StartFailure(
            f"the key {old.id} is revoked or has expired; make a new one with "
            f"`longtake-server keys create --principal {old.principal}`"
        )
    ends = moment_of(arguments.expires, now)
    if ends is None and old.expire_time is not None:
        ends = now + (old.expire_time - old.create_time)
    key = generate()
    stored = replace(
        old,
        id=key.id,
        hash=key.hash,
        last_four=key.text[-4:],
        create_time=now,
        expire_time=ends,
        last_use_time=None,
    )
    register.add(stored)
    ended = now + arguments.overlap
    if old.expire_time is not None:
        ended = min(ended, old.expire_time)
    register.expire(old.id, ended)
    return Report(
        _output(key, stored, arguments),
        (_note(stored), f"the key {old.id} expires at {time_text(ended)}"),
    )


def _output(key: ApiKey, stored: StoredKey, arguments: argparse.Namespace) -> str:
    if not arguments.json:
        return f"{key.text}\n"
    return json.dumps({"key": key.text, **fields_of(stored)}, indent=2) + "\n"


def _note(stored: StoredKey) -> str:
    ends = stored.expire_time
    lasting = "does not expire" if ends is None else f"expires at {time_text(ends)}"
    return (
        f"made the key {stored.id} of {stored.principal}, which {lasting}; store it now: it is "
        "never shown again"
    )


def _revoke(register: KeyRegister, key_id: str, now: datetime) -> Report:
    key = _found(register, key_id)
    if key.revoke_time is not None:
        return Report(notes=(f"the key {key_id} was revoked before",))
    register.revoke(key_id, now)
    return Report(notes=(f"the key {key_id} of {key.principal} is revoked",))


def _found(register: KeyRegister, key_id: str) -> StoredKey:
    key = register.find(key_id)
    if key is None:
        raise StartFailure(
            f"there is no key with the id {key_id}; `longtake-server keys list` shows the ids"
        )
    return key
