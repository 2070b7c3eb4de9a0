# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Rules about TLS, and about servers that other machines can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from longtake_server.configuration.addresses import is_loopback, is_loopback_url, split_address
from longtake_server.configuration.loading import Rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Name = Callable[[str], str]


class Exposure(Protocol):
    """The settings that these rules read."""

    @property
    def listen(self) -> str:
        """Address of the gRPC server."""

    @property
    def tls_certificate(self) -> Path | None:
        """Certificate of the server."""

    @property
    def tls_key(self) -> Path | None:
        """Private key of the certificate."""

    @property
    def mtls_listen(self) -> str | None:
        """Address on which clients must present a certificate."""

    @property
    def mtls_client_ca(self) -> Path | None:
        """Authorities of the certificates of clients."""

    @property
    def http_listen(self) -> str | None:
        """Address of the HTTP server for callers."""

    @property
    def http_mtls_listen(self) -> str | None:
        """Address of the HTTP server on which clients must present a certificate."""

    @property
    def public_url(self) -> str | None:
        """Base URL of the HTTP server for callers."""

    @property
    def trust_caller_header(self) -> str | None:
        """Metadata key in which a proxy names the caller."""

    @property
    def authentication(self) -> tuple[str, ...]:
        """How callers prove who they are."""

    @property
    def insecure(self) -> tuple[str, ...]:
        """What the operator allows on addresses that are not loopback addresses."""


def _pair_is_complete(settings: Exposure, name: Name) -> str | None:
    if (settings.tls_certificate is None) == (settings.tls_key is None):
        return None
    return f"{name('tls_certificate')} and {name('tls_key')} go together"


def _mtls_is_complete(settings: Exposure, name: Name) -> str | None:
    listening = [one for one in _MTLS_ADDRESSES if getattr(settings, one) is not None]
    if not listening:
        if settings.mtls_client_ca is None:
            return None
        return f"{name('mtls_client_ca')} needs {name('mtls_listen')} or {name('http_mtls_listen')}"
    first = listening[0]
    if settings.mtls_client_ca is None:
        return f"{name(first)} needs {name('mtls_client_ca')}"
    if settings.tls_certificate is None:
        return f"{name(first)} needs {name('tls_certificate')} and {name('tls_key')}"
    return None


def _http_has_a_first_address(settings: Exposure, name: Name) -> str | None:
    if settings.http_mtls_listen is None or settings.http_listen is not None:
        return None
    return f"{name('http_mtls_listen')} needs {name('http_listen')}"


def _addresses_differ(settings: Exposure, name: Name) -> str | None:
    given = [one for one in _ADDRESSES if (address := getattr(settings, one)) and _port(address)]
    for place, second in enumerate(given):
        for first in given[:place]:
            if getattr(settings, first) == getattr(settings, second):
                return f"{name(second)} must be another address than {name(first)}"
    return None


def _port(address: str) -> int:
    return split_address(address)[1]


def _is_encrypted(settings: Exposure, name: Name) -> str | None:
    exposed = _exposed(settings)
    if not exposed or settings.tls_certificate is not None or "plaintext" in settings.insecure:
        return None
    return (
        f"{name(exposed)} is not a loopback address, so others could read the calls; set "
        f"{name('tls_certificate')} and {name('tls_key')}, or allow it with "
        f"{name('insecure')}=plaintext"
    )


def _public_url_is_encrypted(settings: Exposure, name: Name) -> str | None:
    url = settings.public_url
    if url is None or url.startswith("https:") or "plaintext" in settings.insecure:
        return None
    if is_loopback_url(url):
        return None
    return (
        f"{name('public_url')} begins with http:// and is not a loopback address, so others could "
        f"read signed addresses; give an https:// one, or allow it with {name('insecure')}="
        "plaintext"
    )


def _is_authenticated(settings: Exposure, name: Name) -> str | None:
    exposed = _exposed(settings)
    proofs = settings.authentication or settings.trust_caller_header
    if not exposed or proofs or "no-authentication" in settings.insecure:
        return None
    return (
        f"{name(exposed)} is not a loopback address, so others could spend your quota; set "
        f"{name('authentication')}, or {name('trust_caller_header')} behind a proxy that "
        f"authenticates, or allow it with {name('insecure')}=no-authentication"
    )


def _exposed(settings: Exposure) -> str | None:
    """Return the setting of the first address that other machines can reach, or None."""
    addresses = ((one, getattr(settings, one)) for one in _ADDRESSES)
    return next((one for one, address in addresses if address and not is_loopback(address)), None)


_FILES = ("tls_certificate", "tls_key")
_MTLS_ADDRESSES = ("mtls_listen", "http_mtls_listen")
_ADDRESSES = ("listen", "mtls_listen", "http_listen", "http_mtls_listen")

EXPOSURE_RULES: tuple[Rule[Any], ...] = (
    Rule(_FILES, _pair_is_complete),
    Rule((*_FILES, *_MTLS_ADDRESSES, "mtls_client_ca"), _mtls_is_complete),
    Rule(("http_mtls_listen", "http_listen"), _http_has_a_first_address),
    Rule(_ADDRESSES, _addresses_differ),
    Rule((*_ADDRESSES, *_FILES, "insecure"), _is_encrypted),
    Rule(("public_url", "insecure"), _public_url_is_encrypted),
    Rule((*_ADDRESSES, "authentication", "trust_caller_header", "insecure"), _is_authenticated),
)
"""The rules, for settings that are an `Exposure`."""
