"""Which instruction of a Dockerfile made a step of an image's history.

The history is in the order of the build, so the two are aligned as a whole: the pairs that agree in
most are taken, and none crosses another. What RUN ran must be the same text, what COPY and ADD
copied must come to the same place; only steps without files may pair by their names.
"""

from collections.abc import Callable, Iterator, Sequence

from seawall.core.lazy import pattern
from seawall.core.location import Location, Span
from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.stages import Stage, Step
from seawall.dockerfile.steps import join
from seawall.images.history import step_of
from seawall.text.dockerfile.parser import parse

FILES = ("RUN", "COPY", "ADD", "WORKDIR")
"""Instructions that bring files."""
_COPYING = ("COPY", "ADD")
_MOST = 512
"""Steps of a history, and instructions, that are looked at, the last ones: more are an attack."""
_SAME, _PLACE, _NAME = 1000, 100, 1
"""What a pair counts: the same text, the same destination, the same kind of instruction."""
_BLANKS = pattern(r"\s+")
_HASHED = pattern(r"(?:--\S+ )*(?:file|dir|multi):[0-9a-f]+ in (.*)")
"""What Docker's own builder and Buildah write of COPY: a digest of the files, and the place."""


class Made(NamedTuple):
    """An instruction that made a step."""

    location: Location
    text: str
    """As written, on one line."""
    brings_files: bool


class Matched(NamedTuple):
    """What a Dockerfile tells of a history."""

    steps: dict[int, Made]
    """By the number of a step, from 0."""
    certain: int
    """How many of them brought files and agree in text or place."""


_NOTHING = Matched({}, 0)


class Dockerfiles(NamedTuple):
    """Dockerfiles that an image may be made of, each with its path and bytes."""

    named: tuple[tuple[str, bytes], ...] = ()
    """Those that a person says it is made of."""
    told: tuple[tuple[str, bytes], ...] = ()
    """Those that its provenance has."""
    around: tuple[tuple[str, bytes], ...] = ()
    """Those that are looked at beside it."""

    def made(self, history: Sequence[str]) -> dict[int, Made]:
        """The instructions that made the steps of a history; of all files, the one that fits best.

        A named one counts before any other, then one of the image's own provenance.
        """
        for files in (self.named, self.told, self.around):
            found = [matched(path, data, history) for path, data in files] if history else []
            best = max(found, key=lambda each: each.certain, default=_NOTHING)
            if best.certain:
                return best.steps
        return {}


def matched(path: str, data: bytes, history: Sequence[str]) -> Matched:
    """The instructions that made the steps of a history (its ``created_by``).

    Of all stages the one that fits best is taken: the file does not tell which one was built.
    """
    build = evaluate(parse(data))
    lines = data.decode("utf-8", "replace").splitlines()
    told = [step_of(each) for each in history][-_MOST:]
    first = len(history) - len(told)
    best, score = _NOTHING, 0
    for stage in reversed(build.stages):
        found, own = _of_stage(stage, told, data)
        if own > score:
            score = own
            steps = {first + number: _made(path, step, lines) for number, step in found.items()}
            certain = sum(step.name in FILES for step in found.values())
            best = Matched(steps, certain)
    return best if best.certain else _NOTHING


def _of_stage(stage: Stage, told: Sequence[str], data: bytes) -> tuple[dict[int, Step], int]:
    steps = [step for step in stage.chain_steps() if not step.triggered][-_MOST:]
    forms = [_Form(step, data) for step in steps]
    pairs, score = _aligned(len(told), len(steps), lambda a, b: forms[b].weight(told[a]))
    return {number: steps[other] for number, other in pairs}, score


def _aligned(
    left: int, right: int, weigh: Callable[[int, int], int]
) -> tuple[list[tuple[int, int]], int]:
    """The pairs of two rows that weigh most together, without a crossing; the last of equals."""
    best = [[0] * (right + 1) for _ in range(left + 1)]
    weights = [[weigh(a, b) for b in range(right)] for a in range(left)]
    for a in range(left):
        row, above = best[a + 1], best[a]
        for b in range(right):
            weight = weights[a][b]
            row[b + 1] = max(above[b + 1], row[b], above[b] + weight if weight else 0)
    pairs = []
    a, b = left, right
    while a and b:
        weight = weights[a - 1][b - 1]
        if weight and best[a][b] == best[a - 1][b - 1] + weight:
            a, b = a - 1, b - 1
            pairs.append((a, b))
        elif best[a][b] == best[a - 1][b]:
            a -= 1
        else:
            b -= 1
    return pairs, best[left][right]


class _Form:
    """What builders may write of an instruction."""

    def __init__(self, step: Step, data: bytes) -> None:
        self._name = step.name
        self._texts = frozenset(map(_plain, _texts(step, data))) - {""}
        self._places = frozenset(_places(step)) if step.name in _COPYING else frozenset()

    def weight(self, told: str) -> int:
        """How well a step of the history fits; 0 for not at all."""
        name, _, text = told.partition(" ")
        if name.upper() != self._name:
            return 0
        if text in self._texts or (
            name == "RUN" and any(text.endswith(f" {own}") for own in self._texts)
        ):
            return _SAME
        if self._name in _COPYING:
            return _PLACE if self._is_there(text) else 0
        return 0 if self._name in FILES else _NAME

    def _is_there(self, text: str) -> bool:
        """Whether what was copied came to the place of this instruction."""
        found = _HASHED.fullmatch(text)
        place = found[1] if found is not None else text.rpartition(" ")[2]
        return place.strip() in self._places


def _plain(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def _texts(step: Step, data: bytes) -> Iterator[str]:
    """The arguments as builders may note them: as written, expanded, those of a list in a row."""
    instruction = step.instruction
    yield instruction.rest.text
    expanded = " ".join(value.text for value in step.arguments)
    yield expanded
    for name, value in step.flags.items():  # BuildKit notes --chown and --chmod
        yield f"--{name}={value.text} {expanded}"
    for document in instruction.heredocs:
        yield data[document.body_start : document.body_end].decode("utf-8", "replace")
    if step.name == "WORKDIR":
        yield from (value.text for value in step.arguments)
        yield join(step.workdir.text, expanded)


def _places(step: Step) -> Iterator[str]:
    """The destination: as written, expanded, and below the working directory."""
    written = step.instruction.arguments[-1:]
    for place in (*(word.text for word in written), *(v.text for v in step.arguments[-1:])):
        yield place
        yield join(step.workdir.text, place)


def _made(path: str, step: Step, lines: Sequence[str]) -> Made:
    instruction = step.instruction
    last = lines[instruction.end_line - 1] if instruction.end_line <= len(lines) else ""
    span = Span(instruction.line, 1, instruction.end_line, len(last) + 1)
    text = _plain(f"{step.name} {instruction.rest.text}")
    return Made(Location(path, 0, (), span), text, step.name in FILES)
