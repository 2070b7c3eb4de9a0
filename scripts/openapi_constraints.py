# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The server's constraints on each field, as JSON Schema keywords.

The comments of the protos state the same in prose. Constraints that depend on the model are left
out; GetModel returns those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Keywords = dict[str, Any]

_INT32_MOST = 2**31 - 1
_NATURAL = {"pattern": "^[0-9]{1,18}$"}
_SECONDS = {"pattern": r"^[0-9]{1,8}(\.[0-9]{1,9})?s$"}
_WEBHOOK = "[a-z][a-z0-9-]{0,62}"
_OBJECT = r"^gs://[a-z0-9][a-z0-9._-]{1,220}/.+$"


def _not_both(*names: str) -> Keywords:
    # Redocly requires `properties` beside `required`.
    return {"not": {"required": list(names), "properties": {name: {} for name in names}}}


_ONE_SOURCE = [{"required": [name], "properties": {name: {}}} for name in ("data", "fileData")]

# Keywords by schema and property.
PROPERTIES: Mapping[str, Mapping[str, Keywords]] = {
    "GenerateVideosRequest": {
        "requestId": {
            "format": "uuid",
            "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}"
            "-[0-9a-fA-F]{12}$",
        },
        "model": {"minLength": 1, "example": "veo-3.1-lite-generate-001"},
        "prompt": {"example": "A paper boat sails down a rainy street"},
        "video": {"oneOf": _ONE_SOURCE},
        "queueTimeout": _SECONDS,
        "priority": {"minimum": -100, "maximum": 100},
        "previousOperation": {"pattern": "^operations/[a-zA-Z0-9_-]{1,64}$"},
        "webhook": {"pattern": f"^(webhooks/)?{_WEBHOOK}$"},
        "webhookMetadata": {"maxProperties": 16},
    },
    "GenerateVideosConfig": {
        "numberOfVideos": {"minimum": 1, "maximum": _INT32_MOST},
        "durationSeconds": {"minimum": 1, "maximum": _INT32_MOST, "example": 4},
        "aspectRatio": {"pattern": "^[0-9]+:[0-9]+$", "example": "16:9"},
        "resolution": {"enum": ["360p", "720p", "1080p", "4k", None]},
        "fps": {"minimum": 1, "maximum": _INT32_MOST, "example": 24},
        "seed": {"minimum": 0, "maximum": 2**32 - 1},
        "referenceImages": {"maxItems": 10},
        "labels": {"maxProperties": 64},
        "outputGcsUri": {"pattern": "^gs://[a-z0-9][a-z0-9._-]{1,220}(/.*)?$"},
        "pubsubTopic": {"pattern": r"^projects/[^/\s]+/topics/[^/\s]+$"},
    },
    "FileData": {"fileUri": {"pattern": _OBJECT}},
    # As far as the server's default.
    "CreateVideoUrlRequest": {
        "lifetime": {"pattern": r"^([1-9][0-9]{0,4}|[1-5][0-9]{5})(\.[0-9]{1,9})?s$"}
    },
    "WaitOperationRequest": {"timeout": _SECONDS},
    "Webhook": {"url": {"maxLength": 2048, "example": "https://example.com/longtake"}},
}

# Constraints across properties, by schema.
COMBINATIONS: Mapping[str, Keywords] = {
    "GenerateVideosRequest": {
        "anyOf": [{"required": [name]} for name in ("prompt", "image", "video")],
        **_not_both("image", "video"),
    },
    "GenerateVideosConfig": _not_both("compressed", "compressionQuality"),
    "Image": {"oneOf": _ONE_SOURCE},
    # A result has neither; DownloadVideo reads its bytes.
    "Video": _not_both("data", "fileData"),
}

# Enum properties that must be set, by schema.
SET: Mapping[str, str] = {"ReferenceImage": "referenceType", "Mask": "maskMode"}

# Keywords by parameter name.
PARAMETERS: Mapping[str, Keywords] = {
    "operation": {"pattern": "^[a-zA-Z0-9_-]{1,64}$"},
    "video": {"pattern": "^(0|[1-9][0-9]{0,5})$"},
    "model": {"pattern": "^[a-zA-Z0-9._-]{1,128}$", "example": "veo-3.1-lite-generate-001"},
    "webhook": {"pattern": f"^{_WEBHOOK}$"},
    "webhookId": {"pattern": f"^{_WEBHOOK}$", "example": "orders"},
    "delivery": {"pattern": "^[A-Za-z0-9._-]{1,128}$"},
    "pageSize": {"minimum": 0, "maximum": _INT32_MOST},
    "readOffset": _NATURAL,
    "readLimit": _NATURAL,
    "afterRevision": _NATURAL,
    "heartbeatInterval": _SECONDS,
}
