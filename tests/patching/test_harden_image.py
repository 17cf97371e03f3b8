"""``seawall harden image --patch``: the plan, the result, what is attached, wrong usage."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from seawall.advisories.advisory import Advisory, Affected, Events
from seawall.advisories.build import Builder, Origin
from seawall.hardening.images.options import Options
from seawall.hardening.images.rewriting import plan
from seawall.hardening.images.verification.roots import original_of
from seawall.hardening.images.verification.trials import Identity
from seawall.patching.plans import ALL
from seawall.patching.sources import Wanted
from tests.cli.support import Outcome, command
from tests.hardening.images.made import document, elf, index, opened, system
from tests.patching.makers import Apk, Deb, File, alpine, debian, image
from tests.patching.support import shelf

OLD = Deb("libtool1", "1.0-1", {"usr/lib/libtool.so.1": b"old", "usr/bin/su": File(b"s", 0o4755)},
          fields={"Source": "tool", "Multi-Arch": "same"})  # fmt: skip
NEW = OLD._replace(version="1.0-2", files={**OLD.files, "usr/lib/libtool.so.1": b"new"})
SECRET = Deb("clean", "1"), Deb("clean", "2")


def bare(id_: str, ecosystem: str, name: str, fixed: str | None) -> Advisory:
    ranges = (Events("0", fixed) if fixed else Events("0"),)
    return Advisory(id_, "test", (Affected(ecosystem, name, ranges),), published="2024-01-01")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("advisories") / "own.db")
    builder = Builder(path)
    builder.add(
        Origin("osv", "OSV", "CC0-1.0"),
        [
            bare("CVE-2024-0001", "Debian:12", "tool", "1.0-2"),
            bare("CVE-2024-0002", "Debian:12", "tool", "1.0-3"),
            bare("CVE-2024-0003", "Debian:12", "tool", None),
            bare("CVE-2024-0004", "Debian:12", "other", "2"),
            bare("CVE-2024-0005", "Alpine:v3.20", "app", "1.0-r1"),
        ],
    )
    builder.finish()
    return path


@pytest.fixture
def source(tmp_path: Path) -> str:
    return image(tmp_path / "in", debian(OLD, Deb("other", "1"), SECRET[0]))


@pytest.fixture
def debs(tmp_path: Path) -> str:
    return shelf(tmp_path / "debs", NEW, SECRET[1])


def harden(*arguments: str) -> Outcome:
    return command("harden", "image", *arguments)


def run(source: str, out: Path, debs: str, database: str, *more: str) -> str:
    found = harden(source, str(out), "--patch", "--packages", debs, "--allow-unsigned",
                   "--database", database, *more)  # fmt: skip
    assert found.code == 0, found.errors
    return found.output


def vulnerabilities(name: str, database: str) -> set[str]:
    found = command("scan", name, "--format", "json", "--exit-zero", "--database", database)
    report: dict[str, Any] = json.loads(found.output)
    return {each["details"]["id"] for each in report["findings"] if "id" in each.get("details", {})}


@pytest.mark.parametrize("mode", ["--layer", "--squash"])
def test_what_is_vulnerable_is_patched(
    source: str, debs: str, database: str, tmp_path: Path, mode: str
) -> None:
    out = tmp_path / "out"
    told = run(source, out, debs, database, mode)
    assert "done: patched libtool1 1.0-1 -> 1.0-2: clears CVE-2024-0001\n" in told
    assert "done: 1 vulnerability is cleared: CVE-2024-0001\n" in told
    assert "left: not patched: other 1 (has CVE-2024-0004): the sources do not have it\n" in told
    assert "note: WARNING: --allow-unsigned" in told
    assert "patched clean" not in told
    files = system(str(out))
    assert files["usr/lib/libtool.so.1"].content == b"new"
    assert files["usr/bin/su"].mode == 0o755  # patched first, then hardened
    assert vulnerabilities(source, database) == {f"CVE-2024-000{n}" for n in (1, 2, 3, 4)}
    assert vulnerabilities(str(out), database) == {f"CVE-2024-000{n}" for n in (2, 3, 4)}
    layers = {"--layer": 3, "--squash": 1}[mode]
    assert len(opened(str(out)).layers) == layers


def test_a_minimal_image_is_made_of_the_patched_one(database: str, tmp_path: Path) -> None:
    old = OLD._replace(files={"usr/bin/tool": File(elf(b"old"), 0o755), "usr/bin/more": b"x"})
    new = old._replace(version="1.0-2", files={"usr/bin/tool": File(elf(b"newer"), 0o755)})
    source = image(tmp_path / "in", debian(old, Deb("other", "1", {"usr/share/o": b""})),
                   Entrypoint=["/usr/bin/tool"])  # fmt: skip
    out = tmp_path / "out"
    told = run(source, out, shelf(tmp_path / "debs", new), database, "--minimal")
    assert "done: patched libtool1 1.0-1 -> 1.0-2: clears CVE-2024-0001\n" in told
    files = system(str(out))
    assert files["usr/bin/tool"].content == elf(b"newer")
    status = files["var/lib/dpkg/status"].content
    assert b"Version: 1.0-2\n" in status
    assert b"Package: other" not in status
    assert vulnerabilities(str(out), database) == {"CVE-2024-0002", "CVE-2024-0003"}


def test_the_original_that_a_result_is_held_against_is_not_patched(
    source: str, debs: str, tmp_path: Path
) -> None:
    wanted = Wanted(ALL, packages=(debs,), allow_unsigned=True)
    who = Identity(os.getuid(), os.getgid(), (), "/")
    with plan(opened(source), Options(patch=wanted)) as planned:
        assert planned.subject.told.done[:2] == [
            "patched clean 1 -> 2: asked for", "patched libtool1 1.0-1 -> 1.0-2: asked for",
        ]  # fmt: skip
        root = original_of(planned, str(tmp_path), who)
        assert (Path(root.path) / "usr/lib/libtool.so.1").read_bytes() == b"old"


def test_a_layer_is_a_layer(source: str, debs: str, database: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = run(source, out, debs, database)
    old, new = opened(source), opened(str(out))
    assert new.layers[0].digest == old.layers[0].digest
    steps = [step.created_by for step in new.config.history[-2:]]
    assert steps == ["seawall harden image --patch", "seawall harden image --layer"]
    assert new.annotations["org.opencontainers.image.base.digest"] == old.manifest_digest
    assert not new.problems
    assert "size: 1 layer, " in told
    assert " -> 3 layers, " in told
    again = tmp_path / "again"
    run(source, again, debs, database)
    assert index(out) == index(again)


def test_what_is_attached_tells_the_truth(
    source: str, debs: str, database: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert "attached: 3 manifests (bill of materials, provenance, OpenVEX)" in run(
        source, out, debs, database
    )
    found = {}
    for each in index(out)["manifests"][1:]:
        (content,) = document(out, each["digest"])["layers"]
        found[each["artifactType"]] = document(out, content["digest"])
    versions = {each["name"]: each["version"]
                for each in found["application/vnd.cyclonedx+json"]["components"]}  # fmt: skip
    assert versions["libtool1"] == "1.0-2"
    (statement,) = found["application/vnd.openvex+json"]["statements"]
    assert statement["status"] == "fixed"
    assert statement["vulnerability"] == {"name": "CVE-2024-0001"}
    (product,) = statement["products"]
    assert product["@id"].startswith("pkg:deb/debian/libtool1@1.0-2?")
    definition = found["application/vnd.in-toto+json"]["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["patch"] == "vulnerable"


def test_a_plan_is_told_first(source: str, debs: str, database: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = run(source, out, debs, database, "--dry-run")
    assert "done: patched libtool1 1.0-1 -> 1.0-2: clears CVE-2024-0001\n" in told
    assert "Nothing was written" in told
    assert not out.exists()


def test_named_packages_and_all_need_no_advisories(source: str, debs: str, tmp_path: Path) -> None:
    own = ["--packages", debs, "--allow-unsigned", "--database", str(tmp_path / "none")]
    told = harden(source, str(tmp_path / "a"), "--patch-package", "clean", *own).output
    assert "patched clean 1 -> 2: asked for" in told
    assert "patched libtool1" not in told
    told = harden(source, str(tmp_path / "b"), "--patch-all", *own).output
    assert "patched clean 1 -> 2: asked for" in told
    assert "patched libtool1 1.0-1 -> 1.0-2: asked for" in told


def test_nothing_to_patch_is_told(source: str, database: str, tmp_path: Path) -> None:
    told = run(source, tmp_path / "out", shelf(tmp_path / "empty"), database)
    assert "note: nothing is patched" in told
    assert len(opened(str(tmp_path / "out")).layers) == 2


def test_a_version_that_mends_nothing_is_left(source: str, database: str, tmp_path: Path) -> None:
    debs = shelf(tmp_path / "debs", NEW._replace(version="1.0-1+b1"))
    told = run(source, tmp_path / "out", debs, database)
    assert "(has CVE-2024-0001, CVE-2024-0002): 1.0-1+b1, the newest there is, has them too" in told


def test_alpine_is_patched_by_the_same_command(database: str, tmp_path: Path) -> None:
    old = Apk("app-libs", "1.0-r0", {"usr/lib/app": b"old"}, origin="app")
    new = old._replace(version="1.0-r1", files={"usr/lib/app": b"new"})
    source = image(tmp_path / "in", alpine(old))
    place = tmp_path / "apks"
    place.mkdir()
    (place / new.file_name).write_bytes(new.bytes())
    told = run(source, tmp_path / "out", str(place), database)
    assert "patched app-libs 1.0-r0 -> 1.0-r1: clears CVE-2024-0005" in told
    assert system(str(tmp_path / "out"))["usr/lib/app"].content == b"new"
    assert vulnerabilities(str(tmp_path / "out"), database) == set()


def test_a_root_file_system_is_patched_too(debs: str, database: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for path, content in debian(OLD, usr_merged=False).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        data = content.data if isinstance(content, File) else content
        (root / path).write_bytes(data.encode() if isinstance(data, str) else data)  # type: ignore[arg-type]
    told = run(f"rootfs:{root}", tmp_path / "out", debs, database)
    assert "patched libtool1" in told
    assert system(str(tmp_path / "out"))["usr/lib/libtool.so.1"].content == b"new"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--patch"], "nothing says where newer packages are"),
        (["--mirror", "/x"], "--mirror is for --patch"),
        (["--keyring", "/x"], "--keyring is for --patch"),
        (["--patch", "--mirror", " "], "--mirror: nothing is named"),
        (["--patch", "--mirror", "/nowhere/at/all"], "is no directory and no address"),
        (["--patch", "--mirror", "http://a:b@example.org/"], "no name and password"),
        (["--patch-package", "nope", "--packages", "."], "the image has no such package"),
        (["--patch-all", "--packages", ".", "--checksums", "/nowhere"], "name another file"),
        (["--patch-all", "--packages", ".", "--keyring", "/nowhere"], "name another file"),
    ],
)
def test_wrong_usage_is_told(
    source: str, tmp_path: Path, arguments: list[str], message: str
) -> None:
    found = harden(source, str(tmp_path / "out"), *arguments)
    assert found.code == 2, found.errors
    assert message in found.errors
    assert not (tmp_path / "out").exists()


def test_what_is_not_vouched_for_is_refused(
    source: str, debs: str, database: str, tmp_path: Path
) -> None:
    found = harden(source, str(tmp_path / "out"), "--patch", "--packages", debs, "--database",
                   database)  # fmt: skip
    assert found.code == 3
    assert "nothing says that it is what it should be" in found.errors
    assert not (tmp_path / "out").exists()
