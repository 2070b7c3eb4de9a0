# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every metric of the server: its name, kind, unit, meaning and attributes.

docs/operations.md lists them; a test keeps both equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# OpenTelemetry's default buckets end at 10,000 and suit milliseconds.
_CALL_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_DELAY_BUCKETS = (0.001, 0.0025, *_CALL_BUCKETS, 30.0, 60.0)
_DELIVERY_BUCKETS = (*_CALL_BUCKETS[1:], 30.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0, 86400.0)
_STREAM_BUCKETS = (0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 14400.0, 86400.0)
_OPERATION_BUCKETS = (
    *(5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 240.0, 300.0),
    *(420.0, 600.0, 900.0, 1200.0, 1800.0, 2700.0, 3600.0),
)

PRINCIPAL = "longtake.principal"
"""The attribute that LONGTAKE_METRIC_PRINCIPALS adds."""

_RPC = ("rpc.system.name", "rpc.method", "rpc.response.status_code", "error.type")


class Kind(Enum):
    """The kind of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric.

    Attributes:
        name: The name in OpenTelemetry's form.
        kind: The kind.
        unit: The unit in UCUM; in braces, what is counted.
        description: What it measures, as a sentence.
        attributes: The names of its attributes.
        buckets: The upper bounds of a histogram's buckets, in the unit.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    attributes: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


CALL_DURATION = Metric(
    "rpc.server.call.duration",
    Kind.HISTOGRAM,
    "s",
    "Duration of a served call that returns one message.",
    _RPC,
    _CALL_BUCKETS,
)
STREAM_DURATION = Metric(
    "longtake.stream.duration",
    Kind.HISTOGRAM,
    "s",
    "How long a served stream was open.",
    _RPC,
    _STREAM_BUCKETS,
)
STREAM_MESSAGES = Metric(
    "longtake.stream.messages",
    Kind.COUNTER,
    "{message}",
    "Messages sent on streams.",
    ("rpc.system.name", "rpc.method"),
)
HTTP_DURATION = Metric(
    "http.server.request.duration",
    Kind.HISTOGRAM,
    "s",
    "Duration of a request to the HTTP server of callers.",
    ("http.request.method", "http.route", "http.response.status_code", "error.type"),
    _CALL_BUCKETS,
)
WATCHES = Metric("longtake.watches", Kind.GAUGE, "{watch}", "Open watches and waits.")
NEWS_DELAY = Metric(
    "longtake.news.delay",
    Kind.HISTOGRAM,
    "s",
    "Time from the commit of a change until it was sent to a watcher.",
    ("rpc.method",),
    _DELAY_BUCKETS,
)
DETECTION_DELAY = Metric(
    "longtake.detection.delay",
    Kind.HISTOGRAM,
    "s",
    "Longest time for which the end of a generation can have been unseen: from the last poll that "
    "saw it running to the poll that saw the end.",
    ("upstream",),
    _DELAY_BUCKETS,
)
VIDEO_SENT = Metric(
    "longtake.video.sent", Kind.COUNTER, "By", "Bytes of videos sent to callers.", ("rpc.method",)
)

OPERATIONS_ACCEPTED = Metric(
    "longtake.operations.accepted",
    Kind.COUNTER,
    "{operation}",
    "Operations accepted.",
    ("model", PRINCIPAL),
)
OPERATIONS_FINISHED = Metric(
    "longtake.operations.finished",
    Kind.COUNTER,
    "{operation}",
    "Operations that ended, or were deleted before. A failed one has its reason.",
    ("model", "state", "error.type", PRINCIPAL),
)
OPERATIONS_OUTCOME_UNKNOWN = Metric(
    "longtake.operations.outcome_unknown",
    Kind.COUNTER,
    "{operation}",
    "Operations that failed with SUBMISSION_OUTCOME_UNKNOWN, so that their generation may be "
    "billed and lost.",
)
OPERATIONS_IN_PROGRESS = Metric(
    "longtake.operations.in_progress",
    Kind.GAUGE,
    "{operation}",
    "Operations that have not ended.",
    ("state",),
)
OPERATIONS_OVERDUE = Metric(
    "longtake.operations.overdue",
    Kind.GAUGE,
    "{operation}",
    "Running operations that take longer than 99 % of those of their model, resolution and length.",
)
OPERATION_DURATION = Metric(
    "longtake.operation.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the acceptance of an operation to its end.",
    ("model", "state"),
    _OPERATION_BUCKETS,
)
QUEUE_DURATION = Metric(
    "longtake.queue.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the acceptance of an operation until its upstream accepted it.",
    ("model",),
    _OPERATION_BUCKETS,
)
QUEUE_AGE = Metric(
    "longtake.queue.age", Kind.GAUGE, "s", "Age of the oldest queued operation; 0 if none."
)

UPSTREAM_SUBMISSIONS = Metric(
    "longtake.upstream.submissions",
    Kind.COUNTER,
    "{submission}",
    "Submissions to an upstream.",
    ("upstream", "outcome"),
)
UPSTREAM_POLLS = Metric(
    "longtake.upstream.polls",
    Kind.COUNTER,
    "{poll}",
    "Polls of an upstream.",
    ("upstream", "outcome"),
)
UPSTREAM_ERRORS = Metric(
    "longtake.upstream.errors",
    Kind.COUNTER,
    "{error}",
    "Submissions and polls that an upstream refused, failed or did not answer.",
    ("upstream", "call", "error.type"),
)
UPSTREAM_ANSWERING = Metric(
    "longtake.upstream.answering",
    Kind.GAUGE,
    "1",
    "1 if an upstream that was called answers, otherwise 0.",
    ("upstream",),
)

COST_RESERVED = Metric(
    "longtake.cost.reserved",
    Kind.GAUGE,
    "{USD}",
    "Estimated cost of the operations that have not ended, in US dollars.",
    (PRINCIPAL,),
)
COST_SETTLED = Metric(
    "longtake.cost.settled",
    Kind.COUNTER,
    "{USD}",
    "Estimated cost of the operations that ended, in US dollars.",
    ("model", PRINCIPAL),
)
GENERATED_SECONDS = Metric(
    "longtake.generated.seconds",
    Kind.COUNTER,
    "s",
    "Length of the videos delivered.",
    ("model", PRINCIPAL),
)
BUDGET_THRESHOLDS = Metric(
    "longtake.budget.thresholds",
    Kind.COUNTER,
    "{crossing}",
    "Budgets that reached 50, 80 or 100 % in a period.",
    ("measure", "threshold"),
)

WEBHOOK_DELIVERIES = Metric(
    "longtake.webhook.deliveries",
    Kind.COUNTER,
    "{attempt}",
    "Attempts to deliver an event to a webhook: `delivered`, or why it failed.",
    ("result",),
)
WEBHOOK_DELAY = Metric(
    "longtake.webhook.delay",
    Kind.HISTOGRAM,
    "s",
    "Time from an event until a webhook has taken it.",
    (),
    _DELIVERY_BUCKETS,
)
WEBHOOK_DEAD_LETTERS = Metric(
    "longtake.webhook.dead_letters",
    Kind.GAUGE,
    "{delivery}",
    "Deliveries that were given up and are still kept. Only the engine knows; 0 elsewhere.",
)

STORE_FAULTS = Metric(
    "longtake.store.faults",
    Kind.COUNTER,
    "{fault}",
    "Reads and writes that the store refused, to a call or to the engine.",
    ("source",),
)
LEASE_FAULTS = Metric(
    "longtake.lease.faults",
    Kind.COUNTER,
    "{fault}",
    "Leases of work that were lost or could not be extended.",
    ("kind",),
)
ENGINE = Metric(
    "longtake.engine",
    Kind.GAUGE,
    "1",
    "1 if this replica is the engine, which alone submits and polls, otherwise 0.",
)
ENGINE_HOLDING = Metric(
    "longtake.engine.holding",
    Kind.GAUGE,
    "1",
    "1 if this replica submits nothing because the store is older than before, otherwise 0.",
)
ENGINE_ELECTIONS = Metric(
    "longtake.engine.elections",
    Kind.COUNTER,
    "{election}",
    "How often this replica became the engine.",
)
ENGINE_TAKEOVER_DURATION = Metric(
    "longtake.engine.takeover.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the election of this replica until its engine had read the store.",
    (),
    _CALL_BUCKETS,
)
ENGINE_REFUSED_WRITES = Metric(
    "longtake.engine.refused_writes",
    Kind.COUNTER,
    "{write}",
    "Submissions and leases that the store refused, because the epoch or the lease was over.",
    ("fence",),
)
KEYS_AVAILABLE = Metric(
    "longtake.keys.available",
    Kind.GAUGE,
    "1",
    "1 if API keys can be read, otherwise 0. Absent without keys.",
)
CERTIFICATE_EXPIRY = Metric(
    "longtake.certificate.expiry",
    Kind.GAUGE,
    "s",
    "Unix time at which the TLS certificate expires. Absent without TLS.",
)

METRICS = tuple(one for one in vars().values() if isinstance(one, Metric))
"""All metrics, in the order of the documentation."""
