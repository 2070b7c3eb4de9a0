# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks: endpoints of principals, and the events that are delivered to them."""
