"""Other tools' files: what is read, what is told, what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall import configuration
from seawall.configuration.foreign import (
    documents,
    kube_linter,
    kube_score,
    polaris,
    trivy,
    trivy_yaml,
)
from seawall.configuration.foreign.files import ForeignFile
from seawall.configuration.foreign.words import Foreign
from seawall.core.errors import UsageError
from seawall.core.severity import Severity
from seawall.text.gitignore import Base


def loaded(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> Foreign:
    """What the files of a folder say, given by their names with underscores for dots."""
    for name, text in files.items():
        (folder / name.replace("_", ".").replace("linter", "-linter")).write_text(text)
    monkeypatch.chdir(folder)
    found = configuration.load(None, (".",)).foreign
    assert found is not None
    return found


def file(text: str | bytes, name: str = "x.yaml") -> ForeignFile:
    return ForeignFile(name, "", text if isinstance(text, bytes) else text.encode())


# Which file counts ------------------------------------------------------------------------------


def test_the_nearest_above_the_target_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".trivyignore").write_text("KSV-0001\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    found = configuration.load(None, ("a/b",)).foreign
    assert found is not None
    assert found.files == (".trivyignore",)
    (tmp_path / "a" / ".trivyignore").write_text("KSV-0003\n")
    found = configuration.load(None, ("a/b",)).foreign
    assert found is not None
    assert [ignore.rules for ignore in found.ignores] == [("KSV-0003",)]


def test_what_lies_above_the_repository_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".trivyignore").write_text("KSV-0001\n")
    (tmp_path / "a" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert configuration.load(None, ("a",)).foreign is None


def test_two_targets_with_different_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name / ".git").mkdir(parents=True)
    (tmp_path / "a" / ".trivyignore").write_text("KSV-0001\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="two configurations of trivy at once"):
        configuration.load(None, ("a", "b"))


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("foreign = false\n", ()),
        ("foreign = []\n", ()),
        ('foreign = ["trivy"]\n', (".trivyignore",)),
        ("foreign = true\n", (".kube-linter.yaml", ".trivyignore")),
        ("", (".kube-linter.yaml", ".trivyignore")),
    ],
)
def test_the_configuration_says_which_tools_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, files: tuple[str, ...]
) -> None:
    (tmp_path / "seawall.toml").write_text(text)
    (tmp_path / ".trivyignore").write_text("KSV-0001\n")
    (tmp_path / ".kube-linter.yaml").write_text("checks: {exclude: [host-pid]}\n")
    monkeypatch.chdir(tmp_path)
    found = configuration.load(None, (".",)).foreign
    assert (found.files if found else ()) == files


# What is not understood -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (kube_linter.read, "a: [\n", "x.yaml:2:1: this is no valid YAML"),
        (kube_linter.read, b"\xff\xff", "x.yaml:1: "),
        (kube_linter.read, "- a\n", "must be a mapping"),
        (kube_linter.read, "checks: [a]\n", "x.yaml:1: checks must be a mapping"),
        (kube_linter.read, "checks:\n  exclude: 3\n", "x.yaml:2: checks.exclude must be a list"),
        (kube_linter.read, "checks:\n  exclude: [3]\n", "exclude.0 must be a text"),
        (kube_linter.read, "checks:\n  addAllBuiltIn: 3\n", "must be true or false"),
        (kube_linter.read, "checks:\n  ignorePaths: ['[']\n", "'[' has a [ that is not closed"),
        (kube_linter.read, "customChecks: {name: a}\n", "customChecks must be a list"),
        (polaris.read, "checks: {hostIPCSet: bad}\n", "must be ignore, warning or danger"),
        (polaris.read, "exemptions: 3\n", "x.yaml:1: exemptions must be a list"),
        (polaris.read, "exemptions: [{rules: a}]\n", "exemptions.0.rules must be a list"),
        (polaris.read, "checks: {}\ndisallowExemptions: 3\n", "must be true or false"),
        (trivy.read, b"\xff\xfe\xff", "x.yaml:1: "),
    ],
)
def test_wrong_types_are_refused_with_their_line(
    reader: object, text: str | bytes, message: str
) -> None:
    assert callable(reader)
    with pytest.raises(UsageError) as caught:
        reader(file(text))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("misconfigurations: 3\n", "misconfigurations must be a list"),
        ("misconfigurations: [3]\n", "misconfigurations.0 must be a mapping"),
        ("misconfigurations: [{id: 3}]\n", "id must be a text"),
        ("misconfigurations: [{id: A, paths: x}]\n", "paths must be a list"),
        ("misconfigurations: [{id: A, paths: ['{']}]\n", "has a { that is not closed"),
        ("vulnerabilities: [{id: []}]\n", "vulnerabilities.0.id must be a text"),
    ],
)
def test_trivys_yaml_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        trivy_yaml.read(file(text), Base())
    assert message in str(caught.value)
    assert str(caught.value).startswith("x.yaml:1:")


@pytest.mark.parametrize(
    ("found", "note"),
    [
        (kube_linter.read(file("extra: 1\n")), "knows no 'extra'"),
        (kube_linter.read(file("checks: {includes: [a]}\n")), "knows no 'includes'"),
        (kube_linter.read(file("checks: {doNotAutoAddDefaults: true}\n")), "matter of the profile"),
        (kube_linter.read(file("checks: {ignorePaths: [../x]}\n")), "names nothing below"),
        (polaris.read(file("checks: {}\nfoo: 1\n")), "knows no 'foo'"),
        (polaris.read(file("checks: {fooBar: danger}\n")), "no rule is like these checks"),
        (polaris.read(file("exemptions: [{name: a}]\n")), "no 'name' in an exemption"),
        (trivy.read(file("ksv-0001\n")), "in capitals"),
        (trivy_yaml.read(file("misconfigurations: [{id: A, x: 1}]\n"), Base()), "no 'x' here"),
        (trivy_yaml.read(file("misconfigurations: [{statement: a}]\n"), Base()), "without an id"),
        (trivy_yaml.read(file("misconfig: []\n"), Base()), "no section"),
        (kube_score.read("--ignore-test nothing-known", "x"), "no rule is like kube-score's"),
        (kube_score.read("--color never -o json -vv", "x"), "see --format"),
    ],
)
def test_what_a_tool_passes_over_is_told(found: Foreign, note: str) -> None:
    assert [text for text in found.notes if note in text], found.notes


def test_checks_nobody_knows_are_not_covered() -> None:
    found = kube_linter.read(file("checks: {include: [brand-new]}\n"))
    assert [item.what for item in found.not_covered] == ["kube-linter check brand-new"]
    found = kube_score.read("--enable-optional-test brand-new", "--kube-score")
    assert [item.what for item in found.not_covered] == ["kube-score check brand-new"]
    found = polaris.read(file("customChecks: {mine: {}}\nchecks: {mine: danger}\n"))
    assert [item.what for item in found.not_covered] == ["Polaris custom check mine"]


def test_custom_checks_are_handed_over_as_they_are() -> None:
    text = """
customChecks:
  - name: team
    template: required-label
    description: d
    remediation: r
    params: {key: team, Value: 3}
    scope: {objectKinds: [Service, DeploymentLike]}
"""
    (check,) = kube_linter.read(file(text)).custom
    assert (check.name, check.path, check.line) == ("team", "x.yaml", 3)
    assert isinstance(check.value, dict)
    assert check.value["params"] == {"key": "team", "Value": 3}


# Trivy ------------------------------------------------------------------------------------------


def test_dates_end_when_their_day_begins() -> None:
    text = "KSV-0001 exp:2027-01-01\nKSV-0002 exp:2027-13-01\nKSV-0003 exp:\n"
    ends, none, empty = trivy.read(file(text)).ignores
    assert (ends.until, ends.fault) == ("2026-12-31", "")
    assert none.until == ""
    assert "is no date" in none.fault
    assert empty.fault == "" or "is no date" in empty.fault
    text = "misconfigurations:\n  - {id: KSV-0001, expired_at: 2027-01-01T10:00:00Z}\n"
    (ignore,) = trivy_yaml.read(file(text), Base()).ignores
    assert ignore.until == "2026-12-31"


def test_the_comment_above_is_the_reason() -> None:
    text = "# the agent\n# of the node\nKSV-0001\n\nKSV-0002\n"
    first, second = trivy.read(file(text)).ignores
    assert (first.reason, second.reason) == ("the agent of the node", "")
    assert first.origin.span is not None
    assert first.origin.span.line == 3


# Polaris ----------------------------------------------------------------------------------------


def test_a_manifest_called_polaris_is_no_configuration() -> None:
    assert polaris.read(file("apiVersion: v1\nkind: Pod\nchecks: {}\n")) == Foreign()
    assert polaris.read(file("")) == Foreign()


def test_severities_of_polaris() -> None:
    text = "checks:\n  hostPIDSet: ignore\n  pullPolicyNotAlways: warning\n  hostIPCSet: danger\n"
    found = polaris.read(file(text))
    assert [word.value for word in found.ignore] == ["host-pid"]
    assert {word.value for word in found.enable} == {"image-pull-policy", "host-ipc"}
    assert found.weights["host-ipc"].of(Severity.CRITICAL) == Severity.CRITICAL
    assert found.weights["host-ipc"].of(Severity.LOW) == Severity.HIGH
    assert found.weights["image-pull-policy"].of(Severity.HIGH) == Severity.MEDIUM


def test_exemptions_of_polaris() -> None:
    text = """
exemptions:
  - namespace: kube-system
    controllerNames: [dns-, "a*"]
    containerNames: [core]
    rules: [hostNetworkSet]
  - namespace: tools
"""
    first, second = polaris.read(file(text)).ignores
    assert first.rules == ("hostNetworkSet",)
    assert first.scope.names == ("dns-*", "a[*]*")  # type: ignore[attr-defined]
    assert first.scope.containers == ("core*",)  # type: ignore[attr-defined]
    assert second.rules == ()
    assert second.scope.namespaces == ("tools",)  # type: ignore[attr-defined]
    off = polaris.read(file(f"disallowExemptions: true\n{text}"))
    assert off.ignores == ()
    assert [word.value for word in off.unheeded] == ["polaris:ignore"]


# kube-score -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--ignore-tests x", "kube-score has no flag '--ignore-tests'"),
        ("--ignore-test", "--ignore-test needs a value"),
        ("--min-replicas-hpa two", "must be a whole number, not 'two'"),
        ("--kubernetes-version 1.30", "must be given as v1.34, not '1.30'"),
        ("--kubernetes-version v1.30.1", "must be given as v1.34"),
        ("--all-default-optional --ignore-test x", "only one at a time"),
        ("--ignore-container-cpu-limit=perhaps", "must be true or false"),
        ("score deploy.yaml", "'deploy.yaml' is no flag"),
        ("'", "no closing quotation"),
    ],
)
def test_flags_that_kube_score_refuses(flags: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        kube_score.read(flags, "seawall.toml:1")
    assert message in str(caught.value)
    assert str(caught.value).startswith("seawall.toml:1: ")


def test_flags_of_kube_score() -> None:
    found = kube_score.read(
        "kube-score score --min-replicas-deployment 3 --min-replicas-hpa=4 "
        "--kubernetes-version v1.30 --disable-optional-checks-annotations "
        "--exit-one-on-warning=false",
        "x",
    )
    assert found.parameters["replicas-too-few", "minimum"].value == 3
    assert found.parameters["hpa-min-replicas", "minimum"].value == 4
    assert found.settings["kubernetes-version"].value == "v1.30"
    assert [word.value for word in found.unheeded] == ["kube-score:enable"]
    assert found.notes == ()


# Hostile input ----------------------------------------------------------------------------------

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "checks exclude include ignorePaths addAllBuiltIn customChecks name template "
                "params scope objectKinds exemptions rules controllerNames "
                "misconfigurations id paths expired_at statement hostPIDSet "
                "disallowExemptions".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


Given = TypeVar("Given")


def read_or_refused(reader: Callable[[Given], Foreign], given: Given) -> bool:
    """Whether a reader gives a result or an error that begins with the place."""
    try:
        return isinstance(reader(given), Foreign)
    except UsageError as error:
        return str(error).startswith(("x.yaml:", "x: "))


@settings(deadline=None)
@given(_VALUES)
def test_odd_values_are_read_or_refused(value: object) -> None:
    data = json.dumps(value)
    for reader in (
        kube_linter.read, polaris.read, trivy.read,
        lambda given: trivy_yaml.read(given, Base()),
    ):  # fmt: skip
        assert read_or_refused(reader, file(data))


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_odd_bytes_are_read_or_refused(data: bytes) -> None:
    for reader in (kube_linter.read, polaris.read, trivy.read):
        assert read_or_refused(reader, file(data))


@settings(deadline=None)
@given(st.text(alphabet="-=,' abcdeilmnorstuvx013\n\\", max_size=40))
def test_odd_flags_are_read_or_refused(flags: str) -> None:
    assert read_or_refused(lambda text: kube_score.read(text, "x"), flags)


def test_lines_of_an_empty_document() -> None:
    assert documents.File("x", b"").line("a") == 1
