# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP listener: turns HTTP requests into the use cases of operations.service."""
