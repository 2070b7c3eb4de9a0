# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Which requests are accepted: the models, and the checks of a request against them."""
