# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Picks a fallback model for a request whose model has no quota left, if the caller allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.video_service_pb2 import GenerateVideosRequest

from longtake_server.errors import InvalidRequest, ModelRetired
from longtake_server.operations.model import Rerouted
from longtake_server.operations.requests.catalogue import Bill
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
        if entry is None:
            continue
        cost = catalogue.bill(entry.id, request).cost_micros
        if _is_reserved(cost, record):
            return Rerouted(
                entry.id,
                f"{record.served_model} had no quota left, so {entry.id} serves the request "
                "(allow_model_fallback)",
                cost,
            )
    return None


def worst_case(
    bill: Bill,
    request: GenerateVideosRequest,
    served: ModelEntry,
    catalogue: Catalogue,
    upstream: Upstream,
) -> Bill:
    """Return the most that a request can cost and generate, by any model that may serve it.

    The cost is None if the price of one of them is unknown.

    Args:
        bill: The bill of the model that is to serve it.
        request: The request.
        served: That model.
        catalogue: The models.
        upstream: The upstream of the model, which also serves the fallbacks.

    """
    if not request.allow_model_fallback:
        return bill
    bills = [bill] + [
        catalogue.bill(model, request)
        for model in served.fallbacks
        if _if_accepted(model, request, catalogue, upstream) is not None
    ]
    costs = [bill.cost_micros for bill in bills]
    known = [cost for cost in costs if cost is not None]
    cost = max(known) if len(known) == len(costs) else None
    return Bill(max(bill.seconds for bill in bills), cost)


def _is_reserved(cost: int | None, record: OperationRecord) -> bool:
    """Return whether what an operation reserved covers a cost.

    It may not if the operator changed the catalogue after the request was accepted.
    """
    reserved = record.reserved_micros
    return reserved is None or (cost is not None and cost <= reserved)


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
