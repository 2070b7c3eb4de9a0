# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages whose encoding is kept, so that no language and no version reads another."""
