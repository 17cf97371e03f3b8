"""Secrets that only a search of all contents finds: in files of any name, variables and steps.

A file that is known for what it holds is taken out (``leftovers``). Another one may be part of the
program, so it stays, and is told of with the reason; what is in the history is blacked out.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from seawall.core.redacted import parts_of
from seawall.core.severity import Confidence
from seawall.engine.containers.published import confidence_in
from seawall.engine.credentials.searching import searcher
from seawall.engine.options import Options
from seawall.hardening.images.leftovers import is_known
from seawall.hardening.images.options import named
from seawall.hardening.images.subject import Subject
from seawall.images.history import REMOVED, without_credentials
from seawall.secrets.candidate import Certainty
from seawall.secrets.reporting import CONFIDENCES
from seawall.secrets.rules.catalogued import id_of
from seawall.secrets.text import Kind, Text

if TYPE_CHECKING:
    from seawall.secrets.search import Search
    from seawall.secrets.sieve import Held

_LARGE = 1 << 30
"""What an image is taken to have in bytes: more than the compiled patterns are worth."""
_SHORTEST = 4
"""Characters of a value that is looked for wherever it stands."""


def looking() -> "Search":
    """What looks for secrets in an image."""
    return searcher(Options(), _LARGE)


def tell_of_secrets(subject: Subject) -> None:
    """Tell which files still hold secrets, and why; asked once all is taken out that goes."""
    by_rules: dict[tuple[str, ...], list[str]] = {}
    below = []
    for path, layer, rules in _in_files(subject):
        node = subject.edited.tree.get(path)
        if node is not None and layer in (node.layer, node.content.layer):
            by_rules.setdefault(rules, []).append(path)
        elif layer < subject.kept_layers:
            below.append(path)
    for rules, paths in sorted(by_rules.items()):
        verb = "still holds" if len(paths) == 1 else "still hold"
        subject.told.left.append(
            f"{named(paths)} {verb} what looks like a secret ({', '.join(rules)}): the program may "
            "read it there; make a new one, mount it when it runs, and build without the old one"
        )
    if below:
        subject.told.notes.append(
            f"secrets in {named(sorted(set(below)))} are still in the layers that are kept, and "
            "can be had from there: make new ones, and use --squash"
        )


def _in_files(subject: Subject) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Path, layer and rules of each file with secrets that are sure enough."""
    for number, looked in enumerate(subject.read.layers):
        by_path: dict[str, set[str]] = {}
        for name, held in looked.secrets.items():
            outer = name.partition("!/")[0]
            by_path.setdefault(outer, set()).update(_sure(subject, outer, held))
        for path, rules in by_path.items():
            if rules and not is_known(subject, path, number):  # that is told there
                yield path, number, tuple(sorted(rules))


def _sure(subject: Subject, path: str, held: Iterable["Held"]) -> Iterator[str]:
    for one in held:
        confidence = CONFIDENCES[one.secret.certainty]
        if confidence_in(subject.whole, path, one.secret, confidence) >= Confidence.MEDIUM:
            yield id_of(one.secret.candidate.rule)


# Configuration --------------------------------------------------------------------------------


def in_variable(search: "Search", name: str, value: str) -> bool:
    """Whether a variable holds a secret."""
    return bool(_values(search, f"{name}={value}", Kind.CONFIGURATION))


def without_secrets(search: "Search", created_by: str) -> str:
    """A step of the history without the secrets in it."""
    plain = without_credentials(created_by)
    for value in sorted(_values(search, plain, Kind.SCRIPT), key=len, reverse=True):
        plain = plain.replace(value, REMOVED)
    return plain


def _values(search: "Search", text: str, kind: Kind) -> set[str]:
    whole = Text("", text.encode("utf-8", "replace"), kind)
    return {
        part
        for found in search.run([whole])
        for secret in found.secrets
        if secret.certainty >= Certainty.MEDIUM
        for part in parts_of(secret.candidate.value)
        if len(part) >= _SHORTEST and part != REMOVED
    }
