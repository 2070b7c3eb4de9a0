# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How settings are read and checked, whatever the settings are."""
