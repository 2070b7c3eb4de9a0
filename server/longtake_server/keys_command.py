# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command `longtake-server keys`: creates, lists, revokes and rotates API keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from longtake_server.errors import StartFailure
from longtake_server.identity.api_key import generate
from longtake_server.identity.key_store import StoredKey
from longtake_server.identity.principal import Role
from longtake_server.keys_file import credentials_file
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


class _NewKey(NamedTuple):
    """A new key, and the public key of its credentials file, empty if it has none."""

    key: ApiKey
    public_key: str


def keys(
    place: StorePlace, arguments: argparse.Namespace, now: datetime, token_uri: str | None = None
) -> Report:
    """Run the command. A server may be using the database.

    Args:
        place: Where the store is.
        arguments: The parsed options of keys_options.add_commands.
        now: The present time.
        token_uri: The address of the server's token endpoint, None if it is not known.

    Raises:
        StartFailure: The database or a file cannot be used, or there is no such key.

    """
    if arguments.action == "list":
        with place.reading() as store:
            found = store.keys()
        return Report(as_json(found) if arguments.json else as_table(found))
    if arguments.action == "revoke":
        with place.writing() as store:
            return _revoke(store.register, arguments.id, now)
    key = generate()
    # Before the transaction, which servers wait for: a pair takes a part of a second.
    with (
        credentials_file(arguments.google_credentials, key.id, token_uri) as public_key,
        place.writing() as store,
    ):
        make = _create if arguments.action == "create" else _rotate
        return make(store.register, arguments, now, _NewKey(key, public_key))


def _create(
    register: KeyRegister, arguments: argparse.Namespace, now: datetime, new: _NewKey
) -> Report:
    stored = StoredKey(
        id=new.key.id,
        hash=new.key.hash,
        last_four=new.key.text[-4:],
        principal=arguments.principal,
        roles=frozenset(arguments.role or {Role.GENERATOR}),
        labels=labels_of(arguments.label),
        create_time=now,
        expire_time=moment_of(arguments.expires, now),
        public_key=new.public_key,
        google_results=arguments.google_results or "",
    )
    register.add(stored)
    return Report(_output(new, stored, arguments), (_note(stored, arguments),))


def _rotate(
    register: KeyRegister, arguments: argparse.Namespace, now: datetime, new: _NewKey
) -> Report:
    old = _found(register, arguments.id)
    if old.revoke_time is not None or (old.expire_time is not None and old.expire_time <= now):
        raise StartFailure(
            f"the key {old.id} is revoked or has expired; make a new one with "
            f"`longtake-server keys create --principal {old.principal}`"
        )
    if old.public_key and not new.public_key:
        raise StartFailure(
            f"the key {old.id} has a credentials file; name a file for the new key with "
            "--google-credentials"
        )
    ends = moment_of(arguments.expires, now)
    if ends is None and old.expire_time is not None:
        ends = now + (old.expire_time - old.create_time)
    stored = replace(
        old,
        id=new.key.id,
        hash=new.key.hash,
        last_four=new.key.text[-4:],
        create_time=now,
        expire_time=ends,
        last_use_time=None,
        public_key=new.public_key,
        google_results=arguments.google_results or old.google_results,
    )
    register.add(stored)
    ended = now + arguments.overlap
    if old.expire_time is not None:
        ended = min(ended, old.expire_time)
    register.expire(old.id, ended)
    return Report(
        _output(new, stored, arguments),
        (_note(stored, arguments), f"the key {old.id} expires at {time_text(ended)}"),
    )


def _output(new: _NewKey, stored: StoredKey, arguments: argparse.Namespace) -> str:
    # Whoever asked for a file gets one secret, not two.
    has_file = arguments.google_credentials is not None
    if not arguments.json:
        return "" if has_file else f"{new.key.text}\n"
    made = {"file": str(arguments.google_credentials)} if has_file else {"key": new.key.text}
    return json.dumps({**made, **fields_of(stored)}, indent=2) + "\n"


def _note(stored: StoredKey, arguments: argparse.Namespace) -> str:
    ends = stored.expire_time
    lasting = "does not expire" if ends is None else f"expires at {time_text(ends)}"
    made = f"made the key {stored.id} of {stored.principal}, which {lasting}"
    if arguments.google_credentials is not None:
        return f"{made}; its private key is in {arguments.google_credentials} and nowhere else"
    return f"{made}; store it now: it is never shown again"


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
