# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the real programs, each in a process of its own, as an operator would."""
