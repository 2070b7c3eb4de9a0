# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Probes and metrics for operators, over plain HTTP on a port of their own."""
