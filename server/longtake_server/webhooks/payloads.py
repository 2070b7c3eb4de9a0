# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The bodies of the requests, as Standard Webhooks 1.0 has them: type, timestamp and data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict

from longtake_server.webhooks.model import Threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.message import Message

    from longtake_server.operations.model import Failure, OperationRecord
    from longtake_server.webhooks.model import Event, WebhookKey

MOST_BYTES = 20_000
"""The largest body. Receivers of Standard Webhooks need not accept more."""

_LONGEST_MESSAGE = 2000
_SHORT_MESSAGE = 200


class Payloads:
    """Makes the bodies. The same event has the same body at each attempt.

    Args:
        operation: Converts a record to an operation of the contract.

    """

    def __init__(self, operation: Callable[[OperationRecord], Message]) -> None:
        self._operation = operation

    def body(self, event: Event, webhook: WebhookKey) -> bytes:
        """Return the JSON of an event, of at most MOST_BYTES.

        An operation is without its prompt and inputs. If it is too large, its labels, warnings and
        the end of its error's message are left out too, and `data.truncated` is true.
        """
        body = b""
        for data in self._data(event, webhook):
            body = _encoded(event, data)
            if len(body) <= MOST_BYTES:
                break
        return body

    def _data(self, event: Event, webhook: WebhookKey) -> Iterator[dict[str, Any]]:
        """Yield the data of an event, and for an operation shorter and shorter ones."""
        about = event.about
        if about is None:
            yield {"webhook": webhook.name}
        elif isinstance(about, Threshold):
            yield {
                "budget": {
                    "subject": about.subject,
                    "periodKey": about.period_key,
                    "measure": about.measure.value,
                    "percent": about.percent,
                }
            }
        else:
            whole = _without_inputs(about)
            yield {"operation": self._json(whole)}
            shorter = replace(whole, labels={}, failure=_cut(whole.failure, _LONGEST_MESSAGE))
            yield {"operation": self._json(shorter), "truncated": True}
            shortest = replace(
                shorter,
                warnings=(),
                filtered_reasons=(),
                failure=_cut(shorter.failure, _SHORT_MESSAGE),
            )
            yield {"operation": self._json(shortest), "truncated": True}

    def _json(self, record: OperationRecord) -> dict[str, Any]:
        return MessageToDict(self._operation(record))


def _without_inputs(record: OperationRecord) -> OperationRecord:
    """Return a record without what the request says, and details of types that may be unknown."""
    failure = None if record.failure is None else replace(record.failure, details=())
    return replace(record, prompt_excerpt="", last_refusal=None, failure=failure)


def _cut(failure: Failure | None, longest: int) -> Failure | None:
    return None if failure is None else replace(failure, message=failure.message[:longest])


def _encoded(event: Event, data: dict[str, Any]) -> bytes:
    time = event.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {"type": event.type.value, "timestamp": time, "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
