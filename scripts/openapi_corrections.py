# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Corrects the OpenAPI description that gnostic's plugin generates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scripts.openapi_constraints import COMBINATIONS, PARAMETERS, PROPERTIES, SET

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = dict[str, Any]

_HTTP_METHODS = ("get", "post", "patch", "delete")
_MAIN = "VideoService"
# Messages that occur only in requests. The edge refuses unknown fields of a request, but clients
# must expect new fields in responses.
_OF_REQUESTS = (
    "CreateVideoUrlRequest", "GenerateVideosConfig", "GenerateVideosRequest", "Image", "Mask",
    "RedeliverWebhookDeliveryRequest", "ReferenceImage", "RotateWebhookSecretRequest",
    "TestWebhookRequest", "WaitOperationRequest",
)  # fmt: skip
# Those that name a resource in the path.
_NAMED = (
    "CreateVideoUrlRequest", "RedeliverWebhookDeliveryRequest", "RotateWebhookSecretRequest",
    "TestWebhookRequest", "WaitOperationRequest",
)  # fmt: skip
_DATE = {
    "type": "object",
    "description": "A date. A year, month or day of 0 is left out.",
    "properties": {
        name: {"type": "integer", "format": "int32"} for name in ("year", "month", "day")
    },
}
_RANGE = {
    "name": "Range",
    "in": "header",
    "description": "One range of bytes, for example `bytes=0-999` or `bytes=1000-`. Other forms "
    "are ignored. Excludes readOffset and readLimit.",
    "schema": {"type": "string", "example": "bytes=0-999"},
}
_BYTES = {"video/*": {"schema": {"type": "string", "format": "binary"}}}


def corrected(description: Node) -> Node:
    """Correct a description in place and return it.

    Raises:
        KeyError: The plugin's output lacks a part that is corrected.

    """
    schemas = description["components"]["schemas"]
    _correct_head(description)
    for schema in schemas.values():
        _correct_types(schema)
    _correct_messages(schemas)
    description["components"]["responses"] = {"Error": _error()}
    for path in description["paths"].values():
        for method in _HTTP_METHODS:
            if method in path:
                _correct_operation(path[method])
    _correct_bodies(description)
    _correct_streams(description["paths"])
    _constrain(schemas)
    return description


def _correct_head(description: Node) -> None:
    description["servers"] = [{"url": "http://127.0.0.1:8080", "description": "make edge"}]
    description["info"]["license"] = {
        "name": "Apache-2.0",
        "url": "https://www.apache.org/licenses/LICENSE-2.0",
    }
    description["info"]["contact"] = {"name": "The Longtake Authors", "url": "https://longtake.dev"}
    # The edge itself does not authenticate callers.
    description["security"] = []
    # With several services, the plugin leaves the description to the tags.
    about = {tag["name"]: tag["description"] for tag in description["tags"]}
    description["info"] = {"title": description["info"]["title"], "description": about[_MAIN]} | {
        key: value for key, value in description["info"].items() if key != "title"
    }
    for tag in description["tags"]:
        tag["description"] = about[tag["name"]].partition("\n")[0]


def _correct_types(node: Any) -> None:
    """Replace the formats that OpenAPI does not define, at any depth."""
    if isinstance(node, dict):
        if node.get("format") == "bytes":
            node["format"] = "byte"
        if node.get("format") == "enum":
            del node["format"]
        for child in node.values():
            _correct_types(child)
    elif isinstance(node, list):
        for child in node:
            _correct_types(child)


def _correct_messages(schemas: Node) -> None:
    schemas["Date"] = _DATE
    date = schemas["Model"]["properties"]["retirementDate"]
    schemas["Model"]["properties"]["retirementDate"] = {
        "readOnly": True,
        "allOf": [{"$ref": "#/components/schemas/Date"}],
        "description": date["description"],
    }
    for name in ("CancelOperationRequest", "DownloadVideoResponse"):
        del schemas[name]
    for name in _NAMED:
        # The name is in the path.
        del schemas[name]["properties"]["name"], schemas[name]["required"]
    wait = schemas["WaitOperationRequest"]
    # protobuf's JSON mapping writes 64 bits as a string, and reads a number too.
    revision = wait["properties"]["afterRevision"]
    wait["properties"]["afterRevision"] = {
        "description": revision["description"],
        "anyOf": [
            {"type": "string", "nullable": True, "pattern": "^[0-9]{1,18}$"},
            {"type": "integer", "format": "int64", "minimum": 0},
        ],
    }
    # protobuf's JSON mapping writes an enum as its name, and reads its number too.
    asked = schemas["CreateVideoUrlRequest"]["properties"]
    names = asked["disposition"]["enum"]
    asked["disposition"] = {
        "description": asked["disposition"]["description"],
        "anyOf": [
            {"type": "string", "nullable": True, "enum": [*names, None]},
            {"type": "integer", "format": "int32", "enum": [*range(len(names))]},
        ],
    }
    for name in _OF_REQUESTS:
        schemas[name]["additionalProperties"] = False
        optional = set(schemas[name]["properties"]) - set(schemas[name].get("required", ()))
        for property_name in optional:
            _make_nullable(schemas[name]["properties"][property_name])


def _make_nullable(schema: Node) -> None:
    """Allow null, which protobuf's JSON mapping reads as an absent field."""
    if "anyOf" in schema:
        return
    schema["nullable"] = True
    # OpenAPI 3.0 requires a type beside `nullable`.
    schema.setdefault("type", "object")
    if "enum" in schema:
        schema["enum"].append(None)


def _error() -> Node:
    status = {"$ref": "#/components/schemas/Status"}
    return {
        "description": "A google.rpc.Status with its details.",
        "content": {"application/json": {"schema": status}},
    }


def _correct_operation(operation: Node) -> None:
    sentence = re.split(r"(?<=\w)[.:](?:\s|$)", operation["description"], maxsplit=1)[0]
    operation["summary"] = " ".join(sentence.split())
    operation["responses"]["200"]["description"] = "The call succeeded."
    error = {"$ref": "#/components/responses/Error"}
    operation["responses"] |= {"4XX": error, "default": error}
    if not operation["responses"]["200"]["content"]:
        # google.protobuf.Empty
        empty = {"type": "object", "additionalProperties": False}
        operation["responses"]["200"]["content"] = {"application/json": {"schema": empty}}
    for parameter in operation.get("parameters", ()):
        parameter["schema"].pop("description", None)
        parameter["schema"] |= PARAMETERS.get(parameter["name"], {})


def _correct_bodies(description: Node) -> None:
    paths = description["paths"]
    del paths["/v1/operations/{operation}:cancel"]["post"]["requestBody"]
    for path in (":wait", "/videos/{video}:createUrl"):
        paths[f"/v1/operations/{{operation}}{path}"]["post"]["requestBody"]["required"] = False
    for path in (":rotateSecret", ":test", "/deliveries/{delivery}:redeliver"):
        paths[f"/v1/webhooks/{{webhook}}{path}"]["post"]["requestBody"]["required"] = False


def _correct_streams(paths: Node) -> None:
    for path in ("/v1/operations:watch", "/v1/operations/{operation}:watch"):
        content = paths[path]["get"]["responses"]["200"]["content"]
        content["text/event-stream"] = content.pop("application/json")
    download = paths["/v1/operations/{operation}/videos/{video}:download"]["get"]
    download["parameters"].append(_RANGE)
    responses = download["responses"]
    responses["200"]["content"] = _BYTES
    responses["206"] = {"description": "The requested range of bytes.", "content": _BYTES}


def _constrain(schemas: Node) -> None:
    for name, property_name, keywords in _constraints():
        schemas[name]["properties"][property_name] |= keywords
    for name, keywords in COMBINATIONS.items():
        schemas[name] |= keywords
    for name, property_name in SET.items():
        values = schemas[name]["properties"][property_name]["enum"]
        values[:] = [value for value in values if not value.endswith("_UNSPECIFIED")]
    schemas["GenerateVideosConfig"]["properties"]["labels"]["additionalProperties"] |= {
        "maxLength": 63
    }


def _constraints() -> Iterator[tuple[str, str, Node]]:
    for name, properties in PROPERTIES.items():
        for property_name, keywords in properties.items():
            yield name, property_name, keywords
