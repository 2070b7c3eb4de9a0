# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Keys, tokens and metadata of the Python client: where they go, and where they never show."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, video_service
from google.rpc import code_pb2
from longtake import AsyncClient, Client
from longtake.errors import PermissionDenied, Unauthenticated
from stubs.stubs_messages import NAME, error_info, operation, status

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[..., Caller]

KEY = "ltk_a_key_for_tests"
each_kind = pytest.mark.parametrize("kind", [Client, AsyncClient])
AWAY = [
    "videos.example.com:50051",
    "http://videos.example.com:80",
    "grpc://10.0.0.1:50051",
    "[2001:db8::1]:50051",
    "0.0.0.0:50051",
    "localhost.example.com:1",
    "dns:///videos.example.com:443",
    "ipv4:127.0.0.1:1,10.0.0.1:1",
]
AT_HOME = [
    "localhost:1",
    "LOCALHOST:1",
    "127.9.9.9:1",
    "[::1]:1",
    "http://localhost:1",
    "unix:/run/longtake.sock",
    "dns:///localhost:1",
    "ipv4:127.0.0.1:1",
]


def _token() -> str:
    return KEY


@each_kind
@pytest.mark.parametrize("address", AWAY)
@pytest.mark.parametrize("given", [{"api_key": KEY}, {"token": _token}], ids=["key", "token"])
def test_no_credential_leaves_the_machine_without_tls(
    kind: type[Client | AsyncClient], address: str, given: dict[str, Any]
) -> None:
    (name,) = given
    with pytest.raises(ValueError, match=f"^{name}: it would be sent to .* without TLS") as caught:
        kind(address, **given)

    assert KEY not in str(caught.value)


@pytest.mark.parametrize("address", AWAY)
def test_a_key_of_the_environment_is_refused_by_its_name(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGTAKE_API_KEY", KEY)

    with pytest.raises(ValueError, match=r"^LONGTAKE_API_KEY: it would be sent to .* without TLS"):
        Client(address)


@each_kind
@pytest.mark.parametrize("address", AT_HOME)
def test_a_credential_may_go_to_this_machine_without_tls(
    kind: type[Client | AsyncClient], address: str
) -> None:
    assert kind(address, api_key=KEY).address == address


def test_a_key_on_loopback_takes_no_proxy_of_the_environment(
    caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.setenv(variable, "http://192.0.2.1:3128")
    with video_service(Call("GetOperation", operation())) as service:
        assert caller(service.address, api_key=KEY).get(NAME).name == NAME


def test_every_call_carries_the_metadata_for_proxies(caller: MakeCaller) -> None:
    extra = {"X-Team": "ads, and others", "proxy-authorization": "Basic aHVzaA=="}
    with video_service(Call("GetOperation", operation())) as service:
        assert caller(service.address, metadata=extra).get(NAME).name == NAME

        received = service.received[0].metadata
        assert received["x-team"] == "ads, and others"
        assert received["proxy-authorization"] == "Basic aHVzaA=="
        assert "authorization" not in received


def test_metadata_may_come_from_the_environment(
    caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGTAKE_METADATA", "x-team=ads, x-route = a=b")
    with video_service(*[Call("GetOperation", operation())] * 2) as service:
        assert caller(service.address).get(NAME).name == NAME
        assert caller(service.address, metadata={"x-other": "1"}).get(NAME).name == NAME

        first, second = (one.metadata for one in service.received)
        assert (first["x-team"], first["x-route"]) == ("ads", "a=b")
        assert "x-team" not in second


@each_kind
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"api_key": ""}, "api_key: text of this kind is not accepted; it is a string of visible"),
        ({"api_key": "hush hush"}, "api_key: text of this kind is not accepted"),
        ({"api_key": "hush\n"}, "api_key: text of this kind is not accepted"),
        ({"api_key": "h\u00fcsh"}, "api_key: text of this kind is not accepted"),
        ({"api_key": b"hush"}, "api_key: bytes is not accepted"),
        ({"api_key": "hush", "token": _token}, "api_key: a token is given as well"),
        ({"token": "hush"}, "token: str is not accepted; it is a function"),
        ({"metadata": {"authorization": "hush"}}, "metadata: authorization is not accepted"),
        ({"metadata": {"X-Goog-Api-Key": "hush"}}, "metadata: x-goog-api-key is not accepted"),
        ({"metadata": {"a key": "hush"}}, "metadata: a key is not accepted"),
        ({"metadata": {"key-bin": "hush"}}, "metadata: a key is not accepted"),
        ({"metadata": {"grpc-timeout": "hush"}}, "metadata: a key is not accepted"),
        ({"metadata": {"x-team": "hush\r\nx: y"}}, "metadata: the value of x-team is not accepted"),
        ({"metadata": {"x-team": 7}}, "metadata: the value of x-team is not accepted"),
        ({"metadata": "x-team=hush"}, "metadata: str is not accepted"),
        ({"client_certificate": "hush.pem"}, "client_certificate: it is a pair"),
        ({"client_certificate": ("hush.pem",)}, "client_certificate: it is a pair"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(
    kind: type[Client | AsyncClient], given: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=f"^{told}") as caught:
        kind("localhost:1", **given)

    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("LONGTAKE_API_KEY", "hush hush"), ("LONGTAKE_METADATA", "hush")],
)
def test_a_wrong_variable_is_named_and_not_repeated(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(ValueError, match=f"^{variable}: ") as caught:
        Client("localhost:1")
    assert "hush" not in str(caught.value)


def test_an_empty_variable_is_like_none(
    caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("API_KEY", "CA", "CLIENT_CERTIFICATE", "CLIENT_KEY", "METADATA"):
        monkeypatch.setenv(f"LONGTAKE_{variable}", "")
    with video_service(Call("GetOperation", operation())) as service:
        assert caller(service.address).get(NAME).name == NAME

        assert service.credentials() == [None]


@each_kind
def test_no_part_of_a_client_shows_its_credential(kind: type[Client | AsyncClient]) -> None:
    client = kind("localhost:1", api_key=KEY, metadata={"x-secret": "hush"})
    shown = [
        repr(value)
        for part in (client, client.operations, client.models, client.caller, client.usage)
        for value in (part, *vars(part).values(), copy.copy(part))
    ]

    assert not [text for text in shown if KEY in text or "hush" in text]


@pytest.mark.parametrize(
    ("reason", "metadata"),
    [
        ("CREDENTIAL_MISSING", {}),
        ("CREDENTIAL_MALFORMED", {}),
        ("CREDENTIAL_UNKNOWN", {}),
        ("CREDENTIAL_REVOKED", {"key_id": "1a2b3c4d5e6f"}),
        ("CREDENTIAL_EXPIRED", {"key_id": "1a2b3c4d5e6f"}),
        ("CREDENTIALS_DIFFER", {}),
    ],
)
def test_a_key_that_is_refused_raises_at_once(
    caller: MakeCaller, reason: str, metadata: dict[str, str]
) -> None:
    refusal = status(code_pb2.UNAUTHENTICATED, "No.", error_info(reason, **metadata))
    for call in ("get", "states"):
        method = {"get": "GetOperation", "states": "WatchOperation"}[call]
        with video_service(Call(method, refusal)) as service:
            with pytest.raises(Unauthenticated) as caught:
                getattr(caller(service.address, api_key=KEY), call)(NAME)

            assert len(service.received) == 1
        error = caught.value
        assert (error.code, error.reason, error.metadata) == (401, reason, metadata)
        assert KEY not in f"{error!r} {error} {vars(error)}"


def test_a_role_that_is_missing_has_an_error_of_its_own(caller: MakeCaller) -> None:
    refusal = status(
        code_pb2.PERMISSION_DENIED, "No.", error_info("ROLE_MISSING", roles="GENERATOR")
    )
    with video_service(Call("GetOperation", refusal)) as service:
        with pytest.raises(PermissionDenied) as caught:
            caller(service.address, api_key=KEY).get(NAME)

        assert caught.value.metadata == {"roles": "GENERATOR"}
