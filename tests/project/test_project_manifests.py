# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes manifests are valid, locked down, and match the server's settings."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from longtake_server.configuration.addresses import split_address
from longtake_server.configuration.loading import variable_of
from longtake_server.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
KUBERNETES = "1.34"
MANIFESTS: list[dict[str, Any]] = list(
    yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text())
)
BY_KIND: dict[str, dict[str, Any]] = {each["kind"]: each for each in MANIFESTS}
POD: dict[str, Any] = BY_KIND["Deployment"]["spec"]["template"]["spec"]
[CONTAINER] = POD["containers"]
VARIABLES: dict[str, str] = {each["name"]: each["value"] for each in CONTAINER["env"]}
PORTS: dict[str, int] = {each["name"]: each["containerPort"] for each in CONTAINER["ports"]}
USER = 10001


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: each["kind"])
def test_a_manifest_follows_the_schema_of_kubernetes(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_misspelt_field_does_not_follow_the_schema() -> None:
    wrong = {**BY_KIND["PodDisruptionBudget"], "spec": {"maxUnavailabel": 1}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_the_variables_of_the_pod_are_settings_that_go_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {variable_of(field) for field in Settings.model_fields}
    for name, value in VARIABLES.items():
        # The files of the secret exist only in the pod.
        file = tmp_path / Path(value).name
        file.write_text("-----BEGIN")
        monkeypatch.setenv(name, str(file) if value.startswith("/etc/") else value)

    settings = load_settings(None).model_dump()

    assert set(VARIABLES) <= known
    assert settings["authentication"] == ("keys",)
    assert settings["insecure"] == ()


def test_the_pod_offers_the_ports_that_the_server_listens_on() -> None:
    assert split_address(VARIABLES["LONGTAKE_LISTEN"])[1] == PORTS["grpc"]
    assert split_address(VARIABLES["LONGTAKE_OPS_LISTEN"])[1] == PORTS["ops"]
    [offered] = BY_KIND["Service"]["spec"]["ports"]
    assert (offered["port"], offered["targetPort"]) == (PORTS["grpc"], "grpc")


def test_the_probes_ask_the_ops_port() -> None:
    probes = {
        name: CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")
    }

    assert probes == {
        "startup": {"path": "/livez", "port": "ops"},
        "liveness": {"path": "/livez", "port": "ops"},
        "readiness": {"path": "/readyz", "port": "ops"},
    }


def test_the_files_that_the_settings_name_come_from_a_secret() -> None:
    mounted = {each["mountPath"]: each for each in CONTAINER["volumeMounts"]}
    volumes = {each["name"]: each for each in POD["volumes"]}

    for name in ("LONGTAKE_TLS_CERTIFICATE", "LONGTAKE_TLS_KEY"):
        mount = mounted[str(Path(VARIABLES[name]).parent)]
        assert mount["readOnly"] is True
        assert volumes[mount["name"]]["secret"]["defaultMode"] == 0o440


def test_no_variable_holds_a_secret() -> None:
    names = [name for name in VARIABLES if re.search(r"_API_KEY|_TOKEN|_SECRET|_PASSWORD", name)]

    assert names == []


def test_the_pod_runs_as_the_user_of_the_image_with_no_more_rights() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    context = POD["securityContext"]

    assert f"USER {USER}:{USER}" in dockerfile
    assert {context["runAsUser"], context["runAsGroup"], context["fsGroup"]} == {USER}
    assert context["runAsNonRoot"] is True
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["automountServiceAccountToken"] is False
    assert {"cpu", "memory", "ephemeral-storage"} <= CONTAINER["resources"]["limits"].keys()


def test_what_the_server_writes_is_on_a_volume() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    [data] = re.findall(r"LONGTAKE_DATA_FOLDER=(\S+)", dockerfile)
    writable = {each["mountPath"] for each in CONTAINER["volumeMounts"] if "readOnly" not in each}

    assert writable == {data, "/tmp"}  # noqa: S108 - the pod's own


def test_the_policies_select_the_pod() -> None:
    labels = BY_KIND["Deployment"]["spec"]["template"]["metadata"]["labels"]

    assert BY_KIND["Service"]["spec"]["selector"] == labels
    assert BY_KIND["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert BY_KIND["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels


def test_only_labelled_clients_and_prometheus_reach_the_pod() -> None:
    policy = BY_KIND["NetworkPolicy"]["spec"]
    reached = {
        tuple(port["port"] for port in rule["ports"]): rule["from"] for rule in policy["ingress"]
    }

    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert reached.keys() == {("grpc",), ("ops",)}
    for sources in reached.values():
        [source] = sources
        assert source["podSelector"]["matchLabels"]


def test_the_pod_reaches_dns_and_public_https_alone() -> None:
    names, https = BY_KIND["NetworkPolicy"]["spec"]["egress"]

    assert {port["port"] for port in names["ports"]} == {53}
    assert https["ports"] == [{"port": 443}]
    blocks = {each["ipBlock"]["cidr"]: each["ipBlock"]["except"] for each in https["to"]}
    for address in ("10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "fd00::1"):
        one = ipaddress.ip_address(address)
        whole = "0.0.0.0/0" if one.version == 4 else "::/0"
        assert any(one in ipaddress.ip_network(block) for block in blocks[whole]), address
