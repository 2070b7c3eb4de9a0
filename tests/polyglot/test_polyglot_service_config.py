# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every language ships the same retries."""

from __future__ import annotations

import json

from longtake.v1 import video_service_pb2, webhook_service_pb2

from polyglot.toolchains import ROOT

STUBS = ROOT / "client_stubs"
SHARED = (STUBS / "service_config.json").read_text(encoding="utf-8")


def test_the_service_config_is_the_same_everywhere() -> None:
    copies = (
        "python/longtake/v1/video_service_grpc_service_config.json",
        "go/longtake/service_config.json",
    )
    for copy in copies:
        assert (STUBS / copy).read_text(encoding="utf-8") == SHARED, copy


# The answers of the first two have a secret, which a repetition could not return. A test that is
# sent twice confuses.
NOT_REPEATED = {"CreateWebhook", "RotateWebhookSecret", "TestWebhook"}


def test_every_unary_method_that_may_be_repeated_is_retried() -> None:
    (policy,) = json.loads(SHARED)["methodConfig"]
    named = {(name["service"], name["method"]) for name in policy["name"]}
    services = (
        video_service_pb2.DESCRIPTOR.services_by_name["VideoService"],
        webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"],
    )
    unary = {
        (service.full_name, method.name)
        for service in services
        for method in service.methods
        if not method.server_streaming and method.name not in NOT_REPEATED
    }
    assert named == unary
    assert policy["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE", "CANCELLED"]
