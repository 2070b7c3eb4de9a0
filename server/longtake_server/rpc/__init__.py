# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The gRPC face: decodes, calls operations.service, encodes. No business rule."""
