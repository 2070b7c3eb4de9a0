# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Fakes for tests: a manual clock, and upstreams and servers that follow a script."""
