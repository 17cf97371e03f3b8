"""A git directory of our own around a stranger's objects, refs and index.

Git obeys the configuration, hooks, attributes, grafts and replacements of the directory it is
pointed to; this one holds nothing of the kind but our own ``config``. What is data is linked in
or copied: HEAD, refs, logs, the list of shallow commits and, for the question what is untracked,
``info/exclude``.
"""

import os
import stat
from contextlib import suppress

from seawall.core.errors import InputError, UsageError
from seawall.core.lazy import pattern
from seawall.sources.files import reason_of, shown
from seawall.sources.git.discovery import Place, read_small

# No filters, textconv or external diffs can be defined but here. Large blobs are passed through
# git in pieces, so that its memory stays small.
_CONFIG = """\
[core]
\trepositoryFormatVersion = 1
\tbare = true
\thooksPath = /dev/null
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tfsmonitor = false
\tuntrackedCache = false
\tbigFileThreshold = 4m
\tdeltaBaseCacheLimit = 32m
[protocol]
\tallow = never
[extensions]
\tobjectFormat = {object_format}
"""
_CONFIG_SHA1 = _CONFIG.partition("[extensions]")[0]  # git before 2.29 knows no such extension

_ALLOCATION_LIMIT = "1g"
"""The largest piece of memory git may ask for at once: a delta can stand for any size."""

_SYMBOLIC = ("ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")
_HEAD = pattern(r"ref: refs/[^\x00-\x20\x7f]+|[0-9a-f]{40}|[0-9a-f]{64}")
_SHARED_INDEX = pattern(r"sharedindex\.(?:[0-9a-f]{40}|[0-9a-f]{64})")
_SHARED_INDEX_LIMIT = 8
_SHARED_INDEX_SIZE = 256 * 1024 * 1024


def build(place: Place) -> str:
    """Make the directory; whoever calls removes it. Gives its path."""
    try:
        directory = _made()
    except OSError as error:
        raise InputError(
            f"cannot make a temporary directory: {reason_of(error)}; name another with TMPDIR"
        ) from None
    try:
        _fill(directory, place)
    except OSError as error:
        remove(directory)
        raise InputError(
            f"cannot prepare {shown(directory)} for git: {reason_of(error)}; "
            f"name another place for temporary files with TMPDIR"
        ) from None
    except BaseException:
        remove(directory)
        raise
    return directory


def _made() -> str:
    """An empty directory for nobody else, where ``tempfile`` makes it, which takes 4 ms to load."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    places = [os.path.abspath(place) for place in (*named, "/tmp", "/var/tmp", "/usr/tmp") if place]  # noqa: S108 - a new directory in it
    failure = OSError(0, "there is no place for it")
    for place in (*places, os.getcwd()):
        directory = os.path.join(place, f"seawall-git-{os.urandom(8).hex()}")
        try:
            os.mkdir(directory, 0o700)
        except OSError as error:
            failure = error
        else:
            return directory
    raise failure


def remove(directory: str) -> None:
    """Remove the directory; links in it are not followed."""
    with suppress(OSError):
        for path, below, names in os.walk(directory, topdown=False):
            for name in (*names, *below):
                entry = os.path.join(path, name)
                (os.rmdir if name in below and not os.path.islink(entry) else os.unlink)(entry)
        os.rmdir(directory)


def environment(directory: str, place: Place) -> dict[str, str]:
    """What git is started with: the caller's environment without any setting for git."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    own = {
        "GIT_DIR": directory,
        "GIT_OBJECT_DIRECTORY": place.objects,
        "GIT_INDEX_FILE": place.index_file,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_ALLOC_LIMIT": _ALLOCATION_LIMIT,
        "GIT_PAGER": "cat",
        "HOME": directory,  # git before 2.32 does not know GIT_CONFIG_GLOBAL
        "XDG_CONFIG_HOME": directory,
        "LC_ALL": "C",
    }
    if place.alternates:
        own["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = place.alternates
    return inherited | own


def _fill(directory: str, place: Place) -> None:
    form = place.layout.object_format
    config = _CONFIG_SHA1 if form == "sha1" else _CONFIG.format(object_format=form)
    _write(directory, "config", config)
    _write(directory, "HEAD", _head(place) + "\n")
    _link(directory, "refs", place.common_dir, place)
    for name in ("packed-refs", "shallow"):
        _link(directory, name, place.common_dir, place)
    for name in _SYMBOLIC:
        _link(directory, name, place.git_dir, place)
    os.mkdir(os.path.join(directory, "logs"))
    _link(directory, "logs/HEAD", place.git_dir, place)
    _link(directory, "logs/refs", place.common_dir, place)
    os.mkdir(os.path.join(directory, "info"))
    _link(directory, "info/exclude", place.common_dir, place)
    _refuse_outside(place.index_file, place)
    if os.path.exists(place.index_file) and not os.path.isfile(place.index_file):
        raise UsageError(f"{shown(place.index_file)} is no file; remove it and run 'git reset'")
    _copy_shared_indexes(directory, place)


def _write(directory: str, name: str, text: str) -> None:
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)


def _head(place: Place) -> str:
    path = os.path.join(place.git_dir, "HEAD")
    # Before git 1.5 a symbolic link.
    text = "ref: " + os.readlink(path) if os.path.islink(path) else read_small(path).strip()
    if _HEAD.fullmatch(text) is None:
        raise UsageError(
            f"{shown(path)} names neither a branch nor a commit; 'git checkout BRANCH' mends it"
        )
    return text


def _link(directory: str, name: str, source: str, place: Place) -> None:
    """Link a file or directory in, where it exists; anything that could block is left out."""
    path = os.path.join(source, name)
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return
    if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        _refuse_outside(path, place)
        os.symlink(path, os.path.join(directory, name))


def _refuse_outside(path: str, place: Place) -> None:
    """Refs and the index say which objects are looked at, so they must be the tree's own."""
    if place.trusted:
        return
    real = os.path.realpath(path)
    roots = (place.git_dir, place.common_dir)
    inherited = path == place.index_file and os.path.dirname(path) != place.git_dir
    if not inherited and not any(real.startswith(root.rstrip("/") + "/") for root in roots):
        raise UsageError(
            f"{shown(path)} is a link that leads out of the repository, to {shown(real)}; if that "
            f"is yours, say so with GIT_DIR={shown(place.git_dir)}"
        )


def _copy_shared_indexes(directory: str, place: Place) -> None:
    """A split index (git-update-index(1)) rests on a second file.

    It is copied, because git sets the time of that file whenever it reads it.
    """
    folder = place.git_dir
    names = [name for name in os.listdir(folder) if _SHARED_INDEX.fullmatch(name)]
    for name in sorted(names)[:_SHARED_INDEX_LIMIT]:
        path = os.path.join(folder, name)
        facts = os.lstat(path)
        if stat.S_ISREG(facts.st_mode) and facts.st_size <= _SHARED_INDEX_SIZE:
            import shutil  # noqa: PLC0415 - seldom of use

            shutil.copyfile(path, os.path.join(directory, name), follow_symlinks=False)
