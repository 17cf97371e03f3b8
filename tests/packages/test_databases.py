"""Package databases are read as their own tools read them."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from seawall.packages import rpm
from seawall.packages.image_formats import image_format_of
from seawall.packages.inventory import inventory
from seawall.packages.package import File
from seawall.packages.purl import purl_of
from seawall.packages.system import Facts
from tests.packages import database_makers as makers
from tests.packages import database_writers as writers
from tests.packages import recorded
from tests.packages.database_makers import Answer, Files

BASE = "var/lib/rpm/"
RPM_FILES = {
    "rpmdb.sqlite": f"{BASE}rpmdb.sqlite",
    "Packages.db": f"{BASE}Packages.db",
    "Packages.little": f"{BASE}Packages",
    "Packages.big": "usr/lib/sysimage/rpm/Packages",
}


def facts(path: str, data: bytes, beside: dict[str, bytes] | None = None) -> Facts:
    """What the format of a path reads."""
    found = image_format_of(path)
    assert found is not None, path
    return found.read(File(path, data, (beside or {}).get))


def files_of(found: Iterable[Facts]) -> Files:
    """The files of all packages, by name."""
    names = {
        package.key: package.name for each in found for package in each.contents.packages
    }  # fmt: skip
    return sorted(
        (names.get(holding.package, holding.package), path)
        for each in found
        for holding in each.holdings
        for path in holding.paths
    )


def assert_rpm(found: Facts, answer: Answer) -> None:
    assert found.contents.problems == ()
    ours = []
    for package in found.contents.packages:
        epoch, colon, version = package.version.rpartition(":")
        ours.append((
            package.name, epoch if colon else None, version, dict(package.qualifiers)["arch"],
            package.supplier,
        ))  # fmt: skip
        assert package.source == ("many", "1.0-1")
    theirs = [
        (row.name, row.epoch, row.version, row.architecture, row.supplier) for row in answer.rows
    ]
    assert sorted(ours, key=str) == sorted(theirs, key=str)
    assert len(ours) == makers.RPMS
    assert files_of([found]) == answer.files


@pytest.mark.parametrize("name", RPM_FILES)
def test_recorded_databases_of_rpm(name: str) -> None:
    found = facts(RPM_FILES[name], recorded.members()[name])
    assert_rpm(found, recorded.answer("rpm"))
    by_name = {package.name: package for package in found.contents.packages}
    assert purl_of(by_name["pkg003"]) == (
        "pkg:rpm/pkg003@3.3-1?arch=noarch&epoch=3&upstream=many%401.0-1"
    )
    assert by_name["pkg000"].version == "0:0.0~rc1-1"  # epoch 0 is not the same as none
    assert by_name["pkg001"].version == "1.1-1"


needs_rpm = pytest.mark.skipif(
    not (shutil.which("rpm") and shutil.which("rpmbuild")), reason="rpm and rpmbuild are not here"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    directory = tmp_path_factory.mktemp("rpm")
    return directory, makers.rpm_packages(directory)


@needs_rpm
@pytest.mark.parametrize("backend", ["sqlite", "ndb"])
def test_rpm_itself(built: tuple[Path, list[str]], backend: str) -> None:
    directory, packages = built
    database = makers.rpm_installed(directory, packages, backend)
    if database is None:
        pytest.skip(f"this rpm has no backend {backend}")
    found = facts(f"{BASE}{database.name}", database.read_bytes())
    assert_rpm(found, makers.rpm_answer(directory / backend, backend))


@needs_rpm
@pytest.mark.skipif(not shutil.which("db5.3_load"), reason="db_load of Berkeley DB is not here")
@pytest.mark.parametrize("order", ["<", ">"])
def test_tables_that_berkeley_db_wrote_and_rpm_reads(tmp_path: Path, order: str) -> None:
    store = tmp_path / "var/lib/rpm"
    store.mkdir(parents=True)
    sqlite = tmp_path / "rpmdb.sqlite"
    sqlite.write_bytes(recorded.members()["rpmdb.sqlite"])
    makers.berkeley_loaded(store / "Packages", makers.headers_of(sqlite), order)
    found = facts(f"{BASE}Packages", (store / "Packages").read_bytes())
    assert_rpm(found, makers.rpm_answer(tmp_path, "bdb_ro"))


def test_writers_and_readers_agree(tmp_path: Path) -> None:
    sqlite = tmp_path / "rpmdb.sqlite"
    sqlite.write_bytes(recorded.members()["rpmdb.sqlite"])
    headers = makers.headers_of(sqlite)
    answer = recorded.answer("rpm")
    assert_rpm(facts(f"{BASE}rpmdb.sqlite", writers.sqlite(headers)), answer)
    assert_rpm(facts(f"{BASE}Packages.db", writers.ndb(headers)), answer)
    for order in "<>":
        for page in (512, 4096):
            assert_rpm(facts(f"{BASE}Packages", writers.berkeley(headers, order, page)), answer)


def test_odd_headers_of_rpm() -> None:
    headers = [
        writers.header({1000: "gpg-pubkey", 1001: "1", 1002: "2"}),
        writers.header({
            1000: "old", 1001: "1", 1002: "2", 1022: "sparc", 1027: ["/usr/bin/old", "/etc/old"],
        }),
        writers.header({
            1000: "nodejs", 1001: "18.1", 1002: "3.el8", 1003: 1, 1022: "x86_64",
            1044: "nodejs-18.1-3.el8.src.rpm", 5096: "nodejs:18:8080020230718:63b34585",
            1011: "Red Hat, Inc.", 1116: [0, 0, 1], 1117: ["a", "b", "c"],
            1118: ["/usr/", "/etc/"],
        }),
        b"\x8e\xad\xe8\x01\0\0\0\0" + writers.header({1000: "with-magic", 1001: "1", 1002: "1"}),
        writers.header({1001: "1"}),
        b"nothing of the kind",
    ]  # fmt: skip
    found = facts(f"{BASE}Packages.db", writers.ndb(headers))
    assert [package.name for package in found.contents.packages] == ["old", "nodejs", "with-magic"]
    old, node, _ = found.contents.packages
    assert node.version == "1:18.1-3.el8"
    assert node.source == ("", "")  # a source package of the same name and version
    assert dict(node.qualifiers)["rpmmod"] == "nodejs:18:8080020230718:63b34585"
    assert [(holding.package, holding.paths) for holding in found.holdings[:2]] == [
        (old.key, ("usr/bin/old", "etc/old")),
        (node.key, ("usr/a", "usr/b", "etc/c")),
    ]
    assert [problem.reason for problem in found.contents.problems] == [
        "it has no name",
        "its index is larger than it",
    ]


def test_a_log_that_sqlite_left(tmp_path: Path) -> None:
    path = tmp_path / "rpmdb.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    header = {1000: "a", 1001: "1", 1002: "1"}
    for number in range(50):
        blob = writers.header({**header, 1000: f"a{number}", 1117: ["x" * 500]})
        connection.execute("INSERT INTO Packages (blob) VALUES (?)", (blob,))
        connection.commit()
    data, log = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    connection.close()
    read = [
        facts(f"{BASE}rpmdb.sqlite", data, {"rpmdb.sqlite-wal": kept}).contents
        for kept in (b"", log, log[: len(log) // 2], log[:-1], b"odd" * 50)
    ]
    assert [len(each.packages) for each in read[:2]] == [0, 50]
    assert 0 < len(read[2].packages) < 50
    assert len(read[3].packages) == 49
    assert read[4].packages == ()
    assert "no whole transaction" in read[4].problems[0].reason
    # SQLite itself comes to the same from the half that is left.
    other = tmp_path / "other.sqlite"
    other.write_bytes(data)
    Path(f"{other}-wal").write_bytes(log[: len(log) // 2])
    connection = sqlite3.connect(other)
    (count,) = connection.execute("SELECT count(*) FROM Packages").fetchone()
    connection.close()
    assert count == len(read[2].packages)


def test_a_manifest_of_mariner() -> None:
    row = "{}\t{}\t1\t2\tMicrosoft Corporation\t(none)\t5\t{}\t{}\t{}"
    text = "\n".join([
        row.format("glibc", "2.35-3.cm2", "x86_64", "0", "glibc-2.35-3.cm2.src.rpm"),
        row.format("libgcc", "11.2.0-2.cm2", "x86_64", "1", "gcc-11.2.0-2.cm2.src.rpm"),
        "odd",
        "",
    ])  # fmt: skip
    found = facts("var/lib/rpmmanifest/container-manifest-2", text.encode())
    first, second = found.contents.packages
    assert (first.name, first.version, first.source) == ("glibc", "2.35-3.cm2", ("", ""))
    assert (second.version, second.source) == ("1:11.2.0-2.cm2", ("gcc", "1:11.2.0-2.cm2"))
    assert [problem.line for problem in found.contents.problems] == [3]


def assert_apk(found: Facts, answer: Answer) -> None:
    assert found.contents.problems == ()
    ours = sorted(
        (p.name, p.version, dict(p.qualifiers)["arch"], p.source[0] or p.name, p.supplier)
        for p in found.contents.packages
    )
    assert ours == sorted((r.name, r.version, r.architecture, r.source, r.supplier)
                          for r in answer.rows)  # fmt: skip
    assert len(ours) == 110  # .build is none
    assert files_of([found]) == answer.files


def test_the_recorded_database_of_apk() -> None:
    for path in ("lib/apk/db/installed", "usr/lib/apk/db/installed"):
        assert_apk(facts(path, recorded.members()["installed"]), recorded.answer("apk"))


@pytest.mark.skipif(not shutil.which("apk"), reason="apk (of apk-tools 3) is not here")
def test_apk_itself(tmp_path: Path) -> None:
    data, answer = makers.apk_installed(tmp_path)
    assert_apk(facts("lib/apk/db/installed", data), answer)


def assert_pacman(files: dict[str, bytes], answer: Answer) -> None:
    found = {path: facts(path, data) for path, data in files.items()}
    packages = [package for each in found.values() for package in each.contents.packages]
    assert sorted((p.name, p.version) for p in packages) == sorted(
        (row.name, row.version) for row in answer.rows
    )
    assert len(packages) == 110
    assert files_of(found.values()) == answer.files


def test_the_recorded_database_of_pacman() -> None:
    assert_pacman(recorded.pacman_files(), recorded.answer("pacman"))


@pytest.mark.skipif(not shutil.which("pacman"), reason="pacman is not here")
def test_pacman_itself(tmp_path: Path) -> None:
    assert_pacman(*makers.pacman_installed(tmp_path))


def test_an_entry_of_portage() -> None:
    base = "var/db/pkg/dev-libs/openssl-3.0.13-r2/"
    beside = {"SLOT": b"0/3\n", "repository": b"gentoo\n", "CATEGORY": b"dev-libs\n"}
    found = facts(f"{base}PF", b"openssl-3.0.13-r2\n", beside)
    (package,) = found.contents.packages
    assert purl_of(package) == (
        "pkg:ebuild/dev-libs/openssl@3.0.13-r2?repository=gentoo"
    )  # fmt: skip
    contents = facts(
        f"{base}CONTENTS",
        b"dir /usr/lib\nobj /usr/lib/a file.so 0123 1700000000\n"
        b"sym /usr/lib/b.so -> a file.so 1700000000\nodd /x\n",
    )
    (holding,) = contents.holdings
    assert holding == (package.key, ("usr/lib", "usr/lib/a file.so", "usr/lib/b.so"))
    for full, name, version in (
        ("gtk+-3.24.41", "gtk+", "3.24.41"), ("font-util-1.4.1_p2", "font-util", "1.4.1_p2"),
        ("a-b-2c-1.2b_rc3", "a-b-2c", "1.2b_rc3"),
    ):  # fmt: skip
        (package,) = facts(f"var/db/pkg/c/{full}/PF", full.encode()).contents.packages
        assert (package.name, package.version) == (f"c/{name}", version)


# Debian ----------------------------------------------------------------------------------------

ADMIN = Path("/var/lib/dpkg")
needs_dpkg = pytest.mark.skipif(
    not (shutil.which("dpkg-query") and (ADMIN / "status").is_file()), reason="this is no Debian"
)


@needs_dpkg
def test_what_dpkg_says_of_this_machine() -> None:
    found = facts("var/lib/dpkg/status", (ADMIN / "status").read_bytes())
    form = (
        "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t"
        "${source:Version}\t${Maintainer}\n"
    )
    theirs = [
        tuple(line.split("\t")[1:])
        for line in makers.run("dpkg-query", "-W", "-f", form).splitlines()
        if line.split("\t")[0] not in ("config-files", "not-installed")
    ]
    ours = [
        (
            p.name, p.version, dict(p.qualifiers)["arch"], p.source[0] or p.name,
            p.source[1] or p.version, p.supplier,
        )
        for p in found.contents.packages
    ]  # fmt: skip
    assert sorted(ours) == sorted(theirs)
    assert len(ours) > 50


@needs_dpkg
def test_who_owns_the_files_of_this_machine() -> None:
    found = {"var/lib/dpkg/status": facts("var/lib/dpkg/status", (ADMIN / "status").read_bytes())}
    for path in [*ADMIN.glob("info/*.list"), ADMIN / "diversions", Path("/etc/os-release")]:
        if path.is_file():
            name = str(path)[1:]
            found[name] = facts(name, path.read_bytes())
    links = {
        name: str(Path(f"/{name}").readlink())
        for name in ("bin", "sbin", "lib", "lib64")
        if Path(f"/{name}").is_symlink()
    }
    whole = inventory(found, links)
    diverted = {line for facts_ in found.values() for item in facts_.diversions for line in item}
    for package in ("dpkg", "bash", "libc6", "coreutils", "base-files"):
        listed = makers.run("dpkg-query", "-L", package).splitlines()
        for line in listed:
            actual = Path(line)
            if actual.is_file() and not actual.is_symlink() and line[1:] not in diverted:
                place = str(actual.parent.resolve() / actual.name)[1:]
                owner = whole.owner_of(place)
                assert owner is not None, line
                assert owner.name == package, line
    sample = sorted(path for path in Path("/usr/bin").iterdir() if path.is_file())[::150]
    for program in sample:
        done = subprocess.run(
            ["dpkg-query", "-S", str(program)], capture_output=True, check=False, text=True
        )
        owner = whole.owner_of(str(program)[1:])
        if done.returncode == 0 and not done.stdout.startswith("diversion"):
            names = {name.strip() for name in done.stdout.rpartition(": ")[0].split(",")}
            assert owner is not None, program
            assert owner.name in {name.partition(":")[0] for name in names}, program
        elif owner is not None:  # listed where it lay before /usr was merged
            assert makers.run("dpkg-query", "-L", owner.name).count(f"/{program.name}\n"), program


def test_the_recorded_answers_are_whole() -> None:
    for name, count in (("rpm", 120), ("apk", 110), ("pacman", 110)):
        value = json.loads(recorded.members()[f"{name}.json"])
        assert len(value["rows"]) == count
        assert len(value["files"]) > count


def test_names_of_source_packages() -> None:
    assert rpm.split_file_name("a-b-1.0-2.el9.src.rpm") == ("a-b", "1.0-2.el9")
    assert rpm.split_file_name("a-1-2.nosrc.rpm") == ("a", "1-2")
    for odd in ("", "(none)", "a.src.rpm", "a-1.src.rpm", "a-1-2.rpm", "--.src.rpm"):
        assert rpm.split_file_name(odd) == ("", "")
