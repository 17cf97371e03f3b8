"""Whether an image can do without its shells, and if not, why.

A shell may go when nothing that starts is a script or is started by one, and no script is used by
what starts. Programs that call system(3) or popen(3) may ask for ``/bin/sh`` or may not: that is
told, and left to the user.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from seawall.images.closure import elf


class Verdict(NamedTuple):
    """Why shells stay, and what may miss them."""

    needed: tuple[str, ...]
    """Each a reason to keep them."""
    doubts: tuple[str, ...]
    """Programs and libraries that can run a command through ``/bin/sh``, with what they call."""

    @property
    def removable(self) -> bool:
        """Whether nothing is known to need a shell."""
        return not self.needed


def verdict(needed: Iterable[str], programs: Mapping[str, elf.Program]) -> Verdict:
    """The verdict, of why commands need a shell and of the ELF files that are kept."""
    doubts = []
    for path, program in sorted(programs.items()):
        calls = sorted(program.calls & elf.COMMANDS)
        if calls:
            doubts.append(f"/{path} ({', '.join(calls)})")
    return Verdict(tuple(needed), tuple(doubts))
