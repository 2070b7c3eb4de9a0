# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Speaks Google's video API on a loopback port and renders real MP4s; it is no generative model."""
