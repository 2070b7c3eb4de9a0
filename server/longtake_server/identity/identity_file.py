# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the identity file: whose tokens and certificates are admitted, and with which roles."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from longtake_server.configuration.addresses import document_address
from longtake_server.configuration.files import text_of
from longtake_server.configuration.words import syntax_fault, words_of
from longtake_server.errors import StartFailure
from longtake_server.identity.principal import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

_EXAMPLE = 'issuer = "https://accounts.google.com"'
_ALIAS = re.compile(r"[a-z][a-z0-9-]{0,31}")
_LABEL = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_RESERVED = frozenset({"spiffe", "uri", "dns"})
_IDENTITY = re.compile(r"(?:(?:spiffe://|uri:)[!-)+-~]+(?<=/)\*|(?:spiffe://|uri:|dns:)[!-)+-~]+)")
_SAFE_WORDS = "an https:// address, or an http:// one of this machine"


def is_safe_address(address: str) -> bool:
    """Return whether keys may be fetched from an address: over TLS, or from this machine."""
    try:
        parts = urlsplit(document_address(address))
    except ValueError:
        return False
    return parts.scheme == "https" or _is_this_machine(parts.hostname or "")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _safe_address(address: str) -> str:
    document_address(address)
    if not is_safe_address(address):
        raise ValueError(f"keys could be forged on the way; accepted is {_SAFE_WORDS}")
    return address


def _alias(alias: str) -> str:
    if not _ALIAS.fullmatch(alias) or alias in _RESERVED:
        raise ValueError(
            "accepted are 1 to 32 lower-case letters, digits and hyphens, beginning with a letter, "
            "but not spiffe, uri and dns"
        )
    return alias


def _label(label: str) -> str:
    if not _LABEL.fullmatch(label):
        raise ValueError(
            "a label's key is 1 to 63 lower-case letters, digits, _ and -, beginning with a letter"
        )
    return label


def _identity(identity: str) -> str:
    if not _IDENTITY.fullmatch(identity):
        raise ValueError(
            "accepted is spiffe://DOMAIN/PATH, uri:URI or dns:NAME; the first two may end in /* "
            "for all that begin so"
        )
    return identity


def _texts(value: object) -> object:
    """Return a single text as a list of one."""
    return [value] if isinstance(value, str) else value


_Name = Annotated[str, Field(min_length=1, max_length=256)]
_Roles = Annotated[tuple[Role, ...], BeforeValidator(_texts)]
_SomeRoles = Annotated[_Roles, Field(min_length=1)]
_Address = Annotated[str, AfterValidator(_safe_address)]
_LabelKey = Annotated[str, AfterValidator(_label)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IssuerRow(_Table):
    """An issuer of tokens.

    Attributes:
        alias: Begins the ids of its principals, before a colon.
        issuer: The exact `iss` of its tokens.
        audience: The accepted `aud`, of which one must be in the token.
        jwks_url: The address of its keys; None to discover it by OpenID Connect.
        roles: The roles of all its principals.
        roles_claim: The claim, or the path to it with dots, that holds values for roles.
        roles_by_value: The roles that each of these values gives.
        labels: For each label, the claim that holds its value, or the path to it with dots.
    """

    alias: Annotated[str, AfterValidator(_alias)]
    issuer: _Address
    audience: Annotated[tuple[_Name, ...], BeforeValidator(_texts), Field(min_length=1)]
    jwks_url: _Address | None = None
    roles: _Roles = ()
    roles_claim: _Name | None = None
    roles_by_value: dict[_Name, _SomeRoles] = Field(default_factory=dict)
    labels: dict[_LabelKey, _Name] = Field(default_factory=dict)


class CertificateRow(_Table):
    """Identities in certificates.

    Attributes:
        identity: An identity, or with a final `*` the beginning of several.
        roles: Their roles.
        labels: Their labels.
    """

    identity: Annotated[str, AfterValidator(_identity)]
    roles: _SomeRoles
    labels: dict[_LabelKey, Annotated[str, Field(min_length=1, max_length=63)]] = Field(
        default_factory=dict
    )


class CallerHeader(_Table):
    """The callers that a trusted proxy names.

    Attributes:
        roles: Their roles.
    """

    roles: _SomeRoles = (Role.GENERATOR,)


class Identities(_Table):
    """The identity file. Each list may be empty."""

    issuer: tuple[IssuerRow, ...] = ()
    certificate: tuple[CertificateRow, ...] = ()
    caller_header: CallerHeader = CallerHeader()


def load_identities(
    file: Path | None, methods: Collection[str], *, names_callers: bool
) -> Identities:
    """Read the identity file, and check it against the settings.

    Args:
        file: The file, None if there is none.
        methods: The accepted kinds of credentials, as in the settings.
        names_callers: Whether a trusted proxy names the callers.

    Raises:
        StartFailure: The file cannot be read, or something in it is wrong; has a line for each
            fault, without values.

    """
    if file is None:
        return Identities()
    table = _read(file)
    faults = [*_unfit(table, methods, names_callers=names_callers)]
    try:
        found = Identities.model_validate(table)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        faults = [
            *dict.fromkeys(f"{_place(one['loc'])}: {words_of(one)}" for one in wrong),
            *faults,
        ]
        found = Identities()
    faults.extend(_contradictions(found))
    if faults:
        raise StartFailure("\n".join(f"{file}: {fault}" for fault in faults))
    return found


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(file, "identity"))
    except tomllib.TOMLDecodeError as error:
        raise StartFailure(syntax_fault(file, error, _EXAMPLE)) from None


def _place(loc: tuple[int | str, ...]) -> str:
    """Return where a fault is, for example `issuer 2, audience`; rows count from 1."""
    row, rest = loc[:2], loc[2:]
    if len(row) > 1 and isinstance(row[1], int):
        keys = [f"{row[0]} {row[1] + 1}", ".".join(str(part) for part in rest if part != "[key]")]
    else:
        keys = [".".join(map(str, loc))]
    return ", ".join(key for key in keys if key)


def _unfit(
    table: dict[str, Any], methods: Collection[str], *, names_callers: bool
) -> Iterator[str]:
    """Yield which tables the settings need and the file lacks, and which have no effect."""
    for method, key in (("tokens", "issuer"), ("certificates", "certificate")):
        if method in methods and not table.get(key):
            yield f"there is no [[{key}]], which LONGTAKE_AUTHENTICATION needs for {method}"
        elif method not in methods and key in table:
            yield f"[[{key}]] has no effect unless LONGTAKE_AUTHENTICATION has {method}"
    if "caller_header" in table and not names_callers:
        yield "[caller_header] has no effect without LONGTAKE_TRUST_CALLER_HEADER"


def _contradictions(found: Identities) -> Iterator[str]:
    for key in ("alias", "issuer"):
        for value in _repeated(getattr(row, key) for row in found.issuer):
            yield f"two [[issuer]] have the {key} {value}; each has one of its own"
    for identity in _repeated(row.identity for row in found.certificate):
        yield f"two [[certificate]] have the identity {identity}; give it once"
    for number, row in enumerate(found.issuer, 1):
        if (row.roles_claim is None) != (not row.roles_by_value):
            yield f"issuer {number}: roles_claim and roles_by_value go together"
        if not row.roles and not row.roles_by_value:
            yield (
                f"issuer {number}: it gives no role; add roles for all its principals, or "
                "roles_claim and roles_by_value"
            )


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]
