"""Pod Security Standards against the recorded answers of a kube-apiserver v1.34.2.

Each row of the recording has a pod and, for baseline and restricted at six policy versions,
``true`` or the message with which the server refused the pod. Rows with ``invalid`` never reached
the policy.
"""

import copy
import io
import json
import os.path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.kubernetes.pod_security import (
    BASELINE,
    LATEST,
    RESTRICTED,
    KeyPath,
    Violation,
    evaluate,
    message,
    namespace_policy,
)
from seawall.kubernetes.pod_security.checks import CHECKS
from seawall.kubernetes.pod_security.policy import NEWEST_MINOR, version_minor

ORACLE = os.path.join(
    os.path.dirname(__file__), "..", "data", "oracles", "kube-apiserver-pods.jsonl.zst"
)
VERSIONS = [f"v1.{minor}" for minor in range(NEWEST_MINOR + 1)]

Json = dict[str, Any]


def read_oracle() -> list[Json]:
    with open(ORACLE, "rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        return [json.loads(line) for line in io.TextIOWrapper(stream, encoding="utf-8")]


ROWS = read_oracle()
JUDGED = [row for row in ROWS if "verdicts" in row]
PODS: list[Json] = [row["pod"] for row in ROWS]


def judge(level: str, version: str, pod: Json) -> tuple[Violation, ...]:
    return evaluate(level, version, pod.get("metadata"), pod.get("spec"))


def checks(level: str, version: str, spec: object, metadata: object = None) -> list[str]:
    return [violation.check for violation in evaluate(level, version, metadata, spec)]


def hardened(**security: object) -> Json:
    """A container that restricted has nothing against, with some fields changed."""
    return {
        "name": "c",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        | security,
    }


def details(level: str, version: str, spec: object, metadata: object = None) -> dict[str, str]:
    return {found.check: found.detail for found in evaluate(level, version, metadata, spec)}


# The recording


def test_every_recorded_verdict_and_message() -> None:
    compared = 0
    differences = []
    for row in JUDGED:
        for key, expected in row["verdicts"].items():
            level, version = key.split(":")
            actual = message(level, version, judge(level, version, row["pod"])) or True
            compared += 1
            if actual != expected:
                differences.append(
                    f"{row['pod']['metadata']['name']} at {key}\n"
                    f"  server:  {expected}\n  seawall: {actual}"
                )
    assert compared == 30_000
    assert not differences, f"{len(differences)} differ, the first are:\n" + "\n".join(
        differences[:5]
    )


def resolve(pod: Json, path: KeyPath) -> int:
    """How many steps of the path exist; raises if it leaves the pod other than into nothing."""
    value: Any = pod
    for depth, key in enumerate(path):
        if value is None or (isinstance(value, dict) and key not in value):
            assert all(isinstance(rest, str) for rest in path[depth:]), path
            return depth
        value = value[key]
    return len(path)


def test_paths_point_into_the_pod_or_at_a_missing_field() -> None:
    for row in JUDGED:
        for version in ("v1.18", LATEST):
            for violation in judge(RESTRICTED, version, row["pod"]):
                assert violation.paths
                assert len(set(violation.paths)) == len(violation.paths)
                for path in violation.paths:
                    depth = resolve(row["pod"], path)
                    # Whatever is missing, the container that misses it is there.
                    assert depth >= (3 if any(isinstance(key, int) for key in path[:3]) else 1), (
                        path
                    )
                    if violation.level == BASELINE:
                        assert depth == len(path), path


def mend(pod: Json, check: str, path: KeyPath) -> None:
    *parents, last = path
    holder: Any = pod
    for key in parents:
        if isinstance(holder, dict) and holder.get(key) is None:
            holder[key] = {}
        holder = holder[key]
    match check, last:
        case "allowPrivilegeEscalation", _:
            holder[last] = False
        case "runAsNonRoot", _:
            holder[last] = True
        case _, "drop":
            holder[last] = ["ALL"]
        case "sysctls", _:
            holder[last] = "net.ipv4.tcp_syncookies"
        case (
            ("appArmorProfile" | "seccompProfile_restricted" | "seccompProfile_baseline"),
            "type",
        ):
            holder[last] = "RuntimeDefault"
        case _:
            # hostNetwork may be gone already: two checks have something against it.
            if isinstance(holder, dict):
                holder.pop(last, None)
            else:
                del holder[last]


@pytest.mark.parametrize(
    ("level", "version"),
    [(BASELINE, "v1.18"), (BASELINE, LATEST), (RESTRICTED, "v1.18"), (RESTRICTED, LATEST)],
)
def test_mending_the_paths_mends_the_pod(level: str, version: str) -> None:
    for row in JUDGED:
        pod = copy.deepcopy(row["pod"])
        # The server names containers that lack a field only once no other sets it wrongly.
        for _ in range(2):
            for violation in judge(level, version, pod):
                # List items go from the last to the first, so that indices stay right.
                for path in reversed(violation.paths):
                    mend(pod, violation.check, path)
        assert judge(level, version, pod) == (), row["pod"]


def test_restricted_is_never_laxer_than_baseline() -> None:
    for pod in PODS:
        # Some restricted checks exempt Windows and yet replace baseline ones that do not.
        if pod["spec"].get("os") == {"name": "windows"}:
            continue
        for version in ("v1.0", "v1.24", LATEST):
            if judge(BASELINE, version, pod):
                assert judge(RESTRICTED, version, pod)


# Odd input

FIELDS = """
    metadata annotations spec containers initContainers ephemeralContainers name securityContext
    capabilities add drop seccompProfile appArmorProfile type seLinuxOptions user role sysctls
    windowsOptions hostProcess procMount ports hostPort containerPort volumes hostPath emptyDir os
    hostUsers livenessProbe httpGet tcpSocket host lifecycle postStart runAsUser
    seccomp.security.alpha.kubernetes.io/pod
    container.apparmor.security.beta.kubernetes.io/c0
    container.seccomp.security.alpha.kubernetes.io/c0
"""
NAMES = st.sampled_from(FIELDS.split())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, 2**31, 10**400, -(10**400), 0.0, 80.0, 1e300])
    | st.floats()
    | st.sampled_from(["", "ALL", "windows", "Unconfined", "unconfined", "true", "c0"])
    | st.text(max_size=4)
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            NAMES | st.text(max_size=3) | st.integers() | st.none(), inner, max_size=3
        )
    ),
    max_leaves=8,
)
MUTATIONS = st.lists(st.tuples(st.integers(0, 10**6), JUNK | st.just(...)), max_size=6)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


def mutated(pod: Json, mutations: list[tuple[int, Any]]) -> Json:
    pod = copy.deepcopy(pod)
    for number, junk in mutations:
        candidates = places(pod)
        if not candidates:
            break
        *parents, last = candidates[number % len(candidates)]
        holder: Any = pod
        for key in parents:
            holder = holder[key]
        if junk is ...:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(junk)
    return pod


@settings(max_examples=400)
@given(pod=st.sampled_from(PODS), mutations=MUTATIONS, version=st.sampled_from([*VERSIONS, "x"]))
def test_never_raises_on_mutated_pods(
    pod: Json, mutations: list[tuple[int, Any]], version: str
) -> None:
    odd = mutated(pod, mutations)
    for level in (BASELINE, RESTRICTED):
        violations = judge(level, version, odd)
        assert bool(message(level, version, violations)) == bool(violations)
        for violation in violations:
            assert violation.paths
            value: Any = odd
            for depth, key in enumerate(violation.paths[0]):
                if isinstance(key, str) and (not isinstance(value, dict) or key not in value):
                    assert depth > 0
                    break
                value = value[key]


@given(metadata=JUNK, spec=JUNK)
def test_never_raises_on_anything(metadata: object, spec: object) -> None:
    for level in ("privileged", BASELINE, RESTRICTED, "nonsense"):
        evaluate(level, LATEST, metadata, spec)


@given(
    labels=JUNK
    | st.dictionaries(
        st.sampled_from(
            [
                f"pod-security.kubernetes.io/{mode}{suffix}"
                for mode in ("enforce", "audit", "warn")
                for suffix in ("", "-version")
            ]
        ),
        SCALARS,
    )
)
def test_namespace_policy_never_raises(labels: object) -> None:
    policy = namespace_policy(labels)
    for level, version in policy[:3]:
        assert level in {"privileged", "baseline", "restricted"}
        assert version_minor(version) is not None


def test_wrong_types_count_as_absent() -> None:
    spec = {
        "hostNetwork": "true",
        "containers": [
            {
                "name": "c",
                "ports": [{"hostPort": "80"}, {"hostPort": True}, {"hostPort": 2**31}, 80],
                "securityContext": {
                    "privileged": "true",
                    "runAsUser": False,
                    "capabilities": {"drop": "ALL", "add": "SYS_ADMIN"},
                    "seccompProfile": "RuntimeDefault",
                },
            },
            "containers",
        ],
        "volumes": [{"name": "v", "hostPath": "/"}, {"name": "w", "hostPath": None}, None],
    }
    assert checks(BASELINE, LATEST, spec) == []
    assert checks(RESTRICTED, LATEST, spec) == [
        "allowPrivilegeEscalation",
        "capabilities_restricted",
        "runAsNonRoot",
        "seccompProfile_restricted",
    ]


def test_integers_beyond_int32_count_as_absent() -> None:
    # Python refuses to write so long a number, and the server to read one.
    ports = [{"hostPort": 10**5000}, {"hostPort": -(2**31) - 1}, {"containerPort": 1e300}]
    spec = {"hostNetwork": True, "containers": [{"name": "c", "ports": ports}]}
    assert checks(BASELINE, LATEST, spec) == ["hostNamespaces"]


def test_null_among_strings_is_the_empty_string() -> None:
    container = {"name": "c", "securityContext": {"capabilities": {"add": [None, 5]}}}
    annotations = {"seccomp.security.alpha.kubernetes.io/pod": None}
    assert details(
        BASELINE, "v1.18", {"containers": [container]}, {"annotations": annotations}
    ) == {
        "capabilities_baseline": (
            'container "c" must not include "" in securityContext.capabilities.add'
        ),
        "seccompProfile_baseline": (
            'forbidden annotation seccomp.security.alpha.kubernetes.io/pod=""'
        ),
    }


def test_floats_without_a_fraction_are_integers() -> None:
    container = hardened(runAsUser=0.0) | {"ports": [{"hostPort": 80.0}, {"hostPort": 80.5}]}
    assert details(RESTRICTED, LATEST, {"containers": [container]}) == {
        "hostPorts": 'container "c" uses hostPort 80',
        "runAsUser": 'container "c" must not set runAsUser=0',
    }


# Levels and versions


def test_privileged_forbids_nothing() -> None:
    assert evaluate("privileged", LATEST, {}, {"hostNetwork": True}) == ()
    assert message("privileged", LATEST, ()) == ""


def test_unknown_level_is_restricted() -> None:
    pod = {"hostNetwork": True, "containers": [{"name": "c"}]}
    assert evaluate("Baseline", LATEST, {}, pod) == evaluate(RESTRICTED, LATEST, {}, pod)


@pytest.mark.parametrize("version", ["latest", "v1.38", "v1.99999999", "v1.01", "1.24", "v1.24\n"])
def test_newer_and_unreadable_versions_are_the_newest(version: str) -> None:
    for pod in PODS[:200]:
        assert judge(RESTRICTED, version, pod) == judge(RESTRICTED, LATEST, pod)


@pytest.mark.parametrize(
    ("version", "minor"),
    [
        ("latest", NEWEST_MINOR),
        ("v1.0", 0),
        ("v1.9", 9),
        ("v1.37", 37),
        ("v1.9223372036854775807", 2**63 - 1),
        *((text, None) for text in ("", "v1", "v1.", "v1.00", "v1.024", "v1.24.1", "v2.0", "1.24")),
        *((text, None) for text in ("v1.24\n", " v1.24", "v1.-1", "v1.1_0", "v1.٣", "Latest")),
        ("v1.9223372036854775808", None),
        ("v1." + "9" * 5000, None),
        (None, None),
        (1.24, None),
    ],
)
def test_version_forms(version: object, minor: int | None) -> None:
    assert version_minor(version) == minor


def test_table_is_in_the_server_order_and_complete() -> None:
    keys = [(check.level, check.id) for check in CHECKS]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys)) == 19
    baseline = {check.id for check in CHECKS if check.level == BASELINE}
    assert {check.replaces for check in CHECKS} - {None} <= baseline
    for check in CHECKS:
        since = [minor for minor, _ in check.versions]
        assert since == sorted(set(since))
    assert max(check.versions[-1][0] for check in CHECKS) == NEWEST_MINOR
    assert f"v1.{NEWEST_MINOR}" == LATEST


@pytest.mark.parametrize(
    ("check", "level", "first", "last"),
    [
        ("appArmorProfile", BASELINE, 0, 37),
        ("hostProbesAndHostLifecycle", BASELINE, 34, 37),
        ("capabilities_baseline", BASELINE, 0, 37),
        ("capabilities_baseline", RESTRICTED, 0, 21),
        ("capabilities_restricted", RESTRICTED, 22, 37),
        ("hostPathVolumes", BASELINE, 0, 37),
        ("hostPathVolumes", RESTRICTED, None, None),
        ("restrictedVolumes", RESTRICTED, 0, 37),
        ("procMount", BASELINE, 0, 37),
        ("procMount", RESTRICTED, 0, 34),
        ("procMount_restricted", RESTRICTED, 35, 37),
        ("allowPrivilegeEscalation", RESTRICTED, 8, 37),
        ("runAsNonRoot", RESTRICTED, 0, 37),
        ("runAsUser", RESTRICTED, 23, 37),
        ("seccompProfile_baseline", BASELINE, 19, 37),
        ("seccompProfile_baseline", RESTRICTED, None, None),
        ("seccompProfile_restricted", RESTRICTED, 19, 37),
    ],
)
def test_versions_of_each_check(
    check: str, level: str, first: int | None, last: int | None
) -> None:
    container = {
        "name": "c",
        "livenessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 1}},
        "securityContext": {
            "appArmorProfile": {"type": "Unconfined"},
            "capabilities": {"add": ["NET_RAW"]},
            "procMount": "Unmasked",
            "runAsUser": 0,
            "seccompProfile": {"type": "Unconfined"},
        },
    }
    spec = {"containers": [container], "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}
    present = [
        minor for minor in range(NEWEST_MINOR + 1) if check in checks(level, f"v1.{minor}", spec)
    ]
    assert present == ([] if first is None or last is None else list(range(first, last + 1)))


@pytest.mark.parametrize(
    ("sysctl", "since"),
    [
        ("kernel.shm_rmid_forced", 0),
        ("net.ipv4.ip_local_port_range", 0),
        ("net.ipv4.ip_unprivileged_port_start", 0),
        ("net.ipv4.ping_group_range", 0),
        ("net.ipv4.tcp_syncookies", 0),
        ("net.ipv4.ip_local_reserved_ports", 27),
        ("net.ipv4.tcp_fin_timeout", 29),
        ("net.ipv4.tcp_keepalive_intvl", 29),
        ("net.ipv4.tcp_keepalive_probes", 29),
        ("net.ipv4.tcp_keepalive_time", 29),
        ("net.ipv4.tcp_rmem", 32),
        ("net.ipv4.tcp_wmem", 32),
        ("net.ipv4.tcp_notsent_lowat", 37),
        ("net.ipv4.tcp_slow_start_after_idle", 37),
        ("net/ipv4/tcp_syncookies", 99),
        ("kernel.msgmax", 99),
    ],
)
def test_sysctls(sysctl: str, since: int) -> None:
    spec = {"securityContext": {"sysctls": [{"name": sysctl, "value": "1"}]}}
    for minor in range(NEWEST_MINOR + 1):
        assert bool(checks(BASELINE, f"v1.{minor}", spec)) == (minor < since)


def test_sysctl_without_a_name_has_no_detail() -> None:
    found = evaluate(BASELINE, LATEST, {}, {"securityContext": {"sysctls": [{"value": "1"}]}})
    assert message(BASELINE, LATEST, found) == (
        f'violates PodSecurity "baseline:{LATEST}": forbidden sysctls'
    )


def test_selinux_type_of_container_engines_since_31() -> None:
    spec = {"securityContext": {"seLinuxOptions": {"type": "container_engine_t", "level": "s0"}}}
    assert checks(BASELINE, "v1.30", spec) == ["seLinuxOptions"]
    assert checks(BASELINE, "v1.31", spec) == []


@pytest.mark.parametrize("host_users", [False, True, None, "false", 0])
def test_user_namespace_relaxations_since_35(host_users: object) -> None:
    container = hardened(runAsNonRoot=False, runAsUser=0, procMount="Unmasked")
    spec = {"hostUsers": host_users, "containers": [container]}
    strict_baseline = ["procMount"]
    strict = ["procMount", "runAsNonRoot", "runAsUser"]
    assert checks(BASELINE, "v1.34", spec) == strict_baseline
    assert checks(RESTRICTED, "v1.34", spec) == strict
    relaxed = host_users is False
    for version in ("v1.35", "v1.36", "v1.37", "latest"):
        assert checks(BASELINE, version, spec) == ([] if relaxed else strict_baseline)
        assert checks(RESTRICTED, version, spec) == (
            ["procMount_restricted"] if relaxed else ["procMount_restricted", *strict[1:]]
        )


def test_windows_exemptions_since_25() -> None:
    container = {
        "name": "c",
        "securityContext": {
            "windowsOptions": {"hostProcess": True},
            "capabilities": {"add": ["SYS_ADMIN"]},
            "seccompProfile": {"type": "Unconfined"},
        },
    }
    windows = {"os": {"name": "windows"}, "containers": [container]}
    always = ["windowsHostProcess"]
    exempt = ["allowPrivilegeEscalation", "capabilities_restricted", "seccompProfile_restricted"]
    both = [*always, *exempt[:2], "runAsNonRoot", exempt[2]]
    assert checks(RESTRICTED, "v1.24", windows) == both
    assert checks(RESTRICTED, "v1.25", windows) == [*always, "runAsNonRoot"]
    assert checks(RESTRICTED, LATEST, windows) == [*always, "runAsNonRoot"]
    # Baseline keeps the two checks that restricted replaces.
    assert checks(BASELINE, LATEST, windows) == [
        "capabilities_baseline",
        "seccompProfile_baseline",
        "windowsHostProcess",
    ]
    for other in (
        {"os": {"name": "Windows"}},
        {"os": "windows"},
        {"nodeSelector": {"kubernetes.io/os": "windows"}},
        {"runtimeClassName": "windows"},
    ):
        assert checks(RESTRICTED, LATEST, {"containers": [container]} | other) == both


# What the server fills in


def test_volume_without_a_source_is_an_empty_dir() -> None:
    spec = {"containers": [hardened()], "volumes": [{"name": "v"}, {"name": "w", "nosuch": {}}]}
    assert checks(RESTRICTED, LATEST, spec) == []


def test_host_network_makes_container_ports_host_ports() -> None:
    spec = {
        "hostNetwork": True,
        "initContainers": [{"name": "i", "ports": [{"containerPort": 443, "hostPort": None}]}],
        "containers": [
            {"name": "c", "ports": [{"containerPort": 8080}, {"containerPort": 1, "hostPort": 80}]}
        ],
        "ephemeralContainers": [{"name": "e", "ports": [{"containerPort": 9}]}],
    }
    _, found = evaluate(BASELINE, LATEST, {}, spec)
    assert found.detail == 'containers "i", "c" use hostPorts 443, 80, 8080'
    assert found.paths == (
        ("spec", "initContainers", 0, "ports", 0, "containerPort"),
        ("spec", "containers", 0, "ports", 0, "containerPort"),
        ("spec", "containers", 0, "ports", 1, "hostPort"),
        ("spec", "hostNetwork"),
    )
    assert checks(BASELINE, LATEST, spec | {"hostNetwork": False}) == ["hostPorts"]


APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


@pytest.mark.parametrize(
    ("annotations", "pod_profile", "profile", "extra", "expected"),
    [
        ({"c": "runtime/default"}, None, None, {}, None),
        ({"c": "localhost/x", "gone": ""}, None, None, {}, None),
        (
            {"other/x": "unconfined"},
            None,
            None,
            {},
            f'annotation … "{APPARMOR}other/x="unconfined""',
        ),
        (
            {"c": "unconfined"},
            None,
            None,
            {},
            f'container "c" and annotation … "Unconfined", "{APPARMOR}c="unconfined""',
        ),
        (
            {"c": "unconfined"},
            None,
            None,
            {"os": {"name": "windows"}},
            f'annotation … "{APPARMOR}c="unconfined""',
        ),
        (
            {"c": "unconfined"},
            "Unconfined",
            None,
            {},
            f'pod and annotation … "Unconfined", "{APPARMOR}c="unconfined""',
        ),
        (
            {"c": "unconfined"},
            None,
            "RuntimeDefault",
            {},
            f'annotation … "{APPARMOR}c="unconfined""',
        ),
        (
            {"a": 'b"\\\n', "b": "é\u200b\U000e0001"},
            None,
            None,
            {},
            f'annotations … "{APPARMOR}a="b\\"\\\\\\n"", "{APPARMOR}b="é\\u200b\\U000e0001""',
        ),
        ({}, "Unconfined", "Unconfined", {}, 'pod and container "c" … "Unconfined"'),
        ({}, None, "", {}, 'container "c" … ""'),
    ],
)
def test_apparmor_annotations_and_fields(
    annotations: dict[str, str],
    pod_profile: str | None,
    profile: str | None,
    extra: Json,
    expected: str | None,
) -> None:
    def security(kind: str | None) -> Json:
        return {} if kind is None else {"appArmorProfile": {"type": kind}}

    spec = {
        "securityContext": security(pod_profile),
        "containers": [{"name": "c", "securityContext": security(profile)}],
    } | extra
    metadata = {"annotations": {APPARMOR + key: value for key, value in annotations.items()}}
    shown = expected and expected.replace("…", "must not set AppArmor profile type to")
    assert details(BASELINE, LATEST, spec, metadata).get("appArmorProfile") == shown


def test_paths_of_each_kind() -> None:
    spec = {
        "securityContext": {"seLinuxOptions": {"type": "spc_t", "user": "u"}},
        "containers": [
            {
                "name": "c",
                "lifecycle": {"preStop": {"httpGet": {"host": "h", "port": 1}}},
                "securityContext": {"capabilities": {"add": ["CHOWN", "SYS_ADMIN", "NET_RAW"]}},
            }
        ],
    }
    paths = {found.check: found.paths for found in evaluate(RESTRICTED, LATEST, None, spec)}
    container = ("spec", "containers", 0)
    security = (*container, "securityContext")
    assert paths == {
        "hostProbesAndHostLifecycle": ((*container, "lifecycle", "preStop", "httpGet", "host"),),
        "seLinuxOptions": (
            ("spec", "securityContext", "seLinuxOptions", "type"),
            ("spec", "securityContext", "seLinuxOptions", "user"),
        ),
        "allowPrivilegeEscalation": ((*security, "allowPrivilegeEscalation"),),
        "capabilities_restricted": (
            (*security, "capabilities", "drop"),
            *((*security, "capabilities", "add", index) for index in (0, 1, 2)),
        ),
        "runAsNonRoot": ((*security, "runAsNonRoot"),),
        "seccompProfile_restricted": ((*security, "seccompProfile", "type"),),
    }


def test_handler_hosts_sort_the_containers() -> None:
    probe = {"livenessProbe": {"httpGet": {"host": "b"}, "tcpSocket": {"host": "a"}}}
    spec = {
        "initContainers": [{"name": "z"} | probe],
        "containers": [{"name": "c"} | probe, {"name": "d", "startupProbe": {"grpc": {"port": 1}}}],
    }
    assert details(BASELINE, LATEST, spec)["hostProbesAndHostLifecycle"] == (
        'containers "c", "z" use probe or lifecycle hosts "a", "b"'
    )


# Namespace labels

LEVEL_ERROR = "must be one of privileged, baseline, restricted"
VERSION_ERROR = 'must be "latest" or "v1.x"'
FREE = "privileged:latest"


@pytest.mark.parametrize(
    ("labels", "enforce", "audit", "warn", "errors"),
    [
        ({}, FREE, FREE, FREE, []),
        ({"team": "a"}, FREE, FREE, FREE, []),
        ({"enforce": "baseline"}, "baseline:latest", FREE, "baseline:latest", []),
        (
            {"enforce": "restricted", "enforce-version": "v1.30"},
            "restricted:v1.30",
            FREE,
            "restricted:v1.30",
            [],
        ),
        (
            {"enforce": "restricted", "enforce-version": "v1.30", "warn-version": "v1.34"},
            "restricted:v1.30",
            FREE,
            "restricted:v1.34",
            [],
        ),
        ({"enforce": "restricted", "warn": "privileged"}, "restricted:latest", FREE, FREE, []),
        (
            {"enforce": "baseline", "audit": "restricted", "audit-version": "v1.20"},
            "baseline:latest",
            "restricted:v1.20",
            "baseline:latest",
            [],
        ),
        (
            {"enforce": "privileged", "enforce-version": "v1.20"},
            "privileged:v1.20",
            FREE,
            FREE,
            [],
        ),
        ({"enforce-version": "v1.99"}, "privileged:v1.99", FREE, FREE, []),
        # A typing error in enforce lets nothing in, and gives warnings nothing to follow.
        (
            {"enforce": "Baseline"},
            "restricted:latest",
            FREE,
            FREE,
            [("enforce", f'Invalid value: "Baseline": {LEVEL_ERROR}')],
        ),
        (
            {"enforce": ""},
            "restricted:latest",
            FREE,
            FREE,
            [("enforce", f'Invalid value: "": {LEVEL_ERROR}')],
        ),
        (
            {"audit": "strict", "warn": "strict", "enforce": "baseline"},
            "baseline:latest",
            FREE,
            FREE,
            [
                ("audit", f'Invalid value: "strict": {LEVEL_ERROR}'),
                ("warn", f'Invalid value: "strict": {LEVEL_ERROR}'),
            ],
        ),
        (
            {"enforce": "baseline", "enforce-version": "1.30", "warn-version": "v1.030"},
            "baseline:latest",
            FREE,
            "baseline:latest",
            [
                ("enforce-version", f'Invalid value: "1.30": {VERSION_ERROR}'),
                ("warn-version", f'Invalid value: "v1.030": {VERSION_ERROR}'),
            ],
        ),
        (
            {"enforce": "baseline", "enforce-version": 1.30},
            "baseline:latest",
            FREE,
            "baseline:latest",
            [("enforce-version", "the value of a label must be a string")],
        ),
        (
            {"enforce": True},
            FREE,
            FREE,
            FREE,
            [("enforce", "the value of a label must be a string")],
        ),
    ],
)
def test_namespace_labels(
    labels: Json, enforce: str, audit: str, warn: str, errors: list[tuple[str, str]]
) -> None:
    prefix = "pod-security.kubernetes.io/"
    policy = namespace_policy({prefix + key: value for key, value in labels.items()})
    assert [str(policy.enforce), str(policy.audit), str(policy.warn)] == [enforce, audit, warn]
    assert policy.errors == tuple((prefix + key, text) for key, text in errors)


@pytest.mark.parametrize("labels", [None, "x", 5, [], ["a"], {1: 2}])
def test_namespace_labels_of_the_wrong_type(labels: object) -> None:
    policy = namespace_policy(labels)
    assert {str(policy.enforce), str(policy.audit), str(policy.warn)} == {FREE}
    assert policy.errors == ()
