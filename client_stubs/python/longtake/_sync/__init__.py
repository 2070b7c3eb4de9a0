# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The blocking client: all but transport.py is generated from the asyncio half."""
