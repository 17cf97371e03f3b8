"""What an image holds more than once, as dive counts it.

Efficiency is the least size of each path, added up over all paths, of the sizes that all layers
have for them together; a whiteout costs what it hides. Wasted are all bytes of paths that two
layers or more touch. Unlike dive, what lies within the base image is left out: nobody who builds
on it can mend it.
"""

from collections.abc import Iterable

from seawall.images.facts import Waste

_MOST_TOLD = 5


def waste_of(
    layers: Iterable[Iterable[tuple[str, int]]], hidden: Iterable[tuple[str, int]], base: int
) -> Waste:
    """The waste of an image.

    ``layers``: of each layer, the lowest first, the files with their sizes; ``hidden``: paths that
    whiteouts hide and the bytes they have below; ``base``: how many layers are the base's.
    """
    first: dict[str, int] = {}
    again: dict[str, list[int]] = {}  # the sizes of what two layers touch, which are few
    above = 0
    for number, files in enumerate(layers):
        if number < base:
            first.update(files)
            continue
        for path, size in files:
            above += size
            if path in first:
                again.setdefault(path, [first[path]]).append(size)
            else:
                first[path] = size
    for path, size in hidden:
        if path in first:
            again.setdefault(path, [first[path]]).append(size)
    wasted = sum(map(sum, again.values()))
    total = sum(first.values()) - sum(first[path] for path in again) + wasted
    least = total - wasted + sum(map(min, again.values()))
    worst = [(path, len(sizes), sum(sizes)) for path, sizes in again.items()]
    worst.sort(key=lambda item: (-item[2], item[0]))
    return Waste(
        least / total if total else 1.0,
        wasted,
        wasted / above if above else 0.0,
        tuple(worst[:_MOST_TOLD]),
    )
