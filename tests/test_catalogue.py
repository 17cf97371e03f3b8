"""Finding rules by their own and other tools' ids; profiles; coverage of the peers."""

import pytest

from seawall import catalogue, equivalents
from seawall.cli.rules import run
from seawall.core.errors import UsageError
from seawall.core.rule import PROFILES, RULESETS
from seawall.peers import PEER_RULES
from seawall.unmatched import UNMATCHED


@pytest.mark.parametrize(
    "id_",
    ["privileged-container", "kubesec:Privileged", "KSV-0017", "KSV017", "AVD-KSV-0017",
     "CKV_K8S_16", "kube-linter:privileged-container", "Privileged"],
)  # fmt: skip
def test_other_tools_ids_lead_to_our_rule(id_: str) -> None:
    assert [rule.id for rule in catalogue.find(id_)] == ["privileged-container"]


def test_globs() -> None:
    assert {"host-network", "host-pid", "host-ipc"} <= {r.id for r in catalogue.find("host-*")}
    assert len(catalogue.find("kubesec:*")) > 20


def test_unknown_ids_are_refused_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="did you mean 'host-network'"):
        catalogue.find("host-netwrok")
    with pytest.raises(UsageError, match="no rule is called"):
        catalogue.find("zzz*")


@pytest.mark.parametrize("tool", PEER_RULES)
def test_every_rule_of_the_peers_is_covered_or_says_why_not(tool: str) -> None:
    reasons = UNMATCHED.get(tool, {})
    covered = {id_ for id_ in PEER_RULES[tool] if equivalents.rules_of(tool, id_)}
    assert not set(PEER_RULES[tool]) - covered - reasons.keys(), "no rule and no reason"
    assert not covered & reasons.keys(), "a reason for what is covered"
    assert all(reasons.values())


@pytest.mark.parametrize("tool", PEER_RULES)
def test_the_list_of_a_peers_rules_names_each_with_ours_or_the_reason(
    tool: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--coverage", tool]) == 0
    *rows, total = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == list(PEER_RULES[tool])
    assert all(len(row.split()) > 1 for row in rows)
    none = sum("(none: " in row for row in rows)
    assert total == f"{len(rows) - none} of {len(rows)} rules of {tool} are covered"


def test_aliases_are_ids_that_the_peers_have() -> None:
    """A slip in an alias would make a check look covered, or an ignore of it do nothing."""
    for rule in catalogue.all_rules():
        for alias in rule.aliases:
            tool = equivalents.tool_of(alias)
            if tool in BARE:
                known = {catalogue.canonical(id_) for id_ in PEER_RULES[tool]}
                assert catalogue.canonical(alias) in known, f"{rule.id}: {alias}"


BARE = ("buildkit", "checkov", "dockle", "hadolint", "trivy")
"""Tools whose ids stand without the tool's name."""


def test_profiles_hold_what_they_say() -> None:
    chosen = {
        profile: {r.id for r in catalogue.select(
            profile=profile, select=(), ignore=(), ruleset=RULESETS[-1])}
        for profile in PROFILES
    }  # fmt: skip
    assert chosen["security"]
    assert chosen["reliability"]
    about_ignores = {rule.id for rule in catalogue.all_rules() if rule.profile == "any"}
    assert chosen["security"] & chosen["reliability"] == about_ignores
    assert chosen["security"] | chosen["reliability"] < chosen["all"]
    assert chosen["pss-baseline"] == {"pss-baseline"}
    assert chosen["pss-restricted"] == {"pss-restricted"}


def test_select_and_ignore() -> None:
    rules = catalogue.select(
        profile="security", select=("host-*",), ignore=("KSV-0009",), ruleset=RULESETS[-1]
    )
    ids = {rule.id for rule in rules}
    assert "host-pid" in ids
    assert "host-network" not in ids


def test_aliases_have_a_form() -> None:
    for rule in catalogue.all_rules():
        for alias in rule.aliases:
            assert alias == alias.strip()
            tool, colon, _ = alias.partition(":")
            if colon and tool in PEER_RULES and alias not in KUBE_LINTER_TEMPLATES:
                assert alias.removeprefix(f"{tool}:") in PEER_RULES[tool], alias


KUBE_LINTER_TEMPLATES = {
    f"kube-linter:{name}"
    for name in (
        "access-to-resources anti-affinity cel-expression cpu-requirements dangling-horizontalpod"
        "autoscaler disallowed-api-obj dnsconfig-options env-var forbidden-annotation forbidden-"
        "service-types host-mounts hpa-minimum-replicas image-pull-policy kubeconform liveness-"
        "probe memory-requirements minimum-replicas non-isolated-pod ports privileged read-only-"
        "root-fs readiness-probe required-annotation required-label run-as-non-root service-"
        "account statefulset-volumeclaimtemplate-annotation target-port update-configuration "
        "verify-container-capabilities"
    ).split()
}
"""Templates that an alias may name: their parameters make checks of a user's own."""


def test_no_two_rules_have_one_id() -> None:
    ids = [rule.id for rule in catalogue.all_rules()]
    assert len(ids) == len(set(ids))
