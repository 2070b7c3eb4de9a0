# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides when a queued operation is submitted, and to which region and model."""
