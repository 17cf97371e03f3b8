"""Whatever is in a file of an image: its reader tells what it found or why it did not, in bounded
work; it raises nothing else."""

import io
import json
import random
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.packages import formats
from seawall.packages.image_formats import IMAGE_FORMATS, image_format_of
from seawall.packages.inventory import inventory
from seawall.packages.listings import Listing
from seawall.packages.package import File, Unreadable
from seawall.packages.system import MAX_PATH, Diversion, Facts, Holding, Identity
from tests.packages import database_writers as writers
from tests.packages import recorded
from tests.packages.test_hostile import check_contents, replaced
from tests.packages.test_system_files import DEBIAN, STATUS

HEADERS = [
    writers.header({
        1000: f"a{number}", 1001: "1", 1002: "2", 1003: number, 1011: "Red Hat, Inc.",
        1022: "x86_64", 1044: "b-1-2.src.rpm", 1116: [0, 1, 0], 1117: ["x", "y", "z"],
        1118: ["/usr/", "/etc/"], 5096: "a:b",
    })
    for number in range(4)
]  # fmt: skip


def _log() -> tuple[bytes, bytes]:
    """A database without packages and a log with some, made by SQLite in memory."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "a"
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("INSERT INTO Packages (blob) VALUES (?)", (HEADERS[0],))
        connection.commit()
        result = path.read_bytes(), Path(f"{path}-wal").read_bytes()
        connection.close()
    return result


def _egg() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("EGG-INFO/PKG-INFO", "Name: a\nVersion: 1.0\n\n")
    return data.getvalue()


APK = b"".join(
    b"P:a%d\nV:1.%d-r0\nA:x86_64\no:b\nm:A <a@example.org>\nF:usr/bin\nR:a%d\na:0:0:755\nZ:Q1=\n\n"
    % (number, number, number)
    for number in range(4)
)
EMPTY, LOG = _log()
SAMPLES: dict[str, bytes] = {
    "var/lib/dpkg/status": STATUS.encode(),
    "var/lib/dpkg/status.d/a": b"Package: a\nVersion: 1\nArchitecture: all\nSource: b (2)\n",
    "var/lib/dpkg/status.d/a.md5sums": b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/a\n",
    "var/lib/dpkg/info/a.list": b"/.\n/usr\n/usr/bin/a\n",
    "var/lib/dpkg/info/a.md5sums": b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/a\n",
    "var/lib/dpkg/diversions": b"/bin/sh\n/bin/sh.distrib\ndash\n/a\n/b\n:\n",
    "usr/lib/opkg/status": STATUS.encode(),
    "lib/apk/db/installed": APK,
    "etc/apk/repositories": b"https://a.example.org/alpine/v3.19/main\n@x /media/x\n",
    "var/lib/rpm/rpmdb.sqlite": writers.sqlite(HEADERS),
    "usr/share/rpm/rpmdb.sqlite": EMPTY,
    "var/lib/rpm/Packages.db": writers.ndb(HEADERS),
    "var/lib/rpm/Packages": writers.berkeley(HEADERS),
    "usr/lib/sysimage/rpm/Packages": writers.berkeley(HEADERS, ">"),
    "var/lib/rpmmanifest/container-manifest-2": (
        b"a\t1-2\t1\t2\tMicrosoft Corporation\t(none)\t5\tx86_64\t0\tb-1-2.src.rpm\n"
    ),
    "var/lib/pacman/local/a-1-1/desc": (
        b"%NAME%\na\n\n%VERSION%\n1:1-1\n\n%BASE%\nb\n\n%ARCH%\nany\n\n%REASON%\n1\n"
    ),
    "var/lib/pacman/local/a-1-1/files": b"%FILES%\nusr/\nusr/bin/a\n\n%BACKUP%\netc/a\tx\n",
    "var/db/pkg/c/a-1-r1/PF": b"a-1-r1\n",
    "var/db/pkg/c/a-1-r1/CONTENTS": b"dir /usr\nobj /usr/a 01 17\nsym /usr/b -> a 17\n",
    "etc/os-release": DEBIAN.encode(),
    "etc/alpine-release": b"3.19.1\n",
    "etc/debian_version": b"12.5\n",
    "etc/lsb-release": b"DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n",
    "etc/redhat-release": b"CentOS Linux release 7.9.2009 (Core)\n",
    "etc/SuSE-release": b"SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
    "var/lib/ubuntu-advantage/status.json": b'{"services": [{"name": "esm-infra", "status": "x"}]}',
    "root/buildinfo/content_manifests/a.json": b'{"content_sets": ["a", "b"]}',
    "opt/conda/conda-meta/a-1-0.json": (
        b'{"name": "a", "version": "1.0", "build": "0", "channel": "https://a.example.org/b/c", '
        b'"subdir": "noarch", "requested_spec": "a", "url": "https://a.example.org/b/c/a.conda"}'
    ),
    "usr/lib/python3/site-packages/a-1.0-py3.egg": _egg(),
    "usr/lib/python3/site-packages/a-1.0.dist-info/RECORD": b'a.py,sha256=x,1\n"b,c",,\n../x,,\n',
}  # fmt: skip
OBJECTS = [path for path in SAMPLES if path.endswith(".json")]
DATABASES = [
    path for path in SAMPLES
    if (found := image_format_of(path)) is not None and found.kind == "database"
]  # fmt: skip
Beside = Callable[[str], bytes | None]


def nothing(_path: str) -> bytes | None:
    return None


def log(_path: str) -> bytes | None:
    return LOG


def check(path: str, data: bytes, beside: Beside = nothing) -> Facts | None:
    """Read a file and look at all that comes of it; ``None`` where it was refused."""
    format_ = image_format_of(path)
    assert format_ is not None
    try:
        facts = format_.read(File(path, data, beside))
    except Unreadable as error:
        refused = error
    else:
        return check_facts(facts)
    assert refused.reason
    assert refused.line >= 0
    return None


def check_facts(facts: Facts) -> Facts:
    check_contents(facts.contents)
    for package in facts.contents.packages:
        assert isinstance(package.supplier, str)
    for holding in facts.holdings:
        assert isinstance(holding, Holding | Listing)
        assert isinstance(holding.package, str)
        assert all(path and len(path) <= MAX_PATH for path in holding.paths)
    assert all(isinstance(item, Diversion) for item in facts.diversions)
    assert facts.identity is None or isinstance(facts.identity, Identity)
    whole = inventory({"var/lib/dpkg/status": facts, "a": facts, "etc/os-release": facts})
    assert len(whole.files) <= 3
    return facts


def test_every_format_of_images_alone_has_a_sample() -> None:
    known = {found.name for path in SAMPLES if (found := image_format_of(path))}
    assert known == {item.name for item in IMAGE_FORMATS if item.where == formats.IMAGE}
    for path, data in SAMPLES.items():
        facts = check(path, data)
        assert facts is not None
        if path in DATABASES and data is not EMPTY:
            assert facts.contents.packages
    facts = check("usr/share/rpm/rpmdb.sqlite", EMPTY, log)
    assert facts is not None
    assert [package.name for package in facts.contents.packages] == ["a0"]


@pytest.mark.parametrize("path", SAMPLES)
def test_files_that_are_cut_off(path: str) -> None:
    data = SAMPLES[path]
    step = max(len(data) // 60, 1)
    for length in range(0, len(data), step):
        check(path, data[:length], log)
        check(path, data[length:])


@pytest.mark.parametrize("path", SAMPLES)
def test_odd_bytes(path: str) -> None:
    data = SAMPLES[path]
    for other in (
        b"", b"\n", b" ", b"\0", b"\xff" * 100, b"\xef\xbb\xbf" + data, b"null", b"[]", b"{}",
        data * 2, data.replace(b"\n", b"\r\n"), data.replace(b"\n", b"\r"), data + b"\xff",
        data.replace(b":", b""), data.replace(b"\n", b"\n\n"), data.replace(b"\n", b""),
        data.upper(), data.replace(b"1", b"1" * 20_000), data.replace(b"a", b"\x00"),
        data.replace(b"a", b"\xff"), data[::-1], b"a" * 100_000, b"\n" * 100_000, b":" * 100_000,
        b"a:\n" * 30_000, b"a\t" * 30_000, b'"' * 30_000, b"%\n" * 30_000, b"/../" * 30_000,
    ):  # fmt: skip
        check(path, other)


@pytest.mark.parametrize("path", OBJECTS)
def test_wrong_types_everywhere_in_json(path: str) -> None:
    for value in replaced(json.loads(SAMPLES[path])):
        check(path, json.dumps(value).encode())


@settings(max_examples=15, deadline=None)
@given(st.data())
@pytest.mark.parametrize("path", SAMPLES)
def test_bytes_that_are_changed(path: str, data: st.DataObject) -> None:
    changed = bytearray(SAMPLES[path])
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(changed)))
        length = data.draw(st.integers(0, 12))
        changed[place : place + length] = data.draw(st.binary(max_size=8))
    check(path, bytes(changed), data.draw(st.sampled_from([nothing, log])))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_headers_of_rpm_that_are_anything(blob: bytes) -> None:
    check("var/lib/rpm/Packages.db", writers.ndb([blob, HEADERS[0], blob]))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_headers_of_rpm_that_are_changed(data: st.DataObject) -> None:
    """With right sums, so that the header itself is read."""
    changed = bytearray(HEADERS[0])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(changed) - 4))
        changed[place : place + 4] = data.draw(
            st.binary(min_size=4, max_size=4)
            | st.sampled_from([b"\xff" * 4, bytes(4), b"\0\0\0\1", b"\0\0\0\x08", b"\0\1\0\0"])
        )
    check("var/lib/rpm/Packages.db", writers.ndb([bytes(changed)]))


def mutations(data: bytes, rounds: int, seed: str) -> Iterator[bytes]:
    """Copies of a file with numbers, bytes and stretches changed."""
    chance = random.Random(seed)
    for _ in range(rounds):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(changed) + 1) if changed else 0
            kind = chance.randrange(6)
            if kind == 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            elif kind == 1:
                changed[at : at + 4] = struct.pack(
                    chance.choice("<>") + "I", chance.choice((0, 1, 2, 7, 4096, 2**31, 2**32 - 1))
                )
            elif kind == 2:
                del changed[at : at + chance.randrange(40)]
            elif kind == 3:
                changed[at:at] = changed[at : at + chance.randrange(200)]
            elif kind == 4:
                changed[at : at + 2] = struct.pack("<H", chance.randrange(65536))
            else:
                changed[at:at] = chance.choice((b"\n", b"\n\n", b":", b"\0", b"\t", b"%A%\n"))
        yield bytes(changed)


@pytest.mark.parametrize("path", DATABASES)
def test_fuzzed_databases(path: str) -> None:
    for changed in mutations(SAMPLES[path], 150, path):
        check(path, changed, log)


@pytest.mark.full
@pytest.mark.parametrize("path", DATABASES)
def test_databases_fuzzed_for_longer(path: str) -> None:
    for changed in mutations(SAMPLES[path], 20_000, f"{path} full"):
        check(path, changed, log)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("var/lib/rpm/rpmdb.sqlite", "rpmdb.sqlite"),
        ("var/lib/rpm/Packages.db", "Packages.db"),
        ("var/lib/rpm/Packages", "Packages.big"),
        ("lib/apk/db/installed", "installed"),
    ],
)
def test_fuzzed_databases_of_the_tools(path: str, name: str) -> None:
    for changed in mutations(recorded.members()[name], 12, name):
        check(path, changed)


# What is made to take long ---------------------------------------------------------------------


def packed(data: bytes, at: int, form: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_chain_that_leads_back_to_itself(order: str) -> None:
    blob = writers.header({1000: "a", 1001: "1", 1027: ["/" + "x" * 3000]})
    data = writers.berkeley([blob, HEADERS[0]], order)
    assert data[512 * 2 + 25] == 7
    for target in (1, 2, 3, 0, 2**31):
        looped = packed(data, 512 * 3 + 16, f"{order}I", target)
        facts = check("var/lib/rpm/Packages", looped)
        assert facts is not None
        assert [package.name for package in facts.contents.packages] == ["a0"]
        assert "chain" in facts.contents.problems[0].reason


def test_values_that_share_their_pages() -> None:
    blob = writers.header({1000: "a", 1001: "1", 1027: ["/" + "x" * 100_000]})
    data = writers.berkeley([blob])
    tables = b"".join(data[512:1024] for _ in range(2000))
    facts = check("var/lib/rpm/Packages", data + tables)
    assert facts is not None
    assert len(facts.contents.packages) < 20
    assert any("share" in problem.reason for problem in facts.contents.problems)


def test_blobs_that_overlap() -> None:
    data = writers.ndb([b"x" * 100_000])
    slot = data[32:48]
    data = data[:32] + slot * 254 + data[4096:]
    facts = check("var/lib/rpm/Packages.db", data)
    assert facts is not None
    assert any("overlap" in problem.reason for problem in facts.contents.problems)


def test_directories_that_are_used_by_too_many_files() -> None:
    count = 60_000
    blob = writers.header({
        1000: "a", 1001: "1", 1002: "1", 1116: [0] * count, 1117: ["b"] * count,
        1118: ["/" + "x" * 4000],
    })  # fmt: skip
    facts = check("var/lib/rpm/Packages.db", writers.ndb([blob]))
    assert facts is not None
    assert len(facts.contents.packages) == 1
    assert facts.holdings == ()
    assert "not all are known" in facts.contents.problems[0].reason


def database(*statements: str) -> bytes:
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    data = bytes(connection.serialize())
    connection.close()
    return data


ENDLESS = "WITH RECURSIVE a(b) AS (SELECT 1 UNION ALL SELECT b + 1 FROM a) SELECT b FROM a"


def test_schemas_that_are_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.packages.rpm_sqlite._PATIENCE", 0.2)
    path = "var/lib/rpm/rpmdb.sqlite"
    view = database(f"CREATE VIEW Packages AS SELECT b AS hnum, b AS blob FROM ({ENDLESS})")
    assert check(path, view) is None
    generated = database(
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, a, blob AS (hex(zeroblob(a))))",
        "INSERT INTO Packages (a) VALUES (40000000)",
    )
    assert check(path, generated) is None
    other = database("CREATE TABLE other (hnum INTEGER, blob BLOB)")
    assert check(path, other) is None
    texts = database(
        "CREATE TABLE Packages (hnum INTEGER, blob)",
        "INSERT INTO Packages VALUES (1, 'text'), (2, NULL), (3, 4), (4, CAST(x'ff' AS TEXT))",
    )
    check(path, texts)
    many = database(
        "CREATE TABLE Packages (hnum INTEGER, blob)",
        "INSERT INTO Packages SELECT value, x'00' FROM ("
        "WITH RECURSIVE a(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM a LIMIT 20000) "
        "SELECT value FROM a)",
    )
    facts = check(path, many)
    assert facts is None or len(facts.contents.problems) <= 110


def test_an_egg_that_is_a_bomb() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("EGG-INFO/PKG-INFO", b"Name: a\n" + b" " * 20_000_000)
    assert check("a/a-1.egg", data.getvalue()) is None


SIZES = [pytest.param(1, id="1 MB"), pytest.param(100, id="100 MB", marks=pytest.mark.full)]


@pytest.mark.parametrize("megabytes", SIZES)
@pytest.mark.parametrize(
    "part",
    [
        STATUS.encode(),
        b"Package: a\n\n",
        b"Package: a",
        b"Package: a\n",
        b"\n",
        b"\r\n",
        b" ",
        b"Status: x\nVersion: 1\n",
        b"a\n\n",
        "Package: ä\nVersion: \u20ac\nStatus: install ok installed\n\n".encode(),
    ],
)
def test_large_status_files(part: bytes, megabytes: int) -> None:
    """No test of a time; but work that grows with the square of the size would never end."""
    data = part * (megabytes * 1_000_000 // len(part))
    format_ = image_format_of("var/lib/dpkg/status")
    assert format_ is not None
    try:
        facts = format_.read(File("var/lib/dpkg/status", data))
    except Unreadable:
        return
    assert len(facts.contents.packages) <= 100_000


@pytest.mark.parametrize("megabytes", SIZES)
@pytest.mark.parametrize(
    "part", [APK, b"P:a\n\n", b"F:a\n", b"R:a\n", b"P:a\nF:a\nR:b\nR:c\n", b"\n", b"x"]
)
def test_large_databases_of_apk(part: bytes, megabytes: int) -> None:
    data = part * (megabytes * 1_000_000 // len(part))
    format_ = image_format_of("lib/apk/db/installed")
    assert format_ is not None
    try:
        facts = format_.read(File("lib/apk/db/installed", data))
    except Unreadable:
        return
    assert len(facts.contents.packages) <= 100_000
