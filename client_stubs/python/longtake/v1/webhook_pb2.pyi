import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Webhook(_message.Message):
    __slots__ = ("name", "url", "event_types", "disabled", "disable_reason", "disable_time", "failing_since_time", "secret", "previous_secret_expire_time", "principal", "from_file", "create_time", "update_time")
    class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        EVENT_TYPE_UNSPECIFIED: _ClassVar[Webhook.EventType]
        OPERATION_SUCCEEDED: _ClassVar[Webhook.EventType]
        OPERATION_FAILED: _ClassVar[Webhook.EventType]
        OPERATION_CANCELLED: _ClassVar[Webhook.EventType]
        OPERATION_RUNNING: _ClassVar[Webhook.EventType]
        BUDGET_THRESHOLD: _ClassVar[Webhook.EventType]
        WEBHOOK_TEST: _ClassVar[Webhook.EventType]
    EVENT_TYPE_UNSPECIFIED: Webhook.EventType
    OPERATION_SUCCEEDED: Webhook.EventType
    OPERATION_FAILED: Webhook.EventType
    OPERATION_CANCELLED: Webhook.EventType
    OPERATION_RUNNING: Webhook.EventType
    BUDGET_THRESHOLD: Webhook.EventType
    WEBHOOK_TEST: Webhook.EventType
    class DisableReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DISABLE_REASON_UNSPECIFIED: _ClassVar[Webhook.DisableReason]
        REQUESTED: _ClassVar[Webhook.DisableReason]
        FAILING: _ClassVar[Webhook.DisableReason]
        GONE: _ClassVar[Webhook.DisableReason]
    DISABLE_REASON_UNSPECIFIED: Webhook.DisableReason
    REQUESTED: Webhook.DisableReason
    FAILING: Webhook.DisableReason
    GONE: Webhook.DisableReason
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    DISABLE_REASON_FIELD_NUMBER: _ClassVar[int]
    DISABLE_TIME_FIELD_NUMBER: _ClassVar[int]
    FAILING_SINCE_TIME_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_SECRET_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    FROM_FILE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    url: str
    event_types: _containers.RepeatedScalarFieldContainer[Webhook.EventType]
    disabled: bool
    disable_reason: Webhook.DisableReason
    disable_time: _timestamp_pb2.Timestamp
    failing_since_time: _timestamp_pb2.Timestamp
    secret: str
    previous_secret_expire_time: _timestamp_pb2.Timestamp
    principal: str
    from_file: bool
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., url: _Optional[str] = ..., event_types: _Optional[_Iterable[_Union[Webhook.EventType, str]]] = ..., disabled: _Optional[bool] = ..., disable_reason: _Optional[_Union[Webhook.DisableReason, str]] = ..., disable_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., failing_since_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., secret: _Optional[str] = ..., previous_secret_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ..., from_file: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WebhookDelivery(_message.Message):
    __slots__ = ("name", "event_type", "operation", "state", "attempts", "create_time", "next_attempt_time", "last_attempt_time", "last_attempt_duration", "failure", "http_status", "end_time", "principal")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[WebhookDelivery.State]
        PENDING: _ClassVar[WebhookDelivery.State]
        DELIVERED: _ClassVar[WebhookDelivery.State]
        DEAD: _ClassVar[WebhookDelivery.State]
    STATE_UNSPECIFIED: WebhookDelivery.State
    PENDING: WebhookDelivery.State
    DELIVERED: WebhookDelivery.State
    DEAD: WebhookDelivery.State
    class Failure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        FAILURE_UNSPECIFIED: _ClassVar[WebhookDelivery.Failure]
        UNREACHABLE: _ClassVar[WebhookDelivery.Failure]
        TLS: _ClassVar[WebhookDelivery.Failure]
        TIMEOUT: _ClassVar[WebhookDelivery.Failure]
        FORBIDDEN_ADDRESS: _ClassVar[WebhookDelivery.Failure]
        REDIRECT: _ClassVar[WebhookDelivery.Failure]
        ANSWERED_GONE: _ClassVar[WebhookDelivery.Failure]
        STATUS: _ClassVar[WebhookDelivery.Failure]
        BROKEN_ANSWER: _ClassVar[WebhookDelivery.Failure]
        WEBHOOK_DISABLED: _ClassVar[WebhookDelivery.Failure]
    FAILURE_UNSPECIFIED: WebhookDelivery.Failure
    UNREACHABLE: WebhookDelivery.Failure
    TLS: WebhookDelivery.Failure
    TIMEOUT: WebhookDelivery.Failure
    FORBIDDEN_ADDRESS: WebhookDelivery.Failure
    REDIRECT: WebhookDelivery.Failure
    ANSWERED_GONE: WebhookDelivery.Failure
    STATUS: WebhookDelivery.Failure
    BROKEN_ANSWER: WebhookDelivery.Failure
    WEBHOOK_DISABLED: WebhookDelivery.Failure
    NAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    NEXT_ATTEMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_ATTEMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_ATTEMPT_DURATION_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    name: str
    event_type: Webhook.EventType
    operation: str
    state: WebhookDelivery.State
    attempts: int
    create_time: _timestamp_pb2.Timestamp
    next_attempt_time: _timestamp_pb2.Timestamp
    last_attempt_time: _timestamp_pb2.Timestamp
    last_attempt_duration: _duration_pb2.Duration
    failure: WebhookDelivery.Failure
    http_status: int
    end_time: _timestamp_pb2.Timestamp
    principal: str
    def __init__(self, name: _Optional[str] = ..., event_type: _Optional[_Union[Webhook.EventType, str]] = ..., operation: _Optional[str] = ..., state: _Optional[_Union[WebhookDelivery.State, str]] = ..., attempts: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_attempt_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_attempt_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_attempt_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., failure: _Optional[_Union[WebhookDelivery.Failure, str]] = ..., http_status: _Optional[int] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ...) -> None: ...
