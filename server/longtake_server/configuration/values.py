# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of values that settings have. Each says in words what it accepts."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from longtake_server.configuration import addresses
from longtake_server.configuration.database_urls import DATABASE_URL, database_url

_YEAR_SECONDS = 31_536_000
# gRPC counts the milliseconds in 32 bits.
_LONGEST_GRPC_SECONDS = 2_000_000
_CENTURY_DAYS = 36_500
_MEBIBYTE = 1 << 20
_SHORTEST_SECRET_BYTES = 16
_MOST_LOCATIONS = 16
_MOST_NETWORKS = 64
_HIGHEST_COUNT = 1_000_000
MOST_METRIC_PRINCIPALS = 100
"""The most principals that metrics distinguish. Each one is a time series in every metric."""
_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]*")
_LOCATION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_METADATA_KEY = re.compile(r"[a-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a setting accepts, in words, with unit and range."""

    words: str


def _database_url(secret: SecretStr) -> SecretStr:
    database_url(secret.get_secret_value())
    return secret


def _header_value(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError("accepted are printable ASCII characters; is it the whole key or token?")
    return SecretStr(text)


def _signing_secret(secret: SecretStr) -> SecretStr:
    try:
        key = base64.b64decode(secret.get_secret_value().removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) < _SHORTEST_SECRET_BYTES:
        raise ValueError(f"accepted is {_SIGNING_SECRET}")
    return secret


def _project(project: str) -> str:
    if not _PROJECT.fullmatch(project):
        raise ValueError(f"accepted is {_PROJECT_WORDS}; its display name is not its ID")
    return project


def _separated(value: object) -> object:
    """Split a text at its commas; a TOML file may have a list."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _location(location: str) -> str:
    if not _LOCATION.fullmatch(location):
        raise ValueError("a location is lower-case letters, digits and hyphens, as in us-central1")
    return location


def _network(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ip_network(value)
    except ValueError as error:
        raise ValueError(f"accepted are {_NETWORK_WORDS}") from error


def _metadata_key(key: str) -> str:
    if not _METADATA_KEY.fullmatch(key) or key.startswith("grpc-") or key.endswith("-bin"):
        raise ValueError(f"accepted is {_METADATA_KEY_WORDS}")
    return key


def _email(address: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise ValueError(
            "accepted is an e-mail address, as in push@my-project.iam.gserviceaccount.com"
        )
    return address


def _path(path: Path) -> Path:
    return Path(addresses.folder(str(path)))


def _pem_file(path: Path) -> Path:
    if "-----BEGIN" in str(path):
        raise ValueError("accepted is the path of a PEM file, not its content")
    return _path(path)


def _metric_principals(value: object) -> object:
    """Turn true and false, also as texts, into numbers."""
    word = str(value).lower()
    return {"true": MOST_METRIC_PRINCIPALS, "false": 0}.get(word, value)


_SIGNING_SECRET = (
    f"base64 of at least {_SHORTEST_SECRET_BYTES} bytes, with or without whsec_ before it"
)
_NETWORK_WORDS = "networks as CIDR, without bits of a host, for example 10.1.0.0/16"
_PROJECT_WORDS = "a project ID or number, for example my-project-123"
_METADATA_KEY_WORDS = (
    "lower-case letters, digits, _ . and -, not beginning with grpc- nor ending with -bin"
)

Seconds = Annotated[
    float,
    Field(gt=0, le=_YEAR_SECONDS),
    Accepted(f"a number of seconds, more than 0 and at most {_YEAR_SECONDS}"),
]
WholeSeconds = Annotated[
    int,
    Field(ge=1, le=_YEAR_SECONDS),
    Accepted(f"a whole number of seconds from 1 to {_YEAR_SECONDS}"),
]
Latency = Annotated[
    float,
    Field(ge=0, le=_YEAR_SECONDS),
    Accepted(f"a number of seconds from 0 to {_YEAR_SECONDS}"),
]
GrpcSeconds = Annotated[
    float,
    Field(gt=0, le=_LONGEST_GRPC_SECONDS),
    Accepted(f"a number of seconds, more than 0 and at most {_LONGEST_GRPC_SECONDS}"),
]
Days = Annotated[
    float,
    Field(gt=0, le=_CENTURY_DAYS),
    Accepted(f"a number of days, more than 0 and at most {_CENTURY_DAYS}"),
]
Count = Annotated[
    int, Field(ge=1, le=_HIGHEST_COUNT), Accepted(f"a whole number from 1 to {_HIGHEST_COUNT}")
]
MetricPrincipals = Annotated[
    int | bool,
    BeforeValidator(_metric_principals),
    Field(ge=0, le=MOST_METRIC_PRINCIPALS),
    Accepted(f"true, false, or a whole number from 0 to {MOST_METRIC_PRINCIPALS}"),
]
RequestBytes = Annotated[
    int,
    Field(ge=1024, le=60 * _MEBIBYTE),
    Accepted(f"a whole number of bytes from 1024 to {60 * _MEBIBYTE}"),
]
InFlightBytes = Annotated[
    int,
    Field(ge=1024, le=1024**4),
    Accepted(f"a whole number of bytes from 1024 to {1024**4}"),
]
Flag = Annotated[bool, Accepted("true or false")]
Text = Annotated[str, Accepted("a text")]
Folder = Annotated[Path, AfterValidator(_path), Accepted("a folder")]
File = Annotated[Path, AfterValidator(_path), Accepted("a file")]
PemFile = Annotated[Path, AfterValidator(_pem_file), Accepted("a PEM file")]
MediaPlace = Annotated[str, AfterValidator(addresses.media_place), Accepted(addresses.MEDIA_PLACE)]
ListenAddress = Annotated[
    str, AfterValidator(addresses.listen_address), Accepted(addresses.LISTEN_ADDRESS)
]
HttpAddress = Annotated[
    str, AfterValidator(addresses.http_address), Accepted(addresses.HTTP_ADDRESS)
]
DocumentAddress = Annotated[
    str, AfterValidator(addresses.document_address), Accepted(addresses.HTTP_ADDRESS)
]
CollectorAddress = Annotated[
    str, AfterValidator(addresses.collector_address), Accepted(addresses.COLLECTOR_ADDRESS)
]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url), Accepted(DATABASE_URL)]
Secret = Annotated[SecretStr, AfterValidator(_header_value), Accepted("printable ASCII characters")]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret), Accepted(_SIGNING_SECRET)]
Project = Annotated[str, AfterValidator(_project), Accepted(_PROJECT_WORDS)]
Location = Annotated[
    str, AfterValidator(_location), Accepted("a location, for example us-central1")
]
Locations = Annotated[
    tuple[Annotated[str, AfterValidator(_location)], ...],
    BeforeValidator(_separated),
    Field(max_length=_MOST_LOCATIONS),
    Accepted(f"at most {_MOST_LOCATIONS} locations, separated by commas"),
]
Networks = Annotated[
    tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...],
    BeforeValidator(_separated),
    Field(max_length=_MOST_NETWORKS),
    Accepted(f"at most {_MOST_NETWORKS} {_NETWORK_WORDS}, separated by commas"),
]
Authentications = Annotated[
    tuple[Literal["keys", "tokens", "certificates"], ...],
    BeforeValidator(_separated),
    Accepted("keys, tokens and certificates, or some of them, separated by commas"),
]
Insecurities = Annotated[
    tuple[Literal["plaintext", "no-authentication"], ...],
    BeforeValidator(_separated),
    Accepted("plaintext, no-authentication, or both, separated by a comma"),
]
MetadataKey = Annotated[str, AfterValidator(_metadata_key), Accepted(_METADATA_KEY_WORDS)]
Email = Annotated[str, AfterValidator(_email), Accepted("an e-mail address")]
