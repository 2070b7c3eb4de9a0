# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract that the edge's filter checks requests against."""

from __future__ import annotations

from longtake.v1 import generation_pb2, media_pb2, video_service_pb2

from scripts.write_edge_contract import CONTRACT, contract


def test_it_is_fresh() -> None:
    assert CONTRACT.read_text() == contract(), "run: make proto"


def test_it_has_every_field_of_every_message_that_a_body_may_hold() -> None:
    text = contract()
    messages = [
        video_service_pb2.GenerateVideosRequest.DESCRIPTOR,
        generation_pb2.GenerateVideosConfig.DESCRIPTOR,
        *(media_pb2.Image.DESCRIPTOR, media_pb2.Video.DESCRIPTOR, media_pb2.FileData.DESCRIPTOR),
        *(media_pb2.ReferenceImage.DESCRIPTOR, media_pb2.Mask.DESCRIPTOR),
    ]
    for message in messages:
        table = text.partition(f'["{message.full_name}"] = {{')[2].partition("    },")[0]
        for field in message.fields:
            assert f'json = "{field.json_name}", field = "{field.name}"' in table
