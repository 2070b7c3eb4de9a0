# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Generated code of the contract longtake.v1."""
