# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Logs, traces and metrics. Names, sizes and outcomes are recorded, prompts and media never."""

from longtake_server.telemetry.recording import Telemetry

__all__ = ["Telemetry"]
