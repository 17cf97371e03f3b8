"""Why a Debian package cannot be put into an image without its scripts; each reason is for people.

Sources: dpkg's ``src/main/archives.c`` (what may replace what), deb-triggers(5), dpkg-divert(1),
update-alternatives(1).
"""

from collections.abc import Iterable, Iterator

from seawall.patching import scripts
from seawall.patching.conffiles import CLASH, verdicts
from seawall.patching.deb import Deb
from seawall.patching.dpkg_database import HOME, Database, Installed
from seawall.patching.paragraphs import text_of
from seawall.patching.relations import groups
from seawall.patching.tree import Tree
from seawall.sources.images.entry import DIRECTORY, SYMLINK

_HARMLESS = frozenset((
    "ca-certificates", "dbus", "desktop-file-utils", "fontconfig", "hicolor-icon-theme",
    "init-system-helpers", "install-info", "libc-bin", "mailcap", "man-db", "menu", "mime-support",
    "python3", "python3-minimal", "systemd", "udev",
))  # fmt: skip
"""Packages that want to know of changed files, and make of them what is done here, or only a cache
that tells itself whether it is old, or a service that does not run."""
_CERTIFICATES = "ca-certificates"


class Fitness:
    """Tells what speaks against a package."""

    def __init__(self, tree: Tree, database: Database, *, keep_changed: bool) -> None:
        """``keep_changed``: configuration that both sides changed is kept as the image has it."""
        self._tree = tree
        self._database = database
        self._keep_changed = keep_changed
        self._watched = tuple(self._triggers())
        self._targets = frozenset(self._alternatives())

    def _triggers(self) -> Iterator[tuple[str, str]]:
        """Paths that packages want to know of, with the packages."""
        for line in text_of(self._tree.data(f"{HOME}/triggers/File") or b"").split("\n"):
            path, _, package = line.partition(" ")
            if path.startswith("/") and package:
                name = package.partition("/")[0].partition(":")[0]
                yield path.strip("/"), name

    def _alternatives(self) -> Iterator[str]:
        """What the links of update-alternatives lead to."""
        for name in self._tree.names("etc/alternatives"):
            node = self._tree.edited.tree.get(f"etc/alternatives/{name}")
            if node is not None and node.entry.kind is SYMLINK:
                target = self._tree.edited.tree.resolve(f"etc/alternatives/{name}")
                if target is not None:
                    yield target.entry.path

    def obstacle(self, old: Installed, new: Deb) -> str:
        """Why a package cannot be taken; empty where it can."""
        reasons: Iterable[str] = self._reasons(old, new)
        return next(iter(reasons), "")

    def _reasons(self, old: Installed, new: Deb) -> Iterator[str]:
        if not old.file:
            yield from self._of_scripts(old, new)
        yield from self._of_files(old, new)
        clashes = [
            path for path, each in verdicts(self._tree, self._database, old, new).items()
            if each.action == CLASH
        ]  # fmt: skip
        if clashes and not self._keep_changed:
            yield (f"its configuration was changed, here and in the new version: /{clashes[0]}; "
                   "--keep-changed-conffiles keeps this one")  # fmt: skip

    def _of_scripts(self, old: Installed, new: Deb) -> Iterator[str]:
        name = old.unit.name
        if reason := scripts.refused_by_name(name):
            yield f"{reason}, and no script is run"
        before = {
            each: text_of(self._database.info(old, each) or b"") for each in ("preinst", "postinst")
        }
        if name != _CERTIFICATES and (reason := scripts.obstacle(new.scripts, before)):
            yield reason
        if _interests(new.text("triggers")) != _interests(
            text_of(self._database.info(old, "triggers") or b"")
        ):
            yield "it wants to know of other triggers than the old version"
        for path, package in self._watched:
            if package in _HARMLESS or package == name:
                continue
            hit = next((each.entry.path for each in new.files
                        if each.entry.kind is not DIRECTORY
                        and f"{each.entry.path}/".startswith(f"{path}/")), "")  # fmt: skip
            if hit:
                yield f"{package} has a trigger for /{hit}, and no script is run"

    def _of_files(self, old: Installed, new: Deb) -> Iterator[str]:
        tree, database, name = self._tree, self._database, old.unit.name
        before = set(database.paths(old))
        replaces = {each.name for group in groups(new.control.one_line("Replaces"))
                    for each in group}  # fmt: skip
        for each in new.files:
            entry = each.entry
            path = database.diverted(entry.path, name)
            node = tree.actual(path).node
            if entry.kind is DIRECTORY:
                if node is not None and not tree.is_directory(path):
                    yield f"/{entry.path} is a directory in it, and something else in the image"
                continue
            if entry.kind is not SYMLINK and node is not None and node.entry.kind is DIRECTORY:
                yield f"/{entry.path} is a file in it, and a directory in the image"
            if node is not None and entry.path not in before:
                owner = tree.whole.packages.owner_of(path)
                if owner is not None and owner.name != name:
                    also = " (which it would replace)" if owner.name in replaces else ""
                    yield f"its /{entry.path} is in {owner.name}{also}"
        brought = {tree.actual(database.diverted(each.entry.path, name)).path for each in new.files}
        for path in before:
            there = tree.actual(database.diverted(path, name)).path
            if there in self._targets and there not in brought:
                yield f"/{path} is an alternative in use, and the new version has it no more"


def _interests(text: str) -> set[str]:
    lines = (" ".join(line.partition("#")[0].split()) for line in text.split("\n"))
    return {line for line in lines if line.startswith("interest")}
