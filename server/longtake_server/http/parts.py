# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the routes of the HTTP listener share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.http.signer import UrlSigner
    from longtake_server.identity.authentication import Authenticator
    from longtake_server.operations.service import VideoOperations
    from longtake_server.rpc.request_budget import RequestBudget
    from longtake_server.telemetry import Telemetry
    from longtake_server.webhooks.service import Webhooks


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """The settings of the HTTP listener.

    Attributes:
        caller_header: The header, in lower case, in which a trusted proxy names the caller; None
            if there is no such proxy.
        max_request_bytes: The largest body of a request.
        send_timeout_seconds: How long a reader may leave a part of a response unread.
        redirects: Whether signed addresses redirect to those of the media store, if it signs.
        own_pages_only: Whether pages of other sites are refused, since no request needs a
            credential that they lack.
        public_url: The base URL at which callers reach the server, None for its own address.
        console: Whether the console is served.
        google_results: How results come on Google's wire, `inline` or `addresses`, unless the
            caller's key says otherwise.
        agents: Whether agents are served at /mcp.
    """

    caller_header: str | None
    max_request_bytes: int
    send_timeout_seconds: float
    redirects: bool = False
    own_pages_only: bool = False
    public_url: str | None = None
    console: bool = False
    google_results: str = "inline"
    agents: bool = True


@dataclass(frozen=True, slots=True)
class DoorParts:
    """What the routes of the HTTP listener share.

    Attributes:
        service: The use cases.
        authenticator: Turns what a request presents into its principal.
        clock: Time.
        settings: The settings of the listener.
        signer: Proves the grants of signed addresses.
        budget: Bounds the bytes of the requests in flight, together with those of gRPC.
        telemetry: Records spans and metrics.
        webhooks: The use cases of webhooks.
    """

    service: VideoOperations
    authenticator: Authenticator
    clock: Clock
    settings: DoorSettings
    signer: UrlSigner
    budget: RequestBudget
    telemetry: Telemetry
    webhooks: Webhooks
