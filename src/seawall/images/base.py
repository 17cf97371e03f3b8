"""Which of an image's layers came with its base image, as far as anything tells."""

from collections.abc import Sequence

from seawall.core.lazy import pattern

_LAST_WORD = pattern(r"(?:/bin/sh -c #\(nop\)\s+)?(?:CMD|ENTRYPOINT) ")


def layers_of_base(history: Sequence[tuple[str, bool]], layers: int) -> int:
    """How many of the lowest layers came with the base, by the history of an image.

    ``history`` has each step's ``created_by`` and whether it made no layer. An image that others
    build on ends with its CMD or ENTRYPOINT, as a rule; so what is below the last of them that
    steps with layers follow on came with the base (Trivy guesses so, too). 0 where nothing tells.
    """
    if sum(not empty for _, empty in history) != layers:
        return 0
    made = found = 0
    pending = 0
    for created_by, empty in history:
        if not empty:
            made += 1
            found = pending or found
        elif _LAST_WORD.match(created_by):
            pending = made
    return found
