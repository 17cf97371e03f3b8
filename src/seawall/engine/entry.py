"""Where a scan begins: of files, or of what commits or the index bring and nothing else."""

from typing import TYPE_CHECKING

from seawall.engine.concluding import Result
from seawall.engine.options import Options
from seawall.engine.progress import Progress
from seawall.engine.run import Replay, Run

if TYPE_CHECKING:
    from seawall.engine.parts import Told
    from seawall.engine.source import Source


def scan(
    options: Options, progress: Progress | None = None, source: "Source | None" = None
) -> Result:
    """Read the targets, run the rules and triage what they say.

    ``source`` stands for the file system, for those who want to know what would be.
    """
    with Run(progress, cached=options.cache) as run:
        result = scan_or_replay(options, run, source)
    if not isinstance(result, Result):
        raise TypeError("a run without a signature replays nothing")
    return result


def scan_or_replay(
    options: Options, run: Run, source: "Source | None" = None
) -> "Result | Told | Replay":
    """Scan, or give the outputs of an equal run where they are known and may be used.

    Where the report can be told in parts (``Run.teller``), parts of earlier reports may be used.
    """
    if options.past is not None and options.past.is_alone:
        from seawall.engine.git_history import alone  # noqa: PLC0415 - asked for seldom

        return alone.scan(options, run)
    if options.since is not None:
        run.remember_within()
    from seawall.engine import scanning  # noqa: PLC0415 - a hook that runs at each commit needs none

    return scanning.of_files(options, run, source)
