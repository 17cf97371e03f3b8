"""What package managers leave in a layer, and what takes it away again in the same RUN."""

import posixpath
from collections.abc import Iterator, Sequence
from functools import lru_cache

from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.base_systems import DASH, shell_of
from seawall.dockerfile.package_commands import PackageCommand, calls_of, package_command
from seawall.dockerfile.package_managers import CLEAN, INSTALL, UPDATE, UPGRADE
from seawall.dockerfile.stages import Step
from seawall.text.shell.script import Command, Script

_MAX_BRACES = 64
_TRUE = frozenset(("1", "true", "yes", "on", "y", "t"))
_HOMES = ("~", "$HOME", "${HOME}")


class Leftover(NamedTuple):
    """Lists or caches that stay in the layer of a RUN: what filled them, and which directory."""

    call: PackageCommand
    directory: str
    script: Script
    step: Step


@lru_cache(maxsize=8)  # several rules ask of one RUN
def leftovers(step: Step) -> tuple[Leftover, ...]:
    """The package lists and caches that a RUN leaves behind, one for each family and directory.

    Nothing stays where a later command of the same script removes it or has the manager clean up,
    where it is never written (``apk --no-cache``, ``pip --no-cache-dir``), or where it is on a
    mount. Whether the image's own configuration cleans up is not known here, except that
    Debian's images and those made from them delete apt's archives.
    """
    found: list[Leftover] = []
    for script in step.scripts:
        calls = calls_of(script)
        if not calls:
            continue
        places = {command: place for place, command in enumerate(script.commands)}
        cleaned: dict[tuple[str, str], int] = {}
        for call in calls:
            if _writes_nothing(call, step):
                continue
            directories = _filled(call)
            if not directories or any(is_mounted(step, one) for one in directories):
                continue
            key = call.family, directories[0]
            if key not in cleaned:
                cleaned[key] = last_cleaning(call.family, directories, script, step)
            if places[call.command] > cleaned[key]:
                cleaned[key] = len(places)  # the first one is enough
                found.append(Leftover(call, directories[0], script, step))
    return tuple(found)


def _filled(call: PackageCommand) -> tuple[str, ...]:
    if call.action == UPDATE:
        return call.definition.lists
    if call.action in {INSTALL, UPGRADE} and call.family == "apt":
        return call.definition.lists if updates_first(call) else ()
    if call.action in {INSTALL, UPGRADE}:
        return call.definition.caches
    return call.definition.caches if call.family == "go" and call.verb == "build" else ()


def updates_first(call: PackageCommand) -> bool:
    """Whether apt is told to fetch lists before it installs (since 2.9)."""
    return call.family == "apt" and call.option("--update", "-U") is not None


def _writes_nothing(call: PackageCommand, step: Step) -> bool:
    if call.family == "apk":
        return call.option("--no-cache", "--no-network") is not None
    if call.family == "pip":
        return is_cacheless_pip(call, step)
    return False


def is_cacheless_pip(call: PackageCommand, step: Step) -> bool:
    """Whether pip is told to keep no cache: by its option, or by ``PIP_NO_CACHE_DIR``."""
    if call.option("--no-cache-dir", "--no-cache"):
        return True
    for assignment in call.command.assignments:
        if assignment.name == "PIP_NO_CACHE_DIR":
            value = assignment.value.value if assignment.value else None
            return value is None or value.lower() in _TRUE
    found = step.environment.value("PIP_NO_CACHE_DIR")
    return found is not None and (not found.known or found.text.lower() in _TRUE)


def last_cleaning(family: str, directories: Sequence[str], script: Script, step: Step) -> int:
    """The place in a script of the last command that empties one of some directories; else -1."""
    for place in range(len(script.commands) - 1, -1, -1):
        command = script.commands[place]
        paths = removed_paths(command, step)
        if any(covers(path, directory) for path in paths for directory in directories):
            return place
        call = package_command(command)
        if call is None or call.action != CLEAN or not _is_kin(call.family, family):
            continue
        if _cleans(call, directories[0]):
            return place
    return -1


def _is_kin(one: str, other: str) -> bool:
    """Whether two families share a cache; yum is a name of dnf's in newer systems."""
    return one == other or {one, other} == {"yum", "dnf"}


def _cleans(call: PackageCommand, directory: str) -> bool:
    if call.family == "apt":
        return call.verb in {"distclean", "dist-clean"} or directory == "/var/cache/apt/archives"
    if call.family in {"yum", "dnf"}:
        words = [word.value for word in call.command.operands]
        return "all" in words[words.index("clean") + 1 :] if "clean" in words else False
    return True


def removed_paths(command: Command, step: Step) -> list[str]:
    """The paths that a command deletes with what is below them; ``/*`` at their end is left out.

    ``rm`` with ``-r``, and ``find`` with ``-delete`` or ``-exec rm``. Braces are carried out
    unless the shell is known to be dash, which has none. ``~`` is ``/root``.
    """
    if command.name == "rm" and command.option("-r", "-R", "--recursive"):
        words = command.operands
    elif command.name == "find" and {"-delete", "rm"} & set(command.values):
        words = command.operands[:1]
    else:
        return []
    has_braces = shell_of(step) != DASH
    found: list[str] = []
    for word in words:
        text = word.text.strip('"') if word.value is None else word.value
        found += [_directory(path) for path in (_braces(text) if has_braces else [text]) if path]
    return found


def _directory(path: str) -> str:
    for home in _HOMES:
        if path == home or path.startswith(f"{home}/"):
            path = f"/root{path[len(home) :]}"
    while path.endswith(("/*", "/.", "/**", "/")) and len(path) > 1:
        path = path.rpartition("/")[0] or "/"
    return posixpath.normpath(path)


def _braces(text: str) -> list[str]:
    """``/var/{lib,cache}/x`` as its paths."""
    todo = [text]
    found: list[str] = []
    while todo and len(todo) + len(found) < _MAX_BRACES:
        one = todo.pop()
        close = one.find("}")
        opening = one.rfind("{", 0, close) if close >= 0 else -1
        inside = one[opening + 1 : close]
        if opening < 0 or "," not in inside or one[:opening].endswith("$"):
            found.append(one)
        else:
            todo += [one[:opening] + part + one[close + 1 :] for part in inside.split(",")]
    return found + todo


def covers(removed: str, directory: str) -> bool:
    """Whether what is below a removed path includes a directory."""
    if "*" in removed:
        head = removed.partition("*")[0]
        whole = (
            removed.endswith("*") and "*" not in removed[:-1] and "/" not in removed[len(head) :]
        )
        return whole and (directory.startswith(head) or directory == head.rstrip("/"))
    return removed in {"/", directory} or directory.startswith(f"{removed}/")


def is_mounted(step: Step, directory: str) -> bool:
    """Whether a directory is outside of the layer in a RUN: a mount holds it."""
    for mount in step.mounts:
        if mount.type in {"cache", "tmpfs", "bind"} and mount.target:
            target = posixpath.normpath(mount.target)
            if directory == target or directory.startswith(f"{target.rstrip('/')}/"):
                return True
    return False


def runs(steps: Sequence[Step]) -> Iterator[Step]:
    """The RUNs among some steps, but for those that an ONBUILD of the base brings."""
    return (step for step in steps if step.name == "RUN" and not step.triggered)
