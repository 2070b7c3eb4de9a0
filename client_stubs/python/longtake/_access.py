# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How a client reaches its server, and what it proves itself with.

An argument takes precedence over its variable. No error repeats a credential.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import grpc

from longtake._address import Address, address_of
from longtake._fields import refusal
from longtake._tls import File, NamedFile, tls_credentials

Token = Callable[[], str] | Callable[[], Awaitable[str]]
"""Returns a token, such as a JWT, without `Bearer`."""

API_KEY = "LONGTAKE_API_KEY"
CA = "LONGTAKE_CA"
CLIENT_CERTIFICATE = "LONGTAKE_CLIENT_CERTIFICATE"
CLIENT_KEY = "LONGTAKE_CLIENT_KEY"
METADATA = "LONGTAKE_METADATA"

_VISIBLE = re.compile(r"[!-~]+")
_METADATA_KEY = re.compile(r"[a-z0-9_.-]+")
_METADATA_VALUE = re.compile(r"[ -~]*")
_CREDENTIAL_KEYS = frozenset({"authorization", "x-goog-api-key"})


@dataclass(frozen=True, slots=True)
class Access:
    """How a client reaches its server. Its repr has no secret.

    Attributes:
        address: The address.
        tls: What TLS needs, or None for plaintext.
        authorization: The header with the API key, or None.
        token: Returns the token, or None. Never set together with `authorization`.
        metadata: What every call carries besides the credential.
    """

    address: Address
    tls: grpc.ChannelCredentials | None = field(repr=False)
    authorization: str | None = field(repr=False)
    token: Token | None = field(repr=False)
    metadata: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class _Fixed:
    """An API key as a header, and the name of the setting that has it."""

    setting: str
    authorization: str


def access_of(
    address: str | None,
    *,
    api_key: str | None,
    token: Token | None,
    ca: File | None,
    client_certificate: Sequence[File] | None,
    metadata: Mapping[str, str] | None,
    credentials: grpc.ChannelCredentials | None,
    base_url: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Access:
    """Return how to reach a server, by the arguments of a client and the environment.

    `base_url` counts where there is no `address`, and `headers` are more of the metadata.

    Raises:
        ValueError: A value is wrong, or values contradict each other. The message names the
            argument or the variable.

    """
    place = address_of(address or base_url, "address" if address else "http_options.base_url")
    tls = _tls(place, ca, client_certificate, credentials)
    fixed = _fixed(api_key, token)
    if tls is None and not place.local and (fixed or token):
        raise ValueError(
            f"{fixed.setting if fixed else 'token'}: it would be sent to {place.text} without "
            "TLS, readable by others; use an https:// address"
        )
    authorization = fixed.authorization if fixed else None
    return Access(place, tls, authorization, token, (*_metadata(metadata), *headers))


def bearer(token: object, name: str) -> str:
    """Return the value of the header that carries a key or a token.

    Raises:
        ValueError: It is not a string of visible ASCII characters.

    """
    if not isinstance(token, str) or not _VISIBLE.fullmatch(token):
        what = "text of this kind" if isinstance(token, str) else type(token).__name__
        raise ValueError(
            f"{name}: {what} is not accepted; it is a string of visible ASCII characters, "
            "without spaces and line breaks"
        )
    return f"Bearer {token}"


def metadata_of(given: Mapping[str, str], name: str) -> tuple[tuple[str, str], ...]:
    """Return a mapping as metadata of calls.

    Raises:
        ValueError: It has a key or a value that cannot be sent. The message begins with `name`.

    """
    if not isinstance(given, Mapping):
        raise refusal(given, name, "a mapping of strings to strings")
    return tuple(_pair_of_metadata(key, value, name) for key, value in given.items())


def _tls(
    place: Address,
    ca: File | None,
    client_certificate: Sequence[File] | None,
    credentials: grpc.ChannelCredentials | None,
) -> grpc.ChannelCredentials | None:
    roots = _file(ca, "ca", CA)
    certificate, key = _pair(client_certificate)
    given = roots or certificate
    secure = place.secure or (place.secure is None and credentials is not None)
    if given is not None and not secure:
        raise ValueError(
            f"{given.setting}: it needs TLS, and the address {place.text} is without; use an "
            "https:// address"
        )
    if credentials is not None and not isinstance(credentials, grpc.ChannelCredentials):
        raise ValueError(
            f"credentials: {type(credentials).__name__} is not accepted; it is a "
            "grpc.ChannelCredentials. Google's credentials are a setting of the server: give "
            "api_key or token instead"
        )
    if credentials is None:
        return tls_credentials(roots, certificate, key) if secure else None
    if given is not None:
        raise ValueError(f"{given.setting}: credentials are given as well; give one of the two")
    if not secure:
        raise ValueError(
            f"credentials: they need TLS, and the address {place.text} is without; use an "
            "https:// address"
        )
    return credentials


def _file(path: File | None, name: str, variable: str) -> NamedFile | None:
    if path is not None:
        return NamedFile(name, path)
    value = os.environ.get(variable)
    return NamedFile(variable, value) if value else None


def _pair(
    client_certificate: Sequence[File] | None,
) -> tuple[NamedFile, NamedFile] | tuple[None, None]:
    name = "client_certificate"
    match client_certificate:
        case None:
            return _pair_of_variables()
        case (certificate, key):
            return NamedFile(name, certificate), NamedFile(name, key)
    raise ValueError(f"{name}: it is a pair: the files of the certificate and of its key")


def _pair_of_variables() -> tuple[NamedFile, NamedFile] | tuple[None, None]:
    certificate = _file(None, "", CLIENT_CERTIFICATE)
    key = _file(None, "", CLIENT_KEY)
    if certificate is None and key is None:
        return None, None
    if certificate is None:
        raise ValueError(f"{CLIENT_KEY}: it needs {CLIENT_CERTIFICATE} as well")
    if key is None:
        raise ValueError(f"{CLIENT_CERTIFICATE}: it needs {CLIENT_KEY} as well")
    return certificate, key


def _fixed(api_key: str | None, token: Token | None) -> _Fixed | None:
    if token is not None:
        if api_key is not None:
            raise ValueError("api_key: a token is given as well; give one of the two")
        if not callable(token):
            raise ValueError(
                f"token: {type(token).__name__} is not accepted; it is a function that returns "
                "a token, or a coroutine function"
            )
        return None
    if api_key is not None:
        return _Fixed("api_key", bearer(api_key, "api_key"))
    value = os.environ.get(API_KEY)
    return _Fixed(API_KEY, bearer(value, API_KEY)) if value else None


def _metadata(given: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    if given is not None:
        return metadata_of(given, "metadata")
    found = []
    for one in filter(None, os.environ.get(METADATA, "").split(",")):
        key, has_value, value = one.partition("=")
        if not has_value:
            raise ValueError(f"{METADATA}: it is key=value, or several of them with commas between")
        found.append(_pair_of_metadata(key.strip(), value.strip(), METADATA))
    return tuple(found)


def _pair_of_metadata(key: object, value: object, name: str) -> tuple[str, str]:
    lower = key.lower() if isinstance(key, str) else ""
    if not _METADATA_KEY.fullmatch(lower) or lower.endswith("-bin") or lower.startswith("grpc-"):
        raise ValueError(
            f"{name}: a key is not accepted; it has letters, digits, `-`, `_` and `.`, does not "
            "begin with `grpc-` and does not end with `-bin`"
        )
    if lower in _CREDENTIAL_KEYS:
        raise ValueError(f"{name}: {lower} is not accepted; give api_key or token instead")
    if not isinstance(value, str) or not _METADATA_VALUE.fullmatch(value):
        raise ValueError(f"{name}: the value of {lower} is not accepted; it is ASCII text")
    return lower, value
