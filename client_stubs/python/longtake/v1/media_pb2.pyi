import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FileData(_message.Message):
    __slots__ = ("file_uri", "mime_type")
    FILE_URI_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    file_uri: str
    mime_type: str
    def __init__(self, file_uri: _Optional[str] = ..., mime_type: _Optional[str] = ...) -> None: ...

class Image(_message.Message):
    __slots__ = ("data", "file_data", "mime_type")
    DATA_FIELD_NUMBER: _ClassVar[int]
    FILE_DATA_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    file_data: FileData
    mime_type: str
    def __init__(self, data: _Optional[bytes] = ..., file_data: _Optional[_Union[FileData, _Mapping]] = ..., mime_type: _Optional[str] = ...) -> None: ...

class Video(_message.Message):
    __slots__ = ("data", "file_data", "mime_type", "size_bytes", "sha256", "expire_time")
    DATA_FIELD_NUMBER: _ClassVar[int]
    FILE_DATA_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    file_data: FileData
    mime_type: str
    size_bytes: int
    sha256: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, data: _Optional[bytes] = ..., file_data: _Optional[_Union[FileData, _Mapping]] = ..., mime_type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReferenceImage(_message.Message):
    __slots__ = ("image", "reference_type")
    class ReferenceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REFERENCE_TYPE_UNSPECIFIED: _ClassVar[ReferenceImage.ReferenceType]
        ASSET: _ClassVar[ReferenceImage.ReferenceType]
        STYLE: _ClassVar[ReferenceImage.ReferenceType]
    REFERENCE_TYPE_UNSPECIFIED: ReferenceImage.ReferenceType
    ASSET: ReferenceImage.ReferenceType
    STYLE: ReferenceImage.ReferenceType
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    image: Image
    reference_type: ReferenceImage.ReferenceType
    def __init__(self, image: _Optional[_Union[Image, _Mapping]] = ..., reference_type: _Optional[_Union[ReferenceImage.ReferenceType, str]] = ...) -> None: ...

class Mask(_message.Message):
    __slots__ = ("image", "mask_mode")
    class MaskMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MASK_MODE_UNSPECIFIED: _ClassVar[Mask.MaskMode]
        INSERT: _ClassVar[Mask.MaskMode]
        REMOVE: _ClassVar[Mask.MaskMode]
        REMOVE_STATIC: _ClassVar[Mask.MaskMode]
        OUTPAINT: _ClassVar[Mask.MaskMode]
    MASK_MODE_UNSPECIFIED: Mask.MaskMode
    INSERT: Mask.MaskMode
    REMOVE: Mask.MaskMode
    REMOVE_STATIC: Mask.MaskMode
    OUTPAINT: Mask.MaskMode
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    MASK_MODE_FIELD_NUMBER: _ClassVar[int]
    image: Image
    mask_mode: Mask.MaskMode
    def __init__(self, image: _Optional[_Union[Image, _Mapping]] = ..., mask_mode: _Optional[_Union[Mask.MaskMode, str]] = ...) -> None: ...
