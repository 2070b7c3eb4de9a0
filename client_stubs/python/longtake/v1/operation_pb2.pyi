import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.type import money_pb2 as _money_pb2
from longtake.v1 import generation_pb2 as _generation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GenerateVideosOperation(_message.Message):
    __slots__ = ("name", "done", "error", "response", "metadata", "revision")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    name: str
    done: bool
    error: _status_pb2.Status
    response: _generation_pb2.GenerateVideosResponse
    metadata: GenerateVideosMetadata
    revision: int
    def __init__(self, name: _Optional[str] = ..., done: _Optional[bool] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., response: _Optional[_Union[_generation_pb2.GenerateVideosResponse, _Mapping]] = ..., metadata: _Optional[_Union[GenerateVideosMetadata, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class GenerateVideosMetadata(_message.Message):
    __slots__ = ("state", "model", "served_model", "create_time", "submit_time", "update_time", "end_time", "expire_time", "estimated_finish_time", "progress_percent", "queue_position", "attempts", "next_retry_time", "labels", "billed_seconds", "estimated_cost", "cancel_requested", "warnings", "estimated_start_time", "last_error", "prompt_excerpt", "principal", "late_success", "webhook", "webhook_metadata")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[GenerateVideosMetadata.State]
        QUEUED: _ClassVar[GenerateVideosMetadata.State]
        SUBMITTING: _ClassVar[GenerateVideosMetadata.State]
        RUNNING: _ClassVar[GenerateVideosMetadata.State]
        SUCCEEDED: _ClassVar[GenerateVideosMetadata.State]
        FAILED: _ClassVar[GenerateVideosMetadata.State]
        CANCELLED: _ClassVar[GenerateVideosMetadata.State]
    STATE_UNSPECIFIED: GenerateVideosMetadata.State
    QUEUED: GenerateVideosMetadata.State
    SUBMITTING: GenerateVideosMetadata.State
    RUNNING: GenerateVideosMetadata.State
    SUCCEEDED: GenerateVideosMetadata.State
    FAILED: GenerateVideosMetadata.State
    CANCELLED: GenerateVideosMetadata.State
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class WebhookMetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERVED_MODEL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    SUBMIT_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_FINISH_TIME_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_PERCENT_FIELD_NUMBER: _ClassVar[int]
    QUEUE_POSITION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_RETRY_TIME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    BILLED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_COST_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_START_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    PROMPT_EXCERPT_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    LATE_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_METADATA_FIELD_NUMBER: _ClassVar[int]
    state: GenerateVideosMetadata.State
    model: str
    served_model: str
    create_time: _timestamp_pb2.Timestamp
    submit_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    estimated_finish_time: _timestamp_pb2.Timestamp
    progress_percent: int
    queue_position: int
    attempts: int
    next_retry_time: _timestamp_pb2.Timestamp
    labels: _containers.ScalarMap[str, str]
    billed_seconds: float
    estimated_cost: _money_pb2.Money
    cancel_requested: bool
    warnings: _containers.RepeatedScalarFieldContainer[str]
    estimated_start_time: _timestamp_pb2.Timestamp
    last_error: _status_pb2.Status
    prompt_excerpt: str
    principal: str
    late_success: bool
    webhook: str
    webhook_metadata: _containers.ScalarMap[str, str]
    def __init__(self, state: _Optional[_Union[GenerateVideosMetadata.State, str]] = ..., model: _Optional[str] = ..., served_model: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., submit_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., estimated_finish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., progress_percent: _Optional[int] = ..., queue_position: _Optional[int] = ..., attempts: _Optional[int] = ..., next_retry_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., billed_seconds: _Optional[float] = ..., estimated_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., cancel_requested: _Optional[bool] = ..., warnings: _Optional[_Iterable[str]] = ..., estimated_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., prompt_excerpt: _Optional[str] = ..., principal: _Optional[str] = ..., late_success: _Optional[bool] = ..., webhook: _Optional[str] = ..., webhook_metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...
