"""A real Debian image, patched from the real security archive; dpkg, apt and programs judge."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.builds.machine import missing, run
from tests.cli.support import command
from tests.realimages import patched
from tests.realimages.patched import described, inside, unpack
from tests.realimages.trees import NotFetchedError

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        bool(missing()) or not shutil.which("gpgv"), reason=missing() or "gpgv is not here"
    ),
]
_UPDATED = re.compile(r"done: patched (\S+) (\S+) -> (\S+): ")
_UNREACHED = re.compile("cannot be reached|no answer came|the server answered")


class Seen(NamedTuple):
    """The image before and after, unpacked."""

    told: str
    before: Path
    after: Path
    layout: Path
    versions: dict[str, str]
    """The new versions of what was patched."""


def layers(layout: Path) -> list[Path]:
    index = json.loads((layout / "index.json").read_bytes())
    (top,) = [each for each in index["manifests"]
              if "org.opencontainers.image.ref.name" in each.get("annotations", {})]  # fmt: skip
    manifest = json.loads(blob(layout, top["digest"]).read_bytes())
    return [blob(layout, each["digest"]) for each in manifest["layers"]]


def blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    try:
        made = patched.made()
    except NotFetchedError as error:
        pytest.skip(f"packages to make an image of cannot be fetched: {error}")
    work = tmp_path_factory.mktemp("patched")
    out = work / "out"
    found = command(
        "harden", "image", str(made.layout), str(out), "--patch-all", "--mirror", made.mirror,
        "--keep", "usr", "--keep", "var", "--keep", "etc",
    )  # fmt: skip
    if found.code and _UNREACHED.search(found.errors):
        pytest.skip(f"the security archive cannot be fetched: {found.errors}")
    assert found.code == 0, found.errors
    before, after = work / "before", work / "after"
    before.mkdir()
    after.mkdir()
    unpack(layers(made.layout), before)
    unpack(layers(out)[:2], after)  # without what hardening itself did
    versions = {name: new for name, _, new in _UPDATED.findall(found.output)}
    if not versions:
        pytest.skip("the security archive has nothing newer than the release today")
    yield Seen(found.output, before, after, out, versions)
    shutil.rmtree(work)


def test_the_archive_was_verified(seen: Seen) -> None:
    assert re.search(r"/InRelease: signed by [0-9A-F]{40}\n", seen.told)
    assert "NOT verified" not in seen.told


def test_dpkg_and_apt_find_nothing_wrong(seen: Seen) -> None:
    for words in (("dpkg", "--verify"), ("dpkg", "--audit")):
        assert inside(seen.after, *words) == inside(seen.before, *words) == (0, ""), words
    code, told = inside(seen.after, "apt-get", "check")
    assert code == 0, told


def test_dpkg_tells_of_the_new_versions(seen: Seen) -> None:
    _, told = inside(
        seen.after, "dpkg-query", "-W", "-f", "${db:Status-Abbrev}|${Package}|${Version}\n"
    )
    installed = dict(line.split("|")[1:] for line in told.splitlines() if line.startswith("ii"))
    assert {name: installed[name] for name in seen.versions} == seen.versions
    assert len(installed) == len(inside(seen.before, "dpkg-query", "-W")[1].splitlines())


@pytest.mark.parametrize(
    "words",
    [
        ("openssl", "version"), ("perl", "-e", "print 1"), ("curl", "--version"),
        ("python3", "-c", "import encodings, re"), ("apt-get", "--version"), ("ldconfig", "-p"),
    ],
)  # fmt: skip
def test_programs_run(seen: Seen, words: tuple[str, ...]) -> None:
    code, told = inside(seen.after, *words)
    assert code == 0, told


def test_what_a_scan_finds_is_gone(seen: Seen) -> None:
    before, after = vulnerabilities(str(patched.made().layout)), vulnerabilities(str(seen.layout))
    assert after < before
    named = {name for name, _ in before - after}
    assert named <= seen.versions.keys()


def vulnerabilities(name: str) -> set[tuple[str, str]]:
    found = command("scan", name, "--format", "json", "--exit-zero")
    assert found.code == 0, found.errors
    report: dict[str, Any] = json.loads(found.output)
    return {
        (each["details"]["package"]["name"], each["details"]["id"])
        for each in report["findings"] if "package" in each.get("details", {})
    }  # fmt: skip


def test_what_is_attached_tells_of_the_new_versions(seen: Seen) -> None:
    index = json.loads((seen.layout / "index.json").read_bytes())
    texts = {}
    for each in index["manifests"]:
        if each.get("artifactType"):
            manifest = json.loads(blob(seen.layout, each["digest"]).read_bytes())
            (content,) = manifest["layers"]
            texts[each["artifactType"]] = blob(seen.layout, content["digest"]).read_text()
    bill = json.loads(texts["application/vnd.cyclonedx+json"])
    versions = {each["name"]: each["version"] for each in bill["components"]}
    assert {name: versions[name] for name in seen.versions} == seen.versions
    assert "patched " in texts["application/vnd.in-toto+json"]


def test_dpkg_itself_makes_the_same_files(seen: Seen, tmp_path: Path) -> None:
    """All of the file system, byte code and logs apart, after ``dpkg -i`` of the same packages."""
    root, debs = tmp_path / "root", tmp_path / "root/debs"
    run(["cp", "-a", seen.before, root])
    debs.mkdir()
    names = [f"{name}={version}" for name, version in seen.versions.items()]
    run(["sh", "-c", 'cd "$1" && shift && apt-get -q download "$@"', "sh", debs, *names])
    with patched.mounted(root):
        code, told = inside(root, "sh", "-c", "dpkg -i /debs/*.deb")
    assert code == 0, told
    shutil.rmtree(debs)
    theirs, ours = described(root), described(seen.after)
    different = {
        path for path in theirs.keys() | ours.keys() if theirs.get(path) != ours.get(path)
        and "__pycache__" not in path
    }  # fmt: skip
    # dpkg and update-ca-certificates keep copies of what was.
    assert different <= {"var/lib/dpkg/status-old", "etc/ca-certificates.conf.dpkg-old", "debs"}
