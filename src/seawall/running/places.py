"""Directories in a stranger's tree, found and made without ever leaving it."""

import errno
import os
import stat

from seawall.running.room import NotPossibleError

_MAX_LINKS = 40
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_DEPTH = 256


def directory(root: str, path: str, mode: int = 0o755) -> str:
    """The directory that a path leads to within a root, made where it is missing.

    What comes back has no links in it. Raises ``NotPossibleError`` where something else is there.
    """
    done: list[str] = []
    waiting = path.split("/")[::-1]
    links = 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            done = done[:-1]
            continue
        above = _opened(root, done)
        try:
            found = _found(above, part)
            if found is None:
                os.mkdir(part, 0o700, dir_fd=above)
                made = os.open(part, _DIRECTORY, dir_fd=above)
                os.fchmod(made, 0o755 if any(waiting) else mode)  # whatever the umask is
                os.close(made)
            elif stat.S_ISLNK(found):
                links += 1
                target = os.readlink(part, dir_fd=above)
                if links > _MAX_LINKS:
                    raise NotPossibleError(f"links lead in circles at /{path}")
                done = [] if target.startswith("/") else done
                waiting += target.split("/")[::-1]
                continue
            elif not stat.S_ISDIR(found):
                raise NotPossibleError(f"/{path} is no directory in it")
        except OSError as error:
            raise NotPossibleError(f"/{path} cannot be made: {error.strerror}") from None
        finally:
            os.close(above)
        done.append(part)
        if len(done) > _MAX_DEPTH:
            raise NotPossibleError(f"/{path} is too deep")
    return "/".join(done)


def file(root: str, path: str) -> str:
    """A file to put another one in place of, made where it is missing; empty where none can be."""
    above, _, name = path.rpartition("/")
    try:
        above = directory(root, above)
        descriptor = _opened(root, above.split("/"))
    except (NotPossibleError, OSError):
        return ""
    try:
        found = _found(descriptor, name)
        if found is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(name, flags, 0o644, dir_fd=descriptor))
        elif not stat.S_ISREG(found):
            return ""
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return f"{above}/{name}" if above else name


def _found(above: int, name: str) -> int | None:
    try:
        return os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None


def _opened(root: str, parts: list[str]) -> int:
    descriptor = os.open(root, _DIRECTORY & ~os.O_NOFOLLOW)
    for part in parts:
        if not part:
            continue
        try:
            below = os.open(part, _DIRECTORY, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def copy(source: int, target: int, left: int) -> int:
    """Copy what is in one open directory into another, owners and rights too; devices are left out.

    ``left`` is how many bytes may be copied; gives how many of these are left. Raises ``OSError``,
    and ``NotPossibleError`` where there are more.
    """
    for name in sorted(os.listdir(source)):
        status = os.stat(name, dir_fd=source, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            os.mkdir(name, 0o700, dir_fd=target)
            inner, outer = (os.open(name, _DIRECTORY, dir_fd=each) for each in (source, target))
            try:
                left = copy(inner, outer, left - 4096)
                take_over(outer, status)
            finally:
                os.close(inner)
                os.close(outer)
        elif stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
            _own(name, target, status)
            left -= 4096
        elif stat.S_ISREG(status.st_mode):
            left -= max(4096, status.st_size)
            if left > 0:
                _copy_file(name, source, target, status)
        if left <= 0:
            raise NotPossibleError("directories that must be writable hold too much")
    return left


def _copy_file(name: str, source: int, target: int, status: os.stat_result) -> None:
    flags = os.O_NOFOLLOW | os.O_CLOEXEC
    inner = os.open(name, os.O_RDONLY | flags, dir_fd=source)
    try:
        outer = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | flags, 0o600, dir_fd=target)
        try:
            while data := os.read(inner, 1 << 20):
                view = memoryview(data)
                while view:
                    view = view[os.write(outer, view) :]
            take_over(outer, status)
        finally:
            os.close(outer)
    finally:
        os.close(inner)


def take_over(descriptor: int, status: os.stat_result) -> None:
    """Give an open file the owner and the rights of another one."""
    try:
        os.fchown(descriptor, status.st_uid, status.st_gid)
    except OSError as error:
        _raise_unless_unknown(error)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _own(name: str, target: int, status: os.stat_result) -> None:
    try:
        os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    except OSError as error:
        _raise_unless_unknown(error)


def _raise_unless_unknown(error: OSError) -> None:
    """A user namespace has but one owner: there everything is this one's already."""
    if error.errno not in (errno.EINVAL, errno.EPERM):
        raise error
