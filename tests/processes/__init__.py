# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the real programs as child processes, as an operator would."""
