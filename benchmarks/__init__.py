# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures each budget of the service against a bare grpc.aio server: `make bench`."""
