# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts the tokens of an interaction. Only those of the output follow Google's rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from veo_simulator.omni_models import TOKENS_PER_SECOND

if TYPE_CHECKING:
    from veo_simulator.interaction_orders import InteractionOrder

_LETTERS_PER_TOKEN = 4
_TOKENS_OF_AN_IMAGE = 258
_TOKENS_OF_AN_ANSWER = 20
_TOKENS_OF_A_SECOND_READ = 258


def usage(order: InteractionOrder, read_seconds: float, made_seconds: float) -> dict[str, Any]:
    """Return the usage of a completed interaction.

    Args:
        order: What was asked for.
        read_seconds: How much video it was given.
        made_seconds: How much it made; none for an answer in words.

    """
    given = {
        "text": len(order.prompt) // _LETTERS_PER_TOKEN + 1,
        "image": len(order.images) * _TOKENS_OF_AN_IMAGE,
        "video": round(read_seconds * _TOKENS_OF_A_SECOND_READ),
    }
    made = round(made_seconds * TOKENS_PER_SECOND[order.resolution])
    output = {"video": made} if made else {"text": _TOKENS_OF_AN_ANSWER}
    total_given, total_output = sum(given.values()), sum(output.values())
    return {
        "total_tokens": total_given + total_output,
        "total_input_tokens": total_given,
        "total_output_tokens": total_output,
        "total_thought_tokens": 0,
        "input_tokens_by_modality": _listed(given),
        "output_tokens_by_modality": _listed(output),
    }


def _listed(tokens: dict[str, int]) -> list[dict[str, Any]]:
    return [{"modality": name, "tokens": count} for name, count in tokens.items() if count]
