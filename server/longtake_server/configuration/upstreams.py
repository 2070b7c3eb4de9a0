# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Rules about the upstream and its credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from longtake_server.configuration.loading import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import SecretStr

    Name = Callable[[str], str]


class Upstreams(Protocol):
    """The settings that these rules read."""

    model_fields: ClassVar[Mapping[str, Any]]
    """All settings by name, in order."""

    @property
    def model_fields_set(self) -> set[str]:
        """The settings that are given."""

    @property
    def upstream(self) -> str:
        """What generates videos."""

    @property
    def google_project(self) -> str | None:
        """Google Cloud project of the calls."""

    @property
    def google_location(self) -> str:
        """Location that serves Veo."""

    @property
    def google_fallback_locations(self) -> tuple[str, ...]:
        """Further locations."""

    @property
    def google_api_key(self) -> SecretStr | None:
        """API key of the Agent Platform."""

    @property
    def google_access_token(self) -> SecretStr | None:
        """Fixed OAuth token."""

    @property
    def gemini_api_key(self) -> SecretStr | None:
        """API key of the Gemini Developer API."""

    @property
    def gemini_base_url(self) -> str | None:
        """Base URL in place of the Gemini Developer API's."""


def _upstream_is_chosen(settings: Upstreams, name: Name) -> str | None:
    given = [one for one in type(settings).model_fields if one in settings.model_fields_set]
    google = [one for one in given if one.startswith(("google_", "gemini_"))]
    if "upstream" in given or not google:
        return None
    return (
        f"{name('upstream')} is not set, and {name(google[0])} has no effect on the simulator; "
        "set it to agent_platform to use Google, or to simulator to use the simulator all the same"
    )


def _google_is_complete(settings: Upstreams, name: Name) -> str | None:
    if settings.upstream != "agent_platform":
        return None
    if settings.google_project or settings.google_api_key or settings.gemini_api_key:
        return None
    return (
        f"{name('upstream')} is agent_platform, which needs {name('google_project')}, "
        f"{name('google_api_key')} or {name('gemini_api_key')}"
    )


def _one_google_credential(settings: Upstreams, name: Name) -> str | None:
    if settings.google_api_key is None or settings.google_access_token is None:
        return None
    return f"give either {name('google_api_key')} or {name('google_access_token')}, not both"


def _fallbacks_differ(settings: Upstreams, name: Name) -> str | None:
    locations = (settings.google_location, *settings.google_fallback_locations)
    if len(set(locations)) == len(locations):
        return None
    return (
        f"{name('google_fallback_locations')} must name each location once, and not "
        f"{name('google_location')}, which is {settings.google_location}"
    )


def _fallbacks_have_a_project(settings: Upstreams, name: Name) -> str | None:
    if not settings.google_fallback_locations or settings.google_project:
        return None
    return f"{name('google_fallback_locations')} needs {name('google_project')}"


def _gemini_url_has_a_key(settings: Upstreams, name: Name) -> str | None:
    if settings.gemini_base_url is None or settings.gemini_api_key is not None:
        return None
    return f"{name('gemini_base_url')} needs {name('gemini_api_key')}"


_CREDENTIALS = ("google_project", "google_api_key", "gemini_api_key")

UPSTREAM_RULES: tuple[Rule[Any], ...] = (
    Rule(("upstream",), _upstream_is_chosen),
    Rule(("upstream", *_CREDENTIALS), _google_is_complete),
    Rule(("google_api_key", "google_access_token"), _one_google_credential),
    Rule(("google_location", "google_fallback_locations"), _fallbacks_differ),
    Rule(("google_project", "google_fallback_locations"), _fallbacks_have_a_project),
    Rule(("gemini_base_url", "gemini_api_key"), _gemini_url_has_a_key),
)
"""The rules, for settings that are `Upstreams`."""
