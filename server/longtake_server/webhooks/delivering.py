# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""One attempt to deliver an event: check the address, sign, post, and record the end."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

from longtake_server.operations.model import OperationRecord
from longtake_server.telemetry.traces import NO_TRACE
from longtake_server.webhooks.model import Attempt, DeliveryFailure, DeliveryState, DisableReason
from longtake_server.webhooks.posting import BrokenAnswer, TlsFailed, Unreachable
from longtake_server.webhooks.schedule import is_given_up, next_wait, retry_after
from longtake_server.webhooks.signing import signed_headers
from longtake_server.webhooks.target import Refusal, TargetRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake_server.clock import Clock
    from longtake_server.telemetry import Telemetry
    from longtake_server.webhooks.model import DueDelivery
    from longtake_server.webhooks.payloads import Payloads
    from longtake_server.webhooks.posting import Answer, Poster
    from longtake_server.webhooks.store import DeliveryStore
    from longtake_server.webhooks.target import TargetCheck

_log = logging.getLogger(__name__)

_ATTEMPT_SECONDS = 15.0
_GONE = 410
_USER_AGENT = f"longtake-server/{version('longtake-server')}"


@dataclass(frozen=True, slots=True)
class Sent:
    """The end of an attempt, before it is recorded.

    Attributes:
        attempt: The attempt.
        disables: Why it disables the webhook, None if it does not.
    """

    attempt: Attempt
    disables: DisableReason | None


class Courier:
    """Makes attempts to deliver. Each ends within 15 seconds.

    Args:
        store: Records the attempts.
        targets: Checks each address again, since a name may resolve to another one by now.
        poster: Sends.
        payloads: Makes the bodies.
        clock: The time source.
        telemetry: Counts the attempts.
        chance: Returns a number from 0 to 1 for the jitter of waits.

    """

    def __init__(
        self,
        store: DeliveryStore,
        targets: TargetCheck,
        poster: Poster,
        payloads: Payloads,
        clock: Clock,
        telemetry: Telemetry,
        chance: Callable[[], float],
    ) -> None:
        self._store = store
        self._targets = targets
        self._poster = poster
        self._payloads = payloads
        self._clock = clock
        self._telemetry = telemetry
        self._chance = chance

    async def send(self, delivery: DueDelivery) -> Sent:
        """Make an attempt. Never raises but when it is cancelled."""
        about = delivery.event.about
        parent = about.trace if isinstance(about, OperationRecord) else NO_TRACE
        began, at = self._clock.now(), self._clock.monotonic()
        with self._telemetry.spans.webhook_delivery(
            delivery.event.type.value, delivery.event.operation, parent
        ) as span:
            failure, answer = await self._answer(delivery)
            span.ended(
                "" if failure is None else failure.value.lower(),
                None if answer is None else answer.status,
            )
        wait = None
        if failure not in (None, DeliveryFailure.ANSWERED_GONE):
            asked = None if answer is None else retry_after(answer.retry_after, self._clock.now())
            wait = next_wait(delivery.attempts + 1, self._chance(), asked)
        ended = self._clock.now()
        attempt = Attempt(
            number=delivery.number,
            time=began,
            duration=timedelta(seconds=self._clock.monotonic() - at),
            end_time=ended,
            failure=failure,
            http_status=None if answer is None else answer.status,
            next_time=None if wait is None else ended + wait,
        )
        return Sent(attempt, _disables(delivery, attempt))

    async def _answer(self, delivery: DueDelivery) -> tuple[DeliveryFailure | None, Answer | None]:
        """Return why the attempt failed, None if it did not, and the answer if there is one."""
        try:
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                answer = await self._post(delivery)
        except TargetRefused as refused:
            resolved = refused.refusal is not Refusal.NOT_RESOLVED
            failure = DeliveryFailure.FORBIDDEN_ADDRESS if resolved else DeliveryFailure.UNREACHABLE
            return failure, None
        except TimeoutError:
            return DeliveryFailure.TIMEOUT, None
        except Unreachable:
            return DeliveryFailure.UNREACHABLE, None
        except TlsFailed:
            return DeliveryFailure.TLS, None
        except BrokenAnswer:
            return DeliveryFailure.BROKEN_ANSWER, None
        except Exception as error:  # noqa: BLE001 - a defect in one attempt must not stop the others
            _log.error("an attempt to deliver failed", extra={"cause": type(error).__name__})
            return DeliveryFailure.BROKEN_ANSWER, None
        return _failure_of(answer.status), answer

    async def _post(self, delivery: DueDelivery) -> Answer:
        event, webhook = delivery.event, delivery.webhook
        target = await self._targets.resolve(webhook.url)
        body = self._payloads.body(event, webhook.key)
        now = self._clock.now()
        headers = {
            "content-type": "application/json",
            "user-agent": _USER_AGENT,
            **signed_headers(event.id, now, body, webhook.secrets.signing_at(now)),
        }
        return await self._poster.post(target, headers, body)

    async def record(self, delivery: DueDelivery, sent: Sent, epoch: int) -> None:
        """Record an attempt, and disable its webhook if it says so.

        Raises:
            EngineReplaced: This epoch is over.
            StorageUnavailable: The store failed. Record it again.

        """
        attempt, key = sent.attempt, delivery.webhook.key
        await self._store.record_attempt(attempt, epoch)
        if sent.disables is not None and await self._store.disable_webhook(
            key, sent.disables, attempt.end_time, epoch
        ):
            _log.warning(
                "a webhook is disabled",
                extra={"webhook": key.id, "principal": key.principal, "cause": sent.disables.value},
            )
        self._tell(delivery, attempt)

    def _tell(self, delivery: DueDelivery, attempt: Attempt) -> None:
        if attempt.failure is None:
            delay = (attempt.end_time - delivery.event.time).total_seconds()
            self._telemetry.webhook_delivered(delay)
            return
        self._telemetry.webhook_failed(attempt.failure.value.lower())
        is_dead = attempt.state is DeliveryState.DEAD
        _log.log(
            logging.WARNING if is_dead else logging.INFO,
            "an event is given up" if is_dead else "an event was not delivered; trying again",
            extra={
                "webhook": delivery.webhook.key.id,
                "principal": delivery.webhook.key.principal,
                "event": delivery.event.id,
                "cause": attempt.failure.value,
                "status": attempt.http_status,
                "attempt": delivery.attempts + 1,
            },
        )


def _failure_of(status: int) -> DeliveryFailure | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return DeliveryFailure.REDIRECT
    return DeliveryFailure.ANSWERED_GONE if status == _GONE else DeliveryFailure.STATUS


def _disables(delivery: DueDelivery, attempt: Attempt) -> DisableReason | None:
    if attempt.failure is DeliveryFailure.ANSWERED_GONE:
        return DisableReason.GONE
    failing = attempt.failure is not None
    if failing and is_given_up(delivery.webhook.failing_since, attempt.end_time):
        return DisableReason.FAILING
    return None
