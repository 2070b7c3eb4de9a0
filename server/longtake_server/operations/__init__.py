# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The core: operations, their state machine, and the services that process and watch them."""
