"""Lines of an image's history: what a build step was given."""

from collections.abc import Iterator

from seawall.core.lazy import pattern

_BUILD_ARGUMENTS = pattern(r"(?:RUN )?\|([0-9]{1,4}) ")
"""What both builders write before a command that build arguments were given to."""
_ASSIGNMENT = pattern(
    r"(?:^|[\s;&|(])(?:export\s+|ARG\s+)?([A-Za-z_][A-Za-z0-9_]{0,99})=([^\s;&|]+)"
)


def assignments(created_by: str) -> Iterator[tuple[str, str]]:
    """Names and values that a step was given as build arguments or sets in its command.

    ``|2 A=1 B=2 /bin/sh -c make`` gives A and B; ``ENV`` steps give nothing, for what they set
    stands in the configuration.
    """
    if created_by.startswith(("ENV ", "/bin/sh -c #(nop)  ENV")):
        return
    given = _BUILD_ARGUMENTS.match(created_by)
    command = created_by
    if given is not None:
        words, command = _words(created_by[given.end() :], int(given[1]))
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                yield name, value
    for found in _ASSIGNMENT.finditer(command):
        yield found[1], found[2].strip("'\"")


def _words(text: str, number: int) -> tuple[list[str], str]:
    """The first words of a text, and what is behind them.

    Values are not quoted, so a blank in one moves the rest on.
    """
    parts = text.split(" ", number)
    return parts[:number], parts[number] if len(parts) > number else ""
