# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The client on an event loop. The blocking half is generated from this folder."""
