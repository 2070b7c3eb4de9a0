# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""All targets that run in process."""

from __future__ import annotations

from fuzz.fuzz_agents import AGENTS
from fuzz.fuzz_bodies import BODIES
from fuzz.fuzz_calls import CALLS
from fuzz.fuzz_credentials import CREDENTIALS
from fuzz.fuzz_google import GOOGLE
from fuzz.fuzz_interactions import INTERACTIONS
from fuzz.fuzz_texts import TEXTS

_ALL = (*TEXTS, *BODIES, *GOOGLE, *INTERACTIONS, *AGENTS, *CREDENTIALS, *CALLS)
TARGETS = {target.name: target for target in _ALL}
"""The targets by name."""
