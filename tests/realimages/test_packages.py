"""What seawall reads in real images, held against what their own tools say."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from seawall.engine.containers.layers import Read
from seawall.engine.containers.named import find
from seawall.engine.containers.scanning import read
from seawall.engine.containers.whole import Whole
from seawall.packages.package import Package
from tests.builds.machine import missing, run
from tests.realimages.images import Made, made
from tests.realimages.trees import JAVA, NotFetchedError

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "images can be built")
SYSTEM, APP, CHANGED = 2, 3, 4
"""The numbers of the layers; the base is 0, and 1 is empty."""
_NODE, _PYTHON, _TOOL, _JAR = "srv/node/", "srv/python/", "srv/tool", "srv/app.jar"


class Seen(NamedTuple):
    """An image as it was made, and as it was read."""

    layout: Path
    truth: Made
    read: Read
    whole: Whole

    def packages(self, type_: str, below: str = "") -> Iterator[tuple[str, Package]]:
        """Its packages of a type, each with the file that tells of it."""
        for path, contents in self.whole.packages.files:
            if path.startswith(below):
                yield from ((path, each) for each in contents.packages if each.type == type_)


def look(name: str) -> tuple[Read, Whole]:
    """An image, read."""
    images = find([name])
    assert not images.failed
    return read(images.images[0], None, b"")


@pytest.fixture(scope="module")
def images() -> list[Seen]:
    try:
        found = made()
    except NotFetchedError as error:
        pytest.skip(f"packages to make images of cannot be fetched: {error}")
    return [Seen(each.layout, each, *look(str(each.layout))) for each in found]


@pytest.fixture(scope="module")
def app(images: list[Seen]) -> Seen:
    return images[1]


@pytest.fixture(scope="module")
def changed(images: list[Seen]) -> Seen:
    return images[2]


def _all_read(seen: Seen) -> None:
    assert not seen.read.failed
    assert not [trouble for layer in seen.read.layers for trouble in layer.troubles]
    assert not [problem for layer in seen.read.layers for problem in layer.problems]
    assert not [each for _, contents in seen.whole.packages.files for each in contents.problems]


def test_everything_is_understood(images: list[Seen]) -> None:
    for seen in images:
        _all_read(seen)


def test_packages_of_the_system_are_those_of_dpkg(images: list[Seen]) -> None:
    for seen in images:
        ours = Counter(
            (package.name, package.version, dict(package.qualifiers)["arch"])
            for _, package in seen.packages("deb")
        )
        assert ours == Counter(tuple(row) for row in seen.truth.truth.dpkg)
        assert len(ours) > 200


def test_each_package_of_the_system_has_the_layer_that_brought_it(images: list[Seen]) -> None:
    """By what dpkg said of the images that it was built upon; the status file is in all layers."""
    layers = set()
    for number, seen in enumerate(images):
        known = [each.truth.truth.dpkg_below for each in images[: number + 1]]
        known.append(seen.truth.truth.dpkg)
        for path, package in seen.packages("deb"):
            own = [package.name, package.version, dict(package.qualifiers)["arch"]]
            first = next(place for place, rows in enumerate(known) if own in rows)
            layer = seen.whole.layer_of(path, package)
            assert layer == (first + SYSTEM - 1 if first else 0), own
            layers.add(layer)
    assert layers == {0, SYSTEM, CHANGED}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(found: Iterator[tuple[str, Package]]) -> set[tuple[str, str]]:
    return {(package.name, package.version) for _, package in found}


def _python(rows: dict[str, str]) -> set[tuple[str, str]]:
    return {(_normal(name), version) for name, version in rows.items()}


def test_packages_of_python_are_those_of_pip(images: list[Seen]) -> None:
    for seen in images:
        ours = _names(seen.packages("pypi", _PYTHON))
        assert ours == _python(dict(seen.truth.truth.pip))
    assert ("idna", "3.6") in _names(images[1].packages("pypi", _PYTHON))
    assert ("idna", "3.7") in _names(images[2].packages("pypi", _PYTHON))


def test_packages_of_node_are_those_of_npm(app: Seen) -> None:
    if not app.truth.truth.npm:
        pytest.skip("npm is not on this machine")
    ours: dict[str, set[str]] = {}
    for _, package in app.packages("npm", _NODE):
        ours.setdefault(package.name, set()).add(package.version)
    assert {name: sorted(each) for name, each in ours.items()} == app.truth.truth.npm
    assert len(ours["debug"]) > 1


def test_modules_of_go_are_those_of_go(app: Seen) -> None:
    if not app.truth.truth.go:
        pytest.skip("Go is not on this machine")
    ours = {
        (name, version.removeprefix("v")) for name, version in _names(app.packages("golang", _TOOL))
    }
    assert ours == {*app.truth.truth.go.items(), ("example.org/tool", "")}


def test_archives_of_java_are_opened_to_the_last(app: Seen) -> None:
    ours = {name.replace("/", ":"): version for name, version in _names(app.packages("maven"))}
    assert ours == JAVA


def test_packages_of_languages_have_the_layer_that_brought_them(changed: Seen) -> None:
    layers = {
        (package.name, changed.whole.layer_of(path, package))
        for type_ in ("pypi", "npm", "golang", "maven")
        for path, package in changed.packages(type_, "srv/")
    }
    assert {layer for _, layer in layers} == {APP, CHANGED}
    assert [name for name, layer in layers if layer == CHANGED] == ["idna"]
    created = changed.read.image.layers[CHANGED].created_by
    assert "apt-get purge" in created


def test_what_dpkg_owns_is_a_part_of_its_package(images: list[Seen]) -> None:
    for seen in images:
        owned = seen.truth.truth.owned
        kinds = set()
        for path, package, owner in seen.whole.packages.covered:
            kinds.add(package.type)
            assert owner.name in owned[path], path
        assert kinds >= {"pypi", "gem", "npm"}
        counted = {path for path, _ in seen.whole.packages.files}
        assert not counted & owned.keys()


def test_no_package_of_the_system_s_python_is_lost(images: list[Seen]) -> None:
    for seen in images:
        covered = {
            (package.name, package.version)
            for _, package, _ in seen.whole.packages.covered
            if package.type == "pypi"
        }
        counted = {
            (package.name, package.version)
            for path, package in seen.packages("pypi")
            if not path.startswith(_PYTHON)
        }
        assert covered | counted == _python(dict(seen.truth.truth.system_pip))


def test_it_is_known_which_system_it_is(images: list[Seen]) -> None:
    for seen in images:
        identity = seen.whole.packages.identity
        assert identity is not None
        assert identity.id in ("debian", "ubuntu")
        for _, package in seen.packages("deb"):
            distro = dict(package.qualifiers)["distro"]
            assert distro == f"{identity.id}-{identity.version}"


def _signature(whole: Whole) -> set[Sequence[object]]:
    return {
        (path, package.type, package.name, package.version, package.qualifiers)
        for path, contents in whole.packages.files
        for package in contents.packages
    }


@pytest.mark.full
@pytest.mark.parametrize(
    ("form", "prefix"),
    [("docker-archive", "docker-archive:"), ("oci-archive", "oci-archive:"), ("dir", None)],
)
def test_every_form_of_an_image_tells_the_same(
    changed: Seen, tmp_path: Path, form: str, prefix: str | None
) -> None:
    if prefix is None:
        root = tmp_path / "bundle"
        run(["umoci", "--log", "error", "unpack", "--image", f"{changed.layout}:{_tag(changed)}",
             root])  # fmt: skip
        _, whole = look(f"rootfs:{root / 'rootfs'}")
    else:
        target = tmp_path / "image.tar"
        run(["skopeo", "copy", "--quiet", f"oci:{changed.layout}", f"{form}:{target}"])
        _, whole = look(f"{prefix}{target}")
        assert _signature(look(str(target))[1]) == _signature(whole)
    assert _signature(whole) == _signature(changed.whole)


def _tag(seen: Seen) -> str:
    return seen.read.image.tags[0]
