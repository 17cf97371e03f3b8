"""The table of docs/builds.md: ``python -m tests.builds [NAME...]``."""

import sys

from tests.builds.cases import CASES, Case
from tests.builds.images import Shelf
from tests.builds.machine import Failed, missing
from tests.builds.proof import TIERS, Outcome, Proof

_HEAD = (
    "| Dockerfile | tier | build | files | user | read-only root | same output |\n"
    "|---|---|---|---|---|---|---|"
)


def main(names: list[str]) -> int:
    """Build what is asked for and print a row for each build."""
    if missing():
        sys.stderr.write(f"{missing()}\n")
        return 1
    shelf = Shelf()
    print(_HEAD)
    for case in CASES:
        if not names or case.name in names:
            _print(shelf, case)
    return 0


def _print(shelf: Shelf, case: Case) -> None:
    with Proof(shelf, case) as proof:
        before = proof.before()
        _row(case, before, before)
        for tier in TIERS:
            try:
                _row(case, proof.after(tier), before)
            except Failed as error:
                if not case.changes:
                    raise
                told = case.changes in str(error)
                print(f"| {case.name} | {tier} | fails{_as_told(case) if told else ''} | | | | |")


def _row(case: Case, outcome: Outcome, before: Outcome) -> None:
    uid, gid, read_only, _ = outcome.identity
    same = "yes" if outcome.output == before.output else f"no{_as_told(case)}"
    cells = [
        case.name, outcome.tier or "before", f"{outcome.seconds:.1f} s",
        f"{outcome.size / 1e6:.1f} MB", f"{uid}:{gid}", "yes" if read_only else "no", same,
    ]  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)


def _as_told(case: Case) -> str:
    return f", as the fix says: {case.changes}" if case.changes else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
