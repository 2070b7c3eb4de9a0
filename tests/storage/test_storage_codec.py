# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Encoding and decoding a record loses nothing."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import RetryInfo
from hypothesis import given, settings
from hypothesis import strategies as st
from longtake_server.operations.model import Code, Failure, OperationRecord, State, StoredVideo
from longtake_server.storage.codec import decode_record, encode_record, from_micros, to_micros
from longtake_server.storage.v1 import record_pb2

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_times = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the time zone
    datetime(2200, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
_maybe_times = st.none() | _times
_maps = st.dictionaries(_texts, _texts, max_size=3)


def _detail() -> bytes:
    detail = Any()
    detail.Pack(RetryInfo())
    return detail.SerializeToString()


_failures = st.builds(
    Failure,
    code=st.sampled_from(Code),
    reason=_texts,
    message=_texts,
    metadata=_maps,
    details=st.sampled_from([(), (_detail(),), (_detail(), _detail())]),
)
_videos = st.builds(
    StoredVideo,
    location=_texts,
    mime_type=_texts,
    size_bytes=st.none() | st.integers(0, 2**62),
    sha256=_texts,
    seed=st.none() | st.integers(0, 2**32 - 1),
)
_records = st.builds(
    OperationRecord,
    name=_texts,
    revision=st.integers(1, 2**62),
    state=st.sampled_from(State),
    model=_texts,
    served_model=_texts,
    upstream=_texts,
    create_time=_times,
    update_time=_times,
    request_digest=st.binary(max_size=32),
    request_id=_texts,
    caller=_texts,
    upstream_operation=_texts,
    submit_time=_maybe_times,
    end_time=_maybe_times,
    expire_time=_maybe_times,
    estimated_finish_time=_maybe_times,
    attempts=st.integers(0, 2**31 - 1),
    next_retry_time=_maybe_times,
    queue_deadline=_maybe_times,
    resubmit_if_unknown=st.booleans(),
    may_have_started=st.booleans(),
    cancel_requested=st.booleans(),
    labels=_maps,
    traceparent=_texts,
    failure=st.none() | _failures,
    videos=st.lists(_videos, max_size=2).map(tuple),
    filtered_count=st.integers(0, 10),
    filtered_reasons=st.lists(_texts, max_size=2).map(tuple),
    warnings=st.lists(_texts, max_size=2).map(tuple),
    billed_seconds=st.none() | st.floats(0, 1e6),
    cost_micros=st.none() | st.integers(0, 2**62),
    priority=st.integers(-(2**31), 2**31 - 1),
    queue_position=st.none() | st.integers(0, 2**31 - 1),
    estimated_start_time=_maybe_times,
    last_refusal=st.none() | _failures,
    prompt_excerpt=_texts,
)


@settings(max_examples=60, deadline=None, database=None)
@given(_records)
def test_a_record_comes_back_as_it_was(record: OperationRecord) -> None:
    assert decode_record(encode_record(record)) == record


@given(_times)
@settings(max_examples=60, deadline=None, database=None)
def test_a_time_comes_back_to_the_microsecond(time: datetime) -> None:
    assert from_micros(to_micros(time)) == time


def test_every_field_of_the_record_is_stored() -> None:
    renamed = {"failure": "error"}
    of_record = {renamed.get(field.name, field.name) for field in fields(OperationRecord)}
    assert of_record == set(record_pb2.OperationRecord.DESCRIPTOR.fields_by_name)
