"""Secrets in archives and binary files of a tree, and what is told of those that cannot be read."""

import gzip
import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall import engine
from seawall.cli.main import run as command
from seawall.core.location import Span
from seawall.core.report import Report
from seawall.core.severity import Confidence
from seawall.engine.credentials.packed import look_into
from seawall.secrets.rules import all_rules
from seawall.secrets.rules.examples import example
from tests.secrets.rules import RULES, drawn, native
from tests.sources.archives.making import PACKERS, deb, rpm, tarred, zipped
from tests.sources.git_support import commit, make, needs_git

TOKEN = example(RULES["github-classic-token"], random.Random(21))
PASSWORD, OTHER = drawn(14, 22), drawn(14, 23)
XML = f"<password>{PASSWORD}</password>".encode()
CONF = f'x\npassword = "{PASSWORD}"\n'.encode()

Scan = Callable[..., Report]


@pytest.fixture
def scanned(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Scan:
    monkeypatch.chdir(tmp_path)

    def scan(files: dict[str, bytes], *targets: str, **more: Any) -> Report:
        for name, data in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        options = engine.Options(
            targets or (".",), database=database, today="2026-11-26",
            **{"min_confidence": Confidence.LOW, **more},
        )  # fmt: skip
        report = engine.scan(options).report
        assert not report.faults
        return report

    return scan


def told(report: Report) -> list[tuple[str, str]]:
    return sorted(
        (finding.location.path, finding.secret.reveal())
        for finding in report.findings
        if finding.rule.domain == "secrets"
    )


@pytest.mark.parametrize(
    ("name", "data", "inner"),
    [
        ("app.jar", zipped({"config/db.properties": CONF}), "config/db.properties"),
        ("app.war", zipped({"WEB-INF/lib/a.jar": zipped({"a.properties": CONF})}),
         "WEB-INF/lib/a.jar!/a.properties"),
        ("a-1.0-py3-none-any.whl", zipped({"a/settings.py": CONF}), "a/settings.py"),
        ("a.nupkg", zipped({"a.config": CONF}), "a.config"),
        ("report.docx", zipped({"word/document.xml": XML}),
         "word/document.xml"),
        *((f"a.tar.{end}", pack(tarred({"a/b.conf": CONF})), "a/b.conf")
          for end, pack in PACKERS.items()),
        ("dump.conf.gz", gzip.compress(CONF), "dump.conf"),
        ("a.deb", deb({"etc/a.conf": CONF}), "data.tar.xz!/etc/a.conf"),
        ("a.rpm", rpm({"./etc/a.conf": CONF}), "etc/a.conf"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_archives(scanned: Scan, name: str, data: bytes, inner: str) -> None:
    report = scanned({f"lib/{name}": data})
    assert told(report) == [(f"lib/{name}!/{inner}", PASSWORD)]
    assert f"lib/{name}" in (*report.coverage.searched, *report.coverage.read)


def test_places_in_members(scanned: Scan) -> None:
    (finding,) = scanned({"a.zip": zipped({"a.conf": CONF})}, "a.zip").findings
    assert finding.location.span == Span(2, 13, 2, 13 + len(PASSWORD))


def test_archives_that_are_larger_than_other_files_may_be(scanned: Scan) -> None:
    noise = random.Random(1).randbytes(300_000)
    data = zipped({"noise": noise, "a.conf": CONF}, zipfile.ZIP_STORED)
    report = scanned({"a.zip": data, "b": noise + TOKEN.encode() + b"\0"}, max_file_size=100_000)
    assert told(report) == [("a.zip!/a.conf", PASSWORD), ("b", TOKEN)]


def test_binary_files(scanned: Scan) -> None:
    noise = b"\0" + random.Random(2).randbytes(5000) + b"\0"
    report = scanned({
        "tool": b"\x7fELF" + noise + TOKEN.encode() + noise,
        "a.pyc": noise + f"https://app:{OTHER}@db.internal.test/".encode() + noise,
        "b.dll": noise + b"\1\1" + TOKEN.encode("utf-16-le") + noise,
        "c.sqlite": b"SQLite format 3\0" + b'password = "' + PASSWORD.encode() + b'"' + noise,
    })  # fmt: skip
    assert told(report) == [("a.pyc", OTHER), ("b.dll", TOKEN), ("tool", TOKEN)]
    skipped = {item.path: item.reason for item in report.coverage.skipped}
    assert skipped["c.sqlite"] == "binary, searched for secrets that prove themselves"


def test_what_was_not_searched_is_told(scanned: Scan) -> None:
    encrypted = bytearray(zipped({"a": b"secret", "b.conf": CONF}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.find(mark) + at] |= 1
    report = scanned({
        "bomb.gz": gzip.compress(bytes(50_000_000)),
        "locked.zip": bytes(encrypted),
        "cut.tar.gz": gzip.compress(tarred({"a.conf": CONF, "b": bytes(9000)}), mtime=0)[:-30],
    })  # fmt: skip
    reasons = {
        item.path: item.reason
        for item in report.coverage.not_covered
        if item.what == "searching for secrets"
    }
    assert reasons["bomb.gz"] == "it is packed more than 200 times: a bomb?"
    assert reasons["locked.zip!/a"] == "it is encrypted"
    assert "cut.tar.gz" in reasons
    assert ("locked.zip!/b.conf", PASSWORD) in told(report)
    assert ("cut.tar.gz!/a.conf", PASSWORD) in told(report)


def test_two_members_of_one_name(scanned: Scan) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.conf", CONF)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.conf", CONF.replace(PASSWORD.encode(), OTHER.encode()))
    values = [value for _, value in told(scanned({"a.zip": out.getvalue()}))]
    assert sorted(values) == sorted([PASSWORD, OTHER])


def test_a_second_run_tells_the_same(
    scanned: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"a{n}.zip": zipped({"b": os.urandom(900_000)}) for n in range(4)}
    scanned({**files, "c.zip": zipped({"a.conf": CONF}), "d.gz": gzip.compress(bytes(50_000_000))})
    outputs = []
    for _ in range(3):
        command(["scan", ".", "--no-config", "--format", "json", "--exit-zero"])
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] == outputs[2]
    assert "c.zip!/a.conf" in outputs[0]
    assert "a bomb?" in outputs[0]
    assert PASSWORD not in outputs[0]


def test_nothing_is_read_where_that_is_not_wanted(scanned: Scan) -> None:
    report = scanned(
        {"a.zip": zipped({"a.conf": CONF}), "b": b"\0" + TOKEN.encode()}, secrets=False
    )
    assert not report.findings


SAMPLES = [zipped({"a.conf": CONF}), gzip.compress(tarred({"a.conf": CONF})), deb({"a": CONF})]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_no_archive_raises(sample: bytes, draw: st.DataObject) -> None:
    data = bytearray(sample)
    for _ in range(draw.draw(st.integers(0, 5))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = bytes(data[: draw.draw(st.integers(1, len(data)))])
    rules = {rule.id: rule for rule in all_rules()}
    found = look_into("a", io.BytesIO(cut), len(cut), native(), rules)
    for finding in found.findings:
        assert PASSWORD not in repr((finding.message, finding.details, finding.location))


def test_a_tar_that_is_named_and_no_image(scanned: Scan) -> None:
    data = gzip.compress(tarred({"a/b.conf": CONF}))
    report = scanned({"backup.tar.gz": data}, "backup.tar.gz")
    assert told(report) == [("backup.tar.gz!/a/b.conf", PASSWORD)]
    assert not report.coverage.failed
    (failed,) = scanned({}, "backup.tar.gz", secrets=False).coverage.failed
    assert "is neither an image" in failed.reason


@needs_git
def test_what_was_in_an_archive_before_is_not_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(tmp_path / "r")
    monkeypatch.chdir(folder)
    noise = random.Random(4).randbytes(3000)
    for name in ("a.zip", "b"):
        data = zipped({"a.conf": CONF}) if name == "a.zip" else b"\0" + TOKEN.encode() + noise
        (folder / name).write_bytes(data)
    commit(folder)
    arguments = ["scan", ".", "--no-config", "--format", "json", "--since", "HEAD"]
    assert command(arguments) == 0
    capsys.readouterr()
    (folder / "a.zip").write_bytes(
        zipped({"a.conf": CONF, "b.conf": CONF.replace(PASSWORD.encode(), OTHER.encode())})
    )
    assert command(arguments) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    paths = {finding["location"]["path"] for finding in found}
    assert paths == {"a.zip!/b.conf"}
