import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from longtake.v1 import operation_pb2 as _operation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OperationRecord(_message.Message):
    __slots__ = ("name", "revision", "state", "caller", "request_id", "request_digest", "model", "served_model", "upstream", "upstream_operation", "create_time", "submit_time", "update_time", "end_time", "expire_time", "estimated_finish_time", "attempts", "next_retry_time", "queue_deadline", "resubmit_if_unknown", "may_have_started", "cancel_requested", "labels", "traceparent", "error", "videos", "filtered_count", "filtered_reasons", "warnings", "billed_seconds", "cost_micros", "priority", "queue_position", "estimated_start_time", "last_refusal", "prompt_excerpt", "reserved_micros", "reserved_milliseconds", "charges", "late_success", "tracestate", "webhook", "webhook_metadata")
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
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERVED_MODEL_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_OPERATION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    SUBMIT_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_FINISH_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_RETRY_TIME_FIELD_NUMBER: _ClassVar[int]
    QUEUE_DEADLINE_FIELD_NUMBER: _ClassVar[int]
    RESUBMIT_IF_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    MAY_HAVE_STARTED_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    VIDEOS_FIELD_NUMBER: _ClassVar[int]
    FILTERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FILTERED_REASONS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    BILLED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    COST_MICROS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    QUEUE_POSITION_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_START_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_REFUSAL_FIELD_NUMBER: _ClassVar[int]
    PROMPT_EXCERPT_FIELD_NUMBER: _ClassVar[int]
    RESERVED_MICROS_FIELD_NUMBER: _ClassVar[int]
    RESERVED_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    CHARGES_FIELD_NUMBER: _ClassVar[int]
    LATE_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    TRACESTATE_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_METADATA_FIELD_NUMBER: _ClassVar[int]
    name: str
    revision: int
    state: _operation_pb2.GenerateVideosMetadata.State
    caller: str
    request_id: str
    request_digest: bytes
    model: str
    served_model: str
    upstream: str
    upstream_operation: str
    create_time: _timestamp_pb2.Timestamp
    submit_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    estimated_finish_time: _timestamp_pb2.Timestamp
    attempts: int
    next_retry_time: _timestamp_pb2.Timestamp
    queue_deadline: _timestamp_pb2.Timestamp
    resubmit_if_unknown: bool
    may_have_started: bool
    cancel_requested: bool
    labels: _containers.ScalarMap[str, str]
    traceparent: str
    error: _status_pb2.Status
    videos: _containers.RepeatedCompositeFieldContainer[StoredVideo]
    filtered_count: int
    filtered_reasons: _containers.RepeatedScalarFieldContainer[str]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    billed_seconds: float
    cost_micros: int
    priority: int
    queue_position: int
    estimated_start_time: _timestamp_pb2.Timestamp
    last_refusal: _status_pb2.Status
    prompt_excerpt: str
    reserved_micros: int
    reserved_milliseconds: int
    charges: _containers.RepeatedCompositeFieldContainer[Charge]
    late_success: bool
    tracestate: str
    webhook: str
    webhook_metadata: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., revision: _Optional[int] = ..., state: _Optional[_Union[_operation_pb2.GenerateVideosMetadata.State, str]] = ..., caller: _Optional[str] = ..., request_id: _Optional[str] = ..., request_digest: _Optional[bytes] = ..., model: _Optional[str] = ..., served_model: _Optional[str] = ..., upstream: _Optional[str] = ..., upstream_operation: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., submit_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., estimated_finish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempts: _Optional[int] = ..., next_retry_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., queue_deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resubmit_if_unknown: _Optional[bool] = ..., may_have_started: _Optional[bool] = ..., cancel_requested: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., traceparent: _Optional[str] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., videos: _Optional[_Iterable[_Union[StoredVideo, _Mapping]]] = ..., filtered_count: _Optional[int] = ..., filtered_reasons: _Optional[_Iterable[str]] = ..., warnings: _Optional[_Iterable[str]] = ..., billed_seconds: _Optional[float] = ..., cost_micros: _Optional[int] = ..., priority: _Optional[int] = ..., queue_position: _Optional[int] = ..., estimated_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_refusal: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., prompt_excerpt: _Optional[str] = ..., reserved_micros: _Optional[int] = ..., reserved_milliseconds: _Optional[int] = ..., charges: _Optional[_Iterable[_Union[Charge, _Mapping]]] = ..., late_success: _Optional[bool] = ..., tracestate: _Optional[str] = ..., webhook: _Optional[str] = ..., webhook_metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Charge(_message.Message):
    __slots__ = ("subject", "period_key")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_KEY_FIELD_NUMBER: _ClassVar[int]
    subject: str
    period_key: str
    def __init__(self, subject: _Optional[str] = ..., period_key: _Optional[str] = ...) -> None: ...

class StoredVideo(_message.Message):
    __slots__ = ("location", "mime_type", "size_bytes", "sha256", "seed", "expire_time")
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    location: str
    mime_type: str
    size_bytes: int
    sha256: str
    seed: int
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, location: _Optional[str] = ..., mime_type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., seed: _Optional[int] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
