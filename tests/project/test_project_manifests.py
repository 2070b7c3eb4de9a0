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
USER = 10001
# The longest time that a server waits for its database at the start, by default.
PATIENCE_SECONDS = 60
DATABASE = "postgresql://longtake:secret@one,two/longtake?sslmode=verify-full"


class Manifests:
    """The objects of a file, and what the tests look at."""

    def __init__(self, file: str) -> None:
        self.all: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / file).read_text()))
        self.by_kind: dict[str, dict[str, Any]] = {each["kind"]: each for each in self.all}
        self.deployment: dict[str, Any] = self.by_kind["Deployment"]["spec"]
        self.pod: dict[str, Any] = self.deployment["template"]["spec"]
        [self.container] = self.pod["containers"]
        environment = self.container["env"]
        self.variables: dict[str, str] = {
            each["name"]: each["value"] for each in environment if "value" in each
        }
        self.from_secrets: dict[str, dict[str, str]] = {
            each["name"]: each["valueFrom"]["secretKeyRef"]
            for each in environment
            if "valueFrom" in each
        }
        self.ports: dict[str, int] = {
            each["name"]: each["containerPort"] for each in self.container["ports"]
        }


ONE = Manifests("deploy/kubernetes.yaml")
REPLICAS = Manifests("deploy/replicas/kubernetes.yaml")


@pytest.fixture(params=[ONE, REPLICAS], ids=["one", "replicas"])
def manifests(request: pytest.FixtureRequest) -> Manifests:
    given: Manifests = request.param
    return given


def test_each_manifest_follows_the_schema_of_kubernetes(manifests: Manifests) -> None:
    for manifest in manifests.all:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_misspelt_field_does_not_follow_the_schema() -> None:
    wrong = {**ONE.by_kind["PodDisruptionBudget"], "spec": {"maxUnavailabel": 1}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_the_variables_of_the_pod_are_settings_that_go_together(
    manifests: Manifests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {variable_of(field) for field in Settings.model_fields}
    for name in manifests.from_secrets:
        monkeypatch.setenv(name, DATABASE)
    for name, value in manifests.variables.items():
        # The files of the secret exist only in the pod.
        file = tmp_path / Path(value).name
        file.write_text("-----BEGIN")
        monkeypatch.setenv(name, str(file) if value.startswith("/etc/") else value)

    settings = load_settings(None).model_dump()

    assert manifests.variables.keys() | manifests.from_secrets.keys() <= known
    assert settings["authentication"] == ("keys",)
    assert settings["insecure"] == ()


def test_the_pod_offers_the_ports_that_the_server_listens_on(manifests: Manifests) -> None:
    variables, ports = manifests.variables, manifests.ports

    assert split_address(variables["LONGTAKE_LISTEN"])[1] == ports["grpc"]
    assert split_address(variables["LONGTAKE_HTTP_LISTEN"])[1] == ports["http"]
    assert split_address(variables["LONGTAKE_OPS_LISTEN"])[1] == ports["ops"]
    offered = manifests.by_kind["Service"]["spec"]["ports"]
    assert [(each["port"], each["targetPort"]) for each in offered] == [
        (ports["grpc"], "grpc"),
        (ports["http"], "http"),
    ]
    assert variables["LONGTAKE_PUBLIC_URL"] == f"https://longtake.default.svc:{ports['http']}"
    assert manifests.by_kind["Service"]["spec"]["clusterIP"] == "None"


def test_the_probes_ask_the_ops_port(manifests: Manifests) -> None:
    probes = {
        name: manifests.container[f"{name}Probe"]["httpGet"]
        for name in ("startup", "liveness", "readiness")
    }

    assert probes == {
        "startup": {"path": "/livez", "port": "ops"},
        "liveness": {"path": "/livez", "port": "ops"},
        "readiness": {"path": "/readyz", "port": "ops"},
    }


def test_the_files_that_the_settings_name_come_from_a_secret(manifests: Manifests) -> None:
    mounted = {each["mountPath"]: each for each in manifests.container["volumeMounts"]}
    volumes = {each["name"]: each for each in manifests.pod["volumes"]}

    for name in ("LONGTAKE_TLS_CERTIFICATE", "LONGTAKE_TLS_KEY"):
        mount = mounted[str(Path(manifests.variables[name]).parent)]
        assert mount["readOnly"] is True
        assert volumes[mount["name"]]["secret"]["defaultMode"] == 0o440


def test_no_variable_holds_a_secret(manifests: Manifests) -> None:
    secret = re.compile(r"_API_KEY|_TOKEN|_SECRET|_PASSWORD|_DATABASE_URL")

    assert [name for name in manifests.variables if secret.search(name)] == []


def test_the_pod_runs_as_the_user_of_the_image_with_no_more_rights(manifests: Manifests) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    context = manifests.pod["securityContext"]

    assert f"USER {USER}:{USER}" in dockerfile
    assert {context["runAsUser"], context["runAsGroup"], context["fsGroup"]} == {USER}
    assert context["runAsNonRoot"] is True
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert manifests.container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert manifests.pod["automountServiceAccountToken"] is False
    limits = manifests.container["resources"]["limits"]
    assert {"cpu", "memory", "ephemeral-storage"} <= limits.keys()


def test_what_the_server_writes_is_on_a_volume_or_in_the_database() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    [data] = re.findall(r"LONGTAKE_DATA_FOLDER=(\S+)", dockerfile)
    one, replicas = (
        {each["mountPath"] for each in given.container["volumeMounts"] if "readOnly" not in each}
        for given in (ONE, REPLICAS)
    )

    assert one == {data, "/tmp"}  # noqa: S108 - the pod's own
    assert replicas == {"/tmp"}  # noqa: S108 - the pod's own
    assert REPLICAS.variables["LONGTAKE_MEDIA_URL"].startswith("gs://")


def test_the_policies_select_the_pod(manifests: Manifests) -> None:
    by_kind = manifests.by_kind
    labels = manifests.deployment["template"]["metadata"]["labels"]

    assert by_kind["Service"]["spec"]["selector"] == labels
    assert by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    for spread in manifests.pod.get("topologySpreadConstraints", ()):
        assert spread["labelSelector"]["matchLabels"] == labels


def test_only_labelled_clients_and_prometheus_reach_the_pod(manifests: Manifests) -> None:
    policy = manifests.by_kind["NetworkPolicy"]["spec"]
    reached = {
        tuple(port["port"] for port in rule["ports"]): rule["from"] for rule in policy["ingress"]
    }

    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert reached.keys() == {("grpc", "http"), ("ops",)}
    for sources in reached.values():
        [source] = sources
        assert source["podSelector"]["matchLabels"]


def test_the_pod_reaches_dns_public_https_and_its_database_alone(manifests: Manifests) -> None:
    names, *database, https = manifests.by_kind["NetworkPolicy"]["spec"]["egress"]

    assert {port["port"] for port in names["ports"]} == {53}
    assert [rule["ports"] for rule in database] == [[{"port": 5432}]] * (manifests is REPLICAS)
    assert https["ports"] == [{"port": 443}]
    blocks = {each["ipBlock"]["cidr"]: each["ipBlock"]["except"] for each in https["to"]}
    for address in ("10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "fd00::1"):
        one = ipaddress.ip_address(address)
        whole = "0.0.0.0/0" if one.version == 4 else "::/0"
        assert any(one in ipaddress.ip_network(block) for block in blocks[whole]), address


def test_the_url_of_the_database_and_its_authority_come_from_one_secret() -> None:
    volumes = {each["name"]: each for each in REPLICAS.pod["volumes"]}
    mounts = {each["name"]: each["mountPath"] for each in REPLICAS.container["volumeMounts"]}
    text = (ROOT / "deploy/replicas/kubernetes.yaml").read_text()
    [authority] = re.findall(r"sslrootcert=([^\s'&]+)", text)

    assert REPLICAS.from_secrets == {
        "LONGTAKE_DATABASE_URL": {"name": "longtake-database", "key": "url"}
    }
    assert volumes["database"]["secret"]["secretName"] == "longtake-database"
    [item] = volumes["database"]["secret"]["items"]
    assert f"{mounts['database']}/{item['path']}" == authority


def test_an_update_never_leaves_less_than_all_replicas() -> None:
    assert REPLICAS.deployment["replicas"] >= 2
    assert REPLICAS.deployment["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
    }
    assert REPLICAS.by_kind["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    spread = {each["topologyKey"] for each in REPLICAS.pod["topologySpreadConstraints"]}
    assert spread == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}


def test_a_replica_has_more_time_than_its_stop_and_its_start_take() -> None:
    pause = float(REPLICAS.variables["LONGTAKE_DRAIN_SECONDS"])
    grace = Settings.model_fields["grace_seconds"].default
    probe = REPLICAS.container["startupProbe"]

    assert REPLICAS.pod["terminationGracePeriodSeconds"] > pause + grace + 10
    assert probe["periodSeconds"] * probe["failureThreshold"] > PATIENCE_SECONDS + 10
