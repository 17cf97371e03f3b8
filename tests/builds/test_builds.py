"""``seawall harden`` proven by building: what it leaves still builds, and runs as before."""

import pytest

from tests.builds.cases import CASES, Case
from tests.builds.images import Shelf
from tests.builds.machine import missing
from tests.builds.proof import TIERS, Outcome, Proof

needs_builder = pytest.mark.skipif(bool(missing()), reason=missing() or "images can be built")


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    return Shelf()


def _cases() -> list[object]:
    return [
        pytest.param(case, id=case.name, marks=() if case.is_cheap else (pytest.mark.full,))
        for case in CASES
    ]


@needs_builder
@pytest.mark.parametrize("case", _cases())
def test_what_harden_leaves_builds_and_runs_as_before(shelf: Shelf, case: Case) -> None:
    with Proof(shelf, case) as proof:
        before = proof.before()
        assert case.says in before.output
        for tier in TIERS:
            after = proof.after(tier)
            assert after.output == before.output, _account(after)
            if tier != "unsafe":
                assert after.identity == before.identity, _account(after)
                continue
            assert after.identity.uid != 0, _account(after)
            assert after.identity.gid != 0, _account(after)
            assert after.identity.capabilities == 0
            assert after.identity.root_is_read_only


def _account(outcome: Outcome) -> str:
    return f"{outcome.tier}: {outcome.identity}\n{outcome.summary}\n{outcome.text}\n{outcome.output}"
