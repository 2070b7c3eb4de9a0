# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves Google's video APIs on a loopback port and renders real MP4s, without a model."""
