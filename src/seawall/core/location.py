"""Where a finding is: symbolic first, concrete only when someone asks."""

from functools import lru_cache

from seawall.core.named_tuple import NamedTuple

KeyPath = tuple[str | int, ...]
"""Mapping keys and list indices from the root of a document down to a value."""


made = tuple.__new__
"""Makes a NamedTuple of all of its fields, at half the time: some are made by the thousand."""


class Span(NamedTuple):
    """A stretch of text. Lines and columns count from 1, in characters; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Location(NamedTuple):
    """A place in a document of a file.

    ``path`` is the logical path as reports show it, ``document`` counts from 0 within the file.
    A key path may name a field that is absent; its span is then the place where it belongs.
    """

    path: str
    document: int = 0
    key_path: KeyPath = ()
    span: Span | None = None


_SHORT = 12


def path_in_tree(path: str) -> str:
    """A path without the commit before it.

    What git keeps of a file that is gone or was another goes by ``COMMIT:PATH`` (gitrevisions(7)),
    with twelve digits of the commit. What a configuration says of a path holds for it, too.
    """
    if path[_SHORT : _SHORT + 1] == ":" and _HEX.issuperset(path[:_SHORT]):
        return path[_SHORT + 1 :]
    return path


_HEX = frozenset("0123456789abcdef")


@lru_cache(maxsize=16_384)
def render_key_path(key_path: KeyPath) -> str:
    """Write a key path as Kubernetes does: ``spec.containers[0].image``.

    A key that itself holds a dot, bracket or blank is quoted in brackets, so that the text is
    unambiguous: ``metadata.annotations["example.org/owner"]``.
    """
    parts: list[str] = []
    for key in key_path:
        if isinstance(key, int):
            parts.append(f"[{key}]")
        elif key and not any(mark in key for mark in '.[] "'):
            parts.append(f".{key}" if parts else key)
        else:
            quoted = key.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'["{quoted}"]')
    return "".join(parts)
