"""Versions of packages: read from documents, written to the lock file, pinned by ``--lock``."""

import gzip
import io
import json
import lzma
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cli.main import run
from seawall.core.errors import InputError
from seawall.locking.file import read, rendered
from seawall.locking.packages import PackagePin, chosen, packages_of

PACKAGES = """\
Package: curl
Status: install ok installed
Version: 8.14.1-2+deb13u2
Description: a tool
 Version: of a continuation, which counts for nothing

Package: libc6
Version: 2.41-12
"""
APKINDEX = "C:Q1abc=\nP:curl\nV:8.14.1-r2\nA:x86_64\n\nP:git\nV:2.49.1-r0\n"
CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "components": [
        {"purl": "pkg:deb/debian/curl@8.14.1-2%2Bdeb13u2?arch=amd64", "components": [
            {"purl": "pkg:pypi/Flask_Login@0.6.3"}]},
        {"purl": "pkg:npm/%40angular/cli@20.1.0"},
        {"purl": "pkg:golang/example.org/tools@v0.38.0"},
        {"purl": "pkg:rpm/fedora/curl@8.11.1-4.fc42?epoch=1"},
        {"purl": "pkg:oci/web@sha256:1"},
        {"name": "no purl"},
    ],
}  # fmt: skip
SPDX = {
    "spdxVersion": "SPDX-2.3",
    "packages": [
        {"externalRefs": [
            {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"},
            {"referenceType": "purl", "referenceLocator": "pkg:apk/alpine/curl@8.14.1-r2"},
        ]},
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(data: bytes | str) -> set[tuple[str, str, str]]:
    Path("document").write_bytes(data.encode() if isinstance(data, str) else data)
    return {(pin.type, pin.name, pin.version) for pin in packages_of("document")}


def test_an_index_of_debian() -> None:
    wanted = {("deb", "curl", "8.14.1-2+deb13u2"), ("deb", "libc6", "2.41-12")}
    assert found(PACKAGES) == wanted
    assert found(PACKAGES.replace("\n", "\r\n")) == wanted
    assert found(gzip.compress(PACKAGES.encode())) == wanted
    assert found(lzma.compress(PACKAGES.encode())) == wanted


def test_an_index_of_alpine() -> None:
    wanted = {("apk", "curl", "8.14.1-r2"), ("apk", "git", "2.49.1-r0")}
    assert found(APKINDEX) == wanted
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as file:
        for name, data in (("DESCRIPTION", b"x"), ("APKINDEX", APKINDEX.encode())):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    assert found(gzip.compress(archive.getvalue())) == wanted


def test_documents_of_a_built_image() -> None:
    assert found(json.dumps(CYCLONEDX)) == {
        ("deb", "curl", "8.14.1-2+deb13u2"), ("pypi", "flask-login", "0.6.3"),
        ("npm", "@angular/cli", "20.1.0"), ("golang", "example.org/tools", "v0.38.0"),
        ("rpm", "curl", "1:8.11.1-4.fc42"),
    }  # fmt: skip
    assert found(json.dumps(SPDX)) == {("apk", "curl", "8.14.1-r2")}


def test_requirements() -> None:
    text = "# made\nflask[async]==3.1.2 \\\n    --hash=sha256:00\njinja2 === 3.1.6 ; a\nx>=1\n"
    assert found(text) == {("pypi", "flask", "3.1.2"), ("pypi", "jinja2", "3.1.6")}


@pytest.mark.parametrize(
    "data",
    [b"", b"x>=1\n", b"{", b"{}", b"\x1f\x8bbroken", b"\xfd7zXZ\0broken", b"[" * 9999,
     b'{"spdxVersion": 1, "x": ' + b"[" * 99999],
)  # fmt: skip
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(InputError, match="name an SBOM"):
        found(data)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_odd_bytes_are_refused_or_read(data: bytes) -> None:
    with suppress(InputError):
        assert found(data) is not None


def test_one_version_is_chosen_several_are_not() -> None:
    pins = [
        PackagePin("npm", "a", "1.0"), PackagePin("npm", "a", "2.0"),
        PackagePin("golang", "example.org/tools", "v0.38.0"), PackagePin("pypi", "A.B", "1"),
    ]  # fmt: skip
    wanted = ("pkg:npm/a", "pkg:golang/example.org/tools/cmd/x", "pkg:pypi/a-b", "pkg:deb/b")
    single, several = chosen(wanted, [*pins, *pins])
    assert {key: pin.version for key, pin in single.items()} == {
        "pkg:golang/example.org/tools/cmd/x": "v0.38.0", "pkg:pypi/a-b": "1",
    }  # fmt: skip
    assert several == {"pkg:npm/a": ("1.0", "2.0")}


def test_what_is_written_is_read() -> None:
    pins = [PackagePin("deb", "curl", "1:8.14.1-2+deb13u2~x", "sbom")]
    Path("seawall.lock").write_text(rendered((), pins))
    assert read("seawall.lock").packages == tuple(pins)
    assert read("seawall.lock").pins == {"pkg:deb/curl": "1:8.14.1-2+deb13u2~x"}


DOCKERFILE = """\
FROM debian:12 AS a
RUN apt-get update && apt-get install -y \\
    curl \\
    "git" jq=1.7
COPY --from=registry.example.org/tools:3 /t /t
FROM alpine:3.22
RUN apk add --no-cache curl
RUN pip install flask[async] 'click>=8' && npm install -g @angular/cli
RUN go install example.org/tools/cmd/x@latest
"""
PINNED = """\
FROM debian:12 AS a
RUN apt-get update && apt-get install -y \\
    curl=8.14.1-2+deb13u2 \\
    "git=1:2.47.3-0+deb13u1" jq=1.7
COPY --from=registry.example.org/tools:3 /t /t
FROM alpine:3.22
RUN apk add --no-cache curl~=8.14.1
RUN pip install flask[async]==3.1.2 'click==8.2.1' && npm install -g @angular/cli@20.1.0
RUN go install example.org/tools/cmd/x@v0.38.0
"""
RULES = "apt-unpinned,apk-unpinned,pip-unpinned,npm-unpinned,go-unpinned"


def test_from_documents_to_pins(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text(DOCKERFILE)
    Path("sbom.json").write_text(json.dumps(CYCLONEDX))
    Path("apk").write_text(APKINDEX)
    Path("debs").write_text("Package: git\nVersion: 1:2.47.3-0+deb13u1\n")
    Path("requirements.txt").write_text("flask==3.1.2\nclick==8.2.1\nunused==1\n")
    arguments = ["lock", "--offline", "Dockerfile"]
    for name in ("sbom.json", "apk", "debs", "requirements.txt"):
        arguments += ["--packages", name]
    assert run(arguments) == 3  # no layout has the images
    told = capsys.readouterr().err
    for image in ("docker.io/library/debian:12", "registry.example.org/tools:3"):
        assert f"{image}: no layout has it" in told
    assert "7 packages with a version" in told
    names = {pin.name for pin in read("seawall.lock").packages}
    assert names == {"curl", "git", "flask", "click", "@angular/cli", "example.org/tools/cmd/x"}
    assert run(["harden", "Dockerfile", "--lock", "--write", "-q", "--select", RULES]) == 0
    assert Path("Dockerfile").read_text() == PINNED
    assert run(["lock", "--offline", "Dockerfile", "-q"]) == 3
    assert len(read("seawall.lock").packages) == 7  # what is known stays
    assert run(["harden", "Dockerfile", "--lock", "--check", "-q", "--select", RULES]) == 0


def test_pins_need_their_tier() -> None:
    Path("Dockerfile").write_text(DOCKERFILE)
    Path("seawall.lock").write_text(rendered((), [PackagePin("apk", "curl", "8.14.1-r2")]))
    assert run(["harden", "Dockerfile", "--check", "-q", "--select", RULES]) == 0
    assert run(["harden", "Dockerfile", "--check", "--lock", "-q", "--select", RULES]) == 1


def test_images_of_dockerfiles(capsys: pytest.CaptureFixture[str]) -> None:
    """The digest goes behind the tag, whatever names the image."""
    digest = f"sha256:{'c3' * 32}"
    text = (
        "ARG TAG=1\nFROM a:1 AS x\nFROM registry.example.org/b:$TAG\n"
        "COPY --from=c /a /b\nRUN --mount=from=d:2,target=/x make\nFROM x\n"
    )
    Path("Dockerfile").write_text(text)
    lock = "version = 1\n"
    for name in ("a:1", "c:latest", "d:2"):
        lock += f'[[image]]\nname = "docker.io/library/{name}"\ndigest = "{digest}"\n'
    lock += f'[[image]]\nname = "registry.example.org/b:1"\ndigest = "{digest}"\n'
    Path("seawall.lock").write_text(lock)
    assert run(["lock", "--offline", "Dockerfile"]) == 0
    assert "4 images, 0 of them new" in capsys.readouterr().err
    select = ["--select", "base-image-not-pinned", "-q", "--write", "--lock"]
    assert run(["harden", "Dockerfile", *select]) == 0
    wanted = text.replace("a:1 ", f"a:1@{digest} ").replace("=c ", f"=c@{digest} ")
    assert Path("Dockerfile").read_text() == wanted.replace("d:2", f"d:2@{digest}")
