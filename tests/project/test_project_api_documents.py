# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The API reference and the OpenAPI description are what the protos give today."""

from __future__ import annotations

import re
import shutil

import pytest
from longtake.v1 import video_service_pb2

from scripts.write_api_reference import REFERENCE, reference
from scripts.write_openapi import OPENAPI, openapi

# The first run downloads and compiles the plugin.
BUILD_SECONDS = 600
METHODS = video_service_pb2.DESCRIPTOR.services_by_name["VideoService"].methods


def test_the_reference_is_fresh() -> None:
    assert REFERENCE.read_text() == reference(), "run: make proto"


def test_every_link_of_the_reference_leads_to_a_heading() -> None:
    text = REFERENCE.read_text()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {heading.lower().replace(".", "") for heading in headings}

    links = set(re.findall(r"\(#([^)]+)\)", text))

    assert links
    assert links - anchors == set()


@pytest.mark.timeout(BUILD_SECONDS)
@pytest.mark.skipif(shutil.which("go") is None, reason="not installed: go")
def test_the_openapi_description_is_fresh() -> None:
    assert OPENAPI.read_text() == openapi(), "run: make proto"


def test_every_method_is_in_the_openapi_description() -> None:
    described = re.findall(r"operationId: VideoService_(\w+)", OPENAPI.read_text())

    assert sorted(described) == sorted(method.name for method in METHODS)
