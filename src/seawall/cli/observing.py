"""``--observe`` and its kin: options, and what is written of what was seen."""

import argparse

from seawall.cli.arguments import Parser
from seawall.core.errors import UsageError
from seawall.hardening.images.seccomp_wiring import name_for
from seawall.hardening.images.verification.checks import Command, http_of, patience_of
from seawall.hardening.images.watched import NOTHING, PATIENCE, Watched
from seawall.sources.images.writing.place import REGISTRY, Place

_SUFFIX = ".seccomp.json"


def add_observation_options(parser: Parser) -> None:
    """The options, in a group of their own."""
    own = parser.add_argument_group(
        "observation",
        "The image's process, or a command in its place, is run as an engine would run it (as its\n"
        "own user, on a copy of its root, without a network), and watched. A minimal image keeps\n"
        "what it used; a seccomp profile lets through what it called, and is written beside OUT.",
    )
    own.add_argument(
        "--observe", action="append", default=[], metavar="COMMAND",
        help="run this command and watch it to its end; '' is the image's own process (may be "
        "given several times; words as in a shell, but none runs them)",
    )  # fmt: skip
    own.add_argument(
        "--observe-http", action="append", default=[], metavar="PORT/PATH",
        help="start the image's own process, ask it for this page and watch it; for servers (may "
        "be given several times: one start, all pages)",
    )  # fmt: skip
    own.add_argument(
        "--observe-timeout", default=f"{PATIENCE:.0f}", metavar="SECONDS",
        help=f"for each run: what still runs then is ended (default: {PATIENCE:.0f})",
    )  # fmt: skip
    own.add_argument(
        "--seccomp", metavar="FILE",
        help=f"where the seccomp profile goes (default: OUT{_SUFFIX}); its wiring for Kubernetes "
        "goes beside it, to .yaml",
    )  # fmt: skip


def watched_of(options: argparse.Namespace, place: Place) -> Watched:
    """What is to be watched; raises UsageError."""
    if not options.observe and not options.observe_http:
        if options.seccomp is not None:
            raise UsageError("--seccomp is for --observe or --observe-http; say one of them too")
        return NOTHING
    return Watched(
        tuple(_command(text) for text in options.observe),
        tuple(http_of(text, "--observe-http") for text in options.observe_http),
        patience_of(options.observe_timeout, "--observe-timeout"),
        _file(options.seccomp, place),
    )


def _file(given: str | None, place: Place) -> str:
    if given is not None:
        if not given or given.endswith((".yaml", "/")):
            raise UsageError(f"--seccomp: {given!r} is no name for it; write app{_SUFFIX}")
        return given
    if place.kind == REGISTRY:
        return name_for(place.name) + _SUFFIX
    path = place.path.rstrip("/") or place.path
    return path.removesuffix(".tar") + _SUFFIX


def _command(text: str) -> Command:
    import shlex  # noqa: PLC0415 - only where something is run

    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--observe: {text!r}: {error}; write it as for a shell") from None
    if "\0" in text or (words and not words[0]):
        raise UsageError(
            "--observe: it names no program; write one with its arguments, or '' for the image's "
            "own process"
        )
    return Command(words, text)
