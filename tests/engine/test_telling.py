"""A report that is told in parts: what changes is worked out again, and nothing else."""

import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall import cache, catalogue
from seawall.core.portion import Portion
from seawall.core.report import Report
from seawall.engine import analysing, judging, parsing, remembering, scanning
from seawall.engine.remembering import groups_of
from seawall.reports import FORMATS, form
from tests.advisories import small_database
from tests.engine.support import seawall
from tests.triage.support import Ran, command, pod, write

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: all, namespace: PLACE}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""


class Work:
    """What was done in a scan."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parsed: list[str] = []
        self.judged: list[str] = []
        self._note(monkeypatch, parsing, "parse", lambda task, _: self._parse(task))
        self._note(monkeypatch, judging._Bench, "judge", lambda _, work: self._judge(work.unit))

    def _parse(self, task: Any) -> None:
        self.parsed.append(task.file.path)

    def _judge(self, unit: Any) -> None:
        self.judged.append(unit.task.file.path)

    def _note(
        self, patch: pytest.MonkeyPatch, owner: Any, name: str, note: Callable[..., object]
    ) -> None:
        real = getattr(owner, name)

        def noting(*arguments: Any, **named: Any) -> Any:
            note(*arguments, **named)
            return real(*arguments, **named)

        patch.setattr(owner, name, noting)

    def of(self, *arguments: str) -> tuple[list[str], list[str]]:
        """The files that a scan with the cache reads and judges; what it says is right."""
        right = command("scan", *arguments)
        self.parsed.clear()
        self.judged.clear()
        assert said(*arguments) == (right.code, right.out)
        return list(self.parsed), sorted(self.judged)


def said(*arguments: str) -> tuple[int, str]:
    ran: Ran = command("scan", "--cache", *arguments)
    return ran.code, ran.out


def placed(name: str, place: str) -> str:
    text = pod(name).replace("metadata:\n", f"metadata:\n  namespace: {place}\n", 1)
    return text.replace("  hostNetwork: true\n", "")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty files with pods of four namespaces."""
    monkeypatch.setattr(scanning, "WORTH_REMEMBERING", 0)
    monkeypatch.setattr(remembering, "GROUP", 4)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write(folder, {f"p{n:02}.yaml": placed(f"p-{n}", f"team-{n % 4}") for n in range(40)})
    write(folder, {"policy.yaml": POLICY.replace("PLACE", "team-1")})
    return folder


def test_one_file_changes(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(monkeypatch)
    assert len(work.of()[1]) == 41
    assert work.of() == ([], [])
    write(tree, {"p07.yaml": placed("p-7", "team-3").replace("image: ", "image: x")})
    assert work.of() == (["p07.yaml"], ["p07.yaml"])
    assert work.of() == ([], [])


@pytest.mark.parametrize(
    ("name", "options"),
    [*((name, []) for name in FORMATS), ("table", ["-v"]), ("json", ["--baseline", "../known"])],
)
def test_one_file_changes_in_any_format(
    tree: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: list[str]
) -> None:
    """Of the others nothing is read, judged or told again."""
    command("scan", "--write-baseline=../known", "--exit-zero", "--select", "host-*")
    work = Work(monkeypatch)
    told: list[str] = []
    how = form(name)
    tell = how.tell

    def telling(report: Report, *others: Any) -> Portion:
        told.extend(sorted({item.location.path for item in report.findings}))
        return tell(report, *others)

    monkeypatch.setattr(how, "tell", telling)
    options = ["--format", name, *options]
    assert len(work.of(*options)[1]) == 41
    told.clear()
    said(*options)
    assert not told
    write(tree, {"p07.yaml": placed("p-7", "team-3").replace("image: ", "image: x")})
    assert work.of(*options) == (["p07.yaml"], ["p07.yaml"])
    told.clear()
    write(tree, {"p07.yaml": placed("p-7", "team-3").replace("image: ", "image: y")})
    said(*options)
    assert "p07.yaml" in told
    assert len(told) < 20
    assert work.of(*options) == ([], [])


@pytest.mark.parametrize("name", ["json", "sarif", "gitlab", "html"])
def test_twins_in_files_that_are_told_apart(tree: Path, name: str) -> None:
    """The same object in many files: what its findings are known by is numbered over all."""
    for count, number in enumerate((3, 17, 31, 8), 1):
        write(tree, {f"p{number:02}.yaml": placed("twin", "team-1")})
        right = command("scan", "--format", name)
        assert said("--format", name) == (right.code, right.out)
        assert count == 1 or f"-{count}" in right.out
    (tree / "p03.yaml").unlink()
    right = command("scan", "--format", name)
    assert said("--format", name) == (right.code, right.out)


@pytest.mark.parametrize("options", [["-v"], ["--format", "json"]])
def test_a_baseline_is_used_up_over_all_files(
    tree: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """Who comes first gets an entry: the others are told anew, and judged no more than that."""
    twin = placed("twin", "team-1")
    write(tree, {"p05.yaml": twin, "p35.yaml": twin})
    (tree / "p05.yaml").unlink()
    command("scan", "--write-baseline=../known", "--exit-zero")
    work = Work(monkeypatch)
    options = ["--baseline", "../known", *options]
    work.of(*options)
    before = said(*options)
    write(tree, {"p05.yaml": twin})
    assert work.of(*options) == (["p05.yaml"], ["p05.yaml"])
    assert said(*options) != before
    (tree / "p05.yaml").unlink()
    assert work.of(*options) == ([], [])
    assert said(*options) == before


def test_what_is_no_baseline_is_refused(tree: Path) -> None:
    for path in tree.iterdir():
        path.unlink()
    (tree / "known").write_text("{}\n")
    assert command("scan", "--cache", "--baseline", "known").code == 2


@pytest.mark.parametrize("options", [[], ["-q"], ["--format", "json"], ["--fail-on", "low"]])
def test_what_is_related_is_judged_again(
    tree: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    work = Work(monkeypatch)
    work.of(*options)
    second = [f"p{n:02}.yaml" for n in range(2, 40, 4)]
    write(tree, {"policy.yaml": POLICY.replace("PLACE", "team-2")})
    first = [f"p{n:02}.yaml" for n in range(1, 40, 4)]
    assert work.of(*options) == (["policy.yaml"], sorted([*first, *second, "policy.yaml"]))
    write(tree, {"new.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"})
    assert work.of(*options) == (["new.yaml"], ["new.yaml"])
    (tree / "policy.yaml").unlink()
    assert work.of(*options) == ([], second)


def test_back_and_forth(tree: Path) -> None:
    """What is remembered of a group is replaced when other files change what is said of it."""
    for place in ("team-1", "team-2", "team-1", "nowhere", "team-2", "nowhere", "team-1"):
        write(tree, {"policy.yaml": POLICY.replace("PLACE", place)})
        right = command("scan")
        for _ in range(2):
            assert said() == (right.code, right.out)


def test_a_place_in_another_file(tree: Path) -> None:
    """A finding tells where the other object stands, which moves while it stays the same."""
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n"
    write(
        tree,
        {
            "a.yaml": account,
            "b.yaml": account,
            "quota.yaml": "apiVersion: v1\nkind: LimitRange\nmetadata: {name: q, namespace: team-1}"
            "\nspec: {limits: [{type: Container, max: {memory: 1Mi}}]}\n",
            "c.yaml": placed("c", "team-1").replace(
                "image:",
                "resources: {limits: {memory: 2Mi}, requests: {memory: 2Mi}}\n      image:",
            ),
        },
    )
    seen = set()
    for number in range(3):
        for name in ("a.yaml", "quota.yaml"):
            (tree / name).write_text("# a line\n" * number + (tree / name).read_text())
        right = command("scan", "--profile", "all", "--min-confidence", "low")
        assert said("--profile", "all", "--min-confidence", "low") == (right.code, right.out)
        seen.add(right.out)
    assert len(seen) == 3


def test_what_is_lost_is_worked_out_again(tree: Path, tmp_path: Path) -> None:
    right = command("scan")
    said()
    file = next((tmp_path / "cache").glob("*.sqlite3"))
    chance = random.Random(5)
    for turn in range(6):
        with sqlite3.connect(file) as connection:
            keys = sorted(key for (key,) in connection.execute("SELECT key FROM result"))
            for key in chance.sample(keys, len(keys) // 3):
                connection.execute("DELETE FROM result WHERE key = ?", (key,))
        connection.close()
        assert said() == (right.code, right.out), turn
        path = tree / f"p{turn:02}.yaml"
        path.write_text(path.read_text() + "# more\n")
        assert said() == (right.code, right.out), turn


def test_the_cache_grows_by_what_changed(tree: Path, tmp_path: Path) -> None:
    def size() -> int:
        with cache.Cache(str(tmp_path / "cache")) as opened:
            ((found,),) = opened._connection.execute(  # type: ignore[union-attr]
                "SELECT sum(length(value)) FROM result"
            )
        assert isinstance(found, int)
        return found

    said()
    first = size()
    for turn in range(5):
        write(tree, {"p07.yaml": placed("p-7", "team-3") + "# more\n" * turn})
        said()
    assert size() < first * 1.5


def test_a_rule_that_raises_is_told_each_time(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.kubernetes.support import rule_named

    def broken(*_: object) -> None:
        raise RuntimeError("oops")

    with monkeypatch.context() as patch:
        patch.setattr(rule_named("host-pid"), "check", broken)
        runs = [command("scan", "--cache") for _ in range(2)]
        assert runs[0] == runs[1] == command("scan")
        assert runs[0].code == 4
        assert runs[0].err.count("internal error") == 40
    right = command("scan")
    assert said() == (right.code, right.out)


def test_where_it_is_written_makes_no_difference(tree: Path, tmp_path: Path) -> None:
    right = seawall("scan", "--no-cache", cwd=tree)
    for _ in range(2):
        said("--output", "../out.txt")
        assert Path("../out.txt").read_bytes() == right.out


CONFIGURATION = """\
locked = ["privileged-container"]
[[suppress]]
rules = ["image-tag-mutable"]
paths = ["p0*.yaml"]
reason = "x"
[[suppress]]
rules = ["host-network"]
names = ["p-3"]
reason = "unused"
[[suppress]]
rules = ["privileged-container", "ignore-unused"]
reason = "locked"
"""


@pytest.mark.parametrize("name", ["seawall.toml", "p05.yaml.toml", "a.toml"])
def test_ignores_outside_of_the_files(
    tree: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What is said of the configuration rests on all files; its place may be between theirs."""
    work = Work(monkeypatch)
    write(tree, {name: CONFIGURATION})
    options = ["--config", name, "--profile", "all"]
    assert len(work.of(*options)[1]) == 41
    assert work.of(*options) == ([], [])
    said_before = said(*options)[1]
    assert f"\n{name}\n" in f"\n{said_before}"
    text = placed("p-7", "team-3").replace(
        "image:", "securityContext: {privileged: true}\n      image:"
    )
    write(tree, {"p07.yaml": text})
    assert work.of(*options) == (["p07.yaml"], ["p07.yaml"])
    assert "privileged-container is locked" in said(*options)[1]
    write(tree, {"p03.yaml": placed("p-3", "team-3") + "# seawall: ignore[host-pid] x\n"})
    assert work.of(*options) == (["p03.yaml"], ["p03.yaml"])
    (tree / "p03.yaml").write_text(pod("p-3"))
    work.of(*options)
    assert said_before.count("hides nothing") == 2
    assert "hides nothing" not in said(*options)[1]


# Packages that Dockerfiles name ---------------------------------------------------------------

VULNERABLE = "FROM debian:12\nRUN pip install jinja2==2.4.1\nUSER 1000\n"


@pytest.fixture
def in_parts(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tree with Dockerfiles among its files; with the cache all is told in parts."""
    write(tree, {"p07.Dockerfile": VULNERABLE, "p20/Dockerfile": "FROM debian:12\nUSER 1\n"})
    real = analysing.analyse

    def analyse(*arguments: Any, **named: Any) -> Any:
        assert arguments[3] is None, "told as a whole"  # the memory
        return real(*arguments, **named)

    monkeypatch.setattr(analysing, "analyse", analyse)
    return tree


@pytest.mark.parametrize(
    ("name", "options"),
    [*((name, []) for name in FORMATS), ("table", ["-v"]), ("json", ["--baseline", "../known"])],
)
def test_beside_a_dockerfile_that_names_a_vulnerable_package(
    in_parts: Path, monkeypatch: pytest.MonkeyPatch, database: str, name: str, options: list[str]
) -> None:
    """A file that changes costs no more than without it."""
    tree = in_parts
    command("scan", "--write-baseline=../known", "--exit-zero", "--select", "host-*")
    chosen = ["--select", "host-*,image-*,vulnerable-package", "--database", database]
    report = command("scan", *chosen, "--format", "json").report
    found = [item for item in report["findings"] if item["rule"] == "vulnerable-package"]
    assert {item["location"]["path"] for item in found} == {"p07.Dockerfile"}
    options = ["--format", name, *chosen, *options]
    work = Work(monkeypatch)
    told: list[str] = []
    how = form(name)
    tell = how.tell

    def telling(report: Report, *others: Any) -> Portion:
        told.extend(sorted({item.location.path for item in report.findings}))
        return tell(report, *others)

    monkeypatch.setattr(how, "tell", telling)
    assert len(work.of(*options)[1]) == 43
    told.clear()
    said(*options)
    assert not told
    write(tree, {"p30.yaml": placed("p-30", "team-2").replace("image: ", "image: x")})
    assert work.of(*options) == (["p30.yaml"], ["p30.yaml"])
    told.clear()
    write(tree, {"p30.yaml": placed("p-30", "team-2").replace("image: ", "image: y")})
    said(*options)
    assert "p30.yaml" in told
    assert len(told) < 20
    write(tree, {"p07.Dockerfile": VULNERABLE.replace("2.4.1", "2.9")})
    assert work.of(*options)[0] == ["p07.Dockerfile"]
    assert work.of(*options) == ([], [])


@pytest.mark.parametrize("options", [[], ["--format", "json"], ["--baseline", "../known", "-v"]])
def test_what_is_known_of_packages_is_told_anew_when_that_changes(
    in_parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """With another database, another VEX document or another ignore."""
    tree = in_parts
    command("scan", "--write-baseline=../known", "--exit-zero", "--select", "host-*")
    numbers = (None, 1, 0, 2)
    databases = [
        small_database.build(tmp_path / f"{number}.db", advisories=number) for number in numbers
    ]
    seen = set()
    for _ in range(2):
        for database in databases:
            right = command("scan", "--database", database, *options)
            assert said("--database", database, *options) == (right.code, right.out)
            seen.add(right.out)
    assert len(seen) == len(databases)
    options = ["--database", databases[0], "--vex", "p15.json", "--config", "p20.toml", *options]
    work = Work(monkeypatch)
    write(tree, {"p20.toml": CONFIGURATION})
    for ids in ([], ["CVE-2014-0012"], ["CVE-2014-0012", "CVE-2019-10906"]):
        write(tree, {"p15.json": vex(ids)})
        work.of(*options)
        seen.add(said(*options)[1])
        assert work.of(*options) == ([], [])
    assert len(seen) == len(databases) + 3
    write(tree, {"p20.toml": CONFIGURATION.replace("[", "['vulnerable-package', ", 1)})
    work.of(*options)
    assert "vulnerable-package is locked" in said(*options)[1]
    comment = "# seawall: ignore[CVE-2019-10906, CVE-2014-0012, CVE-2020-28493] none is reached\n"
    write(tree, {"p20.toml": CONFIGURATION, "p07.Dockerfile": comment + VULNERABLE})
    assert work.of(*options)[0] == ["p07.Dockerfile"]
    (tree / "p07.Dockerfile").write_text(comment + VULNERABLE.replace("2.4.1", "3.1"))
    assert work.of(*options)[0] == ["p07.Dockerfile"]
    assert "hides nothing" in said(*options)[1]


def vex(ids: list[str]) -> str:
    statements = [
        {
            "vulnerability": {"name": id_},
            "products": [{"@id": "pkg:pypi/jinja2"}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_present",
        }
        for id_ in ids
    ]
    return json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "statements": statements})


def test_a_rule_that_breaks_on_a_package_is_told_each_time(
    in_parts: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    (rule,) = catalogue.look_up("vulnerable-package")

    def broken(*_: object) -> None:
        raise RuntimeError("oops")

    options = ["--database", database]
    with monkeypatch.context() as patch:
        patch.setattr(rule, "check", broken)
        runs = [command("scan", "--cache", *options) for _ in range(2)]
        assert runs[0] == runs[1] == command("scan", *options)
        assert runs[0].code == 4
    right = command("scan", *options)
    assert said(*options) == (right.code, right.out)
    assert "jinja2" in right.out


# Groups ---------------------------------------------------------------------------------------

PATHS = st.lists(st.text("ab/.0\udc80", min_size=1, max_size=4), max_size=60)


@given(PATHS)
def test_groups_are_a_partition(paths: list[str]) -> None:
    groups = groups_of(paths)
    numbers = [number for group in groups for number in group]
    assert sorted(numbers) == list(range(len(paths)))
    assert [paths[number] for number in numbers] == sorted(paths)
    homes: dict[str, int] = {}
    for at, group in enumerate(groups):
        assert group
        for number in group:
            assert homes.setdefault(paths[number], at) == at


def test_a_new_file_changes_few_groups() -> None:
    paths = [f"apps/{n}/web.yaml" for n in range(2000)]
    before = {tuple(paths[n] for n in group) for group in groups_of(paths)}
    assert 30 < len(before) < 200
    assert max(map(len, before)) <= remembering._MOST_OF_A_GROUP
    for name in ("apps/77/new.yaml", "a", "zz"):
        more = [*paths, name]
        after = {tuple(more[n] for n in group) for group in groups_of(more)}
        assert len(after - before) <= 3
