import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.type import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Caller(_message.Message):
    __slots__ = ("principal", "roles", "labels", "key_id", "credential_expire_time", "budgets", "time_zone", "requests_per_minute", "max_queued", "queued", "max_concurrent", "concurrent")
    class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ROLE_UNSPECIFIED: _ClassVar[Caller.Role]
        GENERATOR: _ClassVar[Caller.Role]
        READER: _ClassVar[Caller.Role]
        ADMIN: _ClassVar[Caller.Role]
    ROLE_UNSPECIFIED: Caller.Role
    GENERATOR: Caller.Role
    READER: Caller.Role
    ADMIN: Caller.Role
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    BUDGETS_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    MAX_QUEUED_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENT_FIELD_NUMBER: _ClassVar[int]
    CONCURRENT_FIELD_NUMBER: _ClassVar[int]
    principal: str
    roles: _containers.RepeatedScalarFieldContainer[Caller.Role]
    labels: _containers.ScalarMap[str, str]
    key_id: str
    credential_expire_time: _timestamp_pb2.Timestamp
    budgets: _containers.RepeatedCompositeFieldContainer[Budget]
    time_zone: str
    requests_per_minute: int
    max_queued: int
    queued: int
    max_concurrent: int
    concurrent: int
    def __init__(self, principal: _Optional[str] = ..., roles: _Optional[_Iterable[_Union[Caller.Role, str]]] = ..., labels: _Optional[_Mapping[str, str]] = ..., key_id: _Optional[str] = ..., credential_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., budgets: _Optional[_Iterable[_Union[Budget, _Mapping]]] = ..., time_zone: _Optional[str] = ..., requests_per_minute: _Optional[int] = ..., max_queued: _Optional[int] = ..., queued: _Optional[int] = ..., max_concurrent: _Optional[int] = ..., concurrent: _Optional[int] = ...) -> None: ...

class Budget(_message.Message):
    __slots__ = ("subject", "period", "period_key", "reset_time", "cost_limit", "cost_spent", "cost_reserved", "seconds_limit", "seconds_spent", "seconds_reserved")
    class Period(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PERIOD_UNSPECIFIED: _ClassVar[Budget.Period]
        DAY: _ClassVar[Budget.Period]
        WEEK: _ClassVar[Budget.Period]
        MONTH: _ClassVar[Budget.Period]
    PERIOD_UNSPECIFIED: Budget.Period
    DAY: Budget.Period
    WEEK: Budget.Period
    MONTH: Budget.Period
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    PERIOD_KEY_FIELD_NUMBER: _ClassVar[int]
    RESET_TIME_FIELD_NUMBER: _ClassVar[int]
    COST_LIMIT_FIELD_NUMBER: _ClassVar[int]
    COST_SPENT_FIELD_NUMBER: _ClassVar[int]
    COST_RESERVED_FIELD_NUMBER: _ClassVar[int]
    SECONDS_LIMIT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_SPENT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_RESERVED_FIELD_NUMBER: _ClassVar[int]
    subject: str
    period: Budget.Period
    period_key: str
    reset_time: _timestamp_pb2.Timestamp
    cost_limit: _money_pb2.Money
    cost_spent: _money_pb2.Money
    cost_reserved: _money_pb2.Money
    seconds_limit: float
    seconds_spent: float
    seconds_reserved: float
    def __init__(self, subject: _Optional[str] = ..., period: _Optional[_Union[Budget.Period, str]] = ..., period_key: _Optional[str] = ..., reset_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cost_limit: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., cost_spent: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., cost_reserved: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., seconds_limit: _Optional[float] = ..., seconds_spent: _Optional[float] = ..., seconds_reserved: _Optional[float] = ...) -> None: ...
