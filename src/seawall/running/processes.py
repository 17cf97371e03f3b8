"""Which processes there are below another one, by ``/proc`` (proc(5))."""

import os
from collections.abc import Iterator


def below(top: int) -> Iterator[tuple[int, int]]:
    """All below a keeper: their numbers on this machine and in the namespace that it made."""
    found: dict[int, tuple[int, list[int]]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            known = _known(name)
            if known is not None:
                found[int(name)] = known
    first = next((pid for pid, (parent, _) in found.items() if parent == top), 0)
    if not first:
        return
    depth = len(found[first][1]) - 1
    for pid, (_, numbers) in sorted(found.items()):
        if pid != first and len(numbers) > depth and _is_below(pid, first, found):
            yield pid, numbers[depth]


def _known(name: str) -> tuple[int, list[int]] | None:
    """The parent of a process, and its numbers in all namespaces that it is in."""
    parent, numbers = 0, []
    try:
        with open(f"/proc/{name}/status", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("PPid:"):
                    parent = int(line.split()[1])
                elif line.startswith("NSpid:"):
                    numbers = [int(each) for each in line.split()[1:]]
    except OSError:  # it has ended meanwhile
        return None
    return parent, numbers


def _is_below(pid: int, first: int, found: dict[int, tuple[int, list[int]]]) -> bool:
    while pid in found and pid != first:
        pid = found[pid][0]
    return pid == first
