# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What is reported to the operator. None of these reaches a caller."""

from __future__ import annotations


class StorageLost(Exception):
    """The database files were removed or replaced, so the server stops. The message is one line.

    Never reaches a caller; `longtake-server` prints it and exits with 1.
    """


class StartFailure(Exception):
    """The server cannot start. The message has one line for each fault, with what to do.

    Never reaches a caller; `longtake-server` prints it and exits with 1.
    """


class CertificateRefused(StartFailure):
    """The TLS files cannot be used. The message names the setting of the file that is wrong.

    At the start it ends the server. Later, the server keeps the certificate that it has.
    """


class CheckFailed(Exception):
    """A check of `longtake-server check-config --probe` failed. The message says what to do."""
