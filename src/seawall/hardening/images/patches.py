"""Packages of the system are patched before anything else: all that follows sees the newer ones."""

from collections.abc import Iterator
from typing import Any

from seawall import __version__
from seawall.hardening.images.options import Options
from seawall.hardening.images.subject import Subject
from seawall.hardening.images.times import newest_of, written
from seawall.packages.purl import purl_of
from seawall.patching.patching import Patched, patched
from seawall.patching.plans import Step
from seawall.sources.images.image import Config, Image
from seawall.sources.images.merging import FileSystem
from seawall.sources.images.writing.image import encoded

VEX = "application/vnd.openvex+json"


def patched_first(image: Image, options: Options) -> Patched | None:
    """The image with newer packages; ``None`` where nobody asks for that."""
    if options.patch is None:
        return None

    def clock(config: Config, tree: FileSystem) -> int:
        return newest_of(options.epoch, config, tree)[0]

    return patched(image, options.patch, options.compression, clock, written)


def tell_of_patches(subject: Subject, found: Patched) -> None:
    """Tell what was patched, in words and as OpenVEX."""
    subject.told.done += found.done
    subject.told.left += found.left
    subject.told.notes += found.notes
    subject.before = found.before
    if not found.steps:
        return
    subject.added_layers = 1
    statements = list(_statements(subject, found.steps))
    if statements:
        subject.statements.append((VEX, _document(subject, statements)))


def _statements(subject: Subject, steps: tuple[Step, ...]) -> Iterator[dict[str, Any]]:
    """What is fixed in which packages (OpenVEX 0.2.0, "Status Labels")."""
    purls = {
        (each.name, each.version, dict(each.qualifiers).get("arch", "")): purl_of(each)
        for _, contents in subject.whole.packages.files for each in contents.packages
    }  # fmt: skip
    products: dict[str, list[str]] = {}
    for step in steps:
        unit = step.candidate.unit
        purl = purls.get((unit.name, unit.version, unit.architecture))
        for id_ in step.clears if purl else ():
            products.setdefault(id_, []).append(str(purl))
    for id_, found in sorted(products.items()):
        yield {
            "vulnerability": {"name": id_},
            "products": [{"@id": purl, "identifiers": {"purl": purl}} for purl in sorted(found)],
            "status": "fixed",
        }


def _document(subject: Subject, statements: list[dict[str, Any]]) -> bytes:
    from hashlib import sha256  # noqa: PLC0415 - only here

    clock, _ = newest_of(subject.options.epoch, subject.config, subject.edited.tree)
    digest = sha256(encoded(statements)).hexdigest()
    return encoded({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": f"urn:seawall:vex:{digest[:32]}",
        "author": "seawall", "timestamp": written(clock), "version": 1,
        "tooling": f"seawall {__version__}", "statements": statements,
    })  # fmt: skip
