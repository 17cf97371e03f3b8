"""Which configuration holds for the targets: the nearest one upwards."""

import os
import re
import stat
from collections.abc import Iterable, Iterator

from seawall.core.errors import UsageError
from seawall.core.named_tuple import NamedTuple
from seawall.sources.files import STDIN_PATHS, names

FILE_NAME = "seawall.toml"
PYPROJECT = "pyproject.toml"
_HEADER = rb"(?m)^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*seawall[ \t]*[\].]"
SIZE_LIMIT = 1024 * 1024


class ConfigurationFile(NamedTuple):
    """A configuration: its name for messages, its bytes, and the keys under which it stands.

    ``directory`` is the one that its patterns and file names start from.
    """

    path: str
    directory: str
    data: bytes
    table: tuple[str, ...] = ()


def locate(targets: Iterable[str]) -> ConfigurationFile | None:
    """The configuration that all targets have in common; raises UsageError if they have two."""
    found: dict[str, ConfigurationFile | None] = {}
    first: dict[str, str] = {}
    for target in targets:
        file = _upwards(target)
        key = os.path.realpath(file.path) if file else ""
        found.setdefault(key, file)
        first.setdefault(key, target)
    if len(found) > 1:
        told = " and ".join(
            f"{file.path if file else 'none'} for {first[key]}" for key, file in found.items()
        )
        raise UsageError(
            f"two configurations at once: {told}; scan them apart, or name one with --config"
        )
    return next(iter(found.values()), None)


def read_named(path: str) -> ConfigurationFile:
    """The configuration that was named; raises UsageError when it cannot be read."""
    data = read_if_there(path, needed=True)
    in_pyproject = os.path.basename(path) == PYPROJECT
    return _file(path, data or b"", pyproject=in_pyproject)


def _upwards(target: str) -> ConfigurationFile | None:
    """The nearest one above a target, up to the top of its repository."""
    found = (_in(directory) for directory in directories_above(target))
    return next((file for file in found if file is not None), None)


def directories_above(target: str) -> Iterator[str]:
    """The directory of a target and those above it, up to the top of its repository.

    Those that must not be looked into are left out.
    """
    path = os.path.normpath(target) if target not in STDIN_PATHS else os.curdir
    directory = path if os.path.isdir(path) else os.path.dirname(path) or os.curdir
    full = os.path.realpath(directory)
    while True:
        if os.access(directory, os.X_OK):  # else the scan tells so where it is a target
            yield directory
        parent = os.path.dirname(full)
        if os.path.exists(os.path.join(full, ".git")) or parent == full:
            return
        full = parent
        directory = os.path.relpath(full)


def _in(directory: str) -> ConfigurationFile | None:
    own_path = os.path.normpath(os.path.join(directory, FILE_NAME))
    shared_path = os.path.normpath(os.path.join(directory, PYPROJECT))
    own = read_if_there(own_path)
    shared = read_if_there(shared_path)
    if shared is not None and not _has_table(shared):
        shared = None
    if own is not None and shared is not None:
        raise UsageError(
            f"two configurations at once: {own_path} and [tool.seawall] in {shared_path}; "
            "keep one of them, or name one with --config"
        )
    if own is not None:
        return _file(own_path, own)
    if shared is not None:
        return _file(shared_path, shared, pyproject=True)
    return None


def in_pyproject(directory: str) -> bool:
    """Whether the project file of a directory holds a configuration."""
    data = read_if_there(os.path.join(directory, PYPROJECT))
    return data is not None and _has_table(data)


def _has_table(data: bytes) -> bool:
    """Whether a ``pyproject.toml`` has a table for us; one that cannot be read is not our concern.

    Nearly all are told apart by their looks; reading them costs as much as a small scan.
    """
    if b"seawall" not in data or b"tool" not in data:
        return False
    if re.search(_HEADER, data):
        return True
    from seawall.text.toml import TomlError, parse  # noqa: PLC0415 - rare

    try:
        tool = parse(data.decode("utf-8-sig")).value.get("tool")
    except (UnicodeDecodeError, TomlError):
        return False
    return isinstance(tool, dict) and "seawall" in tool


def _file(path: str, data: bytes, *, pyproject: bool = False) -> ConfigurationFile:
    """A configuration, called in messages and reports without this machine's directories."""
    (name,) = names([path])
    table = ("tool", "seawall") if pyproject else ()
    return ConfigurationFile(name, os.path.dirname(path), data, table)


def _unreadable(path: str, error: OSError, option: str) -> UsageError:
    reason = (error.strerror or str(error)).lower()
    return UsageError(f"cannot read {path}: {reason}; name another with {option}")


def read_if_there(
    path: str, *, needed: bool = False, limit: int = SIZE_LIMIT, option: str = "--config"
) -> bytes | None:
    """The bytes of a file; ``None`` when it is not there and need not be. Raises UsageError.

    ``option`` is where another file would be named.
    """
    try:
        with open(path, "rb", opener=None if needed else _open) as stream:
            data = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        if not needed:
            return None
        raise _unreadable(path, error, option) from None
    except OSError as error:
        raise _unreadable(path, error, option) from None
    if len(data) > limit:
        raise UsageError(
            f"{path} is larger than {limit >> 20} MiB: it is no configuration; "
            f"name another with {option}"
        )
    return data


def _open(path: str, flags: int) -> int:
    """Open what was not named but found: a FIFO in a stranger's tree would never end."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        os.close(descriptor)
        raise OSError(0, "is no file")
    return descriptor
