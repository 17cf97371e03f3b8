"""The table of docs/builds.md: ``python -m tests.builds [NAME...]``."""

import re
import sys

from tests.builds.cases import CASES, Case
from tests.builds.images import Shelf
from tests.builds.machine import CommandError, missing
from tests.builds.proof import TIERS, Outcome, Proof

_HEAD = (
    "| Dockerfile | mended: safe, lock, unsafe | files | build | user | read-only root | output |\n"
    "|---|---|---|---|---|---|---|"
)
_MENDED = re.compile(r"^(\d+) findings mended", re.MULTILINE)


def main(names: list[str]) -> int:
    """Build what is asked for and print a row for each Dockerfile."""
    if missing():
        sys.stderr.write(f"{missing()}\n")
        return 1
    shelf = Shelf()
    print(_HEAD)
    for case in CASES:
        if not names or case.name in names:
            with Proof(shelf, case) as proof:
                print(f"| {' | '.join((case.name, *_cells(proof, case)))} |", flush=True)
    return 0


def _cells(proof: Proof, case: Case) -> list[str]:
    outcomes = [proof.before()]
    try:
        outcomes += [proof.after(tier) for tier in TIERS]
    except CommandError as error:
        if case.changes not in str(error) or not case.changes:
            raise
        counts = ", ".join(str(_mended(one)) for one in outcomes[1:])
        return [counts, _size(outcomes[0]), _seconds(outcomes[0]), "", "", _told(case)]
    before, last = outcomes[0], outcomes[-1]
    user = "{0.uid}:{0.gid}"
    return [
        ", ".join(str(_mended(one)) for one in outcomes[1:]),
        f"{_size(before)} → {_size(last)}",
        f"{_seconds(before)} → {_seconds(last)}",
        f"{user.format(before.identity)} → {user.format(last.identity)}",
        "yes" if last.identity.root_is_read_only else "no",
        "the same" if last.output == before.output else _told(case),
    ]


def _told(case: Case) -> str:
    return f"another, as the fix says: “{case.changes}”"


def _mended(outcome: Outcome) -> int:
    found = _MENDED.search(outcome.summary)
    return int(found[1]) if found else 0


def _size(outcome: Outcome) -> str:
    return f"{outcome.size / 1e6:.1f} MB"


def _seconds(outcome: Outcome) -> str:
    return f"{outcome.seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
