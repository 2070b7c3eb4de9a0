# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Records what the server does, as metrics and spans.

Without an exporter the no-ops of the OpenTelemetry API are used and nothing is collected.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import metrics

from longtake_server.telemetry import metrics as names
from longtake_server.telemetry.principals import MetricPrincipals
from longtake_server.telemetry.spans import Spans, http_outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from opentelemetry.metrics import Counter, Histogram, MeterProvider
    from opentelemetry.trace import TracerProvider

    from longtake_server.telemetry.metrics import Metric
    from longtake_server.telemetry.spans import CallSpan, Generation

_SCOPE = "longtake_server"
_MICROS = 1_000_000
_MILLISECONDS = 1_000
_THRESHOLDS = (50, 80, 100)


class Telemetry:
    """Records what the server does.

    Args:
        tracer_provider: Receives the spans. None: no spans.
        meter_provider: Collects the metrics. None: no metrics.
        principals: The most principals that metrics distinguish.

    Attributes:
        tracer_provider: See above.
        collects: Whether metrics are collected.
        spans: Makes the spans.

    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        principals: int = 0,
    ) -> None:
        self.tracer_provider = tracer_provider
        self.collects = meter_provider is not None
        self.spans = Spans(tracer_provider)
        self._principals = MetricPrincipals(principals)
        self._meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider)
        self.call_duration = self._histogram(names.CALL_DURATION)
        self.stream_duration = self._histogram(names.STREAM_DURATION)
        self.stream_messages = self._counter(names.STREAM_MESSAGES)
        self._http_duration = self._histogram(names.HTTP_DURATION)
        self._news_delay = self._histogram(names.NEWS_DELAY)
        self._detection_delay = self._histogram(names.DETECTION_DELAY)
        self._video_sent = self._counter(names.VIDEO_SENT)
        self._accepted = self._counter(names.OPERATIONS_ACCEPTED)
        self._finished = self._counter(names.OPERATIONS_FINISHED)
        self._outcome_unknown = self._counter(names.OPERATIONS_OUTCOME_UNKNOWN)
        self._duration = self._histogram(names.OPERATION_DURATION)
        self._queue_duration = self._histogram(names.QUEUE_DURATION)
        self._submissions = self._counter(names.UPSTREAM_SUBMISSIONS)
        self._polls = self._counter(names.UPSTREAM_POLLS)
        self._upstream_errors = self._counter(names.UPSTREAM_ERRORS)
        self._settled = self._counter(names.COST_SETTLED)
        self._generated = self._counter(names.GENERATED_SECONDS)
        self._thresholds = self._counter(names.BUDGET_THRESHOLDS)
        self._webhook_deliveries = self._counter(names.WEBHOOK_DELIVERIES)
        self._webhook_delay = self._histogram(names.WEBHOOK_DELAY)
        dead = names.WEBHOOK_DEAD_LETTERS
        self._webhook_dead = self._meter.create_gauge(dead.name, dead.unit, dead.description)
        self._store_faults = self._counter(names.STORE_FAULTS)
        self._lease_faults = self._counter(names.LEASE_FAULTS)
        self._elections = self._counter(names.ENGINE_ELECTIONS)
        self._takeover_duration = self._histogram(names.ENGINE_TAKEOVER_DURATION)
        self._refused_writes = self._counter(names.ENGINE_REFUSED_WRITES)
        self._begin_at_zero()

    def _counter(self, metric: Metric) -> Counter:
        return self._meter.create_counter(metric.name, metric.unit, metric.description)

    def _histogram(self, metric: Metric) -> Histogram:
        return self._meter.create_histogram(
            metric.name,
            metric.unit,
            metric.description,
            explicit_bucket_boundaries_advisory=metric.buckets,
        )

    def _begin_at_zero(self) -> None:
        """Export counters that alerts watch from the start: a rise from nothing is no increase."""
        self._outcome_unknown.add(0)
        for source in ("call", "engine"):
            self._store_faults.add(0, {"source": source})
        for kind in ("lost", "not_extended"):
            self._lease_faults.add(0, {"kind": kind})
        self._elections.add(0)
        self._webhook_dead.set(0)
        self._webhook_deliveries.add(0, {"result": "delivered"})
        for fence in ("epoch", "lease"):
            self._refused_writes.add(0, {"fence": fence})
        for measure in ("cost", "seconds"):
            for percent in _THRESHOLDS:
                self._thresholds.add(0, {"measure": measure, "threshold": str(percent)})

    def _gauge(
        self, metric: Metric, read: Callable[[], Iterator[tuple[float, Mapping[str, str]]]]
    ) -> None:
        def observe(_: metrics.CallbackOptions) -> Iterator[metrics.Observation]:
            for value, attributes in read():
                yield metrics.Observation(value, attributes)

        self._meter.create_observable_gauge(metric.name, [observe], metric.unit, metric.description)

    def report(self, metric: Metric, value: Callable[[], float]) -> None:
        """Report a gauge without attributes whenever metrics are collected.

        Args:
            metric: A gauge of telemetry.metrics.
            value: Returns its value, in its unit. Called in any thread; must not block.

        """
        self._gauge(metric, lambda: iter([(float(value()), {})]))

    def report_each(self, metric: Metric, values: Callable[[], Mapping[str, float]]) -> None:
        """Report a gauge with one attribute whenever metrics are collected.

        Args:
            metric: A gauge of telemetry.metrics.
            values: Returns its value for each value of the attribute. Called in any thread; must
                not block.

        """
        [attribute] = metric.attributes
        self._gauge(
            metric,
            lambda: ((float(value), {attribute: key}) for key, value in values().items()),
        )

    def report_reserved(self, micros: Callable[[], Mapping[str, int]]) -> None:
        """Report the reserved cost, given the micro-dollars of each principal that has some."""

        def read() -> Iterator[tuple[float, Mapping[str, str]]]:
            # Those who have nothing in progress any more have 0.
            sums = {tuple(known.items()): 0 for known in self._principals.known()}
            for principal, cost in micros().items():
                key = tuple(self._principals.attribute(principal).items())
                sums[key] = sums.get(key, 0) + cost
            for key, cost in sums.items():
                yield cost / _MICROS, dict(key)

        self._gauge(names.COST_RESERVED, read)

    def accepted(self, model: str, principal: str) -> None:
        """Count an accepted operation."""
        if not self.collects:
            return
        self._accepted.add(1, {"model": model, **self._principals.attribute(principal)})

    def left_queue(self, model: str, seconds: float) -> None:
        """Record how long an operation waited until its upstream accepted it."""
        self._queue_duration.record(seconds, {"model": model})

    def finished(self, model: str, principal: str, state: str, reason: str) -> None:
        """Count an operation that ended; `reason` is empty unless it failed."""
        attributes = {"model": model, "state": state, **self._principals.attribute(principal)}
        if reason:
            attributes["error.type"] = reason
        self._finished.add(1, attributes)
        if reason == "SUBMISSION_OUTCOME_UNKNOWN":
            self._outcome_unknown.add(1)

    def took(self, model: str, state: str, seconds: float) -> None:
        """Record the seconds from the acceptance of an operation to its end."""
        self._duration.record(seconds, {"model": model, "state": state})

    def settled(self, model: str, principal: str, micros: int, milliseconds: int) -> None:
        """Add the cost, in micro-dollars, and the length of the videos of an ended operation."""
        attributes = {"model": model, **self._principals.attribute(principal)}
        self._settled.add(micros / _MICROS, attributes)
        self._generated.add(milliseconds / _MILLISECONDS, attributes)

    def budget_threshold(self, measure: str, percent: int) -> None:
        """Count a budget of `cost` or of `seconds` that reached 50, 80 or 100 %."""
        self._thresholds.add(1, {"measure": measure, "threshold": str(percent)})

    def webhook_delivered(self, seconds: float) -> None:
        """Count an event that a webhook took, and record the seconds since it happened."""
        self._webhook_deliveries.add(1, {"result": "delivered"})
        self._webhook_delay.record(max(0.0, seconds))

    def webhook_failed(self, reason: str) -> None:
        """Count an attempt to deliver an event that failed, and why, in lower case."""
        self._webhook_deliveries.add(1, {"result": reason})

    def webhook_dead_letters(self, count: int) -> None:
        """Tell how many deliveries were given up and are still kept."""
        self._webhook_dead.set(count)

    def http_served(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record a request of HTTP, and how long it took."""
        if self.collects:
            self._http_duration.record(seconds, http_outcome(method, route, status))

    def news(self, method: str, seconds: float) -> None:
        """Record the time from a commit until the change was sent to a watcher."""
        if self.collects:
            self._news_delay.record(max(0.0, seconds), {"rpc.method": method})

    def detected(self, upstream: str, seconds: float) -> None:
        """Record for how long the end of a generation can have been unseen."""
        self._detection_delay.record(seconds, {"upstream": upstream})

    def video_sent(self, method: str, count: int) -> None:
        """Add bytes of videos that were sent to a caller."""
        if self.collects:
            self._video_sent.add(count, {"rpc.method": method})

    def store_fault(self, source: str) -> None:
        """Count a refusal of the store, to a `call` or to the `engine`."""
        self._store_faults.add(1, {"source": source})

    def lease_fault(self, kind: str) -> None:
        """Count a lease that was `lost` or `not_extended`."""
        self._lease_faults.add(1, {"kind": kind})

    def elected(self, seconds: float) -> None:
        """Count an election of this replica, and record the seconds until its engine was ready."""
        self._elections.add(1)
        self._takeover_duration.record(seconds)

    def refused_write(self, fence: str) -> None:
        """Count a submission that was not begun, because of the `epoch` or the `lease`."""
        self._refused_writes.add(1, {"fence": fence})

    @contextmanager
    def submission(self, generation: Generation) -> Iterator[CallSpan]:
        """Trace and count a submission, as part of the caller's trace."""
        with self.spans.submission(generation) as span:
            try:
                yield span
            finally:
                self._count_upstream_call(self._submissions, "submit", generation, span)

    @contextmanager
    def poll(self, generation: Generation) -> Iterator[CallSpan]:
        """Trace and count a poll, as part of the caller's trace."""
        with self.spans.poll(generation) as span:
            try:
                yield span
            finally:
                self._count_upstream_call(self._polls, "poll", generation, span)

    def _count_upstream_call(
        self, calls: Counter, call: str, generation: Generation, span: CallSpan
    ) -> None:
        upstream = {"upstream": generation.upstream}
        calls.add(1, {**upstream, "outcome": span.result})
        if span.reason:
            self._upstream_errors.add(1, {**upstream, "call": call, "error.type": span.reason})
