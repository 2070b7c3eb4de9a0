# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the credentials of a call into a principal. Knows neither gRPC nor SQL."""
