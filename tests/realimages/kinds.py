"""The declared kinds of difference from syft on real images, and the page about them.

``python -m tests.realimages.kinds`` makes docs/image-differences.md of image_kinds.toml; with
``--count`` it first counts the differences anew, where syft is on PATH. Look at what changed before
you commit it.
"""

import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.oracles.osv_scanner import OURS, THEIRS
from tests.realimages.syft import Comparison, Difference, compare
from tests.shared import ROOT

DECLARATIONS = Path(__file__).parent / "image_kinds.toml"
DOCUMENT = ROOT / "docs" / "image-differences.md"
RIGHT = (OURS, THEIRS, "both")
"""Who is right. ``both``: each does what it means to do, and says so."""
_HEAD = """\
# Where our packages of images differ from those of syft

Made by `python -m tests.realimages.kinds` from `tests/realimages/image_kinds.toml`; a test compares
the two. The images are real ones that `tests/realimages` makes of the machine's own Debian: curl,
git, nginx, npm, pip, redis and Ruby by apt, and trees of pip, npm, Go and Java beside them. What
they hold is held against dpkg, pip, npm and Go themselves by `tests/realimages/test_packages.py`.

syft 1.57.1 (`syft oci-dir:LAYOUT -o syft-json`) and seawall both list {both:,} packages of these
three images; {alone:,} are listed by one side alone. The numbers move with Debian's packages, so
the tests hold that each difference is of a kind below, and not how many there are of each.

| only | how many | who is right | why | evidence | example |
|---|---|---|---|---|---|
"""


class Kind(NamedTuple):
    """An entry of image_kinds.toml."""

    side: str
    when: tuple[str, ...]
    right: str
    why: str
    evidence: str
    example: str
    times: int

    def covers(self, difference: Difference) -> bool:
        """Whether a difference is of this kind."""
        return difference.side == self.side and all(
            CONDITIONS[name](difference) for name in self.when
        )


@cache
def _declared() -> dict[str, Any]:
    return tomllib.loads(DECLARATIONS.read_text(encoding="utf-8"))


@cache
def kinds() -> tuple[Kind, ...]:
    """The kinds in the order of the file: the first that covers a difference is its."""
    return tuple(Kind(**{**item, "when": tuple(item["when"])}) for item in _declared()["kind"])


def both() -> int:
    """How many packages both sides listed."""
    count = _declared()["both"]
    assert isinstance(count, int)
    return count


def kind_of(difference: Difference) -> Kind | None:
    """The kind of a difference, if it is declared."""
    return next((kind for kind in kinds() if kind.covers(difference)), None)


def _type(*types: str) -> Callable[[Difference], bool]:
    return lambda difference: difference.package[0] in types


CONDITIONS: Mapping[str, Callable[[Difference], bool]] = {
    "of a package of the system": lambda difference: bool(difference.owners),
    "of Python": _type("pypi"),
    "of Node": _type("npm"),
    "of Ruby": _type("gem"),
    "the project itself": lambda difference: all(
        path.endswith("package.json") and "node_modules" not in path for path in difference.paths
    ),
}


def document() -> str:
    """The page."""
    names = {OURS: "seawall", THEIRS: "syft", "both": "both"}
    rows = [
        (names[kind.side], kind.times, names[kind.right], kind.why, kind.evidence, kind.example)
        for kind in kinds()
    ]
    head = _HEAD.format(both=both(), alone=sum(kind.times for kind in kinds()))
    cells = (" | ".join(str(cell).replace("|", "&#124;") for cell in row) for row in rows)
    return head + "".join(f"| {row} |\n" for row in cells)


def counted(comparison: Comparison) -> None:
    """Write the numbers of a comparison into the declarations."""
    times = Counter(kind_of(difference) for difference in comparison.differences)
    numbers = iter(times[kind] for kind in kinds())
    text = DECLARATIONS.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^times = \d+$", lambda _: f"times = {next(numbers)}", text)
    text = re.sub(r"(?m)^both = \d+$", f"both = {comparison.packages}", text)
    DECLARATIONS.write_text(text, encoding="utf-8")
    _declared.cache_clear()
    kinds.cache_clear()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--count"]:
        counted(compare())
    DOCUMENT.write_text(document(), encoding="utf-8")
