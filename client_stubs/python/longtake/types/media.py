# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Images and videos that a request carries or points to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Self

from typing_extensions import TypedDict

from longtake._documents import Documented
from longtake._fields import known_keys, refusal
from longtake._pydantic import InstanceSchema
from longtake._wording import shortened
from longtake.media_types import IMAGES, VIDEOS, MediaTypes


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


class ImageDict(TypedDict, total=False):
    """An `Image` as a dict."""

    image_bytes: bytes
    gcs_uri: str
    data: bytes
    mime_type: str
    file_data: FileData


class VideoDict(TypedDict, total=False):
    """A `Video` as a dict."""

    video_bytes: bytes
    uri: str
    data: bytes
    mime_type: str
    file_data: FileData


class _Media(InstanceSchema):
    """Bytes, or a reference to a file."""

    _types: MediaTypes
    _keys: tuple[str, ...]

    def __init__(
        self,
        data: bytes | None = None,
        mime_type: str | None = None,
        file_data: FileData | None = None,
        *,
        content: bytes | None = None,
        uri: str | None = None,
    ) -> None:
        if sum(one is not None for one in (data, file_data, content, uri)) > 1:
            content_name, uri_name, *_ = self._keys
            raise ValueError(
                f"{type(self).__name__}: give only one of data, file_data, {content_name} "
                f"and {uri_name}"
            )
        if content is not None:
            data, mime_type = content, _type_of(self._types, content, mime_type or "", "its bytes")
        if uri is not None:
            file_data = _file_at(type(self), uri, mime_type)
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
    def of(cls, value: object, field: str) -> Self:
        """Return a value that is of this class, or make one of a dict.

        Raises:
            ValueError: It is something else, or the dict is wrong. The message begins with
                `field`.

        """
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            article = "an" if cls.__name__ == "Image" else "a"
            raise refusal(value, field, f"{article} {cls.__name__}")
        given = known_keys(value, cls._keys, field)
        try:
            return cls(**given)
        except ValueError as error:
            raise ValueError(f"{field}: {error}") from None

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str] | None = None,
        mime_type: str | None = None,
        *,
        location: str | PathLike[str] | None = None,
    ) -> Self:
        """Read a local file. The media type is recognised from the bytes, not from the name.

        Args:
            path: The file. A `gs://` or `https://` address is pointed to, as by `from_url`.
            mime_type: The media type, as for `from_bytes` and `from_url`.
            location: The same as `path`. Give one of the two.

        Raises:
            TypeError: Neither `path` nor `location` is given, or both are.
            ValueError: The bytes are of no type that is accepted.
            OSError: The file cannot be read.

        """
        place = location if path is None else path
        if place is None or (path is not None and location is not None):
            raise TypeError("from_file(): give the file as path or as location, one of the two")
        text = fspath(place)
        if text.startswith(("gs://", "https://")):
            return cls.from_url(text, mime_type)
        data = Path(place).read_bytes()
        return cls(data=data, mime_type=_type_of(cls._types, data, mime_type or "", text))

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
        return cls(file_data=_file_at(cls, url, mime_type))

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


def _file_at(kind: type[_Media], url: str, mime_type: str | None) -> FileData:
    types = kind._types  # noqa: SLF001 - of this module
    named = types.canonical(mime_type or "") or types.of_url(url)
    if named is None:
        example = f"{kind.__name__}.from_url(url, mime_type={types.accepted[0]!r})"
        raise ValueError(
            f"mime_type: the name in {url!r} does not tell the media type; give it, for "
            f"example {example}"
        )
    return FileData(file_uri=url, mime_type=named)


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
    """A still image: JPEG, PNG or WebP.

    Args:
        data: The bytes, sent with `mime_type` as it is given.
        mime_type: The media type.
        file_data: Where the bytes are, instead of `data`.
        image_bytes: As for `from_bytes`.
        gcs_uri: As for `from_url`.

    Raises:
        ValueError: More than one source is given, or the media type cannot be told.

    """

    _types = IMAGES
    _keys = tuple(ImageDict.__annotations__)

    def __init__(
        self,
        data: bytes | None = None,
        mime_type: str | None = None,
        file_data: FileData | None = None,
        *,
        image_bytes: bytes | None = None,
        gcs_uri: str | None = None,
    ) -> None:
        super().__init__(data, mime_type, file_data, content=image_bytes, uri=gcs_uri)

    @property
    def image_bytes(self) -> bytes | None:
        """The same as `data`."""
        return self.data

    @property
    def gcs_uri(self) -> str | None:
        """The address in `file_data`, `gs://` or `https://`."""
        return self._file_data.file_uri if self._file_data else None

    def save(self, location: str | PathLike[str]) -> None:
        """Write the bytes to a file.

        Raises:
            ValueError: The image has an address instead of bytes.
            OSError: The file cannot be written.

        """
        if self._data is None:
            raise ValueError("Image: it has no bytes to save, only an address")
        Path(location).write_bytes(self._data)


class Video(_Media):
    """A video to extend or edit.

    Args:
        data: The bytes, sent with `mime_type` as it is given.
        mime_type: The media type.
        file_data: Where the bytes are, instead of `data`.
        video_bytes: As for `from_bytes`.
        uri: As for `from_url`.

    Raises:
        ValueError: More than one source is given, or the media type cannot be told.

    """

    _types = VIDEOS
    _keys = tuple(VideoDict.__annotations__)

    def __init__(
        self,
        data: bytes | None = None,
        mime_type: str | None = None,
        file_data: FileData | None = None,
        *,
        video_bytes: bytes | None = None,
        uri: str | None = None,
    ) -> None:
        super().__init__(data, mime_type, file_data, content=video_bytes, uri=uri)

    @property
    def video_bytes(self) -> bytes | None:
        """The same as `data`."""
        return self.data

    @property
    def uri(self) -> str | None:
        """The address in `file_data`, or None where the bytes are on the server."""
        return self._file_data.file_uri if self._file_data else None
