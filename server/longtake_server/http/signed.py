# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Signs the addresses of videos with HMAC-SHA256, and reads them back. No I/O.

An address says all that is signed: who gave leave to read which video, until when, and what a
browser does with it. It also names the key that signed it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from longtake_server.operations.results.addresses import Disposition, VideoGrant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake_server.identity.signing_keys import SigningKey

PREFIX = "/v1/signed/"
"""The beginning of the paths of signed addresses."""
ROUTE = PREFIX + "operations/{operation}/videos/{file}"
"""The path of signed addresses."""

# Players and chats tell a video by the end of its address.
_SUFFIXES = {"video/mp4": ".mp4", "video/webm": ".webm", "video/quicktime": ".mov"}
_PURPOSE = "longtake video 1"
_FILE = re.compile(r"(0|[1-9][0-9]{0,5})(\.[a-z0-9]+)?")
_OPERATION = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SECONDS = re.compile(r"[1-9][0-9]{0,10}")
_LONGEST_TEXT = 1024


class AddressRefused(Exception):
    """An address does not admit: it is malformed, altered, or has expired. It says no more."""


@dataclass(frozen=True, slots=True)
class SignedAddress:
    """What a request for a signed address says. Nothing of it is proven.

    Attributes:
        grant: The grant that it claims.
        file: The last part of its path.
        key_id: The id of the key that it claims to be signed by.
        signature: The signature.
    """

    grant: VideoGrant
    file: str
    key_id: str
    signature: str

    def __repr__(self) -> str:
        return f"SignedAddress(operation={self.grant.operation!r}, file={self.file!r})"

    def check(self, key: SigningKey, now: datetime) -> VideoGrant:
        """Return the grant, proven.

        Raises:
            AddressRefused: The key did not sign it, or it has expired.

        """
        expected = _signature(self.grant, self.file, key)
        is_signed = hmac.compare_digest(expected.encode(), self.signature.encode())
        if not is_signed or now >= self.grant.expire_time:
            raise AddressRefused
        return self.grant


def signed(grant: VideoGrant, mime_type: str, key: SigningKey) -> str:
    """Return the path and the query of an address.

    Args:
        grant: The grant.
        mime_type: The media type of the video.
        key: The key that signs it.

    """
    file = f"{grant.index}{_SUFFIXES.get(mime_type, '')}"
    query = {
        "expires": str(int(grant.expire_time.timestamp())),
        "disposition": grant.disposition.value,
        "principal": grant.principal,
        "credential": grant.key_id,
        "signer": key.id,
        "signature": _signature(grant, file, key),
    }
    path = ROUTE.format(operation=grant.operation.removeprefix("operations/"), file=file)
    return f"{path}?{urlencode(query)}"


def read(operation: str, file: str, query: Sequence[tuple[str, str]]) -> SignedAddress:
    """Read a signed address. Parameters that do not belong to it are ignored.

    Args:
        operation: The id in its path.
        file: The last part of its path.
        query: The names and values of its query, decoded.

    Raises:
        AddressRefused: It is malformed.

    """
    found = dict(query)
    names = [name for name, _ in query]
    expires, disposition, principal, credential, signer, signature = (
        _once(name, names, found)
        for name in ("expires", "disposition", "principal", "credential", "signer", "signature")
    )
    index = _FILE.fullmatch(file)
    if not (index and _OPERATION.fullmatch(operation) and _SECONDS.fullmatch(expires)):
        raise AddressRefused
    try:
        wanted = Disposition(disposition)
        expire_time = datetime.fromtimestamp(int(expires), UTC)
    except (ValueError, OverflowError, OSError):
        raise AddressRefused from None
    grant = VideoGrant(
        f"operations/{operation}", int(index[1]), principal, credential, expire_time, wanted
    )
    return SignedAddress(grant, file, signer, signature)


def _once(name: str, names: Sequence[str], found: dict[str, str]) -> str:
    if names.count(name) != 1 or len(found[name]) > _LONGEST_TEXT:
        raise AddressRefused
    return found[name]


def _signature(grant: VideoGrant, file: str, key: SigningKey) -> str:
    said = [
        *(_PURPOSE, grant.operation, file, grant.principal, grant.key_id),
        *(int(grant.expire_time.timestamp()), grant.disposition.value),
    ]
    digest = hmac.digest(key.secret, json.dumps(said).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
