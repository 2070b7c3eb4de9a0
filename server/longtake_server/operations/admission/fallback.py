# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Picks a fallback model for a request whose model has no quota left, if the caller allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.video_service_pb2 import GenerateVideosRequest

from longtake_server.errors import InvalidRequest, ModelRetired
from longtake_server.operations.model import Rerouted
from longtake_server.operations.requests.validation import validate

if TYPE_CHECKING:
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.requests.catalogue import Catalogue, ModelEntry
    from longtake_server.operations.upstream import Upstream


def rerouted(
    record: OperationRecord,
    request: GenerateVideosRequest,
    catalogue: Catalogue,
    upstream: Upstream,
) -> Rerouted | None:
    """Return the event that moves an operation to its next fallback model, or None.

    None if the request does not set allow_model_fallback, or no untried fallback can serve it.

    Args:
        record: A queued operation.
        request: Its request.
        catalogue: The models.
        upstream: The upstream of the operation, which also serves the fallbacks.

    """
    if not request.allow_model_fallback:
        return None
    for model in _untried(record, request, catalogue):
        entry = _if_accepted(model, request, catalogue, upstream)
        if entry is not None:
            return Rerouted(
                entry.id,
                f"{record.served_model} had no quota left, so {entry.id} serves the request "
                "(allow_model_fallback)",
                catalogue.bill(entry.id, request).cost_micros,
            )
    return None


def _untried(
    record: OperationRecord, request: GenerateVideosRequest, catalogue: Catalogue
) -> tuple[str, ...]:
    """Return the untried fallbacks of the model that was first chosen for the request."""
    entry = catalogue.serving(record.model)
    first = catalogue.get(entry.sibling(request.config.generation_mode) or "") if entry else None
    if first is None or record.served_model == first.id:
        return () if first is None else first.fallbacks
    if record.served_model not in first.fallbacks:
        # The operator changed the catalogue after the request was accepted.
        return ()
    return first.fallbacks[first.fallbacks.index(record.served_model) + 1 :]


def _if_accepted(
    model: str, request: GenerateVideosRequest, catalogue: Catalogue, upstream: Upstream
) -> ModelEntry | None:
    candidate = GenerateVideosRequest()
    candidate.CopyFrom(request)
    candidate.model = model
    candidate.config.generation_mode = GenerateVideosConfig.GENERATION_MODE_UNSPECIFIED
    try:
        return validate(
            candidate,
            catalogue,
            enforce_retirement=True,
            upstream_check=lambda _name, checked: upstream.check(checked),
        )
    except (InvalidRequest, ModelRetired):
        return None
