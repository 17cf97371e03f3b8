"""What Dockerfiles name as packages: what is held against advisories, and what is not covered."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall import engine
from seawall.advisories.advisory import Advisory, Affected, Cycle, Events
from seawall.advisories.build import Builder, Origin
from seawall.cli.main import run as main
from seawall.core.report import Report
from seawall.core.severity import Gate
from seawall.dockerfile import domain
from seawall.dockerfile.rule import ALONE
from seawall.engine import builds
from seawall.engine.bills import gathered
from seawall.packages.package import Package
from seawall.packages.purl import purl_of

TODAY = "2026-11-26"
NO_VERSION = builds.NO_VERSION


def bare(id_: str, ecosystem: str, name: str, fixed: str) -> Advisory:
    ranges = (Events("0", fixed),)
    return Advisory(id_, "test", (Affected(ecosystem, name, ranges),), published="2026-01-01")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("advisories") / "own.db")
    builder = Builder(path)
    builder.add(
        Origin("osv", "OSV", "CC0-1.0"),
        [
            bare("CVE-2026-0001", "PyPI", "flask", "2.0"),
            bare("CVE-2026-0002", "Debian:12", "nginx", "1.22.1-10"),
            bare("CVE-2026-0003", "Alpine:v3.18", "curl", "8.6.0-r0"),
            bare("CVE-2026-0004", "npm", "express", "4.17.0"),
            bare("CVE-2026-0005", "Go", "github.com/a/tool", "1.3.0"),
            bare("CVE-2026-0006", "CPython", "cpython", "3.14.1"),
        ],
    )
    builder.add(
        Origin("endoflife", "endoflife.date", "MIT"),
        [
            Cycle("go", "1.19", "", "", "2023-09-06"),
            Cycle("go", "1.27", "", "", "no"),
            Cycle("python", "3.10", "", "", "2026-10-31"),
            Cycle("python", "3.14", "", "", "2030-10-31"),
            Cycle("debian", "11", "", "", "2024-08-14", "2026-08-31"),
            Cycle("debian", "12", "", "", "2026-07-11", "2028-06-30"),
        ],
    )
    builder.finish()
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


ABOUT_PACKAGES = ("vulnerable-package", "end-of-life-runtime", "base-image-eol")


def scanned(database: str, *targets: str, **options: Any) -> Report:
    wanted = engine.Options(
        targets or (".",), database=database, today=TODAY, select=ABOUT_PACKAGES, cache=False
    )
    return engine.scan(wanted._replace(**options)).report


def named(text: str) -> dict[str, Package]:
    contents = builds.contents_of(domain.contents(text.encode(), ALONE))
    return {purl_of(package): package for package in contents.packages}


def purls(text: str) -> list[str]:
    return [each for each in named(text) if not each.startswith("pkg:docker/")]


def test_what_is_installed_by_an_exact_version_is_held_against_advisories(
    here: Path, database: str
) -> None:
    (here / "Dockerfile").write_text(
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update \\\n"
        "  && apt-get install -y nginx=1.22.1-9\n"
        "RUN pip install flask==1.0\n"
    )
    report = scanned(database)
    assert [(f.evidence, f.location.span and f.location.span.line) for f in report.findings] == [
        ("CVE-2026-0002", 3), ("CVE-2026-0001", 4),
    ]  # fmt: skip
    assert report.packages == 2
    assert report.advisories is not None
    assert report.coverage.not_covered == ()
    assert str(report.findings[0].subject) == "deb/nginx"


def test_what_has_no_version_is_one_line_and_no_finding(here: Path, database: str) -> None:
    (here / "Dockerfile").write_text(
        "FROM debian:12\n"
        "RUN apt-get install -y nginx curl && pip install 'flask>=1' && npm i -g express@4\n"
    )
    report = scanned(database)
    assert report.findings == ()
    (gap,) = report.coverage.not_covered
    assert gap.what == "4 packages (nginx, curl, flask >=1, express 4)"
    assert gap.reason == NO_VERSION
    assert report.packages == 0
    assert report.advisories is None  # nobody opened the database


def test_a_tag_that_names_a_release_names_the_runtime(here: Path, database: str) -> None:
    (here / "Dockerfile").write_text(
        "FROM python:3.14.0-slim AS own\nFROM python:3.14\nFROM python:3.14.1\n"
        "FROM registry.example.org/python:3.14.0\nFROM own\n"
    )
    report = scanned(database, "Dockerfile")
    (finding,) = [each for each in report.findings if each.rule.id == "vulnerable-package"]
    assert finding.subject.name == "python"
    assert finding.details["id"] == "CVE-2026-0006"
    assert finding.location.span is not None
    assert finding.location.span.line == 1


def test_where_no_rule_asks_for_packages_none_are_listed(here: Path, database: str) -> None:
    (here / "Dockerfile").write_text("FROM debian:12\nRUN apt-get install -y nginx=1.22.1-9 curl\n")
    report = scanned(database, select=("base-image-eol",))
    assert report.findings == ()
    assert report.coverage.not_covered == ()


def test_a_release_that_nothing_tells_is_not_covered(here: Path, database: str) -> None:
    (here / "Dockerfile").write_text("FROM python:3.14\nRUN apt-get install -y nginx=1.22.1-9\n")
    report = scanned(database)
    (gap,) = report.coverage.not_covered
    assert "of which release of a distribution" in gap.reason
    assert "tag names the release" in gap.remedy


def test_what_only_the_build_needs_fails_nothing(here: Path, database: str) -> None:
    (here / "Dockerfile").write_text(
        "FROM debian:12 AS build\n"
        "RUN apt-get install -y nginx=1.22.1-9 && pip install flask==1.0\n"
        "FROM debian:12 AS unused\n"
        "RUN pip install flask==1.1\n"
        "FROM debian:12\n"
        "COPY --from=build /venv /venv\n"
    )
    report = scanned(database)
    gates = {(f.evidence, f.location.span and f.location.span.line): f.gate
             for f in report.findings}  # fmt: skip
    assert gates == {
        ("CVE-2026-0002", 2): Gate.NEVER,  # of the system, in a stage that is copied from
        ("CVE-2026-0001", 2): Gate.BY_SEVERITY,  # a virtual environment is what is copied
        ("CVE-2026-0001", 4): Gate.NEVER,  # nobody needs the stage
    }


def test_the_release_line_of_a_base_image_is_told_once(here: Path, database: str) -> None:
    (here / "Dockerfile").write_text(
        "FROM golang:1.19-alpine AS build\n"
        "FROM python:3.10-slim\n"
        "FROM python:3.7\n"
        "FROM debian:11-slim\n"
        "FROM debian:bookworm\n"
        "FROM python:3.14\n"
        "FROM registry.example.org/python:3.10\n"
    )
    report = scanned(database)
    told = [
        (f.rule.id, f.location.span.line) for f in report.findings if f.location.span is not None
    ]
    assert sorted(told, key=lambda each: each[1]) == [
        ("end-of-life-runtime", 1),
        ("end-of-life-runtime", 2),
        ("base-image-eol", 3),
        ("end-of-life-runtime", 4),
    ]


def test_lines_that_live_on_need_no_database(here: Path) -> None:
    (here / "Dockerfile").write_text("FROM python:3.14-slim\nUSER 10001\n")
    report = scanned("does-not-exist.db")
    assert report.findings == ()


def test_a_comment_ignores_a_finding(here: Path, database: str) -> None:
    (here / "Dockerfile").write_text(
        "FROM debian:12\n"
        "# seawall: ignore[vulnerable-package] it is not reachable\n"
        "RUN pip install flask==1.0\n"
    )
    report = scanned(database)
    assert report.findings == ()
    assert [item.finding.evidence for item in report.suppressed] == ["CVE-2026-0001"]


def test_packages_of_a_compose_file_have_its_lines(here: Path, database: str) -> None:
    (here / "compose.yaml").write_text(
        "services:\n"
        "  web:\n"
        "    build:\n"
        "      context: .\n"
        "      dockerfile_inline: |\n"
        "        FROM debian:12\n"
        "        RUN pip install flask==1.0\n"
    )
    report = scanned(database)
    (finding,) = report.findings
    assert finding.location.path == "compose.yaml"
    assert finding.location.span is not None
    assert finding.location.span.line == 7


@pytest.mark.parametrize("jobs", [1, 2])
def test_spread_and_remembered_runs_say_the_same(
    here: Path, database: str, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(here / ".cache"))
    monkeypatch.setenv("SEAWALL_DATA_DIR", str(here / ".data"))
    filler = "# " + "x" * 20_000 + "\n"
    for number in range(30):
        folder = here / "app" / f"{number:02}"
        folder.mkdir(parents=True)
        version = "1.0" if number % 10 == 3 else "3.0"
        (folder / "Dockerfile").write_text(
            f"FROM debian:12\nRUN pip install flask=={version} requests\n{filler}"
        )

    def written(*options: str) -> str:
        target = here / "report.json"
        fixed = ("scan", "app", "--database", database, "--format", "json", "--exit-zero")
        arguments = [*fixed, "-j", str(jobs), "-o", str(target), *options]
        assert main(arguments) == 0
        return target.read_text()

    plain = written("--no-cache")
    assert plain.count("CVE-2026-0001") >= 3
    assert written() == plain
    assert written() == plain  # a replay
    changed = here / "app" / "00" / "Dockerfile"
    changed.write_text(changed.read_text().replace("3.0", "1.0"))
    after = written()
    assert after == written("--no-cache")
    assert after != plain


def test_another_database_is_no_equal_run(
    here: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(here / ".cache"))
    text = "FROM debian:12\nRUN pip install flask==1.0\n" + "# filler\n" * 8_000
    (here / "Dockerfile").write_text(text)
    other = str(here / "other.db")
    builder = Builder(other)
    builder.add(
        Origin("osv", "OSV", "CC0-1.0"), [bare("CVE-2026-0009", "PyPI", "flask", "1.1")]
    )  # fmt: skip
    builder.finish()
    found = []
    for path in (database, database, other, other):
        target = here / "out.json"
        arguments = ["scan", "Dockerfile", "--database", path, "--format", "json", "--exit-zero"]
        assert main([*arguments, "-o", str(target)]) == 0
        rows = json.loads(target.read_text())["findings"]
        found.append({row["details"]["id"] for row in rows if row["domain"] == "vulnerabilities"})
    assert found == [{"CVE-2026-0001"}] * 2 + [{"CVE-2026-0009"}] * 2


# Bills of materials ---------------------------------------------------------------------------


OF_BASE = "repository_url=registry.example.org%2Fbase%2Fos&tag=1"


def test_a_bill_names_images_and_packages(here: Path) -> None:
    (here / "Dockerfile").write_text(
        "FROM golang:1.27 AS build\n"
        "FROM registry.example.org/base/os:1@sha256:" + "a" * 64 + "\n"
        "COPY --from=nginx:1.27 /x /x\n"
        "RUN apk add curl=8.5.0-r0 git\n"
    )
    ((path, contents),) = gathered(engine.Options((".",))).files
    assert path == "Dockerfile"
    assert [(purl_of(p), p.line, p.development) for p in contents.packages] == [
        ("pkg:docker/golang@1.27", 1, True),
        (f"pkg:docker/base/os@sha256:{'a' * 64}?{OF_BASE}", 2, False),
        ("pkg:docker/nginx@1.27", 3, False),
        ("pkg:apk/curl@8.5.0-r0", 4, False),
        ("pkg:apk/git", 4, False),
    ]


# Commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("apt-get install -y nginx=1.22.1-9 gcc:amd64=4:12.2.0-3",
         ["deb/debian/nginx@1.22.1-9?distro=debian-12",
          "deb/debian/gcc@4:12.2.0-3?distro=debian-12"]),
        ("apt-get install -y nginx=1.22.* git/bookworm-backports",
         ["deb/debian/nginx?distro=debian-12", "deb/debian/git?distro=debian-12"]),
        ("pip install flask==1.0 'Foo.Bar[x]==2.1; python_version > \"3\"' six~=1.0 ./here",
         ["pypi/flask@1.0", "pypi/foo-bar@2.1", "pypi/six"]),
        ("pip3 install -r requirements.txt", []),
        ("python3 -m pip install flask===1.0", ["pypi/flask@1.0"]),
        ("uv pip install flask==1.0", ["pypi/flask@1.0"]),
        ("npm install -g express@4.16.0 @scope/x@1.2.3 left-pad@1 right@latest",
         ["npm/express@4.16.0", "npm/%40scope/x@1.2.3", "npm/left-pad", "npm/right"]),
        ("yarn global add typescript@5.1.6", ["npm/typescript@5.1.6"]),
        ("gem install rails:5.0.0", ["gem/rails@5.0.0"]),
        ("gem install rails -v 5.0.0", ["gem/rails@5.0.0"]),
        ("gem install rails -v '~> 5'", ["gem/rails"]),
        ("go install github.com/a/tool/cmd/x@v1.2.3", ["golang/github.com/a/tool@v1.2.3"]),
        ("go install github.com/a/tool/v2/cmd/x@v2.0.1", ["golang/github.com/a/tool/v2@v2.0.1"]),
        ("go install golang.org/x/tools/gopls@latest", ["golang/golang.org/x/tools"]),
        ("cargo install ripgrep --version 13.0.0", ["cargo/ripgrep@13.0.0"]),
        ("cargo install ripgrep@13.0.0", ["cargo/ripgrep@13.0.0"]),
        ("cargo install ripgrep --version 13", ["cargo/ripgrep"]),
        ("composer require Symfony/http-kernel:4.1.0 a/b:^1",
         ["composer/symfony/http-kernel@4.1.0", "composer/a/b"]),
        ("composer global require a/b=1.2.3", ["composer/a/b@1.2.3"]),
        ("dotnet add package Newtonsoft.Json --version 12.0.1", ["nuget/newtonsoft.json@12.0.1"]),
        ("dotnet add app.csproj package Foo -v 1.0.0", ["nuget/foo@1.0.0"]),
        ("dotnet tool install -g dotnet-ef --version 6.0.1", ["nuget/dotnet-ef@6.0.1"]),
        ("dotnet publish -c Release -o /out", []),
        ("V=1.0 && pip install flask==$V", ["pypi/flask@1.0"]),
        ("pip install flask==$UNKNOWN", ["pypi/flask"]),
        ("P='flask==1.0 six==1.16.0'; pip install $P", ["pypi/flask@1.0", "pypi/six@1.16.0"]),
        ("apt-get install -y gcc=4:12.2.0-3 && apt-get purge -y gcc", []),
        ("apk add curl=8.5.0-r0", ["apk/curl@8.5.0-r0"]),  # no manager of Debian
    ],
)  # fmt: skip
def test_what_a_command_installs(command: str, expected: list[str]) -> None:
    assert purls(f"FROM debian:bookworm\nRUN {command}\n") == [f"pkg:{each}" for each in expected]


@pytest.mark.parametrize(
    ("image", "command", "package", "distro"),
    [
        ("ubuntu:22.04", "apt install a=1-6", "deb/ubuntu/a@1-6", "ubuntu-22.04"),
        ("ubuntu:jammy", "apt install a=1-6", "deb/ubuntu/a@1-6", "ubuntu-22.04"),
        ("debian:12.5-slim", "apt install a=1", "deb/debian/a@1", "debian-12.5"),
        ("python:3.12-slim-bookworm", "apt install a=1", "deb/debian/a@1", "debian-12"),
        ("node:20-alpine3.19", "apk add a=1-r0", "apk/alpine/a@1-r0", "alpine-3.19"),
        ("alpine:3.18.4", "apk add a=1-r0", "apk/alpine/a@1-r0", "alpine-3.18.4"),
        ("alpine:edge", "apk add a=1-r0", "apk/alpine/a@1-r0", "alpine-edge"),
        ("alpine", "apk add a=1-r0", "apk/a@1-r0", ""),
        ("alpine:3.18", "apk add 'a~=1'", "apk/alpine/a", "alpine-3.18"),
        ("fedora:40", "dnf install -y a-1.2-3.fc40", "rpm/fedora/a@1.2-3.fc40", "fedora-40"),
        ("fedora:40", "dnf install -y a-1.2", "rpm/fedora/a", "fedora-40"),
        ("almalinux:9", "yum install a-1.2-3.el9.x86_64", "rpm/almalinux/a@1.2-3.el9",
         "almalinux-9"),
        ("rockylinux:9", "dnf install a-1.2-3", "rpm/rocky/a@1.2-3", "rocky-9"),
        ("amazonlinux:2023", "dnf install a-1.2-3", "rpm/amzn/a@1.2-3", "amzn-2023"),
        ("oraclelinux:8-slim", "microdnf install a-1.2-3", "rpm/ol/a@1.2-3", "ol-8"),
        ("registry.access.redhat.com/ubi9/ubi-minimal:9.4", "microdnf install a-1.2-3",
         "rpm/rhel/a@1.2-3", "rhel-9"),
        ("redhat/ubi8", "yum install a-1.2-3", "rpm/rhel/a@1.2-3", "rhel-8"),
        ("opensuse/leap:15.6", "zypper in a=1.2-3", "rpm/opensuse/a@1.2-3", "opensuse-leap-15.6"),
        ("opensuse/leap:15.6", "zypper install a-1.2-3", "rpm/opensuse/a@1.2-3",
         "opensuse-leap-15.6"),
        ("somebody/debian:12", "apt install a=1", "deb/a@1", ""),
        ("debian:12", "yum install a-1.2-3", "rpm/a@1.2-3", ""),
    ],
)  # fmt: skip
def test_the_release_of_the_base_image(image: str, command: str, package: str, distro: str) -> None:
    qualifiers = f"?distro={distro}" if distro else ""
    assert purls(f"FROM {image}\nRUN {command}\n") == [f"pkg:{package}{qualifiers}"]


def test_values_of_the_file_are_put_in() -> None:
    text = (
        "ARG OS=debian:12\n"
        "FROM $OS\n"
        "ARG NGINX=1.22.1-9\n"
        "ENV FLASK_VERSION=1.0\n"
        'RUN apt-get install nginx=${NGINX} && pip install "flask==$FLASK_VERSION"\n'
    )
    assert purls(text) == [
        "pkg:deb/debian/nginx@1.22.1-9?distro=debian-12", "pkg:pypi/flask@1.0",
    ]  # fmt: skip


_WORDS = st.sampled_from(
    "apt-get install -y pip npm gem go cargo composer dotnet add package require apk dnf zypper "
    "a=1 a==1 a@1.0.0 a:1 @ = == : - -v --version $X ${X:-1} `x` a-1-2 \\ && ; | ( ) ' \" "
    "\N{SNOWMAN}=1 *".split(" ")
)


@given(st.lists(_WORDS, max_size=14))
def test_nothing_breaks_it(words: list[str]) -> None:
    text = f"FROM debian:12\nENV X=1\nRUN {' '.join(words)}\n"
    for purl, package in named(text).items():
        assert purl.startswith("pkg:")
        assert package.line <= text.count("\n") + 1
