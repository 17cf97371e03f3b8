"""Images that a real Podman and a real Docker hold, held against the layout they were made of."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seawall.sources.images import target
from seawall.sources.images.engines import places
from seawall.sources.images.engines.source import EngineSource
from seawall.sources.images.image import Image
from tests.builds.images import Shelf
from tests.builds.machine import missing, run
from tests.realimages import engines
from tests.sources.images.registry import double
from tests.sources.images.registry.made import Made

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(missing()), reason=missing() or "images can be built"),
]
_NAME = "docker.io/library/debian:12"
_OWN = "registry.example.org/team/web:1"
_VARIABLE = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}


class Held(NamedTuple):
    """An engine, and what it holds."""

    service: engines.Service
    layout: str
    """The same image as ``_NAME``, as a target."""
    pulled: str
    """``HOST:PORT/NAME``, pulled from a registry by its tag ``1``."""
    digest: str
    """Of the manifest of that."""
    several: str
    """One that is there for several platforms, pulled likewise."""
    index_digest: str
    """The digest of the index of that."""

    @property
    def kind(self) -> str:
        return self.service.kind


@pytest.fixture(scope="module", params=engines.KINDS)
def held(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Held]:
    kind = request.param
    if not shutil.which(engines.KINDS[kind]):
        pytest.skip(f"{engines.KINDS[kind]} is not on PATH")
    (layout,) = Shelf().layouts(["debian:12"])
    archive = tmp_path_factory.mktemp("archive") / "debian.tar"
    run(["skopeo", "copy", "-q", f"oci:{layout}:{_NAME}", f"docker-archive:{archive}:{_NAME}"])
    with double.running() as registry:
        try:
            with engines.running(kind, registry.host) as service:
                service.load(archive)
                service.tag(_NAME, *_OWN.rsplit(":", 1))
                service.tag(_NAME, "localhost/team/plain", "1")
                one = Made("linux/amd64", files={"etc/os-release": b"ID=one\n"})
                two = Made("linux/amd64", "linux/arm64", files={"etc/os-release": b"ID=two\n"})
                for made, name in ((one, "shop/one"), (two, "shop/two")):
                    registry.push(made, name)
                    service.pull(f"{registry.host}/{name}", "1")
                host = registry.host
                yield Held(service, f"{layout}:{_NAME}", f"{host}/shop/one", one.digest,
                           f"{host}/shop/two", two.digest)  # fmt: skip
        except engines.NotStartedError as error:
            pytest.skip(str(error))


def seawall(
    held: Held,
    *arguments: str,
    expected: tuple[int, ...] = (0,),
    environment: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """As a user calls it, with the engine named by its own variable."""
    kept = {name: value for name, value in os.environ.items() if name not in _VARIABLE.values()}
    done = subprocess.run(
        [sys.executable, "-m", "seawall", *arguments], capture_output=True, text=True, timeout=120,
        env={**kept, **(environment or {_VARIABLE[held.kind]: held.service.address})}, check=False,
    )  # fmt: skip
    assert done.returncode in expected, done.stderr + done.stdout
    return done


def scanned(held: Held, name: str, *options: str) -> dict[str, Any]:
    done = seawall(held, "scan", name, "--no-config", "--format", "json", *options, expected=(0, 1))
    value: dict[str, Any] = json.loads(done.stdout)
    assert not value["faults"]
    return value


def image(held: Held, name: str) -> Image:
    """Found through the engine alone."""
    found = places.engines({_VARIABLE[held.kind]: held.service.address}, "/nowhere")
    return target.resolve(name, [EngineSource(engine) for engine in found]).image


def test_the_same_layers(held: Held) -> None:
    ours, theirs = image(held, f"{held.kind}:{_NAME}"), target.resolve(held.layout).image
    diff_ids = [layer.diff_id for layer in ours.layers]
    assert len(diff_ids) > 1
    assert diff_ids == [layer.diff_id for layer in theirs.layers]
    assert ours.config_digest == theirs.config_digest == held.service.identity(_NAME)
    assert str(ours.platform) == str(theirs.platform)
    assert not ours.problems
    assert _OWN in ours.tags


def test_the_same_findings(held: Held) -> None:
    def seen(name: str) -> list[tuple[object, ...]]:
        return [
            (each["rule"], each["severity"], each["message"], each["location"]["key_path"])
            for each in scanned(held, name)["findings"]
        ]

    expected = seen(held.layout)
    assert len(expected) > 10
    assert seen(f"{held.kind}:{_NAME}") == expected
    assert seen(_OWN) == expected  # a name without a prefix: the engine before the registry


def test_the_same_packages(held: Held) -> None:
    def purls(name: str) -> list[str]:
        bill = json.loads(seawall(held, "sbom", name, "--quiet").stdout)
        return [each["purl"] for each in bill["components"]]

    expected = purls(held.layout)
    assert len(expected) > 50
    assert purls(f"{held.kind}:{_NAME}") == expected


def test_the_same_files(held: Held) -> None:
    expected = seawall(held, "image", "files", held.layout).stdout
    assert expected.count("\n") > 1_000
    assert seawall(held, "image", "files", f"{held.kind}:{_NAME}").stdout == expected


def test_the_same_once_hardened(held: Held, tmp_path: Path) -> None:
    def configuration(name: str, out: Path) -> str:
        seawall(held, "harden", "image", "--no-sbom", name, f"oci:{out}")
        (top,) = json.loads((out / "index.json").read_bytes())["manifests"]
        manifest = (out / "blobs" / top["digest"].replace(":", "/")).read_bytes()
        return str(json.loads(manifest)["config"]["digest"])

    expected = configuration(held.layout, tmp_path / "layout")
    assert configuration(f"{held.kind}:{_NAME}", tmp_path / "engine") == expected


@pytest.mark.parametrize(
    "name", ["debian:12", "library/debian:12", "docker.io/debian:12", _NAME, _OWN,
             "localhost/team/plain:1", "//debian:12"],
)  # fmt: skip
def test_names(held: Held, name: str) -> None:
    found = image(held, f"{held.kind}:{name}")
    assert found.config_digest == held.service.identity(_NAME)


def test_a_short_name(held: Held) -> None:
    """Podman looks below localhost first; docker knows its own registry only."""
    name = f"{held.kind}:team/plain:1"
    if held.kind == "podman":
        assert image(held, name).config_digest == held.service.identity(_NAME)
        return
    assert "there is no such image" in seawall(held, "scan", name, expected=(2,)).stderr


def test_ids(held: Held) -> None:
    whole = held.service.identity(_NAME)
    bare = whole.partition(":")[2]
    for name in (whole, bare, bare[:12]):
        assert image(held, f"{held.kind}:{name}").config_digest == whole
    made = held.service.identity(f"{held.pulled}:1").partition(":")[2][:12]
    (about,) = scanned(held, f"{held.kind}:{made}")["images"]
    assert about["system"] == "one"


def test_digests(held: Held) -> None:
    for name, digest, system in (
        (held.pulled, held.digest, "one"), (held.several, held.index_digest, "two"),
    ):  # fmt: skip
        found = image(held, f"{held.kind}:{name}:1")
        assert digest in found.digests
        for written in (f"{held.kind}:{name}@{digest}", f"{name}@{digest}"):
            (about,) = scanned(held, written)["images"]
            assert about["digest"] == held.service.identity(f"{name}:1")
            assert about["system"] == system


def test_what_it_does_not_hold(held: Held) -> None:
    done = seawall(held, "scan", f"{held.kind}:none:1", expected=(2,))
    assert f"no such image in {held.kind} ({held.service.socket})" in done.stderr
    wrong = f"{held.kind}:{held.pulled}@sha256:{'0' * 64}"
    assert "there is no such image" in seawall(held, "scan", wrong, expected=(2,)).stderr
    other = seawall(
        held, "scan", "--platform", "linux/s390x", f"{held.kind}:{_NAME}", expected=(3,)
    )
    assert "no image for linux/s390x, only for linux/" in other.stdout + other.stderr


def test_either_variable(held: Held) -> None:
    """Podman's socket answers as docker's does, by which many know it."""
    address = held.service.address
    for kind, variable in _VARIABLE.items():
        done = seawall(held, "scan", f"{kind}:{held.pulled}:1", environment={variable: address})
        assert "Could not be read" not in done.stdout
    both = dict.fromkeys(_VARIABLE.values(), address)
    for kind in _VARIABLE:
        seawall(held, "scan", f"{kind}:{held.pulled}:1", environment=both)
