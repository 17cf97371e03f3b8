"""Hardening files of a test."""

from pathlib import Path

from seawall.core.edit import Safety
from seawall.core.rule import RULESETS
from seawall.engine import Options
from seawall.hardening import Hardened, harden

SAFE = frozenset((Safety.SAFE,))
UNSAFE = frozenset((Safety.SAFE, Safety.UNSAFE))
PROFILE = "security+reliability"


def hardened(directory: Path, *, tiers: frozenset[Safety] = UNSAFE, **options: object) -> Hardened:
    """What becomes of a directory."""
    chosen = Options(targets=(str(directory),), profile=PROFILE, ruleset=RULESETS[-1])
    return harden(chosen._replace(**options), tiers)  # type: ignore[arg-type]


def written(directory: Path, result: Hardened) -> None:
    """Write what came of it, as the command does."""
    for change in result.changes:
        Path(change.real).write_bytes(change.after)
