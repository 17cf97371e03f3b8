"""Secrets in an image: in its files, its configuration and its history, each told once.

What the search finds is told by its own rules, but where a rule about images tells of the same
value at the same place: that stays, with what the search knows in its details. A file that a later
layer hides is told of by the rule about these.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from seawall.core.finding import Finding, Subject
from seawall.core.location import KeyPath, Location
from seawall.core.redacted import Redacted
from seawall.core.report import NotCovered
from seawall.core.rule import Rule
from seawall.core.severity import Confidence
from seawall.engine.containers.published import confidence_in
from seawall.engine.credentials.findings import finding_of, shown
from seawall.images.credential_files import KEY
from seawall.images.facts import Configuration, Step
from seawall.images.history import assignments, names_public_key
from seawall.images.rule import in_config, in_history
from seawall.secrets.candidate import Secret
from seawall.secrets.reporting import CONFIDENCES, Shows
from seawall.secrets.text import Kind, Text

if TYPE_CHECKING:
    from seawall.engine.containers.layers import Read
    from seawall.engine.containers.whole import Whole
    from seawall.secrets.search import Search

DELETED = "image-deleted-credential"
WHAT = "searching for secrets"
_SETS_VARIABLES = ("ENV ", "/bin/sh -c #(nop)  ENV")
_SHORTEST = 4


class Places(Protocol):
    """What is told of a place in an image."""

    def about(self, finding: Finding, at: KeyPath, outer: str) -> Finding:
        """The finding with the image, the layer and the instruction of a place.

        ``outer`` is the file that it is about or in; empty for none.
        """

    def hide(self, values: Iterable[Redacted]) -> None:
        """Show none of these where steps of the history are told."""


class _Place(NamedTuple):
    """Where a secret is."""

    at: KeyPath
    told: str
    """In words: ``/app/settings.py``."""
    outer: str = ""
    """The file of the image, where ``at`` may name a member of it."""
    hidden: bool = False

    @property
    def key(self) -> KeyPath:
        """What two findings about the same place share."""
        return (*self.at[:-1], self.outer) if self.outer else _key(self.at)


class _Part(NamedTuple):
    """A text that has a place of its own."""

    place: _Place
    text: str
    kind: Kind = Kind.CONFIGURATION


def _key(at: KeyPath) -> KeyPath:
    return at[:2] if at[:1] == ("history",) else at


class _Found(NamedTuple):
    """A secret at a place."""

    place: _Place
    secret: Secret
    line: int = 0


def findings(
    read: "Read",
    whole: "Whole",
    rules: Mapping[str, Rule],
    search: "Search",
    others: Iterable[Finding],
    places: Places,
) -> Iterator[Finding]:
    """The findings of the rules about images, then those that none of them tells of already.

    ``rules`` are those that run, by id.
    """
    found = [*_in_settings(whole, search), *_in_files(read, whole)]
    by_place: dict[KeyPath, list[_Found]] = {}
    for one in found:
        by_place.setdefault(one.place.key, []).append(one)
    places.hide(one.secret.candidate.value for one in found)  # before anything is told
    own: dict[int, Finding | None] = {}
    for here in by_place.values():
        shows = shown(one.secret.candidate.value for one in here)
        own |= {id(one): _finding(one, whole, rules, places, shows) for one in here}
    told: set[int] = set()
    for other in others:
        if not other.rule.sensitive:
            yield other
            continue
        same = [
            one for one in by_place.get(_key(other.location.key_path), ())
            if _is_same(one.secret.candidate.value, other.secret)
        ]  # fmt: skip
        told.update(map(id, same))
        best = max(same, key=lambda one: one.secret.certainty, default=None)
        yield _judged(other, best, None if best is None else own[id(best)], whole)
    for one in found:
        finding = own[id(one)]
        if id(one) not in told and finding is not None:
            yield finding


def _is_same(one: Redacted, other: Redacted) -> bool:
    """Whether one value is the other, or a part of it: of an address, of a file."""
    short, long = sorted((one.reveal(), other.reveal()), key=len)
    return short == long or (len(short) >= _SHORTEST and short in long)


def _judged(other: Finding, found: _Found | None, known: Finding | None, whole: "Whole") -> Finding:
    """What a rule about images says, with what the search found there, and says of it."""
    in_file = other.location.key_path[:1] in (("files",), ("layers",))
    if found is None:  # a file that is named for what it holds may hold what has no form
        is_known_form = not in_file or other.evidence == KEY.what
        return other._replace(confidence=Confidence.LOW) if is_known_form else other
    confidence = CONFIDENCES[found.secret.certainty]
    if in_file:
        sure = max(other.confidence, confidence)
        confidence = confidence_in(whole, found.place.outer, found.secret, sure)
    if known is None:
        return other._replace(confidence=confidence)
    details = {**other.details, "secret": _own_details(known, other)}
    return other._replace(details=details, confidence=confidence)


def _own_details(known: Finding, other: Finding) -> dict[str, object]:
    """What is told of a secret beyond what is told of the image."""
    nested = known.details.get("secret")
    if isinstance(nested, dict):
        return nested
    own = {key: value for key, value in known.details.items() if key not in other.details}
    also = own.get("also")
    names = {known.rule.id, *(also if isinstance(also, list) else ())}
    return {**own, "also": sorted(names)}


def _finding(
    one: _Found, whole: "Whole", rules: Mapping[str, Rule], places: Places, shows: Shows
) -> Finding | None:
    place, secret = one.place, one.secret
    location = Location(whole.image.name, 0, place.at)
    said = finding_of(secret, rules, lambda _part: location, shows, Subject())
    finding = next(said, None)
    if finding is None:
        return None
    finding = finding._replace(
        message=f"{finding.message} in {place.told}",
        confidence=confidence_in(whole, place.outer, secret, finding.confidence),
        related=(),
        details={**finding.details, "line": one.line} if one.line else finding.details,
    )
    deleted = rules.get(DELETED)
    if place.hidden and deleted is not None:
        own = {**finding.details, "also": sorted({finding.rule.id, *_also(finding)})}
        finding = finding._replace(rule=deleted, remedy=deleted.remedy, details={"secret": own})
    return places.about(finding, place.at, place.outer)


def _also(finding: Finding) -> Iterable[str]:
    also = finding.details.get("also")
    return also if isinstance(also, list) else ()


# Configuration and history ---------------------------------------------------------------------


def _in_settings(whole: "Whole", search: "Search") -> Iterator[_Found]:
    configuration = whole.image.configuration
    yield from _searched(search, _of_configuration(configuration))
    held = [
        value for part in (configuration.environment, configuration.labels.items())
        for _, value in part
    ]  # fmt: skip
    surest: dict[tuple[KeyPath, str], _Found] = {}
    public = [
        value for step in whole.image.history for name, value in assignments(step.created_by)
        if names_public_key(name, value)
    ]  # fmt: skip
    for one in _searched(search, _of_history(whole.image.history)):
        value = one.secret.candidate.value.reveal()
        if value in public:
            continue
        if any(value in other for other in held):
            continue  # it is told of where containers have it
        there = surest.setdefault((one.place.at, value), one)
        if one.secret.certainty > there.secret.certainty:
            surest[one.place.at, value] = one
    yield from surest.values()


def _of_configuration(configuration: Configuration) -> Iterator[_Part]:
    for name, value in configuration.environment:
        if names_public_key(name, value):
            continue
        yield _Part(_Place(in_config("Env", name), f"the variable {name}"), f"{name}={value}\n")
    for name, value in configuration.labels.items():
        yield _Part(_Place(in_config("Labels", name), f"the label {name}"), f"{name}={value}\n")
    for part, words in (
        ("Entrypoint", configuration.entrypoint), ("Cmd", configuration.command),
        ("Healthcheck", configuration.health_check), ("OnBuild", configuration.on_build),
    ):  # fmt: skip
        yield _Part(_Place(in_config(part), part), " ".join(words))


def _of_history(steps: Iterable[Step]) -> Iterator[_Part]:
    """Steps, and what each of them sets: alone, for in a line of others names count for less."""
    for number, step in enumerate(steps):
        if not step.created_by.startswith(_SETS_VARIABLES):
            place = _Place(in_history(number), f"step {number + 1} of the history")
            yield _Part(place, step.created_by, Kind.SCRIPT)
            for name, value in assignments(step.created_by):
                yield _Part(place, f"{name}={value}\n")


def _searched(search: "Search", parts: Iterable[_Part]) -> Iterator[_Found]:
    """What stands in short texts, each of which has a place of its own."""
    known: dict[str, _Place] = {}
    texts = []
    for number, (place, text, kind) in enumerate(parts):
        if len(text) > _SHORTEST:
            known[str(number)] = place
            texts.append(Text(str(number), text.encode("utf-8", "replace"), kind))
    for found in search.run(texts):
        for secret in found.secrets:
            yield _Found(known[found.text.name], secret)


# Files -----------------------------------------------------------------------------------------


def _in_files(read: "Read", whole: "Whole") -> Iterator[_Found]:
    """What stands in files: of those that are shown first, then of hidden ones."""
    hidden = {(item.layer, item.entry.path): item.by for item in whole.files.hidden}
    below: list[_Found] = []
    shown: set[tuple[str, str]] = set()
    for number, looked in enumerate(read.layers):
        for name, held in looked.secrets.items():
            outer = name.partition("!/")[0]
            node = whole.files.get(outer)
            is_shown = node is not None and number in (node.layer, node.content.layer)
            if is_shown and (number, outer) not in hidden:
                place = _Place(("files", name), f"/{name}", outer)
            else:
                by = hidden.get((number, outer), number)
                told = f"/{name} of layer {number + 1}, which layer {by + 1} only hides"
                place = _Place(("layers", number, name), told, outer, hidden=True)
            for one in held:
                found = _Found(place, one.secret, one.span.line if one.span else 0)
                if place.hidden:
                    below.append(found)
                else:
                    shown.add((outer, one.secret.candidate.value.reveal()))
                    yield found
    for found in below:
        if (found.place.outer, found.secret.candidate.value.reveal()) not in shown:
            yield found  # else it was written again, and is told of there


def unsearched(read: "Read", name: str) -> Iterator[NotCovered]:
    """The files that were not searched to their end."""
    for looked in read.layers:
        for path, reason in looked.unsearched:
            yield NotCovered(
                f"{name}:/{path}", WHAT, reason, "look at it yourself, or unpack it and scan that"
            )
