# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The few fakes: a clock that is turned by hand, and an upstream that follows a script."""
