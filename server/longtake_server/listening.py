# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Says why an address cannot be listened on, and what to do about it."""

from __future__ import annotations

import errno
import socket

from longtake_server.configuration.addresses import split_address
from longtake_server.errors import StartFailure

_ADVICE = {
    errno.EADDRINUSE: "another program listens there; stop it, or set {setting} to a free port",
    errno.EACCES: "this user may not listen on the port; set {setting} to a port above 1023",
    errno.EADDRNOTAVAIL: "this machine does not have that address; set {setting} to one that it "
    "has, or to 0.0.0.0 for all",
}


def cannot_listen(address: str, setting: str, error: OSError) -> StartFailure:
    """Return the failure to listen on an address.

    Args:
        address: The address, `host:port`.
        setting: The variable that sets it.
        error: What the operating system or the resolver said.

    """
    if isinstance(error, socket.gaierror):
        advice = "the host name has no address here; correct {setting}"
    else:
        advice = _ADVICE.get(error.errno or 0, f"{error.strerror}; correct {{setting}}")
    return StartFailure(f"cannot listen on {address}: {advice.format(setting=setting)}")


def check_free(address: str, setting: str) -> None:
    """Return if the address can be listened on now. Blocks while a host name is resolved.

    gRPC only says that it failed, and logs the cause in lines of its own.

    Raises:
        StartFailure: It cannot, with the cause and what to do.

    """
    host, port = split_address(address)
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
    except OSError as error:
        raise cannot_listen(address, setting, error) from error
    faults = [fault for family, _, _, _, place in found if (fault := _fault(family, place))]
    taken = [fault for fault in faults if fault.errno == errno.EADDRINUSE]
    # A name may stand for addresses of which this machine lacks some, as localhost for ::1.
    if taken or len(faults) == len(found):
        fault = (taken or faults)[0]
        raise cannot_listen(address, setting, fault) from fault


def _fault(family: int, place: tuple[object, ...]) -> OSError | None:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            probe.listen(1)
    except OSError as error:
        return error
    return None
