# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Stores operations in PostgreSQL: implements operations.store for many processes."""
