"""The closure: all that the process of an image reaches, found without running it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from seawall.images.closure import base_list, databases, elf, shells
from seawall.images.closure.keeper import Keeper, shown
from seawall.images.closure.linker import Linker, listed
from seawall.images.closure.processes import Processes
from seawall.images.closure.roots import Root


class Closure(NamedTuple):
    """What is kept. Paths have no leading ``/``; what is in no closure may be left out."""

    paths: frozenset[str]
    """Files, links and directories, with all directories above them."""
    reasons: Mapping[str, str]
    """Why each was kept: ``needed by /usr/bin/redis-server (DT_NEEDED libc.so.6)``."""
    warnings: tuple[str, ...]
    """What a person should know: what is missing, what could not be followed."""
    replaced: Mapping[str, bytes]
    """Files with other contents: package databases without what is gone."""
    shells: shells.Verdict
    """Whether a shell is needed. One that is not is in no closure."""
    packages: int
    """How many packages of the system are left."""
    written: Mapping[str, str]
    """Directories in which programs make files at run time, and what tells so."""


def closure(
    root: Root,
    includes: Iterable[str] = (),
    *,
    commands: Iterable[Sequence[str]] = (),
    observed: Iterable[str] = (),
) -> Closure:
    """The closure of an image's process.

    Args:
        root: its file system and configuration.
        includes: paths and globs that are kept whatever else is; directories with all in them.
        commands: further commands that are run in it, each as words: that of a health check, those
            that are to verify it.
        observed: paths that were seen to be used; directories as they are.
    """
    keeper = Keeper(root)
    linker = Linker(keeper)
    processes = Processes(keeper, linker)
    _start(keeper, processes, tuple(commands))
    for pattern in includes:
        _include(keeper, pattern)
    for path in observed:
        keeper.keep_link(path.strip("/"), "seen to be used")
    _settle(keeper, processes)
    base_list.keep(keeper, linker)
    _settle(keeper, processes)
    processes.tell()
    linker.tell()
    verdict = shells.verdict(processes.shells, linker.programs)
    _doubt(keeper, linker, verdict)
    left = databases.keep(keeper)
    return Closure(
        frozenset(keeper.reasons), dict(keeper.reasons), keeper.warnings, left.replaced, verdict,
        left.packages, dict(keeper.written),
    )  # fmt: skip


def health_check(test: Sequence[str], shell: Sequence[str] = ("/bin/sh", "-c")) -> tuple[str, ...]:
    """The words that a health check of Docker's configuration runs; none where there is none.

    Source: Docker image specification 1.2, ``Healthcheck.Test``.
    """
    if not test or test[0] == "NONE":
        return ()
    if test[0] == "CMD-SHELL":
        return (*shell, *test[1:])
    return tuple(test[1:] if test[0] == "CMD" else test)


def _start(keeper: Keeper, processes: Processes, commands: Sequence[Sequence[str]]) -> None:
    configuration = keeper.root.configuration
    process = configuration.process
    if process:
        if keeper.program(process[0]) is None:
            keeper.warn(f"{process[0]}, which the image starts, is not in it")
        processes.run(process, "the image's configuration")
    elif not commands:
        keeper.warn("the image has no command: what it is to run is not known")
    if configuration.entrypoint and configuration.command:
        # An entrypoint that ends in exec "$@" runs it, as many do.
        processes.run(configuration.command, "the image's configuration (as CMD)")
    for words in commands:
        if keeper.program(words[0]) is None:
            keeper.warn(f"{words[0]}, a command of the user or a health check, is not in the image")
        processes.run(words, "a command of the user, or a health check")
    if configuration.directory.strip("/"):
        processes.application(keeper.place("."), working=True)


def _include(keeper: Keeper, pattern: str) -> None:
    found = False
    for path in list(keeper.glob(pattern.strip("/"))):
        found = True
        keeper.keep_link(path, f"included by {pattern}")
        keeper.keep_tree(path, f"included by {pattern}")
    if not found:
        keeper.warn(f"nothing in the image is included by {pattern}")


def _settle(keeper: Keeper, processes: Processes) -> None:
    """Follow commands and look at what they keep, until there is nothing new."""
    processes.follow()
    while keeper.waiting:
        processes.examine(keeper.waiting.popleft().path)
        processes.follow()


def _doubt(keeper: Keeper, linker: Linker, verdict: shells.Verdict) -> None:
    if verdict.removable and verdict.doubts:
        keeper.warn(
            "the shell is left out, although these may run commands through it: "
            f"{listed(list(verdict.doubts))}"
        )
    executors = [
        shown(path)
        for path, program in linker.programs.items()
        if program.interpreter and program.calls & elf.EXECUTORS and ".so" not in path
    ]
    if executors:
        keeper.warn(
            "these run other programs, which are not known; include those that they need: "
            f"{listed(executors)}"
        )
