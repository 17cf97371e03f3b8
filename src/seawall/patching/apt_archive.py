"""Archives for apt: from a signed Release file to the packages that are wanted.

Format: Debian's wiki, "DebianRepository/Format"; apt's ``acquire-item.cc`` on by-hash. Each step is
held against the digest that the one before it tells.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.patching.apt_release import Listed, Release, Trust, fetched
from seawall.patching.archives import Bytes
from seawall.patching.candidates import Candidate, candidate_of
from seawall.patching.deb import MOST
from seawall.patching.errors import DISTRUST, PackageError
from seawall.patching.paragraphs import Paragraph, parse, text_of
from seawall.patching.places import Place, is_below
from seawall.patching.relations import ALL
from seawall.sources.images.limits import Limits
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.unpacking import Unpacked

_MOST_INDEX = 512 << 20
_UNPACKED = Limits(total=4 << 30, ratio=400, free=256 << 20)
_ENDINGS = (".xz", ".gz", ".zst", ".bz2", "")
_NAME = b"\nPackage:"


class Source(NamedTuple):
    """An archive as the user names it: where, which suites, which components."""

    place: Place
    suites: tuple[str, ...]
    """As below ``dists``; one that ends in a slash is a directory of the place itself."""
    components: tuple[str, ...]
    """None for all."""
    must: bool
    """Whether each suite must be there: they were named."""


def candidates(
    source: Source, architectures: Collection[str], names: Collection[str], trust: Trust,
    told: Callable[[str], None],
) -> Iterator[Candidate]:  # fmt: skip
    """The packages of some names and architectures. Raises ``InputError``.

    ``told`` is given a line about each suite.
    """
    found = False
    for suite in source.suites:
        flat = suite.endswith("/")
        directory = suite.strip("/").removeprefix("./").strip(".") if flat else f"dists/{suite}"
        release = fetched(source.place, directory, trust)
        if release is None:
            if source.must:
                raise InputError(
                    f"{source.place.name}: has no {directory or 'InRelease'}; name another suite"
                )
            continue
        found = True
        if not flat:
            _check_suite(release, suite)
        key = f"signed by {release.signer}" if release.signer else "NOT verified"
        told(f"{release.name}: {key}")
        for path in _indexes(release, source.components, architectures, flat=flat):
            index = _index(source.place, directory, path, release)
            for paragraph in _wanted(index, names):
                if paragraph.get("Architecture") in architectures:
                    yield _candidate(source.place, paragraph, release)
    if not found:
        raise InputError(
            f"{source.place.name}: has none of the suites {', '.join(source.suites)}; name one: "
            "--mirror 'ADDRESS SUITE [COMPONENT...]'"
        )


def _check_suite(release: Release, suite: str) -> None:
    """Raise ``PackageError`` where another suite's file stands in the place of this one's."""
    own = {release.fields.get("Suite"), release.fields.get("Codename")} - {""}
    base, _, rest = suite.partition("/")
    accepted = {suite, base, f"{base}-{rest}" if rest else base}
    if own and not own & accepted:
        raise PackageError(
            release.name, f"is that of {' and '.join(sorted(own))}, not of {suite}", DISTRUST
        )


def _indexes(
    release: Release, components: Sequence[str], architectures: Collection[str], *, flat: bool
) -> Iterator[str]:
    """The paths of the indexes that are there, each in its first form."""
    if flat:
        wanted = ["Packages"]
    else:
        known = components or release.fields.get("Components").split() or ("main",)
        apart = ALL in release.fields.get("Architectures").split()
        if "Packages" in release.fields.get("No-Support-for-Architecture-all"):
            apart = False  # packages for all are in the index of each architecture
        wanted = [
            f"{component}/binary-{architecture}/Packages"
            for component in known for architecture in sorted(architectures)
            if apart or architecture != ALL
        ]  # fmt: skip
    for path in wanted:
        for ending in _ENDINGS:
            if path + ending in release.files or f"./{path}{ending}" in release.files:
                yield path + ending
                break


def _index(place: Place, directory: str, path: str, release: Release) -> bytes:
    listed = release.files.get(path) or release.files[f"./{path}"]
    above = f"{directory}/" if directory else ""
    data = None
    if release.by_hash:
        folder = path.rpartition("/")[0]
        data = place.get(
            f"{above}{folder + '/' if folder else ''}by-hash/{listed.algorithm.upper()}/"
            f"{listed.digest}", _MOST_INDEX,
        )  # fmt: skip
    if data is None:
        data = place.get(above + path, _MOST_INDEX)
    name = f"{place.name.rstrip('/')}/{above}{path}"
    if data is None:
        raise PackageError(name, "is not there", "renew the mirror")
    checked(name, data, listed)
    return _unpacked(name, data)


def checked(name: str, data: bytes, listed: Listed) -> None:
    """Raise ``PackageError`` where bytes are not what was said of them."""
    if len(data) != listed.size and listed.size >= 0:
        raise PackageError(name, f"has {len(data)} bytes, not {listed.size}", DISTRUST)
    digest = hashlib.new(listed.algorithm, data).hexdigest()
    if digest != listed.digest:
        said = f"{listed.algorithm.upper()} is {digest}, not {listed.digest}"
        raise PackageError(name, f"its {said}", DISTRUST)


def _unpacked(name: str, data: bytes) -> bytes:
    unpacked = Unpacked(name, Bytes(data), limits=_UNPACKED)
    parts = []
    try:
        while piece := unpacked():
            parts.append(piece)
    except ArchiveError as error:
        raise PackageError(name, error.reason, DISTRUST) from None
    finally:
        unpacked.close()
    return b"".join(parts)


def _wanted(index: bytes, names: Collection[str]) -> Iterator[Paragraph]:
    """The paragraphs of some packages; the others are not parsed: there are 60,000."""
    wanted = {name.encode() for name in names}
    at = 0
    text = b"\n" + index
    while (at := text.find(_NAME, at)) >= 0:
        end = text.find(b"\n\n", at + 1)
        end = len(text) if end < 0 else end
        line = text.find(b"\n", at + len(_NAME))
        if text[at + len(_NAME) : line if line >= 0 else end].strip() in wanted:
            yield parse(text_of(text[text.rfind(b"\n\n", 0, at + 1) + 1 : end]))
        at = end


def _candidate(place: Place, paragraph: Paragraph, release: Release) -> Candidate:
    path = paragraph.get("Filename").removeprefix("./")
    size, digest = paragraph.get("Size"), paragraph.get("SHA256").lower()
    label = f"{paragraph.get('Package')} {paragraph.get('Version')}"
    if not is_below(path) or not size.isdecimal() or len(digest) != 64:
        raise PackageError(
            release.name, f"lists {label} without a usable path, size and SHA-256", DISTRUST
        )
    listed = Listed("sha256", digest, int(size[:18]))

    def fetch() -> bytes:
        data = place.get(path, min(listed.size, MOST))
        name = f"{place.name.rstrip('/')}/{path}"
        if data is None:
            raise PackageError(name, "is not there", "renew the mirror")
        checked(name, data, listed)
        return data

    return candidate_of(paragraph, release.name.rpartition("/")[0], fetch)
