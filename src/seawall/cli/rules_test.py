"""``seawall rules test``: the rules about secrets, tried on their own examples."""

from typing import TYPE_CHECKING

from seawall.cli.arguments import Help, Parser
from seawall.cli.output import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seawall.secrets.custom.trying import Tried

_DESCRIPTION = """\
Try the rules about secrets on their own examples. Those that come with seawall have none written
down: texts are drawn from their patterns, with right checksums, each time anew. Rules of your own
(FILE: seawall's format, gitleaks', trivy-secret.yaml) bring theirs as examples and non_examples.

exit codes: 0 all examples are found and no non-example is, 1 some are not, 2 a file cannot be read
"""


def parser() -> Parser:
    """The options of ``seawall rules test``."""
    result = Parser(prog="seawall rules test", description=_DESCRIPTION, formatter_class=Help)
    result.add_argument("files", nargs="*", metavar="FILE", help="files with rules of your own")
    result.add_argument(
        "--times", type=int, default=3, metavar="N",
        help="texts to draw for each rule that comes with seawall (default: 3; 0 for none)",
    )  # fmt: skip
    result.add_argument(
        "--seed", type=int, metavar="N", help="draw the texts that were drawn with this number"
    )
    return result


def run(arguments: list[str]) -> int:
    """Try the examples; gives the exit code."""
    import random  # noqa: PLC0415 - only here

    from seawall.configuration import secret_rules  # noqa: PLC0415 - as above
    from seawall.secrets.custom import trying  # noqa: PLC0415 - as above
    from seawall.secrets.search import search  # noqa: PLC0415 - as above

    options = parser().parse_args(arguments)
    sets = secret_rules.load(options.files)
    seed = options.seed
    if seed is None:
        seed = random.randrange(1 << 32)  # noqa: S311 - as below
    drawn = random.Random(seed)  # noqa: S311 - examples, no secrets
    times = max(options.times, 0)
    ours = list(trying.shipped(search(size=0), drawn, times)) if times else []
    own = list(trying.custom(sets))
    notes = [f"note: {note}\n" for one in sets for note in one.notes]
    write_text(notes, None)
    failed = _told(ours, f"rules of seawall, {times} drawn examples each, seed {seed}")
    if options.files:
        without = sum(not tried.tried for tried in own)
        more = f", {without} without any" if without else ""
        examples = sum(tried.tried for tried in own)
        failed += _told(own, f"rules of your own, {examples} examples{more}")
    return 1 if failed else 0


def _told(tried: "Sequence[Tried]", what: str) -> int:
    """Print what failed, and the sum; gives how many rules failed."""
    failed = [item for item in tried if item.failures]
    if not tried:
        return 0
    lines = [f"{failure}\n" for item in failed for failure in item.failures]
    what = what if len(tried) > 1 else what.replace("rules", "rule", 1)
    verdict = f"{len(failed)} failed" if failed else "all as they should"
    write_text([*lines, f"{len(tried)} {what}: {verdict}\n"], None)
    return len(failed)
