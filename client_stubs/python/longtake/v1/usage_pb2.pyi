from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.type import date_pb2 as _date_pb2
from google.type import money_pb2 as _money_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Usage(_message.Message):
    __slots__ = ("day", "model", "principal", "label_value", "accepted", "succeeded", "failed", "cancelled", "deleted", "unpriced", "billed_seconds", "reserved_cost", "settled_cost")
    class Dimension(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DIMENSION_UNSPECIFIED: _ClassVar[Usage.Dimension]
        DAY: _ClassVar[Usage.Dimension]
        MODEL: _ClassVar[Usage.Dimension]
        PRINCIPAL: _ClassVar[Usage.Dimension]
        LABEL: _ClassVar[Usage.Dimension]
    DIMENSION_UNSPECIFIED: Usage.Dimension
    DAY: Usage.Dimension
    MODEL: Usage.Dimension
    PRINCIPAL: Usage.Dimension
    LABEL: Usage.Dimension
    DAY_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    LABEL_VALUE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    UNPRICED_FIELD_NUMBER: _ClassVar[int]
    BILLED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RESERVED_COST_FIELD_NUMBER: _ClassVar[int]
    SETTLED_COST_FIELD_NUMBER: _ClassVar[int]
    day: _date_pb2.Date
    model: str
    principal: str
    label_value: str
    accepted: int
    succeeded: int
    failed: int
    cancelled: int
    deleted: int
    unpriced: int
    billed_seconds: float
    reserved_cost: _money_pb2.Money
    settled_cost: _money_pb2.Money
    def __init__(self, day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., model: _Optional[str] = ..., principal: _Optional[str] = ..., label_value: _Optional[str] = ..., accepted: _Optional[int] = ..., succeeded: _Optional[int] = ..., failed: _Optional[int] = ..., cancelled: _Optional[int] = ..., deleted: _Optional[int] = ..., unpriced: _Optional[int] = ..., billed_seconds: _Optional[float] = ..., reserved_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., settled_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...
