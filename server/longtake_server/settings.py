# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every setting, read once and frozen: LONGTAKE_* variables, or a TOML file.

A variable goes before the file. All faults are told at once.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from longtake_server.errors import StartFailure

_MEBIBYTE = 1 << 20
_SHORTEST_SECRET_BYTES = 16


def _signing_secret(secret: SecretStr) -> SecretStr:
    try:
        key = base64.b64decode(secret.get_secret_value().removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) < _SHORTEST_SECRET_BYTES:
        msg = f"accepted is base64 of at least {_SHORTEST_SECRET_BYTES} bytes, after whsec_ or not"
        raise ValueError(msg)
    return secret


def _locations(value: object) -> object:
    """Return the parts of a text with commas; a TOML file may have a list."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


Location = Annotated[str, Field(pattern="^[a-z0-9-]+$")]
Locations = Annotated[
    tuple[Location, ...], NoDecode, BeforeValidator(_locations), Field(max_length=16)
]
Seconds = Annotated[float, Field(gt=0)]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]


class Settings(BaseSettings):
    """The settings of a server. docs/operations.md lists them; a test keeps both equal."""

    model_config = SettingsConfigDict(env_prefix="LONGTAKE_", frozen=True, extra="forbid")

    listen: str = Field(default="127.0.0.1:50051", description="Address of the gRPC server.")
    data_folder: Path = Field(
        default=Path("data"), description="Folder of the database and the videos."
    )
    media_url: str | None = Field(
        default=None,
        description="Where videos are kept: a folder or gs:// or s3:// address. "
        "Default: the folder media in the data folder.",
    )
    retain_results: bool = Field(
        default=False,
        description="Whether results at the upstream are copied to media_url before they expire.",
    )
    upstream: Literal["simulator", "agent_platform"] = Field(
        default="simulator", description="Who generates: the embedded simulator, or Google's Veo."
    )
    catalogue_file: Path | None = Field(
        default=None, description="TOML file that adds to the catalogue of models, or changes it."
    )
    google_project: str | None = Field(
        default=None, description="Google Cloud project of the Agent Platform."
    )
    google_location: str = Field(
        default="us-central1", description="Location of the Agent Platform."
    )
    google_fallback_locations: Locations = Field(
        default=(),
        description="Locations, with commas between them, of which the next serves what the one "
        "before has no place for. Default: none.",
    )
    google_base_url: str | None = Field(
        default=None, description="Another address than Google's, for example a simulator's."
    )
    google_storage_url: str = Field(
        default="https://storage.googleapis.com",
        description="Address that gs:// objects are read from.",
    )
    google_api_version: Literal["v1", "v1beta1"] = Field(
        default="v1", description="Version of the Agent Platform's API that Veo is called by."
    )
    google_api_key: SecretStr | None = Field(
        default=None,
        description="API key of the Agent Platform in place of application default credentials; "
        "without a project, in express mode.",
    )
    gemini_api_key: SecretStr | None = Field(
        default=None,
        description="Key of the Gemini Developer API. With it Omni models are served there, "
        "else on the Agent Platform.",
    )
    gemini_base_url: str | None = Field(
        default=None, description="Another address than the Gemini Developer API's."
    )
    google_access_token: SecretStr | None = Field(
        default=None,
        description="Fixed token in place of application default credentials, for tests.",
    )
    simulator_latency_seconds: float = Field(
        default=6.0,
        ge=0,
        description="How long the embedded simulator takes for a video, at least.",
    )
    retention_days: Annotated[float, Field(gt=0)] = Field(
        default=30.0, description="How long an operation and its videos are kept after its end."
    )
    tombstone_days: Annotated[float, Field(gt=0)] = Field(
        default=7.0, description="How long a deletion is remembered for WatchOperations."
    )
    queue_limit_seconds: Seconds = Field(
        default=86400.0, description="How long a generation may wait to be accepted upstream."
    )
    generation_limit_seconds: Seconds = Field(
        default=3600.0, description="How long a generation may run upstream."
    )
    poll_shortest_seconds: Seconds = Field(
        default=0.5, description="Least time between two polls of an operation."
    )
    poll_longest_seconds: Seconds = Field(
        default=120.0, description="Most time between two polls of an operation."
    )
    poll_delay_seconds: Seconds = Field(
        default=0.75,
        description="From the end of a generation to the poll that sees it, on average: polls "
        "are placed by how long those before took, as few as reach this.",
    )
    poll_average_seconds: Seconds = Field(
        default=20.0,
        description="Bound of the polls: one in so many seconds of generation, on average.",
    )
    max_polls_per_second: Annotated[int, Field(ge=1)] = Field(
        default=50,
        description="Polls of one upstream in any second. Those that have likely ended go first.",
    )
    backoff_first_seconds: Seconds = Field(
        default=1.0, description="Wait after the first refusal by the upstream; doubles each time."
    )
    backoff_longest_seconds: Seconds = Field(default=60.0, description="Longest such wait.")
    trust_caller_header: str | None = Field(
        default=None,
        pattern="^[a-z0-9_.-]+$",
        description="Metadata key, for example `x-longtake-caller`, by which a proxy that "
        "authenticates says who calls. Default: all callers are one.",
    )
    max_upstream_calls: Annotated[int, Field(ge=1)] = Field(
        default=64, description="Submissions and polls at the same time."
    )
    max_request_bytes: Annotated[int, Field(ge=1024, le=60 * _MEBIBYTE)] = Field(
        default=32 * _MEBIBYTE, description="Largest request message."
    )
    max_watches: Annotated[int, Field(ge=1)] = Field(
        default=20000, description="Watches and waits at the same time."
    )
    max_watches_per_caller: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Those of one caller. Default: no other limit than that of all together.",
    )
    max_connection_age_seconds: Seconds | None = Field(
        default=None,
        description="How long a connection lives, about; then its clients connect anew, perhaps "
        "to another server, and calls under way get `LONGTAKE_GRACE_SECONDS` to end. "
        "Default: for ever.",
    )
    send_timeout_seconds: Seconds = Field(
        default=60.0,
        description="How long a reader may take no message before its stream is ended.",
    )
    grace_seconds: Seconds = Field(
        default=20.0, description="How long calls under way may take at shutdown."
    )
    push_listen: str | None = Field(
        default=None,
        description="Address of the HTTP server for webhooks and Pub/Sub push. Default: none.",
    )
    push_webhook_secret: SigningSecret | None = Field(
        default=None, description="Signing secret of static webhooks, `whsec_` and base64."
    )
    push_jwks_url: str | None = Field(
        default=None,
        pattern="^https?://",
        description="Address of the keys of dynamic webhooks. "
        "Default: Google's, if `LONGTAKE_PUSH_AUDIENCE` is set.",
    )
    push_audience: str | None = Field(
        default=None,
        min_length=1,
        description="Audience of dynamic webhooks. Default: any, if a keys' address is set.",
    )
    push_pubsub_audience: str | None = Field(
        default=None, min_length=1, description="Audience of the Pub/Sub push subscription."
    )
    push_pubsub_email: str | None = Field(
        default=None,
        min_length=1,
        description="Service account of the Pub/Sub push subscription.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="Form of a log line.")
    otlp_endpoint: str | None = Field(
        default=None,
        description="OTLP/gRPC collector for traces and metrics. Default: none are made.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if self.upstream == "agent_platform" and not (self.google_project or self.google_api_key):
            msg = "google_project or google_api_key is required when upstream is agent_platform"
            raise ValueError(msg)
        locations = (self.google_location, *self.google_fallback_locations)
        if len(set(locations)) < len(locations):
            msg = "google_fallback_locations must name each location once, and not google_location"
            raise ValueError(msg)
        if self.google_fallback_locations and not self.google_project:
            msg = "google_project is required when google_fallback_locations are given"
            raise ValueError(msg)
        if self.poll_shortest_seconds > self.poll_longest_seconds:
            msg = "poll_shortest_seconds must not be greater than poll_longest_seconds"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _push_is_verified(self) -> Settings:
        pubsub = (self.push_pubsub_audience, self.push_pubsub_email)
        if any(pubsub) and not all(pubsub):
            msg = "push_pubsub_audience and push_pubsub_email are required together"
            raise ValueError(msg)
        ways = (self.push_webhook_secret, self.push_jwks_url, self.push_audience, *pubsub)
        if self.push_listen is not None and not any(ways):
            msg = (
                "push_listen requires a way to verify what comes: push_webhook_secret, "
                "push_audience, push_jwks_url, or push_pubsub_audience and push_pubsub_email"
            )
            raise ValueError(msg)
        return self


def load_settings(file: Path | None) -> Settings:
    """Read the settings from the environment and, if given, a TOML file.

    Raises:
        StartFailure: Settings are wrong or unknown, or the file cannot be read;
            all faults in one line.

    """
    if file is not None and not file.is_file():
        raise StartFailure(f"the settings file {file} does not exist")

    class FileAndEnvironment(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            _ = init_settings, dotenv_settings, file_secret_settings
            if file is None:
                return (env_settings,)
            return (env_settings, TomlConfigSettingsSource(settings_cls, file))

    try:
        return FileAndEnvironment()
    except ValidationError as error:
        raise StartFailure(f"wrong settings: {_faults(error)}") from error
    except (OSError, ValueError) as error:
        raise StartFailure(f"the settings file {file} cannot be read: {error}") from error


def _faults(error: ValidationError) -> str:
    # Without the input: a wrong value may be a secret in the wrong place.
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, fault["loc"])), fault["msg"])))
        for fault in error.errors(include_url=False, include_input=False)
    )
