# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The asynchronous client. Every `Client` has one as `client.aio`."""

from longtake._async.client import AsyncClient

__all__ = ["AsyncClient"]
