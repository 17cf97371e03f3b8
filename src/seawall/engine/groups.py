"""Files that a report tells of as one: what is known of them, and what the rules say."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seawall.engine.remembering import Plain, Section
from seawall.engine.units import Unit

if TYPE_CHECKING:
    from seawall.core.finding import Finding
    from seawall.engine.judging import Judgement


class Group:
    """Files that are told as one."""

    __slots__ = ("key", "named", "results", "section", "units")

    def __init__(self, units: Sequence[Unit], key: bytes, section: Section | None) -> None:
        self.units = units
        self.key = key
        self.section = section
        """What is known to be said of them."""
        self.results: Sequence[Judgement] = ()
        """What the rules say of each, where they have been judged."""
        self.named: list[Finding] = []
        """What is known of packages that they name."""

    @property
    def path(self) -> str:
        """The first of their paths."""
        return self.units[0].task.file.path

    @property
    def builds(self) -> Sequence[tuple[str, Plain]]:
        """By file, what Dockerfiles name: it rests on the files, whatever else has changed."""
        if self.section is not None:
            return self.section.builds
        return [
            (unit.task.file.path, result.contents)
            for unit, result in zip(self.units, self.results, strict=True)
            if result.contents
        ]

    def private(self) -> Iterator[Unit]:
        """The files of which it is known that they hold secrets, but not which ones."""
        return map(self.units.__getitem__, () if self.section is None else self.section.private)
