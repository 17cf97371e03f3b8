"""Where the repository of a path is, and whether the pointers that lead to it may be believed.

A ``.git`` directory is found as git finds it: upwards, the nearest one. Other things are looked
at with care, for whoever made the tree made them too:

- ``.git`` may be a file (linked work trees, submodules) or a symbolic link, and lead out of the
  tree. It is followed only where the other side points back: the ``gitdir`` file of a linked work
  tree, or ``core.worktree`` of a submodule. Else an unpacked archive could have another
  repository of its reader scanned and shown in place of its own.
- ``commondir`` must name the repository whose ``worktrees/NAME`` it stands in.
- Objects may come from anywhere (``objects/info/alternates``, a link): who wants one must know its
  hash, so nothing is shown that the tree's author does not know already.
- ``core.worktree`` is not obeyed: the work tree is where ``.git`` stands.
- Who owns the files does not matter (git's ``safe.directory``): nothing in them is executed.

What the person who runs seawall says counts without such proof: ``GIT_DIR`` (with
``GIT_WORK_TREE``) where the path lies in the work tree it names. ``GIT_INDEX_FILE`` and the
object directories, which git sets for its hooks, count for the repository they were set for.
"""

import os
import stat
from collections.abc import Mapping

from seawall.core.errors import UsageError
from seawall.core.named_tuple import NamedTuple
from seawall.sources.files import shown
from seawall.sources.git.config import Layout, layout

_POINTER_LIMIT = 8192


class Place(NamedTuple):
    """The paths of a repository, absolute.

    ``top`` is the work tree ("" where there is none), ``git_dir`` what belongs to that work tree
    (HEAD, index), ``common_dir`` what is shared (refs, objects). ``alternates`` is in the form of
    GIT_ALTERNATE_OBJECT_DIRECTORIES. ``trusted``: named by the person, not by the tree.
    """

    top: str
    git_dir: str
    common_dir: str
    index_file: str
    objects: str
    alternates: str
    layout: Layout
    trusted: bool


def locate(path: str, environment: Mapping[str, str]) -> Place | None:
    """The repository that a path lies in, ``None`` where it lies in none.

    Raises ``UsageError`` for a repository that cannot be read or must not be followed.
    """
    start = os.path.realpath(path)
    while not os.path.isdir(start) and start != os.path.dirname(start):
        start = os.path.dirname(start)
    here = _current_directory()
    named = _named(environment, here)
    found: Place | None = None
    entry = _upwards(start)
    if named is not None and _is_within(start, named.top or named.git_dir):
        # A repository further down is nearer to the path than the one that was named.
        top = "" if entry is None else os.path.dirname(entry)
        nearer = top != named.top and _is_within(top, named.top) if top and named.top else False
        found = None if nearer else named
    if found is None and entry is not None:
        found = _place(entry)
    if found is None:
        return None
    return _with_inherited(found, named, environment, here)


def _current_directory() -> str:
    try:
        return os.path.realpath(os.getcwd())
    except OSError:
        return "/"


def _named(environment: Mapping[str, str], here: str) -> Place | None:
    name = environment.get("GIT_DIR", "")
    if not name:
        return None
    git_dir = os.path.realpath(os.path.join(here, name))
    common = _common_dir(git_dir, trusted=True)
    if not _is_repository(git_dir, common):
        raise UsageError(f"GIT_DIR={shown(name)} is no git repository; correct or unset GIT_DIR")
    form = layout(os.path.join(common, "config"))
    top = environment.get("GIT_WORK_TREE", "")
    if top:
        top = os.path.realpath(os.path.join(here, top))
    elif not form.is_bare:
        top = here
    return _make(top, git_dir, common, form, trusted=True)


def _with_inherited(
    place: Place, named: Place | None, environment: Mapping[str, str], here: str
) -> Place:
    """Take over what git sets for its hooks, where it was set for this repository."""
    index = environment.get("GIT_INDEX_FILE", "")
    objects = environment.get("GIT_OBJECT_DIRECTORY", "")
    if not index and not objects:
        return place
    if named is None:
        entry = _upwards(here)
        if entry is None or _place(entry).git_dir != place.git_dir:
            return place
    elif named.git_dir != place.git_dir:
        return place
    if index:
        place = place._replace(index_file=os.path.join(place.top or here, index))
    if objects:
        place = place._replace(
            objects=os.path.join(here, objects),
            alternates=_absolute(environment.get("GIT_ALTERNATE_OBJECT_DIRECTORIES", ""), here),
        )
    return place


def _absolute(directories: str, here: str) -> str:
    # What needs quoting there is written by git, and absolute.
    parts = directories.split(os.pathsep) if directories else []
    return os.pathsep.join(p if p.startswith('"') else os.path.join(here, p) for p in parts)


def _upwards(directory: str) -> str | None:
    """The nearest ``.git``, or the bare repository that a directory is or lies in."""
    while True:
        entry = os.path.join(directory, ".git")
        # As git does, an empty directory of this name is passed over, but a file is not.
        if os.path.isfile(entry) or (os.path.isdir(entry) and _has_head(entry)):
            return entry
        if _has_head(directory) and _is_repository(directory, directory):
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent


def _place(entry: str) -> Place:
    if os.path.basename(entry) == ".git":
        top = os.path.dirname(entry)
        git_dir = _pointed_at(entry)
    else:
        top, git_dir = "", entry
    common = _common_dir(git_dir, trusted=False)
    if not _is_repository(git_dir, common):
        raise UsageError(
            f"{shown(entry)} leads to {shown(git_dir)}, which is no git repository; "
            f"clone it anew, or for a linked work tree run 'git worktree repair'"
        )
    form = layout(os.path.join(common, "config"))
    if top and git_dir != entry and not _is_within(git_dir, top):
        _confirm(entry, top, git_dir, form)
    # A linked work tree is one even where the repository it belongs to is bare.
    if form.is_bare and git_dir == common:
        top = ""
    return _make(top, git_dir, common, form, trusted=False)


def _make(top: str, git_dir: str, common: str, form: Layout, *, trusted: bool) -> Place:
    index, objects = os.path.join(git_dir, "index"), os.path.join(common, "objects")
    return Place(top, git_dir, common, index, objects, "", form, trusted)


def _pointed_at(entry: str) -> str:
    if os.path.isdir(entry):
        return os.path.realpath(entry)
    pointer = read_small(entry)
    target = pointer.removeprefix("gitdir:").strip()
    if not pointer.startswith("gitdir:") or not target:
        raise UsageError(f"{shown(entry)} is a file, but does not say 'gitdir: PATH'; remove it")
    return os.path.realpath(os.path.join(os.path.dirname(entry), target))


def _common_dir(git_dir: str, *, trusted: bool) -> str:
    name = read_small(os.path.join(git_dir, "commondir")).strip()
    if not name:
        return git_dir
    common = os.path.realpath(os.path.join(git_dir, name))
    parent = os.path.dirname(git_dir)
    if not trusted and (os.path.basename(parent), os.path.dirname(parent)) != ("worktrees", common):
        raise UsageError(
            f"{shown(git_dir)}/commondir names {shown(common)}, to which this work tree does not "
            f"belong; if it is yours, say so with GIT_DIR={shown(git_dir)}"
        )
    return common


def _confirm(entry: str, top: str, git_dir: str, form: Layout) -> None:
    """Ask the other side whether it knows of this work tree."""
    back = read_small(os.path.join(git_dir, "gitdir")).strip()
    if back:
        back = os.path.dirname(os.path.join(git_dir, back))
    elif form.work_tree:
        back = os.path.join(git_dir, form.work_tree)
    if not back or os.path.realpath(back) != top:
        raise UsageError(
            f"{shown(entry)} leads to {shown(git_dir)}, outside of the tree, which does not point "
            f"back; if it is yours, say so with GIT_DIR={shown(git_dir)} GIT_WORK_TREE={shown(top)}"
            f", or for a linked work tree that was moved run 'git worktree repair' in it"
        )


def _has_head(directory: str) -> bool:
    return os.path.lexists(os.path.join(directory, "HEAD"))


def _is_repository(git_dir: str, common: str) -> bool:
    return (
        _has_head(git_dir)
        and os.path.isdir(os.path.join(common, "objects"))
        and os.path.isdir(os.path.join(common, "refs"))
    )


def _is_within(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def read_small(path: str) -> str:
    """The text of a small regular file, "" for anything else."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return ""
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            text = stream.read(_POINTER_LIMIT + 1)
    except OSError:
        return ""
    return text if len(text) <= _POINTER_LIMIT and "\0" not in text else ""
