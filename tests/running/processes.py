"""Which processes there are below another one, by ``/proc`` (proc(5))."""

import os
from collections.abc import Iterator


def below(top: int) -> Iterator[int]:
    """All below a keeper, but for its first child."""
    found: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            known = _known(name)
            if known is not None:
                found[int(name)] = known
    first = next((pid for pid, parent in found.items() if parent == top), 0)
    if not first:
        return
    for pid in sorted(found):
        if pid != first and _is_below(pid, first, found):
            yield pid


def _known(name: str) -> int | None:
    """The parent of a process."""
    parent = 0
    try:
        with open(f"/proc/{name}/status", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("PPid:"):
                    parent = int(line.split()[1])
    except OSError:  # it has ended meanwhile
        return None
    return parent


def _is_below(pid: int, first: int, found: dict[int, int]) -> bool:
    while pid in found and pid != first:
        pid = found[pid]
    return pid == first
