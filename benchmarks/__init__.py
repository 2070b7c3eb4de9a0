# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks, run by `make bench`. Most compare Longtake with a bare grpc.aio server."""
