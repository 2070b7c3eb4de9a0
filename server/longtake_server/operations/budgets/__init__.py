# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What principals may spend: limits, periods, reservations and the rate of requests. No I/O."""
