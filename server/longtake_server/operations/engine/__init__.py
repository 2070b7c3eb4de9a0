# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Submits, polls, finishes and removes operations. One process at a time runs this."""
