from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.type import date_pb2 as _date_pb2
from google.type import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Model(_message.Message):
    __slots__ = ("name", "model_id", "display_name", "upstream", "stage", "retirement_date", "replacement", "durations_seconds", "default_duration_seconds", "resolutions", "aspect_ratios", "fps", "max_videos", "supported_fields", "prices")
    class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STAGE_UNSPECIFIED: _ClassVar[Model.Stage]
        EXPERIMENTAL: _ClassVar[Model.Stage]
        PREVIEW: _ClassVar[Model.Stage]
        GENERALLY_AVAILABLE: _ClassVar[Model.Stage]
        DEPRECATED: _ClassVar[Model.Stage]
        RETIRED: _ClassVar[Model.Stage]
    STAGE_UNSPECIFIED: Model.Stage
    EXPERIMENTAL: Model.Stage
    PREVIEW: Model.Stage
    GENERALLY_AVAILABLE: Model.Stage
    DEPRECATED: Model.Stage
    RETIRED: Model.Stage
    class Price(_message.Message):
        __slots__ = ("resolution", "audio", "price_per_second")
        RESOLUTION_FIELD_NUMBER: _ClassVar[int]
        AUDIO_FIELD_NUMBER: _ClassVar[int]
        PRICE_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
        resolution: str
        audio: bool
        price_per_second: _money_pb2.Money
        def __init__(self, resolution: _Optional[str] = ..., audio: _Optional[bool] = ..., price_per_second: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    RETIREMENT_DATE_FIELD_NUMBER: _ClassVar[int]
    REPLACEMENT_FIELD_NUMBER: _ClassVar[int]
    DURATIONS_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RESOLUTIONS_FIELD_NUMBER: _ClassVar[int]
    ASPECT_RATIOS_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    MAX_VIDEOS_FIELD_NUMBER: _ClassVar[int]
    SUPPORTED_FIELDS_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    name: str
    model_id: str
    display_name: str
    upstream: str
    stage: Model.Stage
    retirement_date: _date_pb2.Date
    replacement: str
    durations_seconds: _containers.RepeatedScalarFieldContainer[int]
    default_duration_seconds: int
    resolutions: _containers.RepeatedScalarFieldContainer[str]
    aspect_ratios: _containers.RepeatedScalarFieldContainer[str]
    fps: _containers.RepeatedScalarFieldContainer[int]
    max_videos: int
    supported_fields: _containers.RepeatedScalarFieldContainer[str]
    prices: _containers.RepeatedCompositeFieldContainer[Model.Price]
    def __init__(self, name: _Optional[str] = ..., model_id: _Optional[str] = ..., display_name: _Optional[str] = ..., upstream: _Optional[str] = ..., stage: _Optional[_Union[Model.Stage, str]] = ..., retirement_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., replacement: _Optional[str] = ..., durations_seconds: _Optional[_Iterable[int]] = ..., default_duration_seconds: _Optional[int] = ..., resolutions: _Optional[_Iterable[str]] = ..., aspect_ratios: _Optional[_Iterable[str]] = ..., fps: _Optional[_Iterable[int]] = ..., max_videos: _Optional[int] = ..., supported_fields: _Optional[_Iterable[str]] = ..., prices: _Optional[_Iterable[_Union[Model.Price, _Mapping]]] = ...) -> None: ...
