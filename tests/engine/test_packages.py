"""Packages on their way through a scan: what counts, what is hidden, what is not covered."""

import json
from pathlib import Path
from typing import Any

import pytest

from seawall import engine
from seawall.advisories.advisory import Advisory, Affected, Cycle, Events
from seawall.advisories.build import Builder, Origin
from seawall.cli.main import run as main
from seawall.core.finding import Finding
from seawall.core.report import Report
from seawall.core.severity import Severity
from seawall.engine.bills import gathered
from tests.advisories import small_database
from tests.reports.schemas import valid_sarif

TODAY = "2026-11-26"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scanned(database: str, *targets: str, **options: Any) -> Report:
    wanted = engine.Options(targets or (".",), database=database, today=TODAY)
    return engine.scan(wanted._replace(**options)).report


def ids(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.evidence for finding in findings]


def lock(*packages: tuple[str, str], dev: bool = False) -> str:
    entries = {
        f"node_modules/{name}": {"version": version, "dev": dev} for name, version in packages
    }
    root = {
        "": {"dependencies" if not dev else "devDependencies": {n: f"^{v}" for n, v in packages}}
    }
    return json.dumps({"name": "x", "lockfileVersion": 3, "packages": root | entries}, indent=1)


def test_one_finding_for_each_vulnerability_with_its_place_and_what_clears_all(
    here: Path, database: str
) -> None:
    (here / "requirements.txt").write_text("# pinned\nJinja2==2.4.1\n")
    report = scanned(database)
    assert ids(report.findings) == ["CVE-2014-0012", "CVE-2019-10906", "CVE-2020-28493"]
    by_id = {finding.evidence: finding for finding in report.findings}
    worst = by_id["CVE-2019-10906"]
    assert worst.location.path == "requirements.txt"
    assert worst.location.span is not None
    assert tuple(worst.location.span) == (2, 1, 2, 14)
    assert str(worst.subject) == "pypi/jinja2"
    assert worst.severity == Severity.HIGH
    assert worst.details["aliases"] == ("GHSA-462w-v97r-4m45", "PYSEC-2019-217")
    assert worst.details["package"] == {
        "name": "jinja2", "version": "2.4.1", "ecosystem": "PyPI", "purl": "pkg:pypi/jinja2@2.4.1",
    }  # fmt: skip
    assert {finding.remedy for finding in report.findings} == {"Upgrade jinja2 2.4.1 to 2.11.3."}
    assert by_id["CVE-2014-0012"].severity == Severity.LOW
    assert "nobody has rated it" in by_id["CVE-2020-28493"].message


def test_what_is_known_to_be_exploited_always_fails_a_run(here: Path, database: str) -> None:
    (here / "requirements.txt").write_text("jinja2==2.10.1\n")
    report = scanned(database)
    assert ids(report.findings) == ["CVE-2020-28493"]
    assert report.findings[0].severity == Severity.MEDIUM
    assert report.exit_code(Severity.CRITICAL, strict=False) == 1
    assert report.exit_code(None, strict=False) == 0
    quiet = {"vulnerable-package": {"fail-known-exploited": False}}
    assert scanned(database, parameters=quiet).exit_code(Severity.HIGH, strict=False) == 0


def test_what_nothing_mends_is_shown_and_fails_nothing(here: Path, database: str) -> None:
    (here / "requirements.txt").write_text("unmended==1.0\n")
    report = scanned(database)
    assert report.findings[0].severity == Severity.CRITICAL
    assert report.exit_code(Severity.LOW, strict=False) == 0
    strict = {"vulnerable-package": {"fail-unfixed": True}}
    assert scanned(database, parameters=strict).exit_code(Severity.HIGH, strict=False) == 1


def test_development_packages_are_shown_and_fail_nothing(here: Path, database: str) -> None:
    (here / "package-lock.json").write_text(lock(("lodash", "4.17.20"), dev=True))
    report = scanned(database)
    assert ids(report.findings) == ["CVE-2021-23337"]
    assert "for development only" in report.findings[0].message
    assert report.exit_code(Severity.LOW, strict=False) == 0
    strict = {"vulnerable-package": {"fail-development": True}}
    assert scanned(database, parameters=strict).exit_code(Severity.HIGH, strict=False) == 1


def test_a_chance_of_being_exploited_may_fail_a_run(here: Path, database: str) -> None:
    (here / "package-lock.json").write_text(lock(("lodash", "4.17.20")))
    report = scanned(database)
    assert "a chance of 42%" in report.findings[0].message
    likely = {"vulnerable-package": {"fail-from-epss": 40}}
    assert scanned(database, parameters=likely).exit_code(Severity.CRITICAL, strict=False) == 1
    assert report.exit_code(Severity.CRITICAL, strict=False) == 0


def test_the_way_to_a_package_and_its_place_in_json(here: Path, database: str) -> None:
    (here / "package-lock.json").write_text(
        json.dumps(
            {
                "lockfileVersion": 3,
                "packages": {
                    "": {"dependencies": {"grunt": "^1.0.0"}},
                    "node_modules/grunt": {
                        "version": "1.0.0", "dependencies": {"lodash": "~4.17.5"},
                    },
                    "node_modules/lodash": {"version": "4.17.20"},
                },
            },
            indent=2,
        )
    )  # fmt: skip
    (finding,) = scanned(database).findings
    assert finding.details["path"] == ("grunt@1.0.0", "lodash@4.17.20")
    assert "It is brought in by grunt@1.0.0." in finding.remedy
    assert finding.location.key_path == ("packages", "node_modules/lodash")
    assert finding.location.span is not None
    assert finding.location.span.line == 15


def test_a_parent_that_rules_the_upgrade_out_is_named(here: Path, database: str) -> None:
    text = lock(("grunt", "1.0.0"), ("lodash", "4.17.20"))
    value = json.loads(text)
    value["packages"]["node_modules/grunt"]["dependencies"] = {"lodash": "4.17.20"}
    (here / "package-lock.json").write_text(json.dumps(value))
    (finding,) = scanned(database).findings
    assert finding.details["held_back_by"] == ("grunt@1.0.0 (4.17.20)",)
    assert "held back by grunt@1.0.0" in finding.remedy


# What hides a finding -------------------------------------------------------------------------


def test_an_ignore_by_the_id_of_an_advisory(here: Path, database: str) -> None:
    (here / "requirements.txt").write_text(
        "jinja2==2.4.1  # seawall: ignore[cve-2019-10906, PYSEC-2024-1] no templates of strangers\n"
    )
    report = scanned(database)
    assert ids(report.findings) == ["CVE-2014-0012"]
    assert [item.reason for item in report.suppressed] == ["no templates of strangers"] * 2


def test_an_ignore_that_is_of_no_use_is_told(here: Path, database: str) -> None:
    (here / "requirements.txt").write_text("jinja2==3.1.6  # seawall: ignore[CVE-2019-10906] old\n")
    report = scanned(database)
    assert [finding.rule.id for finding in report.findings] == ["ignore-unused"]


def test_the_command_line_and_the_configuration(
    here: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "requirements.txt").write_text("jinja2==2.4.1\n")
    scan = ["scan", "--database", database, "--no-cache", "--format", "json"]
    assert main([*scan, "--ignore", "CVE-2019-10906,CVE-2020-28493"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [item["details"]["id"] for item in report["findings"]] == ["CVE-2014-0012"]
    assert {item["by"]["form"] for item in report["suppressed"]} == {"configuration"}
    (here / "seawall.toml").write_text(
        '[[suppress]]\nrules = ["GHSA-462w-v97r-4m45"]\nnames = ["jinja*"]\nreason = "trusted"\n'
        '[[suppress]]\nrules = ["CVE-2020-28493"]\nkinds = ["pypi"]\n'
    )
    assert main(scan) == 0
    report = json.loads(capsys.readouterr().out)
    assert [item["details"]["id"] for item in report["findings"]] == ["CVE-2014-0012"]


def test_trivys_ignore_file(here: Path, database: str) -> None:
    (here / "requirements.txt").write_text("jinja2==2.4.1\n")
    (here / ".trivyignore").write_text("# trusted templates\nCVE-2019-10906\nCVE-2020-28493\n")
    assert main(["scan", "--database", database, "--no-cache"]) == 0


def test_a_vex_document(here: Path, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "requirements.txt").write_text("jinja2==2.10.1\n")
    (here / "shop.openvex.json").write_text(
        json.dumps(
            {
                "@context": "https://openvex.dev/ns/v0.2.0",
                "statements": [
                    {
                        "vulnerability": {"name": "CVE-2020-28493"},
                        "products": [{"@id": "pkg:pypi/jinja2"}],
                        "status": "not_affected",
                        "justification": "vulnerable_code_not_present",
                    }
                ],
            }
        )
    )
    scan = ["scan", "--database", database, "--no-cache", "--format", "json"]
    assert main(scan) == 1
    capsys.readouterr()
    assert main([*scan, "--vex", "shop.openvex.json"]) == 0
    (suppressed,) = json.loads(capsys.readouterr().out)["suppressed"]
    assert suppressed["by"] == {"form": "vex", "path": "shop.openvex.json", "line": 1}
    assert "vulnerable code not present" in suppressed["reason"]


# What is not covered --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("requirements.txt", "flask>=2\n", "no exact version is given"),
        ("package-lock.json", lock(("lodash", "one")), "knows how to compare"),
        ("composer.lock", '{"packages": [{"name": "a/b", "version": "1.0.0"}]}',
         "the database has no advisories for Packagist"),
        ("Podfile.lock", "PODS:\n  - AFNetworking (4.0.1)\n", "no source of advisories knows"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_not_clean(
    here: Path, database: str, name: str, text: str, reason: str
) -> None:
    (here / name).write_text(text)
    report = scanned(database)
    assert not report.findings
    assert any(reason in item.reason for item in report.coverage.not_covered)
    assert report.exit_code(Severity.HIGH, strict=True) == 3


def test_a_lock_file_answers_the_manifest(here: Path, database: str) -> None:
    (here / "package.json").write_text('{"dependencies": {"lodash": "^4.17.0"}}')
    assert scanned(database).coverage.not_covered
    (here / "package-lock.json").write_text(lock(("lodash", "4.17.21")))
    (here / "packages").mkdir()
    (here / "packages" / "package.json").write_text('{"dependencies": {"lodash": "^4.17.0"}}')
    assert not scanned(database).coverage.not_covered


def open_packages(report: Report) -> list[str]:
    return [item.what for item in report.coverage.not_covered if "no exact version" in item.reason]


def test_a_lock_file_answers_only_for_what_is_in_it(here: Path, database: str) -> None:
    (here / "package-lock.json").write_text(lock(("lodash", "4.17.21")))
    (here / "docs").mkdir()
    wishes = '{"dependencies": {"lodash": "^4.17.0", "left-pad": "^1.0"}}'
    (here / "docs" / "package.json").write_text(wishes)
    assert open_packages(scanned(database)) == ["1 package (left-pad ^1.0)"]


def test_a_pin_answers_for_no_other_line_of_its_file(here: Path, database: str) -> None:
    (here / "requirements.txt").write_text("django==5.0\ndjango[bcrypt]\njinja2\n")
    assert open_packages(scanned(database)) == ["1 package (jinja2)"]


def test_another_project_of_the_run_answers_for_itself(here: Path, database: str) -> None:
    (here / "package-lock.json").write_text(lock(("lodash", "4.17.21")))
    for name, wishes in (("app", '"@x/lib": "^1.0.0"'), ("lib", '"lodash": "^4.17.0"')):
        (here / name).mkdir()
        manifest = f'{{"name": "@x/{name}", "dependencies": {{{wishes}}}}}'
        (here / name / "package.json").write_text(manifest)
    assert not open_packages(scanned(database))


def test_no_workflow_answers_for_another(here: Path) -> None:
    workflows = here / ".github" / "workflows"
    workflows.mkdir(parents=True)
    for name, uses in (
        ("a", "actions/checkout@v4.1.2"), ("b", "actions/checkout@v4"), ("c", "actions/cache@v4"),
    ):  # fmt: skip
        (workflows / f"{name}.yml").write_text(
            f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: {uses}\n"
        )
    found = gathered(engine.Options((".",))).files
    versions = {path[-5:]: [(p.name, p.version) for p in item.packages] for path, item in found}
    assert versions == {
        "a.yml": [("actions/checkout", "4.1.2")],
        "b.yml": [("actions/checkout", "")],
        "c.yml": [("actions/cache", "")],
    }


def test_a_file_that_cannot_be_read_is_told(here: Path, database: str) -> None:
    (here / "package-lock.json").write_text('{"lockfileVersion": 3,\n "packages": {]')
    (here / "requirements.txt").write_text("jinja2==2.4.1\n")
    report = scanned(database)
    (failed,) = report.coverage.failed
    assert (failed.path, failed.line) == ("package-lock.json", 2)
    assert len(report.findings) == 3


def test_without_rules_about_packages_none_are_read(here: Path, database: str) -> None:
    (here / "requirements.txt").write_text("jinja2==2.4.1\n")
    report = scanned("/nowhere/at/all.db", profile="pss-baseline")
    assert [item.reason for item in report.coverage.skipped] == ["no rule about packages runs"]


def test_a_runtime_without_support(here: Path, database: str) -> None:
    (here / ".tool-versions").write_text("python 3.7.17\nnodejs lts\n")
    report = scanned(database)
    (finding,) = report.findings
    assert finding.message == "python 3.7 has had no security fixes since 2023-06-27"
    assert "3.14 (until 2030-10-31)" in finding.remedy
    assert "an alias" in report.coverage.not_covered[0].reason
    assert not scanned(database, today="2023-06-27").findings


# The cache ------------------------------------------------------------------------------------


def test_another_database_is_another_run(
    here: Path, database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(here / "cache"))
    tree = here / "tree"
    tree.mkdir()
    object_ = (
        "---\napiVersion: v1\nkind: ConfigMap\n"
        f"metadata: {{name: mNUMBER, namespace: a}}\ndata: {{text: {'x' * 1000}}}\n"
    )
    manifests = "".join(object_.replace("NUMBER", str(number)) for number in range(60))
    (tree / "manifests.yaml").write_text(manifests)
    (tree / "requirements.txt").write_text("jinja2==2.4.1\n")
    scan = ["scan", "tree", "--database", database, "--format", "json"]
    main(scan)
    first = capsys.readouterr().out
    main(scan)
    assert capsys.readouterr().out == first
    (tree / "requirements.txt").write_text("jinja2==3.1.6\n")
    main(scan)
    assert '"CVE-' not in capsys.readouterr().out


# Reports --------------------------------------------------------------------------------------


def test_in_sarif_each_vulnerability_is_a_rule_of_its_own(
    here: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "requirements.txt").write_text("jinja2==2.4.1\n")
    main(["scan", "--database", database, "--no-cache", "--format", "sarif"])
    text = capsys.readouterr().out
    valid_sarif(text)
    run = json.loads(text)["runs"][0]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert sorted(rules) == ["CVE-2014-0012", "CVE-2019-10906", "CVE-2020-28493"]
    assert rules["CVE-2019-10906"]["properties"]["security-severity"] == "8.0"
    assert rules["CVE-2014-0012"]["properties"]["security-severity"] == "3.0"
    assert "CWE-693" in rules["CVE-2019-10906"]["properties"]["tags"]
    assert {result["ruleId"] for result in run["results"]} == set(rules)


def test_the_report_names_the_data_it_rests_on(
    here: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "requirements.txt").write_text("jinja2==3.1.6\n")
    scan = ["scan", "--database", database, "--no-cache"]
    main([*scan, "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    assert report["summary"]["packages"] == 1
    assert report["advisories"]["built"] == small_database.DAY
    assert report["advisories"]["sources"][0]["records"] == 7
    main(scan)
    shown = capsys.readouterr()
    assert "1 package in 1 file" in shown.out
    assert f"Advisories of {small_database.DAY}" in shown.out
    assert "seawall db update" in shown.err
    assert main([*scan, "--max-database-age", "5"]) == 2
    assert "5 are allowed" in capsys.readouterr().err


def test_what_was_decided_as_openvex(
    here: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is written is understood again: the same findings are hidden by it."""
    (here / "requirements.txt").write_text(
        "jinja2==2.4.1  # seawall: ignore[CVE-2019-10906] no templates of strangers\n"
    )
    scan = ["scan", "--database", database, "--no-cache"]
    main([*scan, "--format", "openvex=vex.json"])
    document = json.loads((here / "vex.json").read_text())
    assert [(s["vulnerability"]["name"], s["status"]) for s in document["statements"]] == [
        ("CVE-2014-0012", "affected"),
        ("CVE-2020-28493", "affected"),
        ("CVE-2019-10906", "not_affected"),
    ]
    assert document["statements"][2]["impact_statement"] == "no templates of strangers"
    assert document["statements"][0]["action_statement"] == "Upgrade jinja2 2.4.1 to 2.11.3."
    (here / "requirements.txt").write_text("jinja2==2.4.1\n")
    capsys.readouterr()
    main([*scan, "--vex", "vex.json", "--format", "json"])
    (hidden,) = json.loads(capsys.readouterr().out)["suppressed"]
    assert hidden["details"]["id"] == "CVE-2019-10906"


# Distributions --------------------------------------------------------------------------------


def test_packages_of_a_distribution_go_by_their_source_and_release(
    here: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fixed = Affected("Debian:12", "curl", (Events("0", "7.88.1-10+deb12u5"),))
    records = [Advisory("DEBIAN-CVE-2023-46218", "debian", (fixed,), upstream=("CVE-2023-46218",))]
    path = str(tmp_path_factory.mktemp("debian") / "a.db")
    builder = Builder(path)
    builder.add(Origin("debian", "Debian", "x", until=small_database.DAY), records)
    cycles = [Cycle("debian", "10", end_of_life="2022-09-10"), Cycle("debian", "12")]
    builder.add(Origin("endoflife", "x", "x", until=small_database.DAY), cycles)
    builder.finish()

    def bill(distro: str) -> str:
        purl = f"pkg:deb/debian/libcurl4@7.88.1-10+deb12u4?distro={distro}&upstream=curl"
        component = {"type": "library", "name": "libcurl4", "version": "7.88.1-10+deb12u4",
                     "purl": purl}  # fmt: skip
        return json.dumps(
            {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]}
        )

    (here / "bom.json").write_text(bill("debian-12"))
    (finding,) = scanned(path).findings
    assert (finding.evidence, finding.subject.name) == ("CVE-2023-46218", "libcurl4")
    (here / "bom.json").write_text(bill("debian-10"))
    report = scanned(path)
    assert [finding.rule.id for finding in report.findings] == ["end-of-life-runtime"]
    assert "no advisories for Debian:10" in report.coverage.not_covered[0].reason


def test_what_affects_all_versions_affects_one_that_is_not_known(here: Path, database: str) -> None:
    (here / "requirements.txt").write_text("cryptographyio\njinja2\nunmended>=1\n")
    report = scanned(database)
    assert sorted(ids(report.findings)) == ["CVE-2024-2222", "MAL-2024-1"]
    assert open_packages(report) == ["3 packages (cryptographyio, jinja2, unmended >=1)"]
    assert all("  " not in finding.remedy for finding in report.findings)


def test_a_version_without_an_order_is_found_where_it_is_listed(
    here: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    listed = Affected("Packagist", "acme/shop", (Events("1.0", "1.2"),), versions=("dev-main",))
    path = str(tmp_path_factory.mktemp("listed") / "a.db")
    builder = Builder(path)
    records = [Advisory("GHSA-aaaa-bbbb-cccc", "x", (listed,))]
    builder.add(Origin("x", "x", "x", until=small_database.DAY), records)
    builder.finish()
    packages = [{"name": "acme/shop", "version": "dev-main"}]
    (here / "composer.lock").write_text(json.dumps({"packages": packages}))
    report = scanned(path)
    assert ids(report.findings) == ["GHSA-aaaa-bbbb-cccc"]
    assert "knows how to compare" in report.coverage.not_covered[0].reason


# Files that lead to others --------------------------------------------------------------------


def test_an_included_file_is_told_in_its_own_place_and_once(here: Path, database: str) -> None:
    (here / "deps").mkdir()
    (here / "requirements.txt").write_text("-r deps/base.txt\n-r requirements-more.txt\n")
    (here / "deps" / "base.txt").write_text("# pinned\n\n   jinja2==2.10.1\nunmended==1.0\n")
    (here / "requirements-more.txt").write_text("jinja2==2.10.1\n")
    report = scanned(database)
    assert [
        (f.location.path, f.evidence, tuple(f.location.span or ())) for f in report.findings
    ] == [
        ("deps/base.txt", "CVE-2020-28493", (3, 4, 3, 18)),
        ("deps/base.txt", "CVE-2024-2222", (4, 1, 4, 14)),
        ("requirements-more.txt", "CVE-2020-28493", (1, 1, 1, 15)),
    ]
    (here / "deps" / "base.txt").write_text("jinja2==2.10.1  # seawall: ignore[CVE-2020-28493] x\n")
    report = scanned(database)
    assert [f.location.path for f in report.findings] == ["requirements-more.txt"]
    assert [item.reason for item in report.suppressed] == ["x"]


def test_what_was_written_before_rests_on_included_files_too(
    here: Path, database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of no name that is known, and one that comes later, both change the result."""
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(here / "cache"))
    monkeypatch.setattr("seawall.engine.scanning.WORTH_REMEMBERING", 0)
    tree = here / "tree"
    (tree / "deps").mkdir(parents=True)
    (tree / "manifest.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    (tree / "requirements.txt").write_text("-r deps/base.txt\n")
    (tree / "deps" / "base.txt").write_text("jinja2==3.1.6\n")
    scan = ["scan", "tree", "--database", database]
    main(scan)
    first = capsys.readouterr()
    main(scan)
    again = capsys.readouterr()
    assert (again.out, again.err) == (first.out, first.err)
    assert "old" in again.err
    assert "CVE-" not in again.out
    (tree / "deps" / "base.txt").write_text("jinja2==2.10.1\n")
    main(scan)
    assert "CVE-2020-28493" in capsys.readouterr().out
    (tree / "deps" / "base.txt").unlink()
    main(scan)
    assert "CVE-2020-28493" not in capsys.readouterr().out
    (tree / "deps" / "base.txt").write_text("unmended==1.0\n")
    main(scan)
    assert "CVE-2024-2222" in capsys.readouterr().out


def test_archives_are_looked_into_only_where_a_rule_about_packages_runs(
    here: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seawall.engine.source import FileSystem
    from seawall.sources.files import SourceFile

    (here / "app.jar").write_bytes(b"PK\x05\x06" + bytes(18))
    (here / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")
    read: list[str] = []
    whole = FileSystem.read_large

    def noted(self: FileSystem, file: SourceFile) -> Any:
        read.append(file.path)
        return whole(self, file)

    monkeypatch.setattr(FileSystem, "read_large", noted)
    report = scanned(database, profile="pss-baseline")
    assert read == []
    told = [(item.path, item.reason) for item in report.coverage.skipped]
    assert ("app.jar", "no rule about packages runs") in told
    scanned(database, select=("host-network",))
    assert read == []
    report = scanned(database)
    assert read == ["app.jar"]
    assert "app.jar" in report.coverage.read
