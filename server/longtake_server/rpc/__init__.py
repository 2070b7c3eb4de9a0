# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The gRPC layer: decodes requests, calls operations.service, encodes responses."""
