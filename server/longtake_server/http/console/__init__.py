# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The console: pages in the browser, and the contract as JSON, which they call."""
