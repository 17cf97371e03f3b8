"""What is kept from run to run changes nothing, and holds nothing private."""

import json
import marshal
import os
import random
import secrets
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from seawall import cache as cache_module
from seawall.engine import analysing, concluding, judging, remembering, scanning, telling
from seawall.kubernetes import reader
from seawall.kubernetes.rules import all_rules
from seawall.reports import FORMATS
from tests.engine.support import edit, manifest, seawall
from tests.kubernetes.support import rule_named
from tests.sources import git_support
from tests.triage.support import Ran, command, pod, write


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree whose results are kept however small it is."""
    monkeypatch.setattr(scanning, "WORTH_REMEMBERING", 0)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def both(*arguments: str) -> tuple[Ran, Ran]:
    return command("scan", "--cache", *arguments), command("scan", *arguments)


def both_of(*arguments: str) -> Iterator[Ran]:
    """The same one after the other, for what they write to files."""
    yield command("scan", "--cache", *arguments)
    yield command("scan", *arguments)


OPTIONS: list[list[str]] = [
    [], [], ["--profile", "all"], ["--min-confidence", "low"], ["--no-ignores"], ["d0", "d1"],
    ["--select", "host-*,ignore-*,hardcoded-secret"], ["--context", "d0", "d1"], ["--no-config"],
    ["--baseline", "seawall.baseline"], ["--kubernetes-version", "1.30"], ["-v"],
    ["--baseline", "seawall.baseline", "--profile", "all", "-v"],
    ["--baseline", "seawall.baseline"],
    ["--fail-on", "low"], ["--profile", "all"], ["--profile", "all", "--context", "d0", "d1", "d2"],
    ["-q"], ["--profile", "all", "--color", "always"],
]  # fmt: skip


def thin_out(baseline: Path, chance: random.Random) -> None:
    """Leave out some of what is known, and let some of it be known less often."""
    lines = baseline.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "format" in line or chance.random() < 0.8]
    baseline.write_text("".join(kept).replace('"count": 3', f'"count": {chance.randint(1, 4)}'))


def check_edits(
    tree: Path, monkeypatch: pytest.MonkeyPatch, seed: int, edits: int, *, every: bool = False
) -> None:
    chance = random.Random(seed)
    day = 15
    replayed = 0
    monkeypatch.setattr(remembering, "GROUP", 2)  # so that there are several
    for folder in ("d0", "d1", "d2"):
        write(tree, {f"{folder}/f0.yaml": manifest(chance), f"{folder}/f1.yaml": manifest(chance)})
    (tree / "seawall.baseline").write_text("")
    for _ in range(edits):
        what = edit(tree, chance)
        if chance.random() < 0.1:
            day = chance.choice([14, 20, 21, 40 - day])
        today = f"2026-06-{day:02}"
        monkeypatch.setattr(concluding, "today", lambda today=today: today)
        monkeypatch.setattr("seawall.engine.today", lambda today=today: today)
        spread = chance.random() < 0.2
        monkeypatch.setattr(analysing, "WORTH_SPREADING", 0 if spread else 1_000_000)
        if chance.random() < 0.1:
            command("scan", "--write-baseline", "seawall.baseline", "--exit-zero", "--cache")
            thin_out(tree / "seawall.baseline", chance)
        own, jobs = chance.choice(OPTIONS), chance.choice("112")
        several = chance.sample(FORMATS, 2) if chance.random() < 0.2 else None
        for named in FORMATS if every else [chance.choice(["json", "table", *FORMATS])]:
            options = [*own, "--format", named, "-j", jobs]
            if several is not None:
                options += ["--format", f"{several[0]}=../1", "--format", f"{several[1]}=../2"]
            for _ in range(chance.choice([1, 1, 2])):
                outputs = []
                for ran in both_of(*options):
                    files = [path.read_bytes() for path in tree.parent.glob("[12]")]
                    outputs.append((ran, files))
                assert outputs[0] == outputs[1], (seed, what, options)
                replayed += 1
    assert replayed >= edits


@pytest.mark.parametrize("seed", range(5))
def test_edits(tree: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    check_edits(tree, monkeypatch, seed, 20)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10, 20))
def test_five_hundred_edits(tree: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    check_edits(tree, monkeypatch, seed, 50)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(20, 24))
def test_edits_in_every_format(tree: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    check_edits(tree, monkeypatch, seed, 20, every=True)


def test_what_is_kept_is_used(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this, all that is said here of what is kept would hold of nothing."""
    write(tree, {"a.yaml": pod("a"), "b.yaml": pod("b")})
    first = command("scan", "--cache")

    def never(*_: object, **__: object) -> Any:
        raise AssertionError("the rules ran again")

    with monkeypatch.context() as patch:
        patch.setattr(analysing, "judge", never)
        assert command("scan", "--cache") == first
        patch.setattr(analysing, "analyse", never)
        assert command("scan", "--cache") == first
    parsed = []
    real = reader.read

    def read(text: str, path: str, **named: Any) -> reader.Contents:
        parsed.append(path)
        return real(text, path, **named)

    with monkeypatch.context() as patch:
        patch.setattr(reader, "read", read)
        write(tree, {"b.yaml": pod("b") + "# more\n"})
        command("scan", "--cache")
        assert parsed == ["b.yaml"]


def test_a_rule_that_raises_is_not_remembered(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("oops")

    write(tree, {"a.yaml": pod("a")})
    with monkeypatch.context() as patch:
        patch.setattr(rule_named("host-pid"), "check", broken)
        assert command("scan", "--cache").code == 4
        assert command("scan", "--cache").code == 4
    with_, without = both("--format", "json")
    assert with_ == without
    assert "host-pid" in with_.out


def test_a_change_of_the_code_counts(tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    (package / "a.py").write_text("x = 1\n")
    (package / "inner" / "b.json").write_text("{}")
    stamps = [cache_module.code_stamp(str(package))]
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").write_text("")
    assert cache_module.code_stamp(str(package)) == stamps[0]
    for change in (
        lambda: (package / "a.py").write_text("x = 2\n"),
        lambda: (package / "inner" / "b.json").write_text("[]"),
        lambda: (package / "inner" / "b.json").rename(package / "inner" / "c.json"),
        lambda: (package / "d.py").write_text(""),
    ):
        change()
        stamps.append(cache_module.code_stamp(str(package)))
    assert len(set(stamps)) == 5


def test_what_contents_came_to_is_kept_under_what_tells_of_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "a.py").write_text("x = 1\n")
    kept: dict[bytes, object] = {}

    class Store:
        def get(self, keys: Sequence[bytes]) -> dict[bytes, object]:
            return {key: kept[key] for key in keys if key in kept}

        def put(self, key: bytes, value: object, *, is_ours: bool = False, of: str = "") -> None:
            assert is_ours, "it is kept whatever a run may have seen"
            kept[key] = value

    plain = cache_module.code_stamp(str(package))
    assert cache_module.code_stamp(str(package), Store()) == plain
    assert not kept, "what has changed just now may change again within the same time"
    monkeypatch.setattr(cache_module, "_SETTLED", 0)
    assert cache_module.code_stamp(str(package), Store()) == plain
    assert list(kept.values()) == [plain]
    monkeypatch.setattr(cache_module, "_stamp_of_contents", lambda *_: b"new")
    assert cache_module.code_stamp(str(package), Store()) == plain
    status = (package / "a.py").stat()
    (package / "a.py").write_text("x = 2\n")
    os.utime(package / "a.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert cache_module.code_stamp(str(package), Store()) == b"new", "ctime cannot be set back"
    kept.clear()
    (package / "b.py").write_text("")
    assert cache_module.code_stamp(str(package), Store()) == b"new"


# Nothing private ------------------------------------------------------------------------------


def sentinels() -> list[str]:
    """Values that look drawn by chance and occur nowhere else."""
    return [f"{secrets.token_hex(3)}Q{secrets.token_hex(8)}Z{n}" for n in range(9)]


def private_tree(values: list[str]) -> dict[str, str]:
    env, command_, argument, annotation, config, text, string, encoded, broken = values
    from base64 import b64encode

    data = b64encode(encoded.encode()).decode()
    return {
        "pod.yaml": f"""\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {{what: in-the-private-file}}
  annotations: {{example.org/api-token: {annotation}}}
spec:
  hostNetwork: true
  containers:
    - name: app
      image: registry.example.org/a:latest
      env: [{{name: DB_PASSWORD, value: {env}}}, {{name: X, value: {env}}}]
      command: [sh, -c, "curl -u user:{command_} https://example.org"]
      args: ["--password={argument}", "--password", {argument}]
      volumeMounts: [{{name: x, mountPath: /etc/{env}}}]
""",
        "config.yaml": f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: c}}
data:
  password: {config}
  app.properties: |
    url=x
    db.password={text}
""",
        "secret.yaml": f"""\
apiVersion: v1
kind: Secret
metadata: {{name: s}}
stringData: {{password: {string}}}
data: {{token: {data}, other: 3}}
""",
        "broken.yaml": f"apiVersion: v1\nkind: Secret\ndata: {{a: {broken}\n",
        "template.yaml": f"kind: Secret\nname: '{{{{ x }}}}'\ndata: {{a: {broken}}}\n",
        "plain.yaml": pod("plain").replace("spec:", "  labels: {a: in-the-plain-file}\nspec:"),
        "line.json": json.dumps(
            {
                "apiVersion": "v1",
                "stringData": {"password": string},
                "kind": "Secret",
                "metadata": {"name": "j"},
                "data": {"token": data, "x": 3},
            }
        ),
        "flow.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: f}}\ndata: {{\n"
        f"  other: x,\ntoken: {data}\n}}\n",
    }


def raw(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_secret_is_ever_in_the_cache(tree: Path, tmp_path: Path) -> None:
    from base64 import b64encode

    values = sentinels()
    files = private_tree(values)
    files["wide.yaml"] = files["secret.yaml"]
    write(tree, files)
    (tree / "wide.yaml").write_bytes(files["wide.yaml"].encode("utf-16"))
    (tree / "escaped.yaml").write_text(
        files["secret.yaml"].replace("kind: Secret", 'kind: "\\x53ecret"')
    )
    for options in ([], ["--profile", "reliability"], ["--select", "host-*"], ["--profile", "all"],
                    ["--write-baseline", "b"], ["--baseline", "b"], ["-j", "3"]):  # fmt: skip
        for format_ in FORMATS:
            command("scan", "--cache", "--format", format_, *options)
    data = raw(tmp_path / "cache")
    assert len(data) > 10_000
    assert b"in-the-private-file" not in data  # the whole file is left out
    assert b"in-the-plain-file" in data
    assert b"host-network" in data
    for value in values:
        for form in (value.encode(), value.encode("utf-16-le"), b64encode(value.encode())):
            assert form not in data


def texts_in(value: Any) -> Iterator[bytes]:
    """The texts in a value of the cache; what is compressed is unpacked."""
    if isinstance(value, str):
        yield value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bytes):
        try:
            yield zlib.decompress(value)
        except zlib.error:
            yield value
    elif isinstance(value, dict):
        yield from texts_in(tuple(value.items()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


def kept(folder: Path) -> bytes:
    """All that a cache holds, in a form that can be looked through."""
    connection = sqlite3.connect(next(folder.glob("*.sqlite3")))
    rows = connection.execute("SELECT value FROM result").fetchall()
    connection.close()
    checksum = 16
    found = (marshal.loads(row[checksum:]) for (row,) in rows)
    return b"\n".join(texts_in(list(found)))


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--format", "json", "-v"],
        ["--baseline", "../known"],
        pytest.param(["--since", "HEAD"], marks=git_support.needs_git),
    ],
)
@pytest.mark.parametrize("name", ["pod.yaml", "Dockerfile"])
def test_what_is_secret_in_another_file_is_not_kept(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], name: str
) -> None:
    """The file with the secret has not changed, and is known without its value."""
    monkeypatch.setattr(remembering, "GROUP", 1)
    value = sentinels()[0]
    variable = f"      env: [{{name: A_PASSWORD, value: {value}}}]\n"
    held = {
        "Dockerfile": f"FROM debian:12\nENV A_PASSWORD={value}\n",
        "pod.yaml": pod("a").replace("    - name: side\n", f"{variable}    - name: side\n"),
    }
    write(tree, {name: held[name], "b.yaml": pod("b"), "c.yaml": pod("c-first")})
    if "--since" in options:
        git_support.make(tree)
        git_support.commit(tree)
    command("scan", "--write-baseline", "../known", "--exit-zero")
    edits: list[dict[str, str]] = [{}, {"b.yaml": pod(value)}, {"c.yaml": pod("c-second")}]
    for edited in edits:
        write(tree, edited)
        for _ in range(2):
            with_, without = both(*options)
            assert with_ == without
    assert value in both(*options)[1].out  # as the name of an object
    data = kept(tmp_path / "cache")
    assert value.encode() not in data + raw(tmp_path / "cache")
    assert b"c-second" in data


def test_a_run_that_ends_before_its_secrets_are_known_keeps_nothing(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tree, {"a.yaml": pod("known-before")})
    command("scan", "--cache")

    def broken(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(judging, "judge_each", broken)
        patch.setattr(telling, "judge_each", broken)
        write(tree, {"b.yaml": pod("read-in-vain")})
        with pytest.raises(KeyboardInterrupt):
            command("scan", "--cache")
    data = kept(tmp_path / "cache")
    assert b"known-before" in data
    assert b"read-in-vain" not in data


def test_nothing_of_standard_input_is_in_the_cache(tmp_path: Path) -> None:
    value = sentinels()[0]
    text = (pod(value) * 1).replace("metadata:", f"metadata:\n  labels: {{a: {value}}}") + "---\n"
    folder = tmp_path / "t"
    write(folder, {f"{n}.yaml": pod(f"known-{n}") * 1 + "# filler\n" * 200 for n in range(60)})
    for _ in range(2):
        ran = seawall("scan", "-", "t", "--format", "json", cwd=tmp_path, feed=text.encode() * 3,
                      SEAWALL_CACHE_DIR=str(tmp_path / "cache"))  # fmt: skip
        assert value in ran.out.decode()
    data = raw(tmp_path / "cache")
    assert b"known-7" in data
    assert value.encode() not in data


@pytest.mark.parametrize("format_", FORMATS)
def test_no_secret_is_ever_in_an_output(tree: Path, format_: str) -> None:
    from base64 import b64encode

    values = sentinels()
    write(tree, private_tree(values))
    every = ",".join(rule.id for rule in all_rules())
    for options in ([], ["--profile", "all", "-v"], ["--select", every, "--min-confidence", "low"],
                    ["--write-baseline", "b", "-v"], ["--baseline", "b", "-v"]):  # fmt: skip
        ran = command("scan", "--format", format_, *options)
        for value in values:
            assert value not in ran.out + ran.err, (options, value)
            assert b64encode(value.encode()).decode() not in ran.out
    assert not any(value in (tree / "b").read_text() for value in values)


def test_a_known_run_judges_ignores_as_the_first_one_did(tree: Path) -> None:
    """What domains a run has is known before its files are read, and stays so."""
    text = "FROM debian:12\n# seawall: ignore[sudo-used] none here\nRUN true\nUSER 1000:1000\n"
    write(tree, {"Dockerfile": text, "web.yaml": pod("web")})
    first, _ = both("--min-confidence", "low", "--profile", "all")
    again, without = both("--min-confidence", "low", "--profile", "all")
    (tree / "web.yaml").unlink()
    alone, alone_without = both("--min-confidence", "low", "--profile", "all", "Dockerfile")
    known, _ = both("--min-confidence", "low", "--profile", "all", "Dockerfile", "--format", "json")
    assert first.out == again.out == without.out
    assert alone.out == alone_without.out
    assert "ignore-unused" in known.out
