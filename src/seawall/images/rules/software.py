"""Rules about programs that an application does not need."""

from collections.abc import Iterable

from seawall.core.rule import OPT_IN, Hit, Hits
from seawall.core.severity import Severity
from seawall.images import names
from seawall.images.facts import File, Image
from seawall.images.rule import Context, image_rule, in_file

_MOST_NAMED = 12


def _programs(image: Image, wanted: frozenset[str]) -> list[File]:
    """The programs of some names that are there, in the order of their paths."""
    found = [
        file for file in image.files.notable()
        if file.path.rpartition("/")[2] in wanted
        and file.path.rpartition("/")[0] in names.PROGRAM_DIRECTORIES
        and not file.is_directory
    ]  # fmt: skip
    return sorted(found, key=lambda file: file.path)


def _told(files: Iterable[File]) -> str:
    distinct = list(dict.fromkeys(file.path.rpartition("/")[2] for file in files))
    shown = ", ".join(distinct[:_MOST_NAMED])
    more = len(distinct) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


@image_rule(
    "image-has-shell",
    severity=Severity.INFO,
    remedy="Build on a base without them (scratch, distroless), or run: seawall harden image",
)
def image_has_shell(image: Image, context: Context) -> Hits:
    """An image needs no shell and no package manager to run an application.

    Reports once which shells and package managers are there.

    Why:

    What an attacker does first is to start a shell and fetch more tools. Without them a fault in
    the application is much harder to use.

    Bad:

        files:
          bin/sh: {mode: "100755"}
          usr/bin/apt: {mode: "100755"}

    Good:

        files:
          app/server: {mode: "100555"}
    """
    shells = _programs(image, names.SHELLS)
    managers = _programs(image, names.PACKAGE_MANAGERS)
    parts = []
    if shells:
        parts.append(f"shells ({_told(shells)})")
    if managers:
        parts.append(f"package managers ({_told(managers)})")
    if parts:
        first = (*shells, *managers)[0]
        yield Hit(f"has {' and '.join(parts)}", in_file(first))


@image_rule(
    "image-has-tools",
    severity=Severity.LOW,
    remedy="Install these in a stage for building, and copy only the result into the last one.",
)
def image_has_tools(image: Image, context: Context) -> Hits:
    """An image should hold no tools for building, looking around or becoming another user.

    Reports once the compilers, network tools, debuggers and ``sudo``-like programs that were added
    to the base; with a base that is not known, all of them.

    Why:

    They are what an attacker would bring along: compilers to build, ``curl`` and ``nc`` to fetch
    and to call home, ``sudo`` to become root.

    Bad:

        files:
          usr/bin/gcc: {mode: "100755"}
          usr/bin/nc: {mode: "100755"}

    Good:

        files:
          app/server: {mode: "100555"}

    Not reported:
    What came with the base image (see image-base-has-tools), ``su``, ``runuser`` and
    ``setpriv``, which every distribution has.
    """
    yield from _tools(image, base=False)


@image_rule(
    "image-base-has-tools",
    profile=OPT_IN,
    severity=Severity.INFO,
    remedy="Build on a smaller base: the slim form of the same, distroless or scratch.",
)
def image_base_has_tools(image: Image, context: Context) -> Hits:
    """The base of an image should hold no tools for building or looking around.

    Reports once the compilers, network tools, debuggers and ``sudo``-like programs of the base.

    Why:

    See image-has-tools. Only another base helps.

    Bad:

        layers:
          - {base: true}
          - {}
        files:
          usr/bin/gcc: {mode: "100755", layer: 0}

    Good:

        layers:
          - {base: true}
          - {}
        files:
          app/server: {mode: "100555", layer: 1}
    """
    yield from _tools(image, base=True)


_USUAL = frozenset(("runuser", "setpriv", "su"))
_KINDS = (
    ("compilers", names.COMPILERS),
    ("network tools", names.NETWORK_TOOLS),
    ("debuggers", names.DEBUGGERS),
    ("ways to become another user", names.ESCALATION - _USUAL),
)


def _tools(image: Image, *, base: bool) -> Hits:
    parts, first = [], None
    for what, wanted in _KINDS:
        files = [file for file in _programs(image, wanted) if image.is_base(file) is base]
        if files:
            parts.append(f"{what} ({_told(files)})")
            first = first or files[0]
    if first is not None:
        where = "its base" if base else "it"
        yield Hit(f"{where} has {', '.join(parts)}", in_file(first))
