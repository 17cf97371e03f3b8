"""Every fix: its rule's bad example is mended, nothing else changes, the API server takes it."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.core.documentation import documentation
from seawall.core.edit import Operation, Remove, Repair, Safety
from seawall.core.rule import Rule
from seawall.core.severity import Confidence
from seawall.core.well_known_images import FACTS, facts_of
from seawall.hardening import Hardened
from seawall.kubernetes.checking import check
from seawall.kubernetes.fixes import menders
from seawall.kubernetes.fixes.unmended import REASONS
from seawall.kubernetes.index import Index
from seawall.kubernetes.objects import objects_in
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules import all_rules
from seawall.text.scalars import Value
from seawall.text.yaml import Document, load
from seawall.text.yaml_edit import edited
from tests.hardening.support import hardened, written
from tests.kubernetes.support import rule_named
from tests.kubernetes.test_robustness import mutated
from tests.kubernetes.test_rule_examples import example_parameters

ALL = frozenset(Safety)
MENDED = [rule for rule in all_rules() if rule.id in menders()]
PINS = dict.fromkeys(
    ("registry.example.org/web:1.4.2", "registry.example.org:5000/web:latest"),
    "sha256:" + "ab" * 32,
)
BAD = {
    # A Service that is there already cannot be made headless: it is not made twice.
    "statefulset-headless-service": """\
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: database
spec:
  serviceName: database
  selector:
    matchLabels:
      app: database
  template:
    metadata:
      labels:
        app: database
    spec:
      containers:
        - name: database
          image: registry.example.org/database:1.4.2
          ports:
            - containerPort: 5432
""",
}
"""Examples where the manual's own shows a case that is left to people."""
PARAMETERS = {
    "required-label": {"labels": ("owner=team-a",)},
    "required-annotation": {"annotations": ("email=team-a@example.org",)},
}
"""Parameters that name a value, where the manual's do not."""
OTHER_DOCUMENT = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name:  other }  # as it is\n---\n"


def mend(rule: Rule, directory: Path) -> tuple[str, Hardened]:
    text = OTHER_DOCUMENT + BAD.get(rule.id, documentation(rule).bad)
    (directory / "a.yaml").write_text(text)
    return text, harden_for(rule, directory)


def harden_for(rule: Rule, directory: Path) -> Hardened:
    own = PARAMETERS.get(rule.id)
    return hardened(
        directory, tiers=ALL, select=(rule.id,), min_confidence=Confidence.LOW, pins=PINS,
        parameters=example_parameters(rule) if own is None else {rule.id: own},
    )  # fmt: skip


@pytest.mark.parametrize("rule", MENDED, ids=lambda rule: rule.id)
def test_the_bad_example_is_mended(rule: Rule, tmp_path: Path) -> None:
    before, result = mend(rule, tmp_path)
    assert result.before.findings
    assert not result.before.faults
    assert not result.after.faults
    assert len(result.after.findings) < len(result.before.findings), result.advice
    (change,) = result.changes
    assert change.mended
    for item in change.mended:
        assert item.title
        assert bool(item.effect) == (item.safety is Safety.UNSAFE), item.title
    after = change.after.decode()
    assert after.startswith(OTHER_DOCUMENT.removesuffix("---\n"))
    assert_declared(before, after, result)
    written(tmp_path, result)
    assert not harden_for(rule, tmp_path).changes


def assert_declared(before: str, after: str, result: Hardened) -> None:
    """As data, what comes out is what the repairs say: their operations, and new documents."""
    old, new = documents(before), documents(after)
    repairs = [
        repair
        for finding in result.before.findings
        for repair in finding.repairs
        if any(repair.title == item.title for change in result.changes for item in change.mended)
    ]
    added = [dict(value) for repair in repairs for value in repair.added]
    kept = []
    for number, value in enumerate(old):
        operations: list[Operation] = []
        for repair in repairs:
            if repair.document == number:
                operations += [item for item in repair.operations if item not in operations]
        if Remove(()) not in operations:
            kept.append(edited(value, operations) if operations else value)
    assert new[: len(kept)] == kept
    assert all(value in added for value in new[len(kept) :])
    assert len({id(value) for value in new[len(kept) :]}) <= len(added)


def documents(text: str) -> list[Value]:
    """The values of a stream, twice read: as we do, and as PyYAML does."""
    found = list(load(text))
    assert all(isinstance(item, Document) for item in found)
    values = [item.value for item in found if isinstance(item, Document)]
    assert values == list(yaml.safe_load_all(text))
    return values


@pytest.mark.parametrize("rule", MENDED, ids=lambda rule: rule.id)
def test_what_is_mended_is_valid(rule: Rule, tmp_path: Path) -> None:
    """The schema has no more to say of the result than of the example."""
    before, result = mend(rule, tmp_path)
    (change,) = result.changes
    assert problems(change.after.decode()) <= problems(before)


def problems(text: str) -> set[tuple[str, str]]:
    objects = [
        item
        for number, value in enumerate(documents(text))
        for item in objects_in(value, file="a", document=number, target=True, complete=True)
    ]
    context = Context(Index(objects), kubernetes_version="1.36")
    found = check([rule_named("schema-invalid")], context)
    assert not found.faults
    return {(str(item.subject), item.message) for item in found.findings}


@pytest.mark.parametrize("rule", MENDED, ids=lambda rule: rule.id)
def test_comments_and_manner_stay(rule: Rule, tmp_path: Path) -> None:
    """Lines that no repair is about are there as they were, in their order, comments included."""
    text, result = mend(rule, tmp_path)
    (change,) = result.changes
    commented = "\n".join(
        f"{line}  # {number}" if line.strip() and not line.startswith("---") else line
        for number, line in enumerate(text.splitlines())
    )
    if "|" in text or ">" in text:  # what looks like a comment is text there
        return
    (tmp_path / "a.yaml").write_text(commented + "\n")
    (changed,) = harden_for(rule, tmp_path).changes
    assert documents(changed.after.decode()) == documents(change.after.decode())
    old, new = text.splitlines(), changed.after.decode().splitlines()
    plain = change.after.decode().splitlines()
    untouched = [f"{line}  # {number}" for number, line in enumerate(old) if line.strip()]
    lost = [line for line in untouched if line not in new and not line.startswith("---")]
    gone = len([line for line in old if line.strip() and line not in plain])
    assert len(lost) <= gone + len(changed.mended) * 3


SEEDS = 6


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_fix_raises_on_mutated_objects(seed: int) -> None:
    random_ = random.Random(seed)
    values = [mutated(random_) for _ in range(600)]
    for start in range(0, len(values), 50):
        for repair in repairs_of(values[start : start + 50]):
            assert repair.title
            assert bool(repair.effect) == (repair.safety is Safety.UNSAFE), repair.title
            assert repair.operations or repair.added


def repairs_of(values: list[Any]) -> Iterator[Repair]:
    objects = [
        item
        for number, value in enumerate(values)
        for item in objects_in(value, file="a", document=number, target=True, complete=True)
    ]
    context = Context(Index(objects), kubernetes_version="1.36", wants_fixes=True, pins=PINS)
    outcome = check(MENDED, context)
    assert not outcome.faults, outcome.faults[0]
    for finding in outcome.findings:
        yield from finding.repairs


def test_operations_apply_to_mutated_objects() -> None:
    """What a repair says fits the value that it was made for, or is refused with a reason."""
    random_ = random.Random(99)
    applied = 0
    for _ in range(400):
        value = mutated(random_)
        for repair in repairs_of([value]):
            if repair.operations and Remove(()) not in repair.operations:
                try:
                    edited(value, repair.operations)
                except (KeyError, IndexError, TypeError, AttributeError):
                    continue
                applied += 1
    assert applied > 300


# The table ------------------------------------------------------------------------------------

TABLE = """
    privilege-escalation-allowed capabilities-not-dropped-all capability-net-raw-kept
    capability-sys-admin-added capability-dangerous-added privileged-container host-network
    host-pid host-ipc host-users-not-isolated host-aliases-set read-only-root-filesystem
    run-as-non-root run-as-root-group run-as-root-conflict low-uid low-gid seccomp-profile-missing
    seccomp-unconfined apparmor-profile-missing apparmor-unconfined unsafe-proc-mount
    unsafe-sysctls runtime-socket-mount sensitive-host-path writable-host-path
    automount-service-account-token default-service-account service-account-not-found
    deprecated-service-account-field secret-in-env hardcoded-secret duplicate-env-var
    image-tag-mutable image-not-pinned-by-digest image-pull-policy cpu-request-missing
    memory-request-missing memory-limit-missing ephemeral-storage-missing
    cpu-request-not-equal-limit memory-request-not-equal-limit readiness-probe-missing
    liveness-probe-missing probes-identical probe-port-not-declared container-port-invalid
    replicas-too-few hpa-min-replicas hpa-static-replicas pod-anti-affinity-missing
    topology-spread-invalid update-strategy-not-rolling pdb-missing pdb-policy-missing
    pdb-blocks-eviction pdb-unhealthy-eviction-policy selector-template-mismatch restart-policy
    cronjob-deadline-missing job-ttl priority-class-not-allowed dns-config-option
    node-affinity-missing required-label required-annotation service-type-exposed
    service-selector-dangling ingress-backend-dangling hpa-target-missing network-policy-dangling
    network-policy-missing statefulset-headless-service rbac-anonymous-binding rbac-wildcard
    rbac-secrets-access rbac-create-workloads rbac-cluster-admin deprecated-api-version
    label-invalid yaml-keys-unsorted default-namespace schema-invalid
""".split()
"""The rules whose fixes were planned, fit for a machine or not."""


@pytest.mark.parametrize("name", TABLE)
def test_every_planned_fix_is_there_or_has_its_reason(name: str) -> None:
    rule_named(name)
    assert name in menders() or name in REASONS


def test_fixes_and_reasons_name_rules() -> None:
    known = {rule.id for rule in all_rules()}
    assert menders().keys() <= known
    assert REASONS.keys() <= known
    assert all(reason and not reason.endswith(".") for reason in REASONS.values())


# Well-known images ----------------------------------------------------------------------------


def test_facts_of_images_are_well_formed() -> None:
    assert len(FACTS) > 45
    names = [name for facts in FACTS for name in facts.names]
    assert len(names) == len(set(names))
    for facts in FACTS:
        repository, _, path = facts.source.partition(": ")
        assert repository.count("/") == 1
        assert path
        assert not facts.group or facts.user
        assert all(0 < port < 65536 for port in facts.ports)
        assert all(place.startswith("/") for place in (*facts.writable, *facts.volumes))


def test_images_are_known_by_their_whole_name() -> None:
    postgres = facts_of("docker.io", "library/postgres")
    assert postgres is not None
    assert postgres.identity("17") == (999, 999)
    assert postgres.identity("17-alpine3.22") == (70, 70)
    assert facts_of("public.ecr.aws", "docker/library/postgres") is postgres
    assert facts_of("docker.io", "bitnami/postgres") is None
    assert facts_of("registry.example.org", "postgres") is None
    distroless = facts_of("gcr.io", "distroless/static-debian12")
    assert distroless is not None
    assert distroless.user == 65532
