# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every setting of the server. They are read once, at the start, and never change.

A setting is given as a LONGTAKE_* variable or as a key of a TOML file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from longtake_server.configuration.callers import CALLER_RULES
from longtake_server.configuration.databases import DATABASE_RULES
from longtake_server.configuration.exposure import EXPOSURE_RULES
from longtake_server.configuration.loading import Rule, load
from longtake_server.configuration.proxies import proxy_rule
from longtake_server.configuration.pushes import PUSH_RULES
from longtake_server.configuration.upstreams import UPSTREAM_RULES
from longtake_server.configuration.values import (
    Authentications,
    CollectorAddress,
    Count,
    DatabaseUrl,
    Days,
    DocumentAddress,
    Email,
    File,
    Flag,
    Folder,
    GrpcSeconds,
    HttpAddress,
    InFlightBytes,
    Insecurities,
    Latency,
    ListenAddress,
    Location,
    Locations,
    MediaPlace,
    MetadataKey,
    MetricPrincipals,
    Networks,
    PemFile,
    Project,
    RequestBytes,
    Seconds,
    Secret,
    SigningSecret,
    Text,
    WholeSeconds,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_MEBIBYTE = 1 << 20


class Settings(BaseModel):
    """The settings of a server. docs/operations.md lists them; a test keeps both equal."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    listen: ListenAddress = Field(
        default="127.0.0.1:50051", description="Address that the gRPC server listens on."
    )
    tls_certificate: PemFile | None = Field(
        default=None,
        description="Certificate of the server, followed by the intermediate ones. With it, every "
        "gRPC address speaks TLS only. Needs `LONGTAKE_TLS_KEY`.",
    )
    tls_key: PemFile | None = Field(
        default=None, description="Private key of the certificate, without a password."
    )
    mtls_listen: ListenAddress | None = Field(
        default=None,
        description="Second address of the gRPC server. Clients must present a certificate there. "
        "Needs `LONGTAKE_TLS_CERTIFICATE`.",
    )
    mtls_client_ca: PemFile | None = Field(
        default=None,
        description="Certificates of the authorities that issue the certificates of clients.",
    )
    http_listen: ListenAddress | None = Field(
        default=None,
        description="Address of the HTTP server for callers, with the same TLS files and the same "
        "authentication as the gRPC server. Default: none.",
    )
    http_mtls_listen: ListenAddress | None = Field(
        default=None,
        description="Second address of the HTTP server. Clients must present a certificate there. "
        "Needs `LONGTAKE_HTTP_LISTEN` and `LONGTAKE_MTLS_CLIENT_CA`.",
    )
    public_url: HttpAddress | None = Field(
        default=None,
        description="Base URL at which callers reach the HTTP server, for the addresses that it "
        "signs. `http://` is for loopback addresses, unless `LONGTAKE_INSECURE` has plaintext. "
        "Default: that of `LONGTAKE_HTTP_LISTEN` if it is a loopback address.",
    )
    console: Flag = Field(
        default=True,
        description="Whether the HTTP server serves the console, pages for people, at `/`.",
    )
    google_results: Literal["inline", "addresses"] = Field(
        default="inline",
        description="How results come on Google's wire: as base64, or as signed addresses that "
        "last an hour. A key may have a setting of its own.",
    )
    mcp: Flag = Field(
        default=True,
        description="Whether the HTTP server serves agents at `/mcp`, by the Model Context "
        "Protocol.",
    )
    video_url_longest_seconds: WholeSeconds = Field(
        default=604_800, description="Longest lifetime of a signed address of a video."
    )
    video_url_redirect: Flag = Field(
        default=False,
        description="Whether signed addresses of videos in gs:// or s3:// redirect to addresses "
        "that the bucket signs, so that the bytes do not pass through the server.",
    )
    insecure: Insecurities = Field(
        default=(),
        description="What you allow on an address that is not a loopback address. Default: "
        "without TLS and authentication, the server does not start there.",
    )
    data_folder: Folder = Field(
        default=Path("data"),
        description="Folder of the database and, by default, of the videos. The server makes it "
        "if it does not exist.",
    )
    database_url: DatabaseUrl | None = Field(
        default=None,
        description="PostgreSQL database that several servers share. Several hosts and `sslmode` "
        "are parts of the URL. Default: a file in the data folder, for one server.",
    )
    database_wait_seconds: Latency = Field(
        default=30.0,
        description="How long the start waits for a PostgreSQL database that cannot be reached.",
    )
    media_url: MediaPlace | None = Field(
        default=None,
        description="Where videos are stored. Default: the folder `media` in the data folder.",
    )
    retain_results: Flag = Field(
        default=False,
        description="Whether to copy results that the upstream keeps to `LONGTAKE_MEDIA_URL` "
        "before they expire.",
    )
    upstream: Literal["simulator", "agent_platform"] = Field(
        default="simulator",
        description="What generates videos: the embedded simulator, or Google.",
    )
    catalogue_file: File | None = Field(
        default=None, description="TOML file that changes or extends the catalogue of models."
    )
    budgets_file: File | None = Field(
        default=None,
        description="TOML file of budgets and limits. The server follows its changes.",
    )
    webhooks_file: File | None = Field(
        default=None,
        description="TOML file of webhooks of principals. The server follows its changes.",
    )
    max_webhooks_per_caller: Count = Field(
        default=10,
        description="Most webhooks of one principal, without those of `LONGTAKE_WEBHOOKS_FILE`.",
    )
    webhook_allowed_networks: Networks = Field(
        default=(),
        description="Networks in which webhooks may be called although their addresses are not "
        "public, and without TLS: for tests and for receivers beside the server. Default: none.",
    )
    google_project: Project | None = Field(
        default=None, description="Google Cloud project that calls to the Agent Platform belong to."
    )
    google_location: Location = Field(
        default="us-central1", description="Location of the Agent Platform that serves Veo."
    )
    google_fallback_locations: Locations = Field(
        default=(),
        description="Further locations for Veo, in order. Each one takes what the locations "
        "before it have no capacity for.",
    )
    google_base_url: HttpAddress | None = Field(
        default=None,
        description="Base URL to call in place of the Agent Platform's, for example a simulator's.",
    )
    google_storage_url: HttpAddress = Field(
        default="https://storage.googleapis.com",
        description="Base URL from which gs:// objects are read.",
    )
    google_api_version: Literal["v1", "v1beta1"] = Field(
        default="v1", description="Version of the Agent Platform's API that Veo is called with."
    )
    google_api_key: Secret | None = Field(
        default=None,
        description="API key of the Agent Platform, used instead of application default "
        "credentials. Without a project it selects express mode.",
    )
    gemini_api_key: Secret | None = Field(
        default=None,
        description="API key of the Gemini Developer API. If it is set, Omni models are served "
        "there; otherwise by the Agent Platform.",
    )
    gemini_base_url: HttpAddress | None = Field(
        default=None, description="Base URL to call in place of the Gemini Developer API's."
    )
    google_access_token: Secret | None = Field(
        default=None,
        description="Fixed OAuth token, used instead of application default credentials. For "
        "tests: it is never renewed.",
    )
    simulator_latency_seconds: Latency = Field(
        default=6.0, description="Least time that the embedded simulator takes for a video."
    )
    retention_days: Days = Field(
        default=30.0, description="How long an operation and its videos are kept after it ends."
    )
    tombstone_days: Days = Field(
        default=7.0, description="How long WatchOperations can report a deletion."
    )
    queue_limit_seconds: Seconds = Field(
        default=86400.0, description="How long an operation may wait for the upstream to accept it."
    )
    generation_limit_seconds: Seconds = Field(
        default=3600.0, description="How long a generation may run at the upstream."
    )
    poll_shortest_seconds: Seconds = Field(
        default=0.5, description="Shortest time between two polls of an operation."
    )
    poll_longest_seconds: Seconds = Field(
        default=120.0, description="Longest time between two polls of an operation."
    )
    poll_delay_seconds: Seconds = Field(
        default=0.75,
        description="Average delay to aim for between the end of a generation and the poll that "
        "sees it. Polls are timed by how long earlier generations took.",
    )
    poll_average_seconds: Seconds = Field(
        default=20.0,
        description="Budget of polls: on average at most one in this many seconds of generation.",
    )
    max_polls_per_second: Count = Field(
        default=50,
        description="Most polls of one upstream in any second. The generations that have most "
        "likely ended are polled first.",
    )
    backoff_first_seconds: Seconds = Field(
        default=1.0,
        description="Wait after the first refusal by the upstream. It doubles with each refusal.",
    )
    backoff_longest_seconds: Seconds = Field(
        default=60.0, description="Longest wait after a refusal by the upstream."
    )
    trust_caller_header: MetadataKey | None = Field(
        default=None,
        description="Metadata key, for example `x-longtake-caller`, in which an authenticating "
        "proxy names the caller. Default: all calls are one caller's.",
    )
    authentication: Authentications = Field(
        default=(),
        description="How callers prove who they are. Default: they do not, and may do everything.",
    )
    identity_file: File | None = Field(
        default=None,
        description="TOML file of the token issuers and certificate identities that are admitted, "
        "with their roles.",
    )
    max_upstream_calls: Count = Field(
        default=64, description="Most submissions and polls under way at the same time."
    )
    max_request_bytes: RequestBytes = Field(
        default=32 * _MEBIBYTE, description="Largest request message that is accepted."
    )
    max_request_bytes_in_flight: InFlightBytes = Field(
        default=128 * _MEBIBYTE,
        description="Most request bytes that all calls hold together. A request that is alone "
        "always fits.",
    )
    max_calls_per_connection: Count = Field(
        default=1000,
        description="Most concurrent calls on one connection, watches included. A client makes "
        "further calls wait until one ends.",
    )
    max_watches: Count = Field(
        default=20000, description="Most watches and waits open at the same time."
    )
    max_watches_per_caller: Count | None = Field(
        default=None,
        description="Most watches and waits of one caller. Default: `LONGTAKE_MAX_WATCHES`.",
    )
    max_connection_age_seconds: GrpcSeconds | None = Field(
        default=None,
        description="Age at which a connection is closed, so that clients reconnect, perhaps to "
        "another server. Its calls get `LONGTAKE_GRACE_SECONDS` to end. gRPC varies the age by "
        "up to a tenth. Default: no limit.",
    )
    send_timeout_seconds: Seconds = Field(
        default=60.0, description="How long a stream waits for a client that does not read."
    )
    drain_seconds: Latency = Field(
        default=0.0,
        description="How long calls are served at shutdown after health reports NOT_SERVING, so "
        "that load balancers stop sending them first.",
    )
    grace_seconds: GrpcSeconds = Field(
        default=20.0, description="How long calls under way may take at shutdown."
    )
    push_listen: ListenAddress | None = Field(
        default=None,
        description="Address of the HTTP server for webhooks and Pub/Sub pushes. Default: none.",
    )
    push_webhook_secret: SigningSecret | None = Field(
        default=None, description="Signing secret of static webhooks."
    )
    push_jwks_url: DocumentAddress | None = Field(
        default=None,
        description="Address of the public keys of dynamic webhooks. Default: Google's, if "
        "`LONGTAKE_PUSH_AUDIENCE` is set.",
    )
    push_audience: Text | None = Field(
        default=None,
        description="Audience that dynamic webhooks must name. Default: any, if "
        "`LONGTAKE_PUSH_JWKS_URL` is set.",
    )
    push_pubsub_audience: Text | None = Field(
        default=None, description="Audience of the Pub/Sub push subscription."
    )
    push_pubsub_email: Email | None = Field(
        default=None, description="Service account of the Pub/Sub push subscription."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level that is logged."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="Format of a log line.")
    otlp_endpoint: CollectorAddress | None = Field(
        default=None,
        description="OTLP/gRPC collector that receives traces and metrics. Default: none.",
    )
    ops_listen: ListenAddress | None = Field(
        default=None,
        description="Address of the plain HTTP server for `/livez`, `/readyz` and `/metrics`. Keep "
        "it private. Default: none.",
    )
    metric_principals: MetricPrincipals = Field(
        default=0,
        description="How many principals metrics distinguish, in the order in which they appear; "
        "all others are `other`. `true` stands for 100, `false` for 0.",
    )

    @property
    def database_file(self) -> Path:
        """The file of the database."""
        return self.data_folder / "longtake.db"


def load_settings(file: Path | None) -> Settings:
    """Read the settings from the environment and, if given, a TOML file.

    Raises:
        WrongSettings: A value or a name is wrong, or the file cannot be read; holds
            every fault.

    """
    rules: tuple[Rule[Settings], ...] = (*_RULES, proxy_rule(os.environ))
    return load(Settings, rules, os.environ, file)


def _ordered(shorter: str, longer: str) -> Rule[Settings]:
    def broken(settings: Settings, name: Callable[[str], str]) -> str | None:
        least, most = getattr(settings, shorter), getattr(settings, longer)
        if least <= most:
            return None
        return f"{name(shorter)} ({least:g}) must not be greater than {name(longer)} ({most:g} s)"

    return Rule((shorter, longer), broken)


_RULES: tuple[Rule[Settings], ...] = (
    *EXPOSURE_RULES,
    *DATABASE_RULES,
    *UPSTREAM_RULES,
    _ordered("poll_shortest_seconds", "poll_longest_seconds"),
    _ordered("backoff_first_seconds", "backoff_longest_seconds"),
    *PUSH_RULES,
    *CALLER_RULES,
)
