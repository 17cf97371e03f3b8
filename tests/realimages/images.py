"""Real images, one made upon the other, and what their own tools say of each.

They are made by buildah of the machine's own Debian or Ubuntu, with packages of languages that pip,
npm and Go put there. Both the images and what the tools said are kept between runs.
"""

import hashlib
import inspect
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.builds.images import Shelf
from tests.builds.machine import locked, run
from tests.realimages import trees

_BASE = "docker.io/library/debian:12"
NAMES = tuple(f"localhost/seawall-real-{name}:1" for name in ("system", "app", "changed"))
_INSTALL = "apt-get update && apt-get install -y --no-install-recommends"
_CLEAN = "rm -rf /var/lib/apt/lists/*"
_RECIPES = (
    f"""\
FROM {_BASE}
RUN {_INSTALL} curl git nginx-light npm python3-pip redis-server ruby && {_CLEAN}
""",
    f"""\
FROM {NAMES[0]}
COPY . /srv/
""",
    f"""\
FROM {NAMES[1]}
COPY . /srv/
RUN apt-get purge -y curl && {_INSTALL} tree && {_CLEAN} \\
    && rm -rf /srv/python/idna-3.6.dist-info /srv/python/certifi*
""",
)
_FORMAT = "${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n"
_OWNED = ("*/METADATA", "*/PKG-INFO", "*.egg-info", "*.gemspec", "*/package.json")
"""Files of languages that packages of the system may have."""


class Truth(NamedTuple):
    """What the tools themselves say of an image."""

    dpkg: list[list[str]]
    """Name, version and architecture of each package that ``dpkg-query -W`` has as installed."""
    dpkg_below: list[list[str]]
    """The same of the image that it was built upon."""
    owned: Mapping[str, list[str]]
    """By path without a leading ``/``, the packages that ``dpkg-query -S`` names for it."""
    system_pip: Mapping[str, str]
    """What the image's own pip lists."""
    pip: Mapping[str, str]
    npm: Mapping[str, list[str]]
    """The versions of each name; empty where npm is not on this machine."""
    go: Mapping[str, str]


class Made(NamedTuple):
    """An image, and what is true of it."""

    layout: Path
    truth: Truth


def made() -> list[Made]:
    """Three images, each upon the one before it; raises ``NotFetchedError`` without a network."""
    shelf = Shelf()
    recipe = inspect.getsource(trees) + repr((_RECIPES, _OWNED, _FORMAT))
    place = shelf.engine.directory / "real" / hashlib.sha256(recipe.encode()).hexdigest()[:12]
    shelf.layouts([_BASE.rpartition("/")[2]])
    with locked(f"real-{shelf.engine.directory.name}"):
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            _make(shelf, place)
            (place / "complete").touch()
    return [
        Made(layout, Truth(**json.loads((layout / "truth.json").read_text())))
        for layout in (place / str(number) for number in range(len(_RECIPES)))
    ]


def _make(shelf: Shelf, place: Path) -> None:
    for number, (name, recipe) in enumerate(zip(NAMES, _RECIPES, strict=True)):
        layout = place / str(number)
        with TemporaryDirectory() as work:
            context = Path(work, "context")
            context.mkdir()
            _FILL[number](context, Path(work))
            (context / "Dockerfile").write_text(recipe)
            (context / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")
            shelf.engine.build(context, name)
        shelf.engine.export(layout, [name])
        with shelf.engine.mounted(NAMES[number - 1] if number else _BASE) as root:
            below = _installed(root)
        with shelf.engine.mounted(name) as root:
            (layout / "truth.json").write_text(json.dumps(_truth(root, below)._asdict()))


def _fill_app(context: Path, work: Path) -> None:
    trees.wheels(context / "python")
    trees.node_modules(context / "node")
    trees.go_program(work / "go", context / "tool")
    trees.java_archive(context / "app.jar")


def _fill_changed(context: Path, _work: Path) -> None:
    trees.wheels(context / "python", trees.NEWER)


_FILL = (lambda _context, _work: None, _fill_app, _fill_changed)


def _installed(root: Path) -> list[list[str]]:
    text = run(["chroot", root, "dpkg-query", "-W", "-f", _FORMAT])
    rows = [line.split("\t") for line in text.splitlines()]
    return [row[1:] for row in rows if row[0].startswith("ii")]


def _truth(root: Path, below: list[list[str]]) -> Truth:
    def inside(*words: str) -> str:
        return run(["chroot", root, *words])

    pip = inside("python3", "-m", "pip", "list", "--format", "json", "--disable-pip-version-check")
    python, node, tool = (root / "srv" / name for name in ("python", "node", "tool"))
    return Truth(
        _installed(root),
        below,
        _owners(inside("dpkg-query", "-S", *_OWNED)),
        {item["name"]: item["version"] for item in json.loads(pip)},
        trees.listed_by_pip(python) if python.exists() else {},
        trees.listed_by_npm(node) if node.exists() else {},
        trees.listed_by_go(tool) if tool.exists() else {},
    )


def _owners(text: str) -> dict[str, list[str]]:
    found: dict[str, Any] = {}
    for line in text.splitlines():
        names, _, path = line.partition(": /")
        if path and not line.startswith("diversion by"):
            found[path] = [name.partition(":")[0] for name in names.split(", ")]
    return found
