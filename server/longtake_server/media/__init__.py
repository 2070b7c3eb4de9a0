# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Stores videos as objects."""
