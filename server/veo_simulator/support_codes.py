# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Explains Google's support codes: why a video is withheld.

From its page on responsible AI and usage guidelines for video generation.
"""

from __future__ import annotations

_CATEGORIES = {
    "child": (58061214, 17301594),
    "celebrity": (29310472, 15236754),
    "video safety violation": (64151117, 42237218),
    "dangerous content": (62263041,),
    "hate": (57734940, 22137204),
    "prohibited content": (89371032, 49114662, 63429089, 72817394, 60599140),
    "third-party content": (35561574, 35561575),
    "sexual": (90789179, 43188360),
    "toxic": (78610348,),
    "violence": (61493863, 56562880),
    "vulgar": (32635315,),
}
_BY_CODE = {str(code): category for category, codes in _CATEGORIES.items() for code in codes}


def explain(code: str) -> str:
    """Return a sentence for a support code; an unknown code counts as other."""
    return f"SIMULATED: it may depict {_BY_CODE.get(code, 'other')} content."
