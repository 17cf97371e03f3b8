"""Images in a scan: packages with the layer that brought them, rules, coverage, the cache."""

import json
import random
import string
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from seawall import engine
from seawall.cli.main import run as command
from seawall.core.finding import Finding
from seawall.core.report import Report
from seawall.core.severity import Confidence
from seawall.engine.containers import looking, walkers
from seawall.engine.containers.layers import read
from seawall.engine.containers.named import find
from seawall.engine.containers.targets import is_image, split
from seawall.engine.containers.whole import put_together
from seawall.images.history import step_of
from seawall.sources.images.walking import walk
from tests.sources.images.tars import END, Layout, member, write_tar

DPKG = b"""\
Package: libssl3
Status: install ok installed
Version: 3.0.1-1
Architecture: amd64
Source: openssl
Maintainer: Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>

Package: python3-six
Status: install ok installed
Version: 1.16.0-4
Architecture: all
Source: six
Maintainer: Debian Python Team <team+python@tracker.debian.org>

"""
SIX = b"Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n"
JINJA = b"Metadata-Version: 2.1\nName: Jinja2\nVersion: 2.4.1\n"
SIX_PATH = b"usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA"
JINJA_PATH = b"usr/local/lib/python3.11/site-packages/jinja2-2.4.1.dist-info/METADATA"
BASE = b"".join((
    member(b"etc/os-release", b'ID=debian\nVERSION_ID="12"\n'),
    member(b"etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/app:/bin/sh\n"),
    member(b"etc/shadow", b"root:*:1::::::\napp:$y$hash:1::::::\n"),
    member(b"var/lib/dpkg/status", DPKG),
    member(b"var/lib/dpkg/info/python3-six.list", b"/" + SIX_PATH + b"\n"),
    member(SIX_PATH, SIX),
    member(b"usr/bin/su", b"x", mode=0o4755),
    member(b"bin", kind=b"2", link=b"usr/bin"),
    member(b"usr/bin/sh", b"x", mode=0o755),
    END,
))  # fmt: skip


def own_layer(secret: str) -> bytes:
    return b"".join((
        member(JINJA_PATH, JINJA),
        member(b"app/server", b"x", mode=0o755, uid=1000),
        member(b"root/.npmrc", f"//registry.example.org/:_authToken={secret}\n".encode()),
        member(b"usr/local/bin/helper", b"x", mode=0o4755),
        END,
    ))  # fmt: skip


LAST = member(b"root/.wh..npmrc") + END
CONFIG = {
    "config": {"User": "app", "Entrypoint": ["/app/server"], "Env": ["PATH=/usr/bin"]},
    "history": [
        {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
        {"created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
        {"created_by": "COPY . / # buildkit"},
        {"created_by": "RUN rm /root/.npmrc # buildkit"},
    ],
}


@pytest.fixture
def secret() -> str:
    return "".join(random.choices(string.ascii_letters, k=24)) + "7"


@pytest.fixture
def image(tmp_path: Path, secret: str) -> str:
    files = Layout()
    return files.index(files.image([BASE, own_layer(secret), LAST], "gzip", CONFIG)).write(
        tmp_path / "app"
    )


@pytest.fixture
def scanned(database: str) -> Callable[..., Report]:
    def scan(*targets: str, **more: Any) -> Report:
        options = engine.Options(
            targets, database=database, today="2026-11-26", min_confidence=Confidence.LOW, **more
        )
        return engine.scan(options).report

    return scan


def by_rule(report: Report) -> dict[str, Finding]:
    return {finding.rule.id: finding for finding in report.findings}


def test_what_is_wrong_with_an_image(image: str, scanned: Callable[..., Report]) -> None:
    report = scanned(image)
    found = by_rule(report)
    assert not report.faults
    assert not report.coverage.failed
    assert report.coverage.read == ("app",)
    assert {
        "image-deleted-credential", "image-has-shell", "image-setuid-program",
        "image-usual-setuid", "image-writable-entrypoint", "vulnerable-package",
    } <= set(found)  # fmt: skip
    helper = found["image-setuid-program"]
    assert helper.location.key_path == ("files", "usr/local/bin/helper")
    assert helper.details["created_by"] == "COPY . / # buildkit"
    assert helper.details["base"] is False
    assert found["image-usual-setuid"].details["base"] is True
    assert "layer 2 holds a token for npm" in found["image-deleted-credential"].message


def test_packages_come_with_the_layer_that_brought_them(
    image: str, scanned: Callable[..., Report]
) -> None:
    found = by_rule(scanned(image, select=("vulnerable-package",)))["vulnerable-package"]
    assert found.subject.name == "jinja2"
    assert found.details["file"] == JINJA_PATH.decode()
    assert found.details["created_by"] == "COPY . / # buildkit"


def test_what_a_package_of_the_system_brought_counts_once(
    image: str, scanned: Callable[..., Report]
) -> None:
    report = scanned(image)
    (part,) = [item for item in report.coverage.skipped if "six" in item.path]
    assert part.reason == "six 1.16.0 is a part of the package python3-six, whose advisories count"


def test_no_secret_shows(image: str, secret: str, database: str, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for form in ("json", "table", "sarif", "html", "markdown"):
        output = tmp_path / f"out.{form}"
        command([
            "scan", image, "--database", database, "--format", form, "-o", str(output),
            "--exit-zero", "--no-config",
        ])  # fmt: skip
        assert secret not in output.read_text()
        assert "$y$hash" not in output.read_text()
    for file in cache.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes()


def test_the_cache_has_no_hashes_and_no_credentials(image: str, secret: str) -> None:
    (found,) = find([image]).images
    seen = read(found, None, b"").layers
    plain = repr(looking.to_plain(seen[0]))
    assert "$y$hash" not in plain
    assert "app:*:1" in plain
    assert seen[1].private
    assert secret in repr(seen[1])
    assert secret not in repr(looking.to_plain(seen[1]))


class Kept:
    def __init__(self) -> None:
        self.values: dict[bytes, object] = {}

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Any]:
        return {key: self.values[key] for key in keys if key in self.values}

    def put(self, key: bytes, value: object, *, is_ours: bool = False, of: str = "") -> None:
        self.values[key] = value


def test_layers_that_are_known_are_not_read_again(image: str) -> None:
    (found,) = find([image]).images
    store = Kept()
    first = read(found, store, b"code")
    kept = [value for value in store.values.values() if value is not True]
    assert len(kept) == 3  # of the second, which holds a credential, all but that

    def broken() -> Any:
        raise AssertionError("was read again")

    known = [layer if layer.number == 1 else layer._replace(open=broken) for layer in found.layers]
    again = read(found._replace(layers=tuple(known)), store, b"code")
    assert again.layers == first.layers
    once, twice = put_together(first.image, first.layers), put_together(again.image, again.layers)
    assert once.packages.files == twice.packages.files
    with pytest.raises(AssertionError, match="read again"):
        read(found._replace(layers=tuple(known)), store, b"other code")


def test_what_a_layer_unpacks_to_is_looked_at_once(
    image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own digest is verified whenever it is read, with any code."""
    (found,) = find([image]).images
    store = Kept()
    trusted = []

    def noted(*arguments: Any, **more: Any) -> Any:
        trusted.append(more["trusted"])
        return walk(*arguments, **more)

    monkeypatch.setattr(walkers, "walk", noted)
    first = read(found, store, b"code")
    again = read(found, store, b"newer code")
    pairs = {(layer.digest, layer.diff_id) for layer in found.layers}
    assert trusted == [frozenset(), pairs]
    assert again.layers == first.layers

    (lower, *others) = found.layers
    swapped = found._replace(layers=(lower._replace(open=others[0].open), *others))
    assert [number for number, _ in read(swapped, store, b"newest code").failed] == [0]


def test_a_second_run_writes_the_same(image: str, database: str, tmp_path: Path) -> None:
    outputs = []
    for number in range(2):
        output = tmp_path / f"{number}.json"
        code = command([
            "scan", image, "--database", database, "--format", "json", "-o", str(output),
            "--no-config",
        ])  # fmt: skip
        outputs.append((code, output.read_bytes()))
    assert outputs[0] == outputs[1]
    assert outputs[0][0] == 1


def test_a_layer_that_is_cut_off_is_no_clean_one(
    tmp_path: Path, scanned: Callable[..., Report]
) -> None:
    files = Layout()
    files.index(files.image([BASE[:1500], END], "", CONFIG | {"history": []}))
    report = scanned(files.write(tmp_path / "app"))
    (failed,) = report.coverage.failed
    assert failed.path == "app"
    assert failed.reason.startswith("layer 1 (sha256:")


def test_a_wrong_digest_is_told(image: str, scanned: Callable[..., Report]) -> None:
    blobs = sorted(Path(image, "blobs/sha256").iterdir(), key=lambda file: file.stat().st_size)
    data = blobs[-1].read_bytes()
    blobs[-1].write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    assert scanned(image).coverage.failed


def test_images_and_files_in_one_run(
    image: str, scanned: Callable[..., Report], tmp_path: Path
) -> None:
    pod = tmp_path / "pod.yaml"
    pod.write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        "  - {name: a, image: 'a:1', securityContext: {privileged: true}}\n"
    )
    found = by_rule(scanned(image, str(pod)))
    assert {"privileged-container", "image-setuid-program"} <= set(found)


def test_what_was_not_understood_is_told(tmp_path: Path, scanned: Callable[..., Report]) -> None:
    program = b"\x7fELF" + bytes(60)
    layer = b"".join((
        member(b"etc/os-release", b"ID=debian\nVERSION_ID=12\n"),
        member(b"opt/tool", program, mode=0o755),
        member(b"var/lib/rpm/rpmdb.sqlite", b"no database"),
        member(b"nix/var/nix/db/db.sqlite", b"x"),
        END,
    ))  # fmt: skip
    files = Layout()
    report = scanned(files.index(files.image([layer])).write(tmp_path / "app"))
    told = {(item.path, item.what) for item in report.coverage.not_covered}
    assert ("app", "1 program (/opt/tool)") in told
    assert ("app:/var/lib/rpm/rpmdb.sqlite", "rpm database (SQLite)") in told
    assert ("app:/nix/var/nix/db/db.sqlite", "packages of Nix") in told


GO = b"\xff Go buildinf:"


def go_note(text: bytes, version: bytes = b"go1.22.3") -> bytes:
    marked = bytes(16) + text + bytes(16)

    def varint(number: int) -> bytes:
        out = b""
        while number >= 0x80:
            out += bytes([number & 0x7F | 0x80])
            number >>= 7
        return out + bytes([number])

    head = GO + b"\x08\x02" + bytes(16)
    assert len(head) == 32
    return head + varint(len(version)) + version + varint(len(marked)) + marked


def test_of_a_file_that_is_there_twice_the_last_one_counts(tmp_path: Path) -> None:
    path = b"srv/node_modules/a/package.json"
    good, broken = b'{"name": "a", "version": "1.0.0"}', b"{"
    for first, last, versions in ((good, broken, []), (broken, good, ["1.0.0"])):
        layer = member(path, first) + member(path, last) + END
        files = Layout()
        target = files.index(files.image([layer])).write(tmp_path / f"app{len(versions)}")
        (found,) = find([target]).images
        (looked,) = read(found, None, b"").layers
        packages = [p.version for facts in looked.facts.values() for p in facts.contents.packages]
        assert packages == versions
        assert [trouble.path for trouble in looked.troubles] == [path.decode()] * (not versions)


@pytest.mark.parametrize("size", [1024, 12 * 1024 * 1024])
def test_large_go_programs_are_read_as_they_pass(
    tmp_path: Path, scanned: Callable[..., Report], size: int
) -> None:
    """The second is larger than what is held as a whole."""
    note = go_note(b"path\tapp\nmod\tapp\tv1.0.0\t\ndep\tgithub.com/a/b\tv1.2.3\th1:x=\n")
    program = bytearray(size + len(note) + 4096)
    program[:64] = elf_header(0x1000, len(note) + 64, size)
    program[64:120] = segment(size, len(note) + 64)
    program[size : size + len(note)] = note
    layer = member(b"usr/local/bin/app", bytes(program), mode=0o755) + END
    files = Layout()
    target = files.index(files.image([layer], "zstd")).write(tmp_path / "app")
    (found,) = find([target]).images
    whole = put_together(found, read(found, None, b"").layers)
    names = {p.name for _, contents in whole.packages.files for p in contents.packages}
    assert names == {"app", "github.com/a/b", "stdlib"}


def elf_header(_address: int, _length: int, _offset: int) -> bytes:
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    fields = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return ident + fields


def segment(offset: int, length: int) -> bytes:
    return struct.pack("<IIQQQQQQ", 1, 6, offset, 0x400000, 0x400000, length, length, 0x1000)


# Which targets are images ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("app:1.2", True),
        ("registry.example.org/app", True),
        ("localhost:5000/app", True),
        ("app@sha256:" + "0" * 64, True),
        ("docker:app", True),
        ("rootfs:/", True),
        ("host", True),
        ("app", False),
        ("deploy/app.yaml", False),
        ("./app:1", False),
        ("/tmp/none.tar", False),
        ("-", False),
        ("C:/x", False),
        ("org/app", False),
    ],
)
def test_what_is_not_there_is_an_image_by_its_form(target: str, expected: bool) -> None:
    assert is_image(target) is expected


def test_what_is_there_is_one_by_what_it_is(image: str, tmp_path: Path) -> None:
    archive = tmp_path / "app.tar"
    write_tar(archive, {"manifest.json": b"[]"})
    assert split((image, str(archive), str(tmp_path))) == ((str(tmp_path),), (image, str(archive)))


def test_a_tag_of_a_layout_may_be_a_full_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = Layout()
    names = ("registry.example.org/app:1.2", "registry.example.org:5000/app:2")
    annotation = "org.opencontainers.image.ref.name"
    manifests = [
        files.image([member(name.encode()) + END], annotations={annotation: name}) for name in names
    ]
    layout = files.index(*manifests).write(tmp_path / "a:b")
    for name in names:
        for prefix in ("", "oci:"):
            target = f"{prefix}{layout}:{name}"
            assert is_image(target)
            (found,) = find([target]).images
            assert found.reference == name
            assert found.name == f"{prefix}a:b:{name}", "no path of this machine is told"


# Commands -------------------------------------------------------------------------------------


def test_the_files_of_a_layer(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["image", "files", image, "--layer", "3"]) == 0
    assert capsys.readouterr().out.endswith("/root/.npmrc (deletes)\n")
    assert command(["image", "files", image, "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"app/server", "bin", "usr/bin/su"} <= {line["path"] for line in listed}
    assert command(["image", "files", image, "--layer", "9"]) == 2
    assert "name one from 1 to 3" in capsys.readouterr().err


def test_what_changed(
    image: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = Layout()
    newer = JINJA.replace(b"2.4.1", b"3.1.6")
    path = JINJA_PATH.replace(b"2.4.1", b"3.1.6")
    other = files.index(files.image([BASE, member(path, newer) + END], "gzip", {})).write(
        tmp_path / "newer"
    )
    assert command(["image", "diff", image, other, "--files"]) in (0, 1)
    told = capsys.readouterr().out
    assert "  ~ pypi:jinja2 2.4.1 -> 3.1.6\n" in told
    assert "  - /app/server 0755 1000:0 1 bytes\n" in told
    assert "  - user app\n" in told
    assert "- high image-setuid-program" in told


def test_a_bill_of_an_image(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["sbom", image, "--quiet"]) == 0
    bill = json.loads(capsys.readouterr().out)
    purls = {component["purl"] for component in bill["components"]}
    assert "pkg:pypi/jinja2@2.4.1" in purls
    assert any(purl.startswith("pkg:deb/debian/libssl3@3.0.1-1?") for purl in purls)


def test_an_image_that_is_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["scan", "containers-storage:none:1", "--no-config"]) == 2
    assert "none:1: there is no such image" in capsys.readouterr().err


def test_a_registry_that_is_not_there_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing listens at this port of this machine."""
    assert command(["scan", "localhost:1/app:1", "--no-config"]) == 3
    told = capsys.readouterr().out
    assert "localhost:1/app:1" in told
    assert "Nothing was checked" in told


@pytest.mark.parametrize(
    "words", [["scan"], ["sbom"], ["image", "files"], ["harden", "image"]], ids=" ".join
)
def test_all_commands_ask_the_mirror_that_is_named(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing listens there, and both places are told."""
    out = [str(tmp_path / "out")] if words[0] == "harden" else []
    mirror = ["--registry-mirror", "localhost:1=localhost:2"]
    assert command([*words, "localhost:1/app:1", *out, *mirror]) == 3
    told = capsys.readouterr()
    assert "localhost:2" in told.out + told.err


# Bases ----------------------------------------------------------------------------------------

PLAIN_HISTORY = {**CONFIG, "history": [{"created_by": f"step {number}"} for number in range(3)]}
"""Of which no step tells where a base ends."""
BASE_CONFIG = {"history": [{"created_by": "ADD debian"}]}


def base_and_app(directory: Path, **annotations: str) -> tuple[str, dict[str, Any]]:
    """A layout with an image and one that is built on it, and the descriptor of the first."""
    files = Layout()
    own = {"org.opencontainers.image.ref.name": "base"}
    base = files.image([BASE], "gzip", BASE_CONFIG, annotations=own)
    named = {
        f"org.opencontainers.image.base.{key}": base["digest"] if value == "its" else value
        for key, value in annotations.items()
    }
    app = files.image(
        [BASE, own_layer("x" * 24), LAST], "gzip", PLAIN_HISTORY, {"annotations": named},
        annotations={"org.opencontainers.image.ref.name": "app"},
    )  # fmt: skip
    return files.index(base, app).write(directory), base


def base_told(report: Report, path: str) -> tuple[object, ...]:
    (image,) = (each for each in report.summary().images if each.path == path)
    return image.base_layers, image.base_known_by, image.base, image.base_named_by


def test_the_base_by_annotations_and_its_own_layers(
    tmp_path: Path, scanned: Callable[..., Report]
) -> None:
    layout, _ = base_and_app(tmp_path / "both", name="registry.example.org/base:1", digest="its")
    report = scanned(f"{layout}:app")
    told = (1, "annotation", "registry.example.org/base:1", "annotation")
    assert base_told(report, "both:app") == told
    (image,) = report.summary().images
    of_base = [finding for finding in report.findings if finding.details["base"]]
    assert 0 < image.of_base == len(of_base) < image.findings == len(report.findings)
    assert image.fixed_above == sum("fixed_versions" in f.details for f in of_base)
    assert image.system == "debian 12"


def test_the_base_by_annotations_alone_is_a_name(
    tmp_path: Path, scanned: Callable[..., Report]
) -> None:
    layout, _ = base_and_app(tmp_path / "both", name="debian:12", digest=f"sha256:{'0' * 64}")
    assert base_told(scanned(f"{layout}:app"), "both:app") == (0, "", "debian:12", "annotation")


def test_a_base_whose_layers_are_others_is_told(
    tmp_path: Path, scanned: Callable[..., Report]
) -> None:
    files = Layout()
    other = files.image([member(b"x") + END], "gzip", BASE_CONFIG)
    named = {"org.opencontainers.image.base.digest": other["digest"]}
    app = files.image([BASE, LAST], "gzip", {}, {"annotations": named})
    report = scanned(files.index(app).write(tmp_path / "app"))
    assert base_told(report, "app")[:2] == (0, "")
    (told,) = (item for item in report.coverage.not_covered if item.what == "the base image")
    assert "has none of that one's layers" in told.reason


def test_the_base_by_the_lock_file(tmp_path: Path, scanned: Callable[..., Report]) -> None:
    from seawall.locking.file import Lock
    from seawall.locking.layouts import pins_of

    layout, base = base_and_app(tmp_path / "both")
    found = pins_of(layout, "registry.example.org/shop")
    pins = [pin for pin in found if pin.name.endswith("base")]
    assert [pin.digest for pin in pins] == [base["digest"]]
    report = scanned(f"{layout}:app", bases=Lock(tuple(pins), ()).bases)
    told = (1, "lock-file", "registry.example.org/shop:base", "lock-file")
    assert base_told(report, "both:app") == told


def test_the_base_by_an_image_of_the_same_run(
    tmp_path: Path, scanned: Callable[..., Report]
) -> None:
    layout, _ = base_and_app(tmp_path / "both")
    assert base_told(scanned(f"{layout}:app"), "both:app")[:2] == (0, "")
    report = scanned(f"{layout}:app", f"{layout}:base")
    assert base_told(report, "both:app") == (1, "image-seen", "base", "image-seen")
    assert base_told(report, "both:base")[:2] == (0, "")


def test_the_base_by_an_image_of_another_run(
    tmp_path: Path,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is written is not taken from the cache as it was before the base was known."""
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    layout, _ = base_and_app(tmp_path / "both")

    def told(name: str) -> list[object]:
        command(["scan", f"{layout}:{name}", "--format", "json", "--database", database])
        (image,) = json.loads(capsys.readouterr().out)["images"]
        return [image["base"]["layers"], image["base"]["known_by"]]

    assert told("app") == [0, ""]
    assert told("base") == [0, ""]
    assert told("app") == told("app") == [1, "image-seen"]
    assert told("base") == [0, ""]


def test_the_table_tells_layers_and_bases(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, _ = base_and_app(tmp_path / "both", name="registry.example.org/base:1", digest="its")
    command(["scan", f"{layout}:app", "--no-cache", "--database", database])
    out = capsys.readouterr().out
    assert "layer 2: step 1" in out
    assert "layer 1, of the base image: step 0" in out
    assert "1 of 3 layers came with the base image registry.example.org/base:1" in out


@pytest.mark.parametrize("name", ["nginx", "library/nginx", "my-org/web_app"])
def test_a_name_without_a_tag_is_told_how_to_ask(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(["scan", name]) == 3
    assert f"is asked for with its tag: {name}:latest" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", ["deploy.yaml", "./nginx", "a/b/c", "Nginx", "nginx/"])
def test_a_path_is_not(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(["scan", name]) == 3
    assert "with its tag" not in capsys.readouterr().out


def test_steps_as_builders_write_them() -> None:
    assert [
        step_of(text)
        for text in (
            "RUN /bin/sh -c apt-get update   &&  make # buildkit",
            "RUN |2 A=b VERSION=1.2 3 /bin/sh -c make # buildkit",
            "|1 A=b /bin/sh -c make",
            "/bin/sh -c make\t-j2",
            "/bin/sh -c #(nop)  CMD [\"sh\"]",
            "COPY . /app # buildkit",
            "RUN /usr/bin/make all # buildkit",
            "bazel build ...",
        )
    ] == [
        "RUN apt-get update && make", "RUN make", "RUN make", "RUN make -j2", 'CMD ["sh"]',
        "COPY . /app", "RUN /usr/bin/make all", "bazel build ...",
    ]  # fmt: skip
