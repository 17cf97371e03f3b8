"""Rights that are given up: who we start, and what we do ourselves, as users that have none."""

import os
from collections.abc import Callable, Sequence

from seawall.core.errors import SeawallError
from seawall.mesh.hosting.errors import HostError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def dropped(user: int, kept: str = "") -> tuple[str, ...]:
    """The command that gives up every right but those of a user, and one that is named."""
    right = f",+{kept}" if kept else ""
    return (
        "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs",
        f"--bounding-set=-all{right}", f"--inh-caps=-all{right}",
        *([f"--ambient-caps=-all{right}"] if kept else []),
    )  # fmt: skip


def own_environment() -> dict[str, str]:
    """With this and ``-P`` nobody is run who lies in the directory that we were started in."""
    return {"PATH": PATH, "LC_ALL": "C.UTF-8", "PYTHONPATH": os.pathsep.join(_own_paths())}


def _own_paths() -> Sequence[str]:
    """Where our own processes find this package: the same place as we did."""
    import seawall  # noqa: PLC0415 - ourselves

    return [os.path.dirname(os.path.dirname(os.path.abspath(seawall.__file__)))]


def as_user(user: int, act: Callable[[], None]) -> None:
    """Do something as another user, in a child; its error is raised here."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            act()
            code = 0
        except SeawallError as error:
            os.write(writing, str(error).encode())
        except BaseException as error:  # noqa: BLE001 - it is told, and the child ends
            os.write(writing, repr(error).encode())
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status):
        raise HostError(said or "a child ended without a word: see dmesg")
