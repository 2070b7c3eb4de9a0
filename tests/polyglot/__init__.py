# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every language's client, driven against the real server."""
