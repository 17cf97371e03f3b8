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
    seen: dict[str, list[int]] = {}
    above = 0
    for number, files in enumerate(layers):
        for path, size in files:
            if number >= base:
                above += size
                seen.setdefault(path, []).append(size)
            elif path not in seen:
                seen[path] = [size]
            else:
                seen[path][0] = size
    for path, size in hidden:
        if path in seen:
            seen[path].append(size)
    least = total = wasted = 0
    worst = []
    for path, sizes in seen.items():
        least += min(sizes)
        total += sum(sizes)
        if len(sizes) > 1:
            wasted += sum(sizes)
            worst.append((path, len(sizes), sum(sizes)))
    worst.sort(key=lambda item: (-item[2], item[0]))
    return Waste(
        least / total if total else 1.0,
        wasted,
        wasted / above if above else 0.0,
        tuple(worst[:_MOST_TOLD]),
    )
