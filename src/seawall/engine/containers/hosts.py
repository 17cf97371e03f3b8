"""The machine that this runs on: what is in use there, and what was not looked at."""

import os
from collections.abc import Iterator, Sequence

from seawall.core.named_tuple import NamedTuple
from seawall.core.report import NotCovered, Skipped
from seawall.engine.containers.in_use import InUse, Outdated, Use, in_use
from seawall.engine.containers.whole import Whole
from seawall.packages.package import Package
from seawall.sources.images.image import Image
from seawall.sources.mounts import MOUNTS, mounts
from seawall.sources.processes import PROC, Process, Processes, names_of, processes

_MOST_TOLD = 20
"""Processes that a finding names."""
_MOST_NAMED = 8
_AS_ROOT = "run seawall as root"


class Host(NamedTuple):
    """What is said of this machine beside what is said of it as an image."""

    used: InUse = InUse()
    not_covered: tuple[NotCovered, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def details(self, file: str, package: Package) -> dict[str, object]:
        """What a finding about a package tells of processes; nothing where none uses it."""
        uses = self.used.of(file, package)
        if not uses:
            return {}
        told = [use._asdict() for use in uses[:_MOST_TOLD]]
        return {"in_use_by": told, "in_use_count": len(uses)}


NO_HOST = Host()


def looked_at(image: Image, whole: Whole, proc: str = PROC, mountinfo: str = MOUNTS) -> Host:
    """Look at what runs, if an image is this machine; ``NO_HOST`` for all others."""
    if not image.is_host:
        return NO_HOST
    root = image.layers[0].directory
    found = processes(proc, root, os.getpid())
    used = InUse() if found is None else in_use(whole, found.here, root)
    gaps = [*_apart(image), *_not_looked_at(image.name, found, mountinfo), *_old(image.name, used)]
    skipped = tuple(
        Skipped(f"{image.name}:{each.path}", each.reason)
        for layer in image.layers
        for each in layer.apart or ()
        if not each.remedy
    )
    return Host(used, tuple(gaps), skipped)


def _apart(image: Image) -> Iterator[NotCovered]:
    for layer in image.layers:
        for each in layer.apart or ():
            if each.remedy:
                path = f"{image.name}:{each.path}"
                yield NotCovered(path, "what is in it", f"it {each.reason}", each.remedy)


def _not_looked_at(name: str, found: Processes | None, mountinfo: str) -> Iterator[NotCovered]:
    what = "running processes"
    if found is None:
        reason = "they are known on Linux only, where /proc is mounted"
        yield NotCovered(name, what, reason, "look at them yourself")
        return
    if found.forbidden:
        yield NotCovered(name, _count(found.forbidden, "process", "processes"), *_forbidden())
    if os.geteuid() and any(
        each.type == "proc" and _hides(each.options) for each in mounts(mountinfo)
    ):
        reason = "/proc is mounted with hidepid: those of other users are not even seen"
        yield NotCovered(name, what, reason, _AS_ROOT)
    if found.elsewhere:
        many = _count(len(found.elsewhere), "process", "processes")
        who = f"{many} of containers ({_names(found.elsewhere)})"
        yield NotCovered(
            name, who, "they have another root file system", "scan their images by their names"
        )
    if found.unread:
        who = _count(found.unread, "process", "processes")
        yield NotCovered(name, who, "there are too many", "look at them yourself")


def _forbidden() -> tuple[str, str]:
    """Why processes may not be looked at, and what to do."""
    if os.geteuid():
        return "those of other users may be looked at by root only", _AS_ROOT
    reason = "the system does not let even root look at them (a security module, a container)"
    return reason, "look at them yourself"


def _hides(options: str) -> bool:
    rows = (option.partition("=") for option in options.split(","))
    return any(key == "hidepid" and value not in ("0", "off") for key, _, value in rows)


def _old(name: str, used: InUse) -> Iterator[NotCovered]:
    for each in used.outdated:
        yield NotCovered(
            name, _what(each),
            f"{_uses(each.uses)} started before it was replaced or deleted and still run the old "
            "code; which version that is cannot be known",
            "restart them, or the machine",
        )  # fmt: skip
    if used.strangers:
        yield NotCovered(
            name, _count(len(used.strangers), "running program", "running programs"),
            f"nothing that was read brought the programs of {_uses(used.strangers)}, and they do "
            "not tell what they are made of",
            "look at these yourself",
        )  # fmt: skip


def _what(old: Outdated) -> str:
    package = old.package
    if package is None:
        return f"what runs of {old.path}"
    return f"what runs of {package.name} ({package.version} is installed now)"


def _uses(uses: Sequence[Use]) -> str:
    """``nginx (pid 812, user www-data) and 3 more``."""
    shown = ", ".join(map(str, uses[:_MOST_NAMED]))
    more = len(uses) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _names(found: Sequence[Process]) -> str:
    names = names_of(found)
    more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return ", ".join([*names[:_MOST_NAMED], *more])


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
