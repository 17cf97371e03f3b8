"""Secrets in images: files of all layers, the configuration, the history; each told once."""

import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seawall import engine
from seawall.cli.main import run as command
from seawall.core.finding import Finding
from seawall.core.report import Report
from seawall.core.severity import Confidence
from seawall.engine.containers.layers import read
from seawall.engine.containers.named import find
from seawall.engine.containers.sifting import Sifting
from seawall.secrets.rules.examples import example
from seawall.secrets.search import search
from tests.secrets.rules import RULES, drawn
from tests.sources.archives.making import tarred, zipped
from tests.sources.images.tars import END, Layout, member

TOKEN = example(RULES["github-classic-token"], random.Random(11))
OTHER_TOKEN = example(RULES["npm-token"], random.Random(12))
PASSWORD = drawn(14, 13)
OTHER = drawn(14, 14)
STATUS = (
    b"Package: tool\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
    b"Maintainer: Debian <a@example.org>\n\n"
)


def key() -> str:
    """A PEM key of the right form, and no use."""
    import base64

    body = b"\x02\x01\x00" + random.Random(3).randbytes(93)
    text = base64.b64encode(bytes((0x30, len(body))) + body).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{text[:64]}\n{text[64:]}\n-----END PRIVATE KEY-----\n"


def line(name: str, value: str) -> bytes:
    return f'{name} = "{value}"\n'.encode()


Scan = Callable[..., Report]


@pytest.fixture
def scanned(tmp_path: Path, database: str) -> Scan:
    def scan(*layers: bytes, config: dict[str, Any] | None = None, **more: Any) -> Report:
        files = Layout()
        layout = tmp_path / "app"
        target = files.index(files.image(list(layers), "gzip", config or {})).write(layout)
        options = engine.Options(
            (target,), database=database, today="2026-11-26",
            **{"min_confidence": Confidence.LOW, **more},
        )  # fmt: skip
        report = engine.scan(options).report
        assert not report.faults
        return report

    return scan


def about(report: Report, *values: str) -> list[Finding]:
    wanted = values or (TOKEN, OTHER_TOKEN, PASSWORD, OTHER)
    return [
        finding
        for finding in report.findings
        if any(value in finding.secret.reveal() for value in wanted)
    ]


def known(finding: Finding) -> dict[str, Any]:
    """What the search knows of a secret that another rule tells of."""
    details = finding.details["secret"]
    assert isinstance(details, dict)
    return details


def test_a_file_of_any_name(scanned: Scan) -> None:
    base = member(b"etc/os-release", b"ID=debian\nVERSION_ID=12\n") + END
    own = member(b"app/settings.py", b"\n" + line("TOKEN", TOKEN)) + END
    history = {"history": [{"created_by": "ADD debian"}, {"created_by": "COPY . /app"}]}
    (found,) = about(scanned(base, own, config=history))
    assert found.rule.id == "github-classic-token"
    assert found.confidence is Confidence.HIGH
    assert found.subject == ("Image", "", "app", "")
    assert found.location.key_path == ("files", "app/settings.py")
    assert found.message.endswith("in /app/settings.py")
    details = found.details
    assert (details["file"], details["line"], details["layer_number"]) == ("app/settings.py", 2, 2)
    assert details["created_by"] == "COPY . /app"
    assert details["proof"] == "proven"
    assert details["sensitive"] is True


def test_what_was_deleted_is_still_there(scanned: Scan) -> None:
    lower = member(b"app/settings.py", line("TOKEN", TOKEN)) + END
    upper = member(b"app/.wh.settings.py") + END
    (found,) = about(scanned(lower, upper))
    assert found.rule.id == "image-deleted-credential"
    assert found.location.key_path == ("layers", 0, "app/settings.py")
    assert "in /app/settings.py of layer 1, which layer 2 only hides" in found.message
    assert "github-classic-token" in known(found)["also"]
    assert found.details["layer_number"] == 1


def test_what_was_written_over(scanned: Scan) -> None:
    lower = member(b"a.conf", line("password", PASSWORD)) + END
    upper = member(b"a.conf", line("password", OTHER)) + END
    assert [(found.rule.id, found.secret.reveal()) for found in about(scanned(lower, upper))] == [
        ("assigned-secret", OTHER),
        ("image-deleted-credential", PASSWORD),
    ]
    again = scanned(lower, member(b"a.conf", line("password", PASSWORD) + b"x") + END)
    (found,) = about(again)
    assert found.rule.id == "assigned-secret"


def test_one_finding_where_the_rule_about_images_knows_the_file(scanned: Scan) -> None:
    text = f"//registry.example.org/:_authToken={OTHER_TOKEN}\n".encode()
    (found,) = about(scanned(member(b"root/.npmrc", text) + END))
    assert found.rule.id == "image-credential-file"
    assert known(found)["provider"] == "npm"
    assert known(found)["proof"] == "proven"
    assert "npm-token" in known(found)["also"]


@pytest.mark.parametrize(
    "step",
    [
        "|2 NPM_TOKEN={} WITH=1 /bin/sh -c npm ci",
        "RUN |3 A=1 NPM_TOKEN={} WITH=1 /bin/sh -c npm ci # buildkit",
        "RUN /bin/sh -c export NPM_TOKEN={} && npm ci # buildkit",
        "/bin/sh -c NPM_TOKEN={} npm ci",
    ],
)
def test_what_steps_set_beside_other_things(scanned: Scan, step: str) -> None:
    """By default it is told wherever it is told alone, which is nearly everywhere."""
    values = [drawn(16, seed) for seed in range(60, 80)]
    layers = [member(b"layer%d" % number, b"") + END for number in range(len(values))]

    def told(form: str) -> list[int]:
        history = {"history": [{"created_by": form.format(value)} for value in values]}
        report = scanned(*layers, config=history, min_confidence=Confidence.MEDIUM)
        return [len(about(report, value)) for value in values]

    assert told(step) == (alone := told("ARG NPM_TOKEN={}"))
    assert sum(alone) >= len(values) - 1


def test_fingerprints_of_public_keys_are_no_secrets(scanned: Scan) -> None:
    """As the images of Python, Node.js, PHP and nginx tell which key they hold a download to."""
    chance = random.Random(21)
    first, second, third = (chance.randbytes(20).hex().upper() for _ in range(3))
    token = chance.randbytes(20).hex().upper()
    config = {
        "config": {"Env": [f"GPG_KEY={first}", f"PHP_KEYS={first} {second}", f"A_TOKEN={token}"]},
        "history": [
            {"created_by": f"RUN |2 V=1 YARN_KEY={first} /bin/sh -c gpg --recv-keys $YARN_KEY"},
            {"created_by": f"RUN /bin/sh -c NGINX_GPGKEY={second}; key='{third}' && gpg --verify"},
        ],
    }
    layers = [member(b"layer%d" % number, b"") + END for number in range(2)]
    report = scanned(*layers, config=config, min_confidence=Confidence.MEDIUM)
    assert about(report, first, second, third) == []
    assert len(about(report, token)) == 1


@pytest.mark.parametrize("kind", ["CMD", "CMD-SHELL"])
def test_a_health_check_with_a_password(scanned: Scan, kind: str) -> None:
    words = ["curl", "-u", f"probe:{PASSWORD}", "http://localhost/"]
    test = [kind, *words] if kind == "CMD" else [kind, " ".join(words)]
    layer = member(b"etc/hostname", b"a") + END
    (found,) = about(scanned(layer, config={"config": {"Healthcheck": {"Test": test}}}))
    assert found.location.key_path == ("config", "Healthcheck")
    assert found.confidence >= Confidence.MEDIUM


def test_the_configuration_and_the_history(scanned: Scan) -> None:
    config = {
        "config": {
            "Env": [f"DB_PASSWORD={PASSWORD}", f"SETTINGS={{'token': '{TOKEN}'}}", "PATH=/bin"],
            "Labels": {"org.example.note": f"https://deploy:{OTHER}@git.internal.test/a"},
            "Cmd": ["serve", "--api-token", OTHER_TOKEN],
        },
        "history": [
            {"created_by": f"ENV DB_PASSWORD={PASSWORD}", "empty_layer": True},
            {"created_by": f"|1 KEY={drawn(20, 77)} /bin/sh -c make # buildkit"},
        ],
    }  # fmt: skip
    report = scanned(member(b"a", b"x") + END, config=config)
    told = {(found.rule.id, found.location.key_path) for found in about(report)}
    in_config = "image-credential-in-config"
    assert told == {
        (in_config, ("config", "Env", "DB_PASSWORD")), (in_config, ("config", "Env", "SETTINGS")),
        (in_config, ("config", "Labels", "org.example.note")), (in_config, ("config", "Cmd")),
    }  # fmt: skip
    of_step = about(report, drawn(20, 77))
    assert {found.location.key_path[:2] for found in of_step} == {("history", 1)}


def test_a_header_in_a_step_is_found_and_shown_nowhere(scanned: Scan) -> None:
    """The step is told of in the details of whatever its layer holds."""
    step = f'RUN /bin/sh -c curl -H "Authorization: Bearer {PASSWORD}x1" https://a.internal.test/'
    layer = member(b"usr/bin/tool", b"x", mode=0o4755) + END
    report = scanned(layer, config={"history": [{"created_by": step}]})
    (found,) = about(report)
    assert found.rule.id == "secret-in-header"
    assert found.location.key_path == ("history", 0)
    assert any("created_by" in finding.details for finding in report.findings)
    for finding in report.findings:
        assert PASSWORD not in repr((finding.message, finding.details, finding.related))


def test_placeholders_of_the_configuration_are_less_sure(scanned: Scan) -> None:
    config = {"config": {"Env": ["DB_PASSWORD=your_password_here"]}}
    report = scanned(member(b"a", b"x") + END, config=config)
    for found in report.findings:
        if found.rule.id == "image-credential-in-config":
            assert found.confidence is Confidence.LOW


# What is packed ---------------------------------------------------------------------------------


def test_archives_in_layers(scanned: Scan) -> None:
    jar = zipped({
        "BOOT-INF/classes/a.properties": b"spring.datasource.password=" + PASSWORD.encode(),
        "BOOT-INF/lib/a.jar": zipped({"token.txt": TOKEN.encode()}),
    })  # fmt: skip
    dump = gzip.compress(b"SET PASSWORD = '" + OTHER.encode() + b"';\npassword: " + OTHER.encode())
    report = scanned(member(b"srv/app.jar", jar) + member(b"srv/dump.sql.gz", dump) + END)
    assert {found.location.key_path[1] for found in about(report)} == {
        "srv/app.jar!/BOOT-INF/classes/a.properties",
        "srv/app.jar!/BOOT-INF/lib/a.jar!/token.txt",
        "srv/dump.sql.gz!/dump.sql",
    }
    for found in about(report):
        assert found.details["layer_number"] == 1


@pytest.mark.parametrize("deleted", [False, True])
def test_a_large_archive(scanned: Scan, deleted: bool) -> None:
    noise = random.Random(1).randbytes(900_000)
    data = tarred({"noise": noise, "a.conf": line("password", PASSWORD)})
    upper = member(b"srv/.wh.a.tar") + END if deleted else END
    (found,) = about(scanned(member(b"srv/a.tar", data) + END, upper))
    path = "srv/a.tar!/a.conf"
    assert found.location.key_path == (("layers", 0, path) if deleted else ("files", path))


def test_a_large_text_and_a_program(scanned: Scan) -> None:
    text = b"word word\n" * 200_000 + line("password", PASSWORD)
    program = b"\x7fELF" + random.Random(2).randbytes(1_500_000) + b"\0" + TOKEN.encode() + b"\0"
    report = scanned(member(b"srv/big.conf", text) + member(b"srv/tool", program) + END)
    found = {finding.location.key_path[1]: finding for finding in about(report)}
    assert set(found) == {"srv/big.conf", "srv/tool"}
    assert found["srv/big.conf"].details["line"] == 200_001
    assert "line" not in found["srv/tool"].details


def test_what_was_not_searched_is_told(scanned: Scan) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    broken = zipped({"a": b"text" * 100})[:100]
    report = scanned(member(b"a.gz", bomb) + member(b"b.zip", broken) + END)
    told = {
        (item.path, item.reason)
        for item in report.coverage.not_covered
        if item.what == "searching for secrets"
    }
    assert ("app:/a.gz", "it is packed more than 200 times: a bomb?") in told
    assert any(path == "app:/b.zip" for path, _ in told)


# What everybody has -----------------------------------------------------------------------------


def test_what_packages_publish_is_less_sure(scanned: Scan) -> None:
    """Samples, tests and programs of packages; a token that proves itself is as sure as ever."""
    samples = {
        b"usr/lib/python3/dist-packages/tool/tests/server.pem": key().encode(),
        b"usr/share/doc/tool/examples/server.key": key().encode(),
        b"srv/node_modules/node-gyp/test/fixtures/server.key": key().encode(),
        b"etc/ssl/private/ssl-cert-snakeoil.key": key().encode(),
        b"srv/node_modules/a/index.js": line("password", PASSWORD),
        b"usr/bin/tool": b"#!/bin/sh\n" + line("PASSWORD", OTHER).replace(b" = ", b"="),
    }
    database = member(b"var/lib/dpkg/status", STATUS) + member(
        b"var/lib/dpkg/info/tool.list", b"/usr/bin/tool\n"
    )
    sure = member(b"srv/node_modules/b/index.js", line("token", TOKEN))
    own = member(b"srv/server.key", key().encode())
    layer = b"".join(member(path, data) for path, data in samples.items())
    report = scanned(layer + database + sure + own + END)
    of_files = {
        finding.location.key_path[1]: finding.confidence
        for finding in report.findings
        if finding.secret
    }
    for path in samples:
        if path.decode() in of_files:
            assert of_files[path.decode()] is Confidence.LOW, path
    assert of_files["etc/ssl/private/ssl-cert-snakeoil.key"] is Confidence.LOW
    assert of_files["srv/node_modules/a/index.js"] is Confidence.LOW
    assert of_files["srv/node_modules/b/index.js"] is Confidence.HIGH
    assert of_files["srv/server.key"] is Confidence.HIGH


# What is kept -----------------------------------------------------------------------------------


class Kept:
    def __init__(self) -> None:
        self.values: dict[bytes, object] = {}

    def get(self, keys: Any) -> dict[bytes, Any]:
        return {key: self.values[key] for key in keys if key in self.values}

    def put(self, key: bytes, value: object, *, is_ours: bool = False, of: str = "") -> None:
        self.values[key] = value


def test_layers_with_secrets_are_never_kept(tmp_path: Path) -> None:
    clean = member(b"a.txt", b"nothing") + END
    dirty = member(b"b.txt", line("token", TOKEN)) + END
    files = Layout()
    target = files.index(files.image([clean, dirty])).write(tmp_path / "app")
    (image,) = find([target]).images
    store = Kept()
    look = search()
    first = read(image, store, b"code", look)
    assert TOKEN not in repr(store.values)
    opened = []

    def noting(number: int, before: Any) -> Any:
        def open_() -> Any:
            opened.append(number)
            return before()

        return open_

    noted = tuple(
        layer._replace(open=noting(number, layer.open)) for number, layer in enumerate(image.layers)
    )
    again = read(image._replace(layers=noted), store, b"code", look)
    assert opened == [1]
    assert again.layers == first.layers
    look.key += "other rules"
    read(image._replace(layers=noted), store, b"code", look)
    assert sorted(opened) == [0, 1, 1]


def test_of_a_layer_with_secrets_only_their_files_are_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = b"".join((
        member(b"var/lib/dpkg/status", STATUS), member(b"etc/os-release", b'ID=debian\n'),
        member(b"a.py", line("token", TOKEN)), member(b"b.py", b"nothing = 1\n" * 9),
        member(b"root/.aws/credentials", b"aws_secret_access_key = " + OTHER.encode() * 3 + b"\n"),
        member(b"z.zip", zipped({"c.txt": OTHER_TOKEN.encode(), "d.txt": b"plain text"})), END,
    ))  # fmt: skip
    files = Layout()
    target = files.index(files.image([layer, layer])).write(tmp_path / "app")
    (image,) = find([target]).images
    store = Kept()
    look = search()
    first = read(image, store, b"code", look)
    assert {"a.py", "root/.aws/credentials", "z.zip"} == set(first.layers[0].private)
    for value in (TOKEN, OTHER_TOKEN, OTHER):
        assert value not in repr(store.values)
    asked: list[str] = []
    take = Sifting.take

    def noted(self: Sifting, entry: Any, data: bytes) -> Any:
        asked.append(entry.path)
        return take(self, entry, data)

    monkeypatch.setattr(Sifting, "take", noted)
    again = read(image, store, b"code", look)
    assert again.layers == first.layers
    assert set(asked) == set(first.layers[0].private)
    assert again.layers[0].facts


METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n\n"


def test_what_tells_of_packages_and_holds_a_secret_is_read_again(tmp_path: Path) -> None:
    place = b"usr/lib/python3/site-packages/"
    secret = line("token", TOKEN)
    layer = b"".join((
        member(place + b"a-1.0.dist-info/METADATA", METADATA.format("a").encode() + secret),
        member(place + b"a-1.0.dist-info/REQUESTED", b""),
        member(place + b"b-1.0.dist-info/METADATA", METADATA.format("b").encode()),
        member(b"var/lib/dpkg/status", STATUS.replace(b"<a@", TOKEN.encode() + b" <a@")), END,
    ))  # fmt: skip
    files = Layout()
    target = files.index(files.image([layer, layer])).write(tmp_path / "app")
    (image,) = find([target]).images
    store = Kept()
    look = search()
    first = read(image, store, b"code", look)
    assert len(first.layers[0].private) == 2
    assert TOKEN not in repr(store.values)
    assert len([value for value in store.values.values() if value is not True]) == 1
    again = read(image, store, b"code", look)
    assert again.layers == first.layers
    assert list(again.layers[0].facts) == list(first.layers[0].facts)
    packages = [
        each.name for one in again.layers[0].facts.values() for each in one.contents.packages
    ]
    assert sorted(packages) == ["a", "b", "tool"]


def test_what_another_file_tells_of_a_secret_is_not_kept(tmp_path: Path) -> None:
    """What is said of a package rests on the file beside it, which holds a secret."""
    place = b"usr/lib/python3/site-packages/a-1.0.dist-info/"
    url = f'{{"url": "https://user:{OTHER}@a.internal.test/a.git", "vcs_info": {{"vcs": "git"}}}}'
    layer = b"".join((
        member(place + b"METADATA", METADATA.format("a").encode()),
        member(place + b"direct_url.json", url.encode()), END,
    ))  # fmt: skip
    files = Layout()
    target = files.index(files.image([layer])).write(tmp_path / "app")
    (image,) = find([target]).images
    store = Kept()
    look = search()
    first = read(image, store, b"code", look)
    assert first.layers[0].private
    assert not [value for value in store.values.values() if value is not True]
    assert read(image, store, b"code", look).layers == first.layers


def test_no_value_shows_in_any_format(tmp_path: Path, database: str) -> None:
    files = Layout()
    layer = b"".join((
        member(b"app/a.py", line("token", TOKEN)), member(b"app/b.conf", line("password", OTHER)),
        member(b"a.zip", zipped({"c.txt": OTHER_TOKEN.encode()})), END,
    ))  # fmt: skip
    config = {
        "config": {"Env": [f"DB_PASSWORD={PASSWORD}"]},
        "history": [{"created_by": f"RUN curl -u app:{OTHER} https://a.internal.test/"}],
    }
    target = files.index(files.image([layer], "gzip", config)).write(tmp_path / "app")
    cache = tmp_path / "cache"
    for form in ("json", "table", "sarif", "html", "markdown", "gitlab", "junit"):
        output = tmp_path / f"out.{form}"
        command([
            "scan", target, "--database", database, "--format", form, "-o", str(output),
            "--exit-zero", "--no-config", "--min-confidence", "low",
        ])  # fmt: skip
        text = output.read_text()
        assert text
        for value in (TOKEN, OTHER_TOKEN, PASSWORD, OTHER):
            assert value not in text
    for file in cache.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not any(v.encode() in data for v in (TOKEN, OTHER_TOKEN, PASSWORD, OTHER))


def test_nothing_is_searched_where_that_is_not_wanted(scanned: Scan) -> None:
    layer = member(b"app/a.py", line("token", TOKEN)) + END
    config = {"config": {"Env": [f"DB_PASSWORD={PASSWORD}"]}}
    (found,) = about(scanned(layer, config=config, secrets=False))
    assert found.rule.id == "image-credential-in-config"
