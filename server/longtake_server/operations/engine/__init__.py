# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What one process at a time runs: submit, poll, end and remove operations."""
