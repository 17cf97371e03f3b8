"""What the cache keeps where credentials are found: none of them, and yet all of the report."""

import random
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from seawall.engine import Options, remembering, scan, scanning
from seawall.engine.containers import layers
from seawall.engine.credentials import asked
from seawall.reports import FORMATS
from seawall.secrets.rules.examples import example
from seawall.secrets.search import Search
from tests.engine.test_image_secrets import key
from tests.engine.test_remembering import kept, raw
from tests.secrets.rules import RULES, drawn
from tests.sources.archives.making import zipped
from tests.sources.images.tars import END, Layout, member
from tests.triage.support import Ran, command, pod, write

WORDS = ("password", "grafana", "external", "hunter2", "changeme", "123456")
"""What people have for a password, and any report may hold."""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, empty; what is kept is kept however small it is."""
    monkeypatch.setattr(scanning, "WORTH_REMEMBERING", 0)
    monkeypatch.setattr(asked, "WORTH_REMEMBERING", 0)
    monkeypatch.setattr(remembering, "GROUP", 2)
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    return folder


class Searched(Exception):  # noqa: N818 - a sign, no error
    """Something was searched or read that need not be."""


def replayed(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Ran:
    """A scan that is told from the cache; anything else raises."""

    def refused(*_: object, **__: object) -> Any:
        raise Searched

    with monkeypatch.context() as patch:
        patch.setattr(Search, "run", refused)
        patch.setattr(layers, "read", refused)
        return command("scan", "--cache", *arguments)


def token(seed: int = 7, rule: str = "github-classic-token") -> str:
    return example(RULES[rule], random.Random(seed))


def words_tree() -> dict[str, str]:
    files = {
        f"config/{word}.env": f"DB_PASSWORD={word}\nurl=https://{word}.example.org\n"
        for word in WORDS
    }
    objects = {f"grafana/{word}.yaml": pod(word if word[0].isalpha() else "six") for word in WORDS}
    return {**files, **objects, "app.py": f'GITHUB_TOKEN = "{token()}"\n', "tls/a.key": key()}


@pytest.mark.parametrize("format_", FORMATS)
def test_words_in_a_report_do_not_keep_it_from_being_told_again(
    tree: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    write(tree, words_tree())
    arguments = ("--min-confidence", "low", "--profile", "all", "--format", format_)
    first = command("scan", "--cache", *arguments)
    again = replayed(monkeypatch, *arguments)
    assert (again.code, again.out) == (first.code, first.out)
    assert first.out == command("scan", *arguments).out
    assert format_ == "openvex" or any(word in first.out for word in WORDS)


def test_a_baseline_is_heeded_when_it_is_told_again(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tree, words_tree())
    command("scan", "--min-confidence", "low", "--write-baseline", "../known", "--exit-zero")
    options = ("--min-confidence", "low", "--baseline", "../known", "-v")
    first = command("scan", "--cache", *options)
    assert replayed(monkeypatch, *options).out == first.out
    write(tree, {"config/changeme.env": "DB_PASSWORD=letmein\n"})
    changed = command("scan", "--cache", *options)
    assert "changeme.env" in changed.out
    assert changed.out == command("scan", *options).out


def test_what_a_file_with_a_word_for_a_password_holds_is_not_kept(
    tree: Path, tmp_path: Path
) -> None:
    """The word alone tells nothing; beside the name of a password it does."""
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  note: in-this-file\n"
    write(tree, {
        "a.yaml": f"{config}  app.env: |\n    DB_PASSWORD=external\n",
        "b.yaml": config.replace("in-this-file", "in-another-external-file"),
    })  # fmt: skip
    found = {each.secret.reveal() for each in scan(Options((".",))).report.findings}
    assert "external" in found
    command("scan", "--cache")
    data = kept(tmp_path / "cache")
    assert b"in-another-external-file" in data
    assert b"in-this-file" not in data


def forms_of(value: str) -> list[bytes]:
    """A value in the forms in which it may stand in a file."""
    data = value.encode()
    packed = [b64encode(b" " * n + data)[4 if n else 0 : -4] for n in range(3)]
    return [
        data, data.hex().encode(), data.hex().upper().encode(), data.decode().encode("utf-16-le"),
        quote(value, safe="").encode(), *packed,
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_no_value_is_in_the_cache_in_any_form(tree: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    own = [token(chance.randrange(1 << 30)) for _ in range(6)]
    own += [drawn(18, chance.randrange(1 << 30)) for _ in range(3)]
    plain, encoded, wide, zipped_, other, url, assigned, named, shown = own
    inner = b64encode(f'GITHUB_TOKEN = "{encoded}"\n'.encode()).decode()
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  a.conf: {}\n"
    write(tree, {
        "app.py": f'TOKEN = "{plain}"\n',
        "encoded.yaml": config.format(inner),
        "other.yaml": config.format(b64encode(f"key {other}\n".encode()).decode()),
        "one.env": f"DB_PASSWORD={assigned}\n",
        "Dockerfile": f"FROM debian:12\nENV URL=postgres://app:{url}@db.internal.test/shop\n",
        "named.yaml": pod("web").replace("spec:", f"  labels: {{a: {shown}}}\nspec:"),
        "two.env": f"DB_PASSWORD={shown}\nAPI_PASSWORD={named}\n",
        "names.txt": f"{named}\n",
    })  # fmt: skip
    (tree / "wide.txt").write_bytes(f'TOKEN = "{wide}"\n'.encode("utf-16"))
    (tree / "a.zip").write_bytes(zipped({"c.txt": zipped_.encode()}))
    found = {finding.secret.reveal() for finding in scan(Options((".",))).report.findings}
    assert set(own) <= {value for value in own if any(value in one for one in found)}
    for options in ([], ["--profile", "all", "--min-confidence", "low"], ["--baseline", "../b"],
                    ["-j", "3"]):  # fmt: skip
        command("scan", "--write-baseline", "../b", "--exit-zero")
        for format_ in FORMATS:
            command("scan", "--cache", "--format", format_, *options)
    data = raw(tmp_path / "cache") + kept(tmp_path / "cache")
    for value in own:
        for form in forms_of(value):
            assert form not in data, form


@pytest.mark.parametrize("format_", ["table", "json", "sarif"])
def test_an_image_with_credentials_is_told_again(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    files = Layout()
    own = [token(3), token(4, "npm-token"), drawn(16, 5)]
    packed = zipped({"c.txt": own[1].encode()})
    layer = b"".join((
        member(b"app/password.py", f'token = "{own[0]}"\n'.encode()),
        member(b"app/a.env", b"DB_PASSWORD=password\n"), member(b"a.zip", packed), END,
    ))  # fmt: skip
    config = {"config": {"Env": [f"DB_PASSWORD={own[2]}", "ADMIN_PASSWORD=external"]}}
    target = files.index(files.image([layer], "gzip", config)).write(tmp_path / "app")
    options = ("--database", database, "--format", format_, "--no-config", "--min-confidence",
               "low", target)  # fmt: skip
    first = command("scan", "--cache", *options)
    assert "password" in first.out
    again = replayed(monkeypatch, *options)
    assert (again.code, again.out) == (first.code, first.out)
    data = raw(tmp_path / "cache") + kept(tmp_path / "cache")
    for value in own:
        assert value not in first.out
        for form in forms_of(value):
            assert form not in data, form
