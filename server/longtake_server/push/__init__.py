# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What upstreams push over HTTP: hints that a poll is due now, never the truth."""
