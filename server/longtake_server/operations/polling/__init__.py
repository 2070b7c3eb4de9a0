# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides when a running generation is polled."""
