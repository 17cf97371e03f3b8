"""The files of packages on their way into an image: what both dpkg's and apk's have in common."""

from collections.abc import Callable, Collection, Iterable, Iterator

from seawall.patching.tree import Tree
from seawall.sources.images.entry import DIRECTORY, FILE, SYMLINK

_PYTHON = ".py"
_CACHE = "__pycache__"


def forget_byte_code(tree: Tree, path: str) -> None:
    """Take out what Python once made of a file that has changed.

    Python takes byte code for right where time and size of the source are those it was made of, and
    times in a layer are clamped: it could go on to run the old code.
    """
    if not path.endswith(_PYTHON):
        return
    above, _, name = path.rpartition("/")
    start = f"{name.removesuffix(_PYTHON)}."
    for each in tree.names(f"{above}/{_CACHE}"):
        if each.startswith(start) and each.endswith(".pyc"):
            tree.remove(f"{above}/{_CACHE}/{each}")


def lying(
    tree: Tree, paths: Iterable[str], place: Callable[[str], str] = str
) -> Iterator[str]:  # fmt: skip
    """Where the files and directories of a package lie in the image.

    A list of paths does not tell directories from links: what has others below it is a directory of
    the package, and no link of its own where one leads to that in the image (a merged ``/usr``).
    """
    listed = list(paths)
    above = {head for path in listed for head in _above(path)}
    for path in listed:
        found = tree.actual(place(path))
        if path in above and found.node is not None and found.node.entry.kind is SYMLINK:
            continue
        yield found.path


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def remove_old(tree: Tree, before: Iterable[str], kept: Collection[str]) -> list[str]:
    """Take out what packages brought and bring no longer; gives the files that went.

    ``before`` has paths as they lie in the image, ``kept`` those that belong to some package still.
    A directory goes where nothing is in it and no package names it.
    """
    gone = []
    for path in sorted(set(before) - set(kept), reverse=True):  # what is in a directory first
        node = tree.edited.tree.get(path)
        if node is None:
            continue
        if node.entry.kind is DIRECTORY:
            if not node.children:
                tree.remove(path)
            continue
        if node.entry.kind is FILE:
            forget_byte_code(tree, path)
        tree.remove(path)
        gone.append(path)
    return gone
