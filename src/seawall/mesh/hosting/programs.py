"""How a program of a workload is started: its environment is its own, from the moment it begins.

What comes before it in a command runs as root: ``ip``, ``setpriv``. A ``PATH`` or ``LD_PRELOAD`` of
the program's must say nothing there, since it may name a directory that the program's user owns.
"""

from collections.abc import Mapping, Sequence

_CARRIED = "SEAWALL_CARRIED_"


def carried(
    environment: Mapping[str, str], command: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """A command that gives itself an environment, and what it must be started with for that.

    Values travel under other names, not as words of the command, which everybody can read. Names
    are those of variables of a shell.
    """
    numbered = {name: f"{_CARRIED}{number}" for number, name in enumerate(environment)}
    steps = [f'export {name}="${number}"; unset {number}' for name, number in numbered.items()]
    script = "; ".join((*steps, 'exec "$@"'))
    values = {numbered[name]: value for name, value in environment.items()}
    return ("/bin/sh", "-c", script, "sh", *command), values
