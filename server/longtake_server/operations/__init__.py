# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The heart: what an operation is, how it moves on, who may watch it."""
