# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command line `longtake`. The only part of the client that uses typer and rich."""

from longtake.cli.app import main

__all__ = ["main"]
