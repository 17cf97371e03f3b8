"""Whatever is in a file: a reader gives what it found, or says why it did not; it raises nothing
else."""

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.packages import executables, formats
from seawall.packages.package import Contents, File, Package, Problem, Requirement, Unreadable
from seawall.packages.reading import MAX_PROBLEMS, MAX_TEXT
from tests.packages.samples import EXECUTABLES, SAMPLES

READERS: dict[str, Callable[[File], Contents]] = {}
for _path in SAMPLES:
    _format = formats.format_of(_path)
    assert _format is not None, _path
    READERS[_path] = _format.read

TEXTS = [path for path in SAMPLES if SAMPLES[path][:1] != b"P"]
OBJECTS = [path for path in TEXTS if SAMPLES[path][:1] == b"{" and path != "bun.lock"]
LONG = "v" * 10_000
ODD_JSON: tuple[Any, ...] = (
    None, True, -1, 1.5, 10**30, "", " ", "\0", "\ud800", "a/b@c#d?e", LONG, [], {}, [None], [[]],
    {"": {}}, {"a": None}, ["a"], [{}], "==1.0", "../" * 500, "https://user:word@example.org/x.tgz",
)  # fmt: skip
ODD_TEXTS = (
    "", "1", "-1.5", "true", "null", "[]", "{}", "[1]", '""', '"a', "'", "''", "|", ">-", "&a",
    "*a", "!!x",
    f'"{LONG}"', LONG, "[[]]", "{a = 1}", "{a: 1}", "1979-05-27", "\x00", "\U0001f600",
    "()", "(", "=>", "<>", "-->", "<![CDATA[", "%{", "\\", "$", "${a}", "#", "//", ",", "@",
)  # fmt: skip


def beside_nothing(_path: str) -> bytes | None:
    return None


def beside_other(path: str) -> bytes | None:
    """The sample of the same name, which is what a project would have."""
    return SAMPLES.get(path.rpartition("/")[2])


def beside_odd(_path: str) -> bytes | None:
    return b"{[\xff"


def check(
    path: str, data: bytes, beside: Callable[[str], bytes | None] = beside_nothing
) -> Contents | None:
    """Read a file and look at all that comes of it; ``None`` where it was refused."""
    try:
        contents = READERS[path](File(path, data, beside))
    except Unreadable as error:
        refused = error
    else:
        return check_contents(contents)
    assert refused.reason
    assert refused.line >= 0
    assert refused.column >= 0
    return None


def check_contents(contents: Contents) -> Contents:
    assert isinstance(contents, Contents)
    assert isinstance(contents.project, str)
    assert len(contents.problems) <= MAX_PROBLEMS + 10
    for problem in contents.problems:
        assert isinstance(problem, Problem)
        assert len(problem.what) <= 200
        assert problem.what.isprintable()
        assert problem.reason
    for package in contents.packages:
        check_package(package)
    return contents


def check_package(package: Package) -> None:
    assert package.type
    assert 0 < len(package.name) <= MAX_TEXT
    assert len(package.version) <= MAX_TEXT
    package.name.encode()
    package.version.encode()
    assert package.line >= 0
    assert isinstance(package.direct, bool | None)
    assert isinstance(package.development, bool)
    assert isinstance(package.optional, bool)
    for text in (package.constraint, package.download, package.file, package.key):
        assert isinstance(text, str)
    for requirement in package.requires:
        assert isinstance(requirement, Requirement)
        assert isinstance(requirement.key, str)
        assert isinstance(requirement.constraint, str)
    assert isinstance(hash(package), int)  # no lists within


def test_every_format_has_a_sample() -> None:
    known = {found.name for path in SAMPLES if (found := formats.format_of(path))}
    assert known == {each.name for each in formats.FORMATS}


@pytest.mark.parametrize("path", SAMPLES)
def test_samples_are_read(path: str) -> None:
    for beside in (beside_nothing, beside_other, beside_odd):
        contents = check(path, SAMPLES[path], beside)
        assert contents is not None
        keys = {package.identity for package in contents.packages}
        if beside is beside_nothing:
            assert keys or contents.problems
        for package in contents.packages:
            assert all(requirement.key in keys for requirement in package.requires)


@pytest.mark.parametrize("path", SAMPLES)
def test_files_that_are_cut_off(path: str) -> None:
    data = SAMPLES[path]
    step = max(len(data) // 60, 1)
    for length in range(0, len(data), step):
        check(path, data[:length])
        check(path, data[length:])


@pytest.mark.parametrize("path", SAMPLES)
def test_lines_that_are_gone_twice_there_or_moved(path: str) -> None:
    lines = SAMPLES[path].split(b"\n")
    for number in range(len(lines)):
        check(path, b"\n".join(lines[:number] + lines[number + 1 :]))
        check(path, b"\n".join(lines[: number + 1] + lines[number:]))
        check(path, b"\n".join(lines[number:] + lines[:number]))
        check(path, b"\n".join([*lines[:number], b" " + lines[number], *lines[number + 1 :]]))


def replaced(value: Any) -> Iterator[Any]:
    """A value with each of its parts once replaced by each odd one."""
    yield from ODD_JSON
    if isinstance(value, dict):
        for key in value:
            for other in replaced(value[key]):
                yield {**value, key: other}
            for odd in ("", "\ud800", LONG, "a@b/c"):
                yield {odd if name == key else name: item for name, item in value.items()}
    elif isinstance(value, list):
        for number in range(len(value)):
            for other in replaced(value[number]):
                yield [*value[:number], other, *value[number + 1 :]]


@pytest.mark.parametrize("path", OBJECTS)
def test_wrong_types_everywhere_in_json(path: str) -> None:
    for value in replaced(json.loads(SAMPLES[path])):
        check(path, json.dumps(value).encode())


VALUE = re.compile(r"(?<=[=:({,\[])[ ]*[^\s=:({,\[\]})][^\n=:,(){}\[\]]*|\"[^\"\n]*\"|\b\d[\w.+-]*")


@pytest.mark.parametrize("path", TEXTS)
def test_odd_values_everywhere_in_texts(path: str) -> None:
    text = SAMPLES[path].decode()
    places = [found.span() for found in VALUE.finditer(text)]
    chosen = random.Random(path).sample(places, min(len(places), 12))
    for start, end in chosen:
        for odd in ODD_TEXTS:
            check(path, f"{text[:start]} {odd}{text[end:]}".encode())


@pytest.mark.parametrize("path", SAMPLES)
def test_odd_bytes(path: str) -> None:
    data = SAMPLES[path]
    text = data.decode("latin-1")
    for other in (
        b"", b"\n", b" ", b"\0", b"\xff", b"\xef\xbb\xbf", b"null", b"[]", b"{}", b'"a"', b"1",
        b"\xef\xbb\xbf" + data, text.encode("utf-16"), text.encode("utf-32"), data * 2,
        data.replace(b"\n", b"\r\n"), data.replace(b"\n", b"\r"), data + b"\0", data + b"\xff",
        data.replace(b" ", b"\t"), b"---\n---\n",
        data.replace(b'"', b"'"), data.upper(), data.replace(b"\n", b"\n\n"),
    ):  # fmt: skip
        check(path, other)


@pytest.mark.parametrize("path", SAMPLES)
def test_deep_nesting(path: str) -> None:
    for part in (
        b"[",
        b'{"a":',
        b"{",
        b"a = [",
        b"a: {",
        b"(",
        b"- ",
        b"<a>",
        b"a.",
        b"[[",
        b"%{",
        b"'",
        b"\\\n",
    ):
        check(path, part * 10_000)
        check(path, SAMPLES[path] + part * 10_000)
    steps = b"".join(b" " * depth + b"a:\n" for depth in range(1000))
    check(path, steps)
    check(path, SAMPLES[path] + b"\n" + steps)


@pytest.mark.parametrize("path", SAMPLES)
def test_long_lines_and_many_entries(path: str) -> None:
    for part in (
        b"a",
        b" ",
        b"a ",
        b"a,",
        b"a@",
        b'"',
        b"a=",
        b"-",
        b"#",
        b"a:",
        b"\t",
        b"(a",
        b"==",
        b"a-",
        b"a/",
    ):
        check(path, part * 10_000)
        check(path, SAMPLES[path].replace(b"1.0", b"1.0" + part * 5_000))
    lines = SAMPLES[path].split(b"\n")
    check(path, b"\n".join(line for line in lines for _ in range(300)))


@settings(max_examples=15, deadline=None)
@given(st.data())
@pytest.mark.parametrize("path", SAMPLES)
def test_bytes_that_are_changed(path: str, data: st.DataObject) -> None:
    changed = bytearray(SAMPLES[path])
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(changed)))
        length = data.draw(st.integers(0, 12))
        changed[place : place + length] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"[", b"{", b'"', b"\n", b"}"])
        )
    check(
        path, bytes(changed), data.draw(st.sampled_from([beside_nothing, beside_other, beside_odd]))
    )


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(EXECUTABLES)), st.data())
def test_executables_that_are_changed(name: str, data: st.DataObject) -> None:
    changed = bytearray(EXECUTABLES[name])
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(changed)))
        changed[place : place + 4] = data.draw(st.binary(max_size=8))
    for package in executables.read(File(name, bytes(changed))).packages:
        check_package(package)
