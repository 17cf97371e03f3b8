"""What is looked at again of a layer whose files with credentials the cache does not tell."""

import pytest

from seawall.engine.containers.looking import Looked, to_look_at_again
from seawall.sources.images.entry import FILE, Entry, Kind


def entry(path: str, kind: Kind, offset: int, size: int = 0) -> Entry:
    return Entry(path, kind, 0o644, 0, 0, size, 0, "", offset)


def looked(private: tuple[str, ...], *entries: Entry) -> Looked:
    return Looked(entries, {}, {}, {}, private, (), (), (), (), ())


FILES = (
    entry("d", Kind.DIRECTORY, -1),
    entry("d/a", FILE, 512, 10),
    entry("d/b", FILE, 1536, 20),
    entry("d/a", FILE, 2560, 30),
    entry("d/c", FILE, 3584, 40),
    entry("d/link", Kind.HARD_LINK, -1),
)


@pytest.mark.parametrize(
    ("private", "size", "last"),
    [
        (("d/b",), 20, 1536),
        (("d/a",), 40, 2560),  # it is there twice, and the last one counts
        (("d/a", "d/b", "d/c"), 100, 3584),
        (("d/b", "d/link"), 20, None),  # what it leads to may stand anywhere
        (("d/gone",), 0, None),
    ],
)
def test_where_the_last_of_it_stands(private: tuple[str, ...], size: int, last: int | None) -> None:
    again = to_look_at_again(looked(private, *FILES))
    assert again == (frozenset(private), size, last)


def test_files_of_a_directory_have_no_offset() -> None:
    again = to_look_at_again(looked(("d/a",), entry("d/a", FILE, -1, 10)))
    assert again.last is None
