# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's wire as a door: the paths, bodies and answers that Google's SDKs know."""
