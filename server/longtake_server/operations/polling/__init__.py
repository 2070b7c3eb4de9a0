# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""When a running generation is polled."""
