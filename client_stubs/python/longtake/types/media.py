# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Images and videos that a request carries or points to."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Self

from longtake._documents import Documented
from longtake._pydantic import InstanceSchema
from longtake._wording import shortened
from longtake.media_types import IMAGES, VIDEOS, MediaTypes
from longtake.types.enums import MaskMode, ReferenceType, choice_of


@dataclass(frozen=True, slots=True)
class FileData(Documented):
    """A file that the upstream reads by itself, from a bucket or the web.

    Attributes:
        file_uri: Where it is, for example `gs://bucket/object`.
        mime_type: Its media type, for example `image/png`.
    """

    file_uri: str
    mime_type: str

    def __repr__(self) -> str:
        # A query may hold the signature of a signed URL.
        address, query, _ = self.file_uri.partition("?")
        return (
            f"FileData({shortened(address + ('?...' if query else ''))}, "
            f"{shortened(self.mime_type)})"
        )


class _Media(InstanceSchema):
    """Bytes, or a reference to a file."""

    _types: MediaTypes

    def __init__(
        self,
        data: bytes | None = None,
        mime_type: str | None = None,
        file_data: FileData | None = None,
    ) -> None:
        if data is not None and file_data is not None:
            raise ValueError(f"{type(self).__name__}: give data or file_data, not both")
        self._data = data
        self._mime_type = mime_type
        self._file_data = file_data

    @property
    def data(self) -> bytes | None:
        """The bytes, or None where `file_data` points to them."""
        return self._data

    @property
    def mime_type(self) -> str | None:
        """The media type of the bytes or the file, where it is known."""
        return self._file_data.mime_type if self._file_data else self._mime_type

    @property
    def file_data(self) -> FileData | None:
        """The file that has the bytes, or None where `data` has them."""
        return self._file_data

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Self:
        """Read a local file. The media type is recognised from the bytes, not from the name.

        Raises:
            ValueError: The bytes are of no type that is accepted.
            OSError: The file cannot be read.

        """
        data = Path(path).read_bytes()
        return cls(data=data, mime_type=_type_of(cls._types, data, "", str(path)))

    @classmethod
    def from_bytes(cls, data: bytes, mime_type: str | None = None) -> Self:
        """Take bytes. The media type is recognised from them.

        Args:
            data: The bytes of a whole file.
            mime_type: The media type, if you know it. Any usual name will do, for example
                `video/quicktime` or `video/mov`. Where it names another type than the bytes
                have, the bytes count.

        Raises:
            ValueError: The bytes are of no type that is accepted, or `mime_type` is no type
                of this kind of media.

        """
        return cls(data=data, mime_type=_type_of(cls._types, data, mime_type or "", "data"))

    @classmethod
    def from_url(cls, url: str, mime_type: str | None = None) -> Self:
        """Point to a file, `gs://` or `https://`. The client fetches nothing.

        Args:
            url: Where the file is. In a `gs://` address everything after the bucket is the
                object's name, including `#` and `?`.
            mime_type: The media type of the file, in any usual name. Default: told by the
                suffix of the name.

        Raises:
            ValueError: No type is given, and the suffix is of no known type.

        """
        named = cls._types.canonical(mime_type or "") or cls._types.of_url(url)
        if named is None:
            example = f"{cls.__name__}.from_url(url, mime_type={cls._types.accepted[0]!r})"
            raise ValueError(
                f"mime_type: the name in {url!r} does not tell the media type; give it, for "
                f"example {example}"
            )
        return cls(file_data=FileData(file_uri=url, mime_type=named))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def __repr__(self) -> str:
        source = f"{len(self._data)} bytes" if self._data is not None else repr(self._file_data)
        return f"{type(self).__name__}({source}, mime_type={shortened(self.mime_type or '')})"

    def _state(self) -> tuple[object, ...]:
        return self._data, self._mime_type, self._file_data


def _type_of(types: MediaTypes, data: bytes, declared: str, origin: str) -> str:
    """Return the media type of bytes.

    Args:
        types: The table.
        data: The bytes.
        declared: The type that they are declared to be; empty for none.
        origin: Where the bytes come from, for messages.

    Raises:
        ValueError: The type is not accepted, or the declared one is not in the table.

    """
    accepted = f"accepted are {', '.join(types.accepted)}"
    found = types.of_bytes(data)
    if not found:
        raise ValueError(f"{origin}: its bytes are not {types.noun}; {accepted}")
    settled = types.settled(data, declared)
    if settled is None:
        raise ValueError(f"mime_type: {declared!r} contradicts the bytes, which are {found[0]}")
    if settled not in types.accepted:
        raise ValueError(f"{origin}: its bytes are {settled}; {accepted}")
    return settled


class Image(_Media):
    """A still image: JPEG, PNG or WebP. Made with `data` or with `file_data`."""

    _types = IMAGES


class Video(_Media):
    """A video to extend or edit. Made with `data` or with `file_data`."""

    _types = VIDEOS


@dataclass(frozen=True, slots=True)
class ReferenceImage:
    """An image that guides the look or the content of a generation."""

    image: Image
    reference_type: ReferenceType | str

    def __post_init__(self) -> None:
        kind = choice_of(ReferenceType, self.reference_type, "reference_type")
        object.__setattr__(self, "reference_type", kind)


@dataclass(frozen=True, slots=True)
class Mask:
    """The part of an input video that an edit changes: where the image is white."""

    image: Image
    mask_mode: MaskMode | str

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask_mode", choice_of(MaskMode, self.mask_mode, "mask_mode"))
