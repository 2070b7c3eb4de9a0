# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Which other model serves a request whose model has no quota left, where that is allowed."""

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
    """Return the change to the next fallback that serves the request, None if there is none.

    Args:
        record: A queued operation.
        request: What it asks for.
        catalogue: The models.
        upstream: The one that serves them.

    """
    if not request.allow_model_fallback:
        return None
    for model in _left(record, request, catalogue):
        entry = _accepting(model, request, catalogue, upstream)
        if entry is not None:
            return Rerouted(
                entry.id,
                f"{record.served_model} had no quota left; {entry.id} serves the request, as "
                "allow_model_fallback allows",
                catalogue.bill(entry.id, request).cost_micros,
            )
    return None


def _left(
    record: OperationRecord, request: GenerateVideosRequest, catalogue: Catalogue
) -> tuple[str, ...]:
    """Return what was not tried of the fallbacks of the model that was to serve it at first."""
    entry = catalogue.serving(record.model)
    first = catalogue.get(entry.sibling(request.config.generation_mode) or "") if entry else None
    if first is None or record.served_model == first.id:
        return () if first is None else first.fallbacks
    if record.served_model not in first.fallbacks:
        # The operator's catalogue was another when it came.
        return ()
    return first.fallbacks[first.fallbacks.index(record.served_model) + 1 :]


def _accepting(
    model: str, request: GenerateVideosRequest, catalogue: Catalogue, upstream: Upstream
) -> ModelEntry | None:
    asked = GenerateVideosRequest()
    asked.CopyFrom(request)
    asked.model = model
    asked.config.generation_mode = GenerateVideosConfig.GENERATION_MODE_UNSPECIFIED
    try:
        return validate(
            asked,
            catalogue,
            enforce_retirement=True,
            upstream_check=lambda _name, checked: upstream.check(checked),
        )
    except (InvalidRequest, ModelRetired):
        return None
