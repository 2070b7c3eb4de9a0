# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What Google's support codes say about a withheld video.

From Google's page on responsible AI and usage guidelines for video generation. Codes that
are not listed here are not explained.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CATEGORIES = {
    "children": "58061214 17301594",
    "celebrities": "29310472 15236754",
    "safety of the video": "64151117 42237218",
    "dangerous content": "62263041",
    "hate": "57734940 22137204",
    "other guidelines": "74803281 29578790 42876398",
    "prohibited content": "89371032 49114662 63429089 72817394 60599140",
    "content of third parties": "35561574 35561575",
    "sexual content": "90789179 43188360",
    "toxic content": "78610348",
    "violence": "61493863 56562880",
    "vulgar content": "32635315",
}
_BY_CODE = {code: category for category, codes in _CATEGORIES.items() for code in codes.split()}
_CODE = re.compile(r"\b\d{8}\b")


def explained(reasons: Iterable[str]) -> str:
    """Return the known codes in the reasons with their categories; empty if there are none."""
    codes = dict.fromkeys(code for reason in reasons for code in _CODE.findall(reason))
    return ", ".join(f"{code}: {_BY_CODE[code]}" for code in codes if code in _BY_CODE)
