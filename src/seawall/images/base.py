"""Which of an image's layers came with its base image, and how that is known.

Nothing in an image says for sure where its base ends. In the order of what is believed:

1. its annotations name the base (``org.opencontainers.image.base.*``, OCI image-spec,
   annotations.md), and that one's own layers are known: they are the lowest of this image;
2. the lock file knows the layers of a base, and the image begins with them;
3. an image that was looked at, in this run or before, has the layers that this one begins with;
4. the history.

What is compared are chain ids (config.md, "Layer ChainID"), made of DiffIDs that were verified, so
1 to 3 prove that the layers are the same. That the image was built on this base and not on one that
in turn was built on it, only an annotation says: where the history tells of more layers than the
lock file or an image that was looked at, the history counts. An annotation alone gives a name and
proves nothing.
"""

from collections.abc import Iterable, Iterator, Sequence

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

ANNOTATION, LOCK, SEEN, HISTORY = "annotation", "lock-file", "image-seen", "history"
"""How a split is known, the surest first."""
_LAST_WORD = pattern(r"(?:/bin/sh -c #\(nop\)\s+)?(?:CMD|ENTRYPOINT) ")
_FROM = pattern(r"FROM (?!scratch$|[0-9a-f]{12}$)(\S{1,512})")
"""Buildah's comment on the first step above a base; between its own layers it names their ids."""


class Step(NamedTuple):
    """A line of the history, as far as it tells of a base."""

    created_by: str
    empty_layer: bool
    """Whether it made no layer."""
    comment: str = ""


class Claim(NamedTuple):
    """What an image says of its base."""

    name: str = ""
    digest: str = ""
    """Of a manifest or an index."""
    chain_id: str = ""
    """Of the base's topmost layer, where the base is at hand."""


class Candidate(NamedTuple):
    """An image whose layers are known."""

    chain_id: str
    name: str
    digests: tuple[str, ...]
    known_by: str
    """``LOCK`` or ``SEEN``."""


class Base(NamedTuple):
    """The base of an image, as far as it is known."""

    layers: int = 0
    """How many of the lowest layers came with it; 0 where nothing tells."""
    known_by: str = ""
    """How it is known where the base ends; empty where nothing tells."""
    name: str = ""
    digest: str = ""
    named_by: str = ""
    """Who says what the base is called; empty where nobody does."""
    problem: str = ""
    """What does not fit together."""


def base_of(
    chain: Sequence[str],
    history: Sequence[Step],
    claim: Claim = Claim(),  # noqa: B008 - it cannot change
    candidates: Iterable[Candidate] = (),
) -> Base:
    """The base of an image whose layers have these chain ids, the lowest first."""
    known = list(candidates)
    proven = claim.chain_id or next(
        (each.chain_id for each in known if claim.digest in each.digests), ""
    )
    problem = ""
    if proven in chain:
        return Base(
            chain.index(proven) + 1, ANNOTATION, claim.name, claim.digest, ANNOTATION
        )  # fmt: skip
    if proven:
        called = claim.name or claim.digest
        problem = f"its annotations name {called} as its base, but it has none of that one's layers"
        claim = Claim()
    told = _told(history, len(chain))
    best = max(_fitting(chain, known), key=lambda base: base.layers, default=Base())
    if best.layers < told.layers or not best.layers:
        best = told
    if claim.name or claim.digest:
        best = best._replace(name=claim.name, digest=claim.digest, named_by=ANNOTATION)
    return best._replace(problem=problem)


def _fitting(chain: Sequence[str], candidates: Iterable[Candidate]) -> Iterator[Base]:
    """The candidates that the image begins with, those of the lock file first."""
    for wanted in (LOCK, SEEN):
        for each in candidates:
            # An image that was seen may be this one, or the same under another name.
            layers = chain if wanted == LOCK else chain[:-1]
            if each.known_by == wanted and each.chain_id in layers:
                digest = next(iter(each.digests), "")
                yield Base(
                    layers.index(each.chain_id) + 1, wanted, each.name, digest, wanted
                )  # fmt: skip


def _told(history: Sequence[Step], layers: int) -> Base:
    """What the history tells: Buildah notes where it begins, of others it is a guess."""
    if sum(not step.empty_layer for step in history) != layers:
        return Base()
    made, named = 0, Base()
    for step in history:
        found = _FROM.fullmatch(step.comment)
        if found is not None and made:
            named = Base(made, HISTORY, found[1], "", HISTORY)
        made += not step.empty_layer
    if named.layers:
        return named
    guess = layers_of_base([(step.created_by, step.empty_layer) for step in history], layers)
    return Base(guess, HISTORY if guess else "")


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
