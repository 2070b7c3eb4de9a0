# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Where operations are stored: implementations of operations.store."""
