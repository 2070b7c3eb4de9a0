# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures the service against a bare grpc.aio server in the same run: `make bench`."""
