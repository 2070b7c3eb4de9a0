# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Receives notifications from upstreams over HTTP. They make polls due; polls decide."""
