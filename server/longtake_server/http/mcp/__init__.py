# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The door for agents: tools and resources by the Model Context Protocol."""
