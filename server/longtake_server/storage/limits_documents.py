# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the stored documents of limits mean for a principal and its labels, whatever the store."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from longtake_server.operations.budgets.limits import (
    ANY_VALUE,
    Limited,
    limited,
    subject_of_label,
)
from longtake_server.storage.codec import from_micros, to_micros
from longtake_server.storage.limits_codec import decode_limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from longtake_server.operations.budgets.terms import Terms

Documents = dict[str, tuple[str, ...]]
"""The documents of each subject, by precedence."""

_MOST_CACHED = 1024
_MINUTE_MICROS = 60_000_000


def documents_of(rows: Iterable[tuple[str, str]]) -> Documents:
    """Return the documents of rows of a subject and a document, those of a command first."""
    found: Documents = {}
    for subject, document in rows:
        found[subject] = (*found.get(subject, ()), document)
    return found


def subjects_of(terms: Terms) -> Sequence[str]:
    """Return the subjects whose documents limit an operation."""
    return [terms.subject, *terms.roles, *_label_subjects(terms)]


def limited_by(documents: Documents, terms: Terms, now: datetime) -> tuple[Limited, ...]:
    """Return what an operation is charged to: the principal, and each label with a budget.

    Args:
        documents: Those of all `subjects_of` the terms.
        terms: To what the operation is charged.
        now: When it is created.

    """
    minute = minute_of(now)
    found = [_principal(documents, terms, minute)]
    for key, value in terms.labels.items():
        subject = subject_of_label(key, value)
        own = documents.get(subject, ())
        texts = own + documents.get(subject_of_label(key, ANY_VALUE), ())
        if texts:
            found.append(_limited(subject, texts, minute))
    return tuple(found)


def concurrency_limits(
    documents: Documents, principals: Iterable[Terms], now: datetime
) -> Mapping[str, int | None]:
    """Return max_concurrent of each of the principals, None for no limit."""
    minute = minute_of(now)
    return {
        terms.principal: _principal(documents, terms, minute).values.max_concurrent
        for terms in principals
    }


def minute_of(now: datetime) -> int:
    """Return the minute of a moment, throughout which limits and periods are the same."""
    return to_micros(now) // _MINUTE_MICROS


def _label_subjects(terms: Terms) -> Iterator[str]:
    for key, value in terms.labels.items():
        yield subject_of_label(key, value)
        yield subject_of_label(key, ANY_VALUE)


def _principal(documents: Documents, terms: Terms, minute: int) -> Limited:
    texts = documents.get(terms.subject, ())
    for role in terms.roles:
        texts += documents.get(role, ())
    return _limited(terms.subject, texts, minute)


# The periods and the overrides of a subject change at whole minutes only.
@lru_cache(maxsize=_MOST_CACHED)
def _limited(subject: str, documents: tuple[str, ...], minute: int) -> Limited:
    now = from_micros(minute * _MINUTE_MICROS)
    return limited(subject, [decode_limits(document) for document in documents], now)
