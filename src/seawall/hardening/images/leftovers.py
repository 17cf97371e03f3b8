"""Files that nobody needs or that nobody should have: credentials, caches, histories, dumps."""

from collections.abc import Iterator

from seawall.hardening.images.options import named
from seawall.hardening.images.subject import Subject
from seawall.images import credential_files, leftover_files
from seawall.images.facts import File
from seawall.sources.images.entry import FILE


def remove_leftovers(subject: Subject) -> None:
    """Take these out, and tell which."""
    told = subject.told
    by_kind: dict[str, list[str]] = {}
    layers = {}
    for file, what in _credentials(subject):
        by_kind.setdefault(what, []).append(file.path)
        layers[file.path] = file.layer
    below = []
    for what, paths in sorted(by_kind.items()):
        gone = subject.remove(paths)
        below += [path for path in gone if layers[path] < subject.kept_layers]
        if gone:
            told.done.append(f"removed {named(gone)}, which held {what}")
        kept = [path for path in paths if path not in gone]
        if kept:
            told.left.append(f"{named(kept)} still holds {what}: --keep says so")
    _tell_of_lower_layers(subject, below)
    for what, paths in _leftovers(subject):
        gone = subject.remove(paths)
        if gone:
            told.done.append(f"removed {what}: {named(gone)}")


def _credentials(subject: Subject) -> Iterator[tuple[File, str]]:
    for file in subject.facts.files.notable():
        kind = credential_files.kind_of(file.path) if file.is_regular else None
        text = None if kind is None else subject.facts.files.text(file.path)
        if kind is not None and text is not None and credential_files.holds(kind, text):
            yield file, kind.what


def _tell_of_lower_layers(subject: Subject, below: list[str]) -> None:
    """Whiteouts hide, they delete nothing: whoever has the image has the bytes."""
    kept = subject.kept_layers
    hidden = [
        item.entry.path for item in subject.whole.files.hidden
        if item.entry.kind is FILE and item.layer < kept
        and is_known(subject, item.entry.path, item.layer)
    ]  # fmt: skip
    paths = sorted({*below, *hidden})
    if paths:
        subject.told.notes.append(
            f"the bytes of {named(paths)} are still in the layers that are kept, and can be had "
            "from there: replace what they hold, and use --squash"
        )


def is_known(subject: Subject, path: str, layer: int) -> bool:
    """Whether a file of a layer is one that is known for the credentials in it."""
    kind = credential_files.kind_of(path)
    text = None if kind is None else subject.facts.files.text(path, layer)
    return kind is not None and text is not None and bool(credential_files.holds(kind, text))


_NAMES = {
    leftover_files.HISTORY: "histories of commands",
    leftover_files.CORE: "core dumps",
    leftover_files.GIT: "git repositories",
}


def _leftovers(subject: Subject) -> Iterator[tuple[str, list[str]]]:
    caches = []
    for cache in leftover_files.CACHES:
        node = subject.node(cache.rstrip("/"))
        if node is not None and node.children:
            children = node.children.items()
            caches += [
                each.entry.path for name, each in children if name not in leftover_files.KEPT
            ]
    yield "package caches", caches
    found: dict[str, list[str]] = {}
    for file in subject.facts.files.notable():
        kind = leftover_files.kind_of(file.path) if not file.is_directory else None
        if kind in _NAMES:
            path = file.path
            if kind == leftover_files.GIT:
                path = path.removesuffix("/HEAD")
                if path.rpartition("/")[2] != ".git":  # a server's, which may be what it is for
                    continue
            found.setdefault(kind, []).append(path)
    for kind, paths in sorted(found.items()):
        yield _NAMES[kind], paths
