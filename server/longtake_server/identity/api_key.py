# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The format of an API key: `ltk_{id:12}_{secret:32}{checksum:6}`, in base62.

The checksum is the CRC-32 of all text before it, as in GitHub's tokens. So a mistyped or shortened
key is refused before any look-up, and a scanner can tell a key from other text offline. See
https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

from longtake_server.errors import CredentialMalformed

PREFIX = "ltk_"
"""What every API key begins with. No other credential does."""

TOKEN_PREFIX = "lta_"  # noqa: S105 - a prefix, and no secret
"""What every access token of a key's credentials file begins with. See credentials_file.py."""

PATTERN = r"ltk_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}"
"""The regular expression for scanners."""

ACCEPTED = "an API key: ltk_, 12 letters and digits, _ and 38 letters and digits"
"""The format in words, for messages."""

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_LENGTH = 12
_SECRET_LENGTH = 32
_CHECKSUM_LENGTH = 6
_LENGTH = len(PREFIX) + _ID_LENGTH + 1 + _SECRET_LENGTH + _CHECKSUM_LENGTH
_FORM = re.compile(PATTERN)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as its owner holds it.

    Attributes:
        id: Names the key in lists, commands and errors. It is no secret.
        secret: Proves that the caller holds the key. It has 190 bits of entropy.
    """

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The whole key, for its owner alone."""
        text = f"{PREFIX}{self.id}_{self.secret}"
        return text + _checksum(text)

    @property
    def hash(self) -> bytes:
        """The SHA-256 of the secret."""
        return hashlib.sha256(self.secret.encode()).digest()


def generate() -> ApiKey:
    """Return a new key from the random numbers of the operating system."""
    return ApiKey(_random(_ID_LENGTH), _random(_SECRET_LENGTH))


def parse(text: str) -> ApiKey:
    """Return the key that a text holds.

    Raises:
        CredentialMalformed: The text is no key, or its checksum is wrong.

    """
    # The length comes first, so that a long text costs nothing.
    if len(text) != _LENGTH or not _FORM.fullmatch(text):
        raise CredentialMalformed(ACCEPTED)
    if text[-_CHECKSUM_LENGTH:] != _checksum(text[:-_CHECKSUM_LENGTH]):
        raise CredentialMalformed(f"{ACCEPTED}; its checksum is wrong, so copy the whole key again")
    secret = len(PREFIX) + _ID_LENGTH + 1
    return ApiKey(text[len(PREFIX) : secret - 1], text[secret:-_CHECKSUM_LENGTH])


def _random(length: int) -> str:
    return "".join(secrets.choice(_DIGITS) for _ in range(length))


def _checksum(text: str) -> str:
    rest = zlib.crc32(text.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
