"""The attacker's process: ``python -m seawall.mesh.verifying.attacker``, its task on its input.

It enters a namespace, becomes a user without any right, and does what the task says, all at once.
Keys of probes come over standard input, which nobody else can read.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from seawall.mesh.verifying import acts
from seawall.mesh.verifying.errors import VerifyError
from seawall.mesh.verifying.namespaces import enter
from seawall.mesh.verifying.outcomes import Outcome, from_plain, to_plain

NOBODY = 65_534
_TIMEOUT = 3600
_MOST_AT_ONCE = 48
_ALONE = "become"
"""An act that changes the whole process: it comes last."""
_NO_NEW_PRIVILEGES, _DROP_FROM_BOUNDING_SET = 38, 24
_LAST_CAPABILITY = 63


def attack(namespace: str, user: int, tasks: Sequence[acts.Act]) -> list[Outcome]:
    """What comes of acts of a user in a namespace, in their order."""
    if not tasks:
        return []
    task = {"namespace": namespace, "user": user, "acts": list(tasks)}
    said = subprocess.run(
        (sys.executable, "-m", "seawall.mesh.verifying.attacker"), input=json.dumps(task),
        capture_output=True, text=True, check=False, timeout=_TIMEOUT, env=_environment(),
    )  # fmt: skip
    if said.returncode:
        lines = said.stderr.strip().splitlines() or ["no reason given"]
        raise VerifyError(f"the attacker in {namespace} failed: {lines[-1]}; run it as root")
    return [from_plain(plain) for plain in json.loads(said.stdout)]


def _environment() -> dict[str, str]:
    import seawall  # noqa: PLC0415 - ourselves

    above = os.path.dirname(os.path.dirname(os.path.abspath(seawall.__file__)))
    return {**os.environ, "PYTHONPATH": above}


def drop_to(user: int) -> None:
    """Give up every right but those of a user, as programs of workloads are started."""
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(_LAST_CAPABILITY + 1):
        libc.prctl(_DROP_FROM_BOUNDING_SET, number, 0, 0, 0)  # fails behind the last one
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def main() -> int:
    """Do what the task says; gives the exit code."""
    task = json.load(sys.stdin)
    # What the library loads at its first use only: another user may not read where Python is.
    "x".encode("idna").decode("idna")
    try:
        enter(task["namespace"])
        drop_to(task["user"])
    except (VerifyError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    todo = task["acts"]
    outcomes: list[Outcome | None] = [None] * len(todo)
    together = [number for number, act in enumerate(todo) if act["act"] != _ALONE]
    # Threads are in the namespace of the one that starts them (clone(2)).
    with ThreadPoolExecutor(_MOST_AT_ONCE) as pool:
        found = pool.map(acts.do, (todo[number] for number in together))
        for number, outcome in zip(together, found, strict=True):
            outcomes[number] = outcome
    for number, act in enumerate(todo):
        if act["act"] == _ALONE:
            outcomes[number] = acts.do(act)
    json.dump([to_plain(outcome) for outcome in outcomes if outcome is not None], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
