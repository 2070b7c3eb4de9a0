import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import client_pb2 as _client_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.type import date_pb2 as _date_pb2
from google.type import money_pb2 as _money_pb2
from longtake.v1 import caller_pb2 as _caller_pb2
from longtake.v1 import generation_pb2 as _generation_pb2
from longtake.v1 import media_pb2 as _media_pb2
from longtake.v1 import model_pb2 as _model_pb2
from longtake.v1 import operation_pb2 as _operation_pb2
from longtake.v1 import usage_pb2 as _usage_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GenerateVideosRequest(_message.Message):
    __slots__ = ("request_id", "model", "prompt", "image", "video", "config", "resubmit_if_unknown", "queue_timeout", "priority", "allow_model_fallback", "previous_operation", "validate_only", "max_cost", "webhook", "webhook_metadata")
    class WebhookMetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    RESUBMIT_IF_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    QUEUE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MODEL_FALLBACK_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_OPERATION_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    MAX_COST_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_METADATA_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    model: str
    prompt: str
    image: _media_pb2.Image
    video: _media_pb2.Video
    config: _generation_pb2.GenerateVideosConfig
    resubmit_if_unknown: bool
    queue_timeout: _duration_pb2.Duration
    priority: int
    allow_model_fallback: bool
    previous_operation: str
    validate_only: bool
    max_cost: _money_pb2.Money
    webhook: str
    webhook_metadata: _containers.ScalarMap[str, str]
    def __init__(self, request_id: _Optional[str] = ..., model: _Optional[str] = ..., prompt: _Optional[str] = ..., image: _Optional[_Union[_media_pb2.Image, _Mapping]] = ..., video: _Optional[_Union[_media_pb2.Video, _Mapping]] = ..., config: _Optional[_Union[_generation_pb2.GenerateVideosConfig, _Mapping]] = ..., resubmit_if_unknown: _Optional[bool] = ..., queue_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., priority: _Optional[int] = ..., allow_model_fallback: _Optional[bool] = ..., previous_operation: _Optional[str] = ..., validate_only: _Optional[bool] = ..., max_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., webhook: _Optional[str] = ..., webhook_metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class GetOperationRequest(_message.Message):
    __slots__ = ("name", "include_video_data")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_VIDEO_DATA_FIELD_NUMBER: _ClassVar[int]
    name: str
    include_video_data: bool
    def __init__(self, name: _Optional[str] = ..., include_video_data: _Optional[bool] = ...) -> None: ...

class WatchOperationRequest(_message.Message):
    __slots__ = ("name", "after_revision", "heartbeat_interval")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AFTER_REVISION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    name: str
    after_revision: int
    heartbeat_interval: _duration_pb2.Duration
    def __init__(self, name: _Optional[str] = ..., after_revision: _Optional[int] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WatchOperationResponse(_message.Message):
    __slots__ = ("operation", "heartbeat")
    class Heartbeat(_message.Message):
        __slots__ = ("revision", "last_poll_time")
        REVISION_FIELD_NUMBER: _ClassVar[int]
        LAST_POLL_TIME_FIELD_NUMBER: _ClassVar[int]
        revision: int
        last_poll_time: _timestamp_pb2.Timestamp
        def __init__(self, revision: _Optional[int] = ..., last_poll_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    operation: _operation_pb2.GenerateVideosOperation
    heartbeat: WatchOperationResponse.Heartbeat
    def __init__(self, operation: _Optional[_Union[_operation_pb2.GenerateVideosOperation, _Mapping]] = ..., heartbeat: _Optional[_Union[WatchOperationResponse.Heartbeat, _Mapping]] = ...) -> None: ...

class WatchOperationsRequest(_message.Message):
    __slots__ = ("filter", "after_position", "heartbeat_interval")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    filter: str
    after_position: str
    heartbeat_interval: _duration_pb2.Duration
    def __init__(self, filter: _Optional[str] = ..., after_position: _Optional[str] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WatchOperationsResponse(_message.Message):
    __slots__ = ("operation", "deletion", "initial_set_complete", "heartbeat", "position")
    class Deletion(_message.Message):
        __slots__ = ("name",)
        NAME_FIELD_NUMBER: _ClassVar[int]
        name: str
        def __init__(self, name: _Optional[str] = ...) -> None: ...
    class InitialSetComplete(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Heartbeat(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    DELETION_FIELD_NUMBER: _ClassVar[int]
    INITIAL_SET_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    operation: _operation_pb2.GenerateVideosOperation
    deletion: WatchOperationsResponse.Deletion
    initial_set_complete: WatchOperationsResponse.InitialSetComplete
    heartbeat: WatchOperationsResponse.Heartbeat
    position: str
    def __init__(self, operation: _Optional[_Union[_operation_pb2.GenerateVideosOperation, _Mapping]] = ..., deletion: _Optional[_Union[WatchOperationsResponse.Deletion, _Mapping]] = ..., initial_set_complete: _Optional[_Union[WatchOperationsResponse.InitialSetComplete, _Mapping]] = ..., heartbeat: _Optional[_Union[WatchOperationsResponse.Heartbeat, _Mapping]] = ..., position: _Optional[str] = ...) -> None: ...

class WaitOperationRequest(_message.Message):
    __slots__ = ("name", "after_revision", "timeout")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AFTER_REVISION_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    name: str
    after_revision: int
    timeout: _duration_pb2.Duration
    def __init__(self, name: _Optional[str] = ..., after_revision: _Optional[int] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ListOperationsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ...) -> None: ...

class ListOperationsResponse(_message.Message):
    __slots__ = ("operations", "next_page_token")
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedCompositeFieldContainer[_operation_pb2.GenerateVideosOperation]
    next_page_token: str
    def __init__(self, operations: _Optional[_Iterable[_Union[_operation_pb2.GenerateVideosOperation, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelOperationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DeleteOperationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DownloadVideoRequest(_message.Message):
    __slots__ = ("name", "read_offset", "read_limit")
    NAME_FIELD_NUMBER: _ClassVar[int]
    READ_OFFSET_FIELD_NUMBER: _ClassVar[int]
    READ_LIMIT_FIELD_NUMBER: _ClassVar[int]
    name: str
    read_offset: int
    read_limit: int
    def __init__(self, name: _Optional[str] = ..., read_offset: _Optional[int] = ..., read_limit: _Optional[int] = ...) -> None: ...

class DownloadVideoResponse(_message.Message):
    __slots__ = ("chunk", "video")
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    chunk: _httpbody_pb2.HttpBody
    video: _media_pb2.Video
    def __init__(self, chunk: _Optional[_Union[_httpbody_pb2.HttpBody, _Mapping]] = ..., video: _Optional[_Union[_media_pb2.Video, _Mapping]] = ...) -> None: ...

class CreateVideoUrlRequest(_message.Message):
    __slots__ = ("name", "lifetime", "disposition")
    class Disposition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DISPOSITION_UNSPECIFIED: _ClassVar[CreateVideoUrlRequest.Disposition]
        INLINE: _ClassVar[CreateVideoUrlRequest.Disposition]
        ATTACHMENT: _ClassVar[CreateVideoUrlRequest.Disposition]
    DISPOSITION_UNSPECIFIED: CreateVideoUrlRequest.Disposition
    INLINE: CreateVideoUrlRequest.Disposition
    ATTACHMENT: CreateVideoUrlRequest.Disposition
    NAME_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_FIELD_NUMBER: _ClassVar[int]
    DISPOSITION_FIELD_NUMBER: _ClassVar[int]
    name: str
    lifetime: _duration_pb2.Duration
    disposition: CreateVideoUrlRequest.Disposition
    def __init__(self, name: _Optional[str] = ..., lifetime: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., disposition: _Optional[_Union[CreateVideoUrlRequest.Disposition, str]] = ...) -> None: ...

class CreateVideoUrlResponse(_message.Message):
    __slots__ = ("url", "expire_time")
    URL_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    url: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, url: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models", "next_page_token")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_model_pb2.Model]
    next_page_token: str
    def __init__(self, models: _Optional[_Iterable[_Union[_model_pb2.Model, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetCallerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetUsageRequest(_message.Message):
    __slots__ = ("since", "until", "group_by", "label_key", "principal", "page_size", "page_token")
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    GROUP_BY_FIELD_NUMBER: _ClassVar[int]
    LABEL_KEY_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    since: _date_pb2.Date
    until: _date_pb2.Date
    group_by: _containers.RepeatedScalarFieldContainer[_usage_pb2.Usage.Dimension]
    label_key: str
    principal: str
    page_size: int
    page_token: str
    def __init__(self, since: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., until: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., group_by: _Optional[_Iterable[_Union[_usage_pb2.Usage.Dimension, str]]] = ..., label_key: _Optional[str] = ..., principal: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class GetUsageResponse(_message.Message):
    __slots__ = ("usage", "next_page_token")
    USAGE_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    usage: _containers.RepeatedCompositeFieldContainer[_usage_pb2.Usage]
    next_page_token: str
    def __init__(self, usage: _Optional[_Iterable[_Union[_usage_pb2.Usage, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
