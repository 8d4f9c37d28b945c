"""The Kubernetes manifests: valid by the official schemas, and in agreement with the code they run.

They are validated, not run: there is no cluster here. PodMonitor is a resource of the Prometheus operator and
Kustomization one of kustomize; the official schemas hold neither, so their checks are written here by hand.
"""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from audio_enhancement.metrics import REGISTRY
from audio_enhancement.settings import SETTINGS, ApiSettings, AudioSettings, MonitoringSettings, WorkerSettings

SYSTEM = Path(__file__).resolve().parents[2] / "system"
FOLDER = SYSTEM / "deploy" / "kubernetes"
SCHEMAS = "1.37"
WITHOUT_SCHEMA = {"PodMonitor", "Kustomization"}
PRE_STOP_S, MARGIN_S = 5, 10

Manifest = dict[str, Any]


def load(file: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(file.read_text()))


MANIFESTS: list[Manifest] = [one for file in sorted(FOLDER.glob("*.yaml")) for one in load(file)]


def of_kind(kind: str) -> list[Manifest]:
    return [one for one in MANIFESTS if one["kind"] == kind]


def named(kind: str, name: str) -> Manifest:
    return next(one for one in of_kind(kind) if one["metadata"]["name"] == name)


def pods() -> dict[str, Manifest]:
    """Each Deployment's pod template, by component."""
    templates = [one["spec"]["template"] for one in of_kind("Deployment")]
    return {template["metadata"]["labels"]["app.kubernetes.io/component"]: template for template in templates}


def environment_names() -> dict[str, tuple[str, str]]:
    return {
        f"{cls.model_config['env_prefix']}{name}".upper(): (component, name)
        for component, cls in SETTINGS.items()
        for name in cls.model_fields
    }


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: f"{one['kind']}-{one.get('metadata', {}).get('name')}")
def test_each_manifest_is_valid_by_the_official_schema(manifest: Manifest) -> None:
    if manifest["kind"] in WITHOUT_SCHEMA:
        with pytest.raises(kubernetes_validate.SchemaNotFoundError):
            kubernetes_validate.validate(manifest, SCHEMAS, strict=True)
    else:
        kubernetes_validate.validate(manifest, SCHEMAS, strict=True)


def test_the_schemas_refuse_a_misspelt_field() -> None:
    broken = {**named("Service", "audio-enhancement-api"), "spec": {"port": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, SCHEMAS, strict=True)


def test_kustomization_names_every_manifest_but_the_secret_template() -> None:
    [kustomization] = of_kind("Kustomization")
    files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml", "secret.template.yaml"}
    assert set(kustomization["resources"]) == files
    assert kustomization["images"][0]["newTag"] == (SYSTEM / "VERSION").read_text().strip()
    images = {container["image"] for pod in pods().values() for container in pod["spec"]["containers"]}
    assert images == {kustomization["images"][0]["name"]}


def test_settings_exist_and_take_their_values() -> None:
    known = environment_names()
    for name, value in named("ConfigMap", "audio-enhancement")["data"].items():
        component, field = known[name]
        SETTINGS[component].model_validate({field: value})
    secrets = named("Secret", "audio-enhancement")["stringData"]
    assert set(secrets) == {
        name
        for name, (component, field) in known.items()
        if "SecretStr" in str(SETTINGS[component].model_fields[field].annotation)
    }
    assert set(secrets.values()) == {""}, "a template holds no secret"


def test_what_manifests_repeat_is_what_the_settings_say() -> None:
    data = named("ConfigMap", "audio-enhancement")["data"]
    known = environment_names()
    for name in ("AE_API_DRAIN_S", "AE_WORKER_SHUTDOWN_TIMEOUT_S", "AE_WORKER_CONCURRENCY"):
        component, field = known[name]
        assert float(data[name]) == SETTINGS[component].model_fields[field].default, name


def test_a_pod_that_ends_has_its_drain_time() -> None:
    worker = WorkerSettings.model_fields["shutdown_timeout_s"].default
    api = ApiSettings.model_fields["drain_s"].default
    assert pods()["workers"]["spec"]["terminationGracePeriodSeconds"] >= worker + MARGIN_S
    assert pods()["api"]["spec"]["terminationGracePeriodSeconds"] >= PRE_STOP_S + api + MARGIN_S
    assert pods()["api"]["spec"]["containers"][0]["lifecycle"]["preStop"]["exec"]["command"] == [
        "sleep",
        str(PRE_STOP_S),
    ]


def test_ports_are_those_that_the_processes_listen_on() -> None:
    data = named("ConfigMap", "audio-enhancement")["data"]
    for component, name, port in (
        ("api", "AE_API_PORT", ApiSettings.model_fields["port"].default),
        ("workers", "AE_WORKER_METRICS_PORT", WorkerSettings.model_fields["metrics_port"].default),
        ("monitor", "AE_MONITORING_METRICS_PORT", MonitoringSettings.model_fields["metrics_port"].default),
    ):
        [declared] = pods()[component]["spec"]["containers"][0]["ports"]
        assert declared["containerPort"] == int(data[name]) == port


def test_processes_listen_where_probes_and_prometheus_reach_them() -> None:
    data = named("ConfigMap", "audio-enhancement")["data"]
    for name in environment_names():
        if name.endswith("_HOST"):
            assert data[name] == "0.0.0.0"


def test_workers_have_the_memory_that_their_jobs_may_take() -> None:
    needed_mb = (
        WorkerSettings.model_fields["concurrency"].default * AudioSettings.model_fields["decode_memory_mb"].default
    )
    limit = pods()["workers"]["spec"]["containers"][0]["resources"]["limits"]["memory"]
    assert int(limit.removesuffix("Gi")) * 1024 >= needed_mb


@pytest.mark.parametrize("component", ["api", "workers", "monitor"])
def test_pods_run_with_no_rights_and_say_how_they_are(component: str) -> None:
    spec = pods()[component]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert spec["automountServiceAccountToken"] is False
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] and security["capabilities"]["drop"] == ["ALL"]
        assert security["allowPrivilegeEscalation"] is False
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        module = container["command"][-1].replace(".", "/")
        assert any((SYSTEM / f"{module}{end}").exists() for end in (".py", "/__main__.py")), container["command"]
    for container in spec["containers"]:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"]["port"] in {port["name"] for port in container["ports"]}
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounts == {"/tmp", named("ConfigMap", "audio-enhancement")["data"]["AE_STORAGE_DATA_DIR"]}


def test_selectors_find_their_pods() -> None:
    labels = {component: pod["metadata"]["labels"] for component, pod in pods().items()}

    def found(selector: dict[str, str]) -> set[str]:
        return {component for component, known in labels.items() if selector.items() <= known.items()}

    for deployment in of_kind("Deployment"):
        assert len(found(deployment["spec"]["selector"]["matchLabels"])) == 1
    assert found(named("Service", "audio-enhancement-api")["spec"]["selector"]) == {"api"}
    assert [found(one["spec"]["selector"]["matchLabels"]) for one in of_kind("PodDisruptionBudget")] == [
        {"api"},
        {"workers"},
    ]
    assert found(named("NetworkPolicy", "audio-enhancement")["spec"]["podSelector"]["matchLabels"]) == set(labels)
    assert found(named("NetworkPolicy", "audio-enhancement-api")["spec"]["podSelector"]["matchLabels"]) == {"api"}
    deployments = {one["metadata"]["name"] for one in of_kind("Deployment")}
    for scaler in of_kind("HorizontalPodAutoscaler"):
        assert scaler["spec"]["scaleTargetRef"]["name"] in deployments


def test_workers_scale_on_a_metric_that_exists_up_to_the_limit_of_deploy_py() -> None:
    from audio_enhancement.deployment.deploy import MOST_WORKERS

    spec = named("HorizontalPodAutoscaler", "enhancement-workers")["spec"]
    assert spec["metrics"][0]["external"]["metric"]["name"] in {metric.name for metric in REGISTRY.collect()}
    assert spec["maxReplicas"] == MOST_WORKERS


def test_the_pod_monitor_scrapes_every_component_with_the_labels_of_the_rules() -> None:
    """By hand, after the operator's API reference: monitoring.coreos.com/v1, PodMonitorSpec, PodMetricsEndpoint."""
    [monitor] = of_kind("PodMonitor")
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert set(monitor["spec"]) <= {
        "selector",
        "podMetricsEndpoints",
        "namespaceSelector",
        "jobLabel",
        "podTargetLabels",
    }
    ports = {endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]}
    for component, pod in pods().items():
        assert monitor["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        assert ports & {port["name"] for port in pod["spec"]["containers"][0]["ports"]}, component
    for endpoint in monitor["spec"]["podMetricsEndpoints"]:
        assert set(endpoint) <= {"port", "path", "interval", "relabelings"}
        assert {rule["targetLabel"] for rule in endpoint["relabelings"]} == {"job", "program"}
        assert all(set(rule) <= {"sourceLabels", "targetLabel", "action", "regex"} for rule in endpoint["relabelings"])
    # The rules ask for job="api", "workers" and "monitor": the component is what becomes the job.
    rules = (SYSTEM / "monitoring" / "rules" / "alerts.yml").read_text()
    assert all(f'job="{component}"' in rules for component in pods())
