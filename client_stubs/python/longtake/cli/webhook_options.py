# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments and options of `longtake webhooks`."""

from __future__ import annotations

from typing import Annotated

import typer

from longtake.types import DeliveryState, WebhookEvent

WebhookArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The webhook: its id.", show_default=False)
]
NewIdArgument = Annotated[
    str,
    typer.Argument(metavar="ID", help="The id to give it, for example orders.", show_default=False),
]
DeliveryArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The delivery: webhooks/ID/deliveries/ID.", show_default=False
    ),
]
UrlOption = Annotated[
    str,
    typer.Option(
        "--url", metavar="URL", help="Where to post events: https://.", show_default=False
    ),
]
NewUrlOption = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="Where to post events: https://.", show_default=False
    ),
]
EventOption = Annotated[
    list[WebhookEvent] | None,
    typer.Option(
        "--event",
        metavar="TYPE",
        help=f"What to send. May be repeated. Accepted: {', '.join(WebhookEvent)}. "
        "Default: the first three.",
        show_default=False,
    ),
]
DisabledOption = Annotated[
    bool | None,
    typer.Option("--disable/--enable", help="Send nothing, or send again.", show_default=False),
]
PrincipalOption = Annotated[
    str | None,
    typer.Option(
        "--principal",
        metavar="ID",
        help="Whose webhook. Default: your own.",
        show_default=False,
    ),
]
StateOption = Annotated[
    DeliveryState | None,
    typer.Option("--state", help="Only those in this state.", show_default=False),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="The largest number to show.")]
ForwardOption = Annotated[
    str,
    typer.Option(
        "--forward-to",
        metavar="URL",
        help="Where to post events, for example http://localhost:3000/hooks.",
        show_default=False,
    ),
]
SecretOption = Annotated[
    str | None,
    typer.Option(
        "--secret",
        metavar="whsec_...",
        envvar="LONGTAKE_WEBHOOK_SECRET",
        help="What signs the events. Default: LONGTAKE_WEBHOOK_SECRET, else a new one, "
        "which is printed.",
        show_default=False,
        show_envvar=False,
    ),
]
OfWebhookOption = Annotated[
    str | None,
    typer.Option(
        "--webhook",
        metavar="ID",
        help="Only operations that name this webhook. Default: all operations.",
        show_default=False,
    ),
]
