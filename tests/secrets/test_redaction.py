"""Whatever is found, and whatever goes wrong: no value comes out, nor eight letters of one.

Values are drawn by the shipped rules. What every value of a rule has, its prefix above all, is
public and may be shown.
"""

import json
import random
import re
from base64 import b64encode
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from seawall import engine, reports
from seawall.core.severity import Confidence, Severity
from seawall.reports import FORMATS
from seawall.secrets.rules.examples import example
from seawall.secrets.rules.shapes import shape_of
from seawall.triage.baseline import Baseline, entries_of
from seawall.triage.baseline_file import render
from tests.engine.test_remembering import kept
from tests.secrets.rules import RULES, drawn
from tests.triage.support import command

PIECE, LONGER_PIECE = 8, 14
"""Letters; the second where there are so few kinds of them that a digest may hold eight by
chance."""
_FEW_KINDS = re.compile(r"[0-9a-fA-F-]*")


def _encoded(value: str) -> str:
    return b64encode(value.encode()).decode().rstrip("=")


def _public(value: str, other: str) -> int:
    """How many characters two values of a kind begin with alike."""
    both = zip(value, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))


class Planted:
    """Secrets that stand in some files, and the pieces that may not be seen of them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.pieces: set[str] = set()
        self.values: list[str] = []

    def token(self, rule: str) -> str:
        """An example of a rule; its value is noted."""
        text = self._example(rule)
        other = self._value(rule, self._example(rule))
        self.note(self._value(rule, text), other)
        alike = [example(RULES[rule], random.Random(seed)) for seed in range(60)]
        joined = "\n".join(self._value(rule, one) for one in alike)
        self.pieces -= {piece for piece in self.pieces if piece in joined}  # what the form has
        return text

    def password(self, length: int = 14) -> str:
        value = drawn(length, self._random.getrandbits(32))
        self.note(value, "")
        return value

    def note(self, value: str, other: str) -> None:
        """Note a value; what another one of its kind has as well is public."""
        self.values.append(value)
        size = LONGER_PIECE if _FEW_KINDS.fullmatch(value[-PIECE * 2 :]) else PIECE
        for form, like in ((value, other), (_encoded(value), _encoded(other))):
            own = form[_public(form, like) :]
            pieces = {own[at : at + size] for at in range(len(own) - size + 1)}
            self.pieces |= {piece for piece in pieces if piece not in like}

    def _example(self, rule: str) -> str:
        return example(RULES[rule], self._random)

    def _value(self, rule: str, text: str) -> str:
        found = re.search(shape_of(RULES[rule]).source, f" {text} ")
        assert found is not None
        return found["secret"] if "secret" in found.groupdict() else found[0]

    def seen_in(self, text: str) -> list[str]:
        """The pieces that stand in a text, with what is around them."""
        return [
            text[max(at - 60, 0) : at + 60]
            for size in (PIECE, LONGER_PIECE)
            for at in range(len(text) - size + 1)
            if text[at : at + size] in self.pieces
        ]


def key() -> str:
    der = b"\x30\x82\x02\x00\x02\x01\x00" + random.Random(5).randbytes(509)
    body = b64encode(der).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""])


def plant(folder: Path, planted: Planted, rules: list[str], *, whole: bool = True) -> None:
    """Files of many kinds with secrets in them, beside each other and in what cannot be read."""
    tokens = [planted.token(rule) for rule in rules]
    word = planted.password
    pem = key()
    for line in pem.splitlines()[1:-1]:
        planted.note(line, "")
    lines = "".join(f"{token}\n" for token in tokens)
    env = f"DB_PASSWORD={word()} API_TOKEN={word(24)}\nexport SECRET_KEY='{word(30)}'\n"
    manifest = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
        "data": {"password": b64encode(word().encode()).decode()},
        "stringData": {"token": word(20), "url": f"postgres://app:{word()}@db.example.org/app"},
    }  # fmt: skip
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"
        f"  - name: web\n    image: registry.example.org/web:1\n    args: [--password, {word()}]\n"
        f"    env:\n    - name: DB_PASSWORD\n      value: {word()}\n"
    )
    files = {
        "tokens.txt": lines,
        "one-line.js": f"var x = [{', '.join(json.dumps(token) for token in tokens)}];\n",
        ".env": env,
        "deploy/key.pem": f"# key\n{pem}after\n",
        "deploy/one.json": json.dumps({"private_key": pem, "password": word(16)}),
        "deploy/secret.json": json.dumps(manifest),
        "deploy/secret.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: b}}\n"
        f"stringData:\n  password: {word()}\n  more: |\n    token={word(22)}\n",
        "deploy/pod.yaml": pod,
        "deploy/broken.yaml": f"kind: Secret\nstringData:\n  password: {word()}\n"
        f"   token: '{word()}'\n",
        "deploy/odd.yaml": f"apiVersion: v1\nkind: Pod\nmetadata: {{password: '{word()}']\n",
        "Dockerfile": f"FROM debian\nENV API_KEY={word(24)} PASSWORD={word()}\n"
        "RUN <<\n",
        "curl/Dockerfile": f"FROM debian\nRUN curl -u app:{word()} https://example.org\n"
        if whole
        else "",

        # Its fix writes the value down anew.
        "old/Dockerfile": f"FROM debian\nENV PASSWORD {word()}\n" if whole else "",
        "broken/Dockerfile": f"FROM\nENV PASSWORD={word()}\nBADLY password={word()}\n",
        "package-lock.json": f'{{"packages": {{"": {{"password": "{word()}"',
        ".npmrc": f"//registry.example.org/:_authToken={word(36)}\n",
        "home/.netrc": f"machine git.example.org login deploy password {word()}\n",
        "packed.yaml": f"data: {b64encode(f'password: {word(18)}'.encode()).decode()}\n",
        "requirements.txt": f"--index-url https://app:{word()}@pypi.example.org/simple\nflask\n",
        "compose.yaml": f"services:\n  db:\n    image: postgres\n    environment:\n"
        f"      POSTGRES_PASSWORD: {word()}\n",
    }  # fmt: skip
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "wide.env").write_bytes(f"DB_PASSWORD={word()}\n".encode("utf-16"))
    (folder / "binary.bin").write_bytes(b"\0\1\2" * 99 + tokens[0].encode())


SEEDS = st.tuples(
    st.integers(0, 2**32), st.lists(st.sampled_from(sorted(RULES)), min_size=4, max_size=12)
)
_FEW = settings(
    max_examples=2, deadline=None, phases=[Phase.generate],  # an example takes a second
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@pytest.fixture
def folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    monkeypatch.chdir(folder)
    return folder


@_FEW
@given(SEEDS)
def test_no_format_shows_a_value(folders: Path, seeds: tuple[int, list[str]]) -> None:
    seed, rules = seeds
    planted = Planted(seed)
    folder = folders / f"{seed}"
    plant(folder, planted, rules)
    result = engine.scan(
        engine.Options(
            targets=(str(folder),), profile="all", min_confidence=Confidence.LOW, edits=True
        )
    )
    report = result.report
    assert not report.faults
    assert len({finding.secret for finding in report.findings if finding.secret}) > len(rules)
    looks = [
        reports.Options(),
        reports.Options(colour=True, width=80, verbose=True, fail_on=Severity.LOW),
        reports.Options(quiet=True),
        reports.Options(compact=True, width=40),
    ]
    for format_ in FORMATS:
        for look in looks:
            text = "".join(reports.write(format_, report, result.texts, look))
            assert not planted.seen_in(text), (format_, look)
    (run,) = json.loads("".join(reports.write("sarif", report, result.texts, looks[0])))["runs"]
    marks = [item["partialFingerprints"]["seawall/v1"] for item in run["results"]]
    assert len(marks) == len(set(marks))  # two secrets of a file are two, and not by their values
    baseline = "".join(render(entries_of(report.findings, Baseline(()))))
    assert not planted.seen_in(baseline)
    assert not planted.seen_in(repr(report))
    for finding in report.findings:
        said = (finding.message, finding.remedy, finding.evidence, repr(finding.details))
        assert not planted.seen_in("\n".join(said)), finding.rule.id


@_FEW
@given(SEEDS)
def test_no_rule_needs_another_to_hide_a_value(folders: Path, seeds: tuple[int, list[str]]) -> None:
    """A report of one finding alone blacks out what stands beside it, too."""
    seed, rules = seeds
    planted = Planted(seed)
    folder = folders / f"alone-{seed}"
    plant(folder, planted, rules, whole=False)  # but for what a rule of Dockerfiles alone finds
    result = engine.scan(
        engine.Options(
            targets=(str(folder),), profile="all", min_confidence=Confidence.LOW, edits=True
        )
    )
    for finding in result.report.findings[::3]:
        alone = result.report._replace(findings=(finding,))
        for format_ in ("table", "html"):
            text = "".join(reports.write(format_, alone, result.texts, reports.Options()))
            assert not planted.seen_in(text), finding.rule.id


def test_nothing_that_is_kept_or_said_shows_a_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = Planted(7)
    folder = tmp_path / "tree"
    plant(folder, planted, sorted(RULES)[::9])
    (folder / "deploy" / "more.yaml").write_text(
        f"a: {'b' * 70_000}\n"
    )  # so that the cache is used
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    outputs = [item for name in FORMATS for item in ("--format", f"{name}=../out.{name}")]
    said: set[str] = set()
    for options in (
        outputs, ["-v"], ["--write-baseline", "../known", "-q"],
        ["--baseline", "../known", *outputs], ["--no-cache", "-v", "--min-confidence", "low"],
    ):  # fmt: skip
        ran = command("scan", *options)
        assert ran.code in (0, 1, 3), ran.err
        said |= {ran.out, ran.err, *(path.read_text() for path in tmp_path.glob("out.*"))}
    said.add((tmp_path / "known").read_text())
    if list((tmp_path / "cache").glob("*.sqlite3")):
        said.add(kept(tmp_path / "cache").decode("utf-8", "replace"))
    for text in said:
        assert not planted.seen_in(text)
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file() and path.suffix != ".bin":  # the patterns, compiled
            assert not planted.seen_in(path.read_bytes().decode("latin-1")), path


@pytest.mark.parametrize(
    "text",
    [
        'baseline = "{}\n', "password = '{}'\n", "[secrets]\npassword = '{}'\n",
        "[rules.host-network]\n{} = 3\n", "ignore = ['{}']\n",
    ],
)  # fmt: skip
def test_errors_of_the_configuration_quote_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """What is a value there is not told; what is a key has to be."""
    planted = Planted(3)
    value = planted.password(20)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seawall.toml").write_text(text.format(value))
    (tmp_path / "a.env").write_text(f"DB_PASSWORD={value}\n")
    ran = command("scan")
    assert ran.code == 2
    if "{} =" not in text and "ignore" not in text:
        assert not planted.seen_in(ran.err)
