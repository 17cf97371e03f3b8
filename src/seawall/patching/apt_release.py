"""The Release file of an archive for apt: what is signed, and until when.

Sources: Debian's wiki, "DebianRepository/Format"; apt-secure(8).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seawall.patching.errors import DISTRUST, PackageError
from seawall.patching.openpgp import Keyring, verified
from seawall.patching.paragraphs import Paragraph, parse, text_of
from seawall.patching.places import Place

_MOST = 32 << 20
_SKEW = 60.0
"""Seconds by which clocks may differ."""
_SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"
_HASHES = (("SHA512", 128), ("SHA256", 64))


class Listed(NamedTuple):
    """A file that a Release file names."""

    algorithm: str
    digest: str
    size: int


class Release(NamedTuple):
    """What is taken from a Release file."""

    name: str
    """Where it is from, for people."""
    fields: Paragraph
    files: Mapping[str, Listed]
    signer: str
    """The fingerprint of the key; empty where it is not verified."""

    @property
    def by_hash(self) -> bool:
        """Whether files lie under their digests, too."""
        return self.fields.get("Acquire-By-Hash").lower() == "yes"


class Trust(NamedTuple):
    """What makes a Release file believed."""

    keyrings: Sequence[Keyring]
    allow_unsigned: bool
    ignore_valid_until: bool
    now: float
    """Seconds since 1970."""


def fetched(place: Place, directory: str, trust: Trust) -> Release | None:
    """The Release file of a directory of a place; ``None`` where there is none.

    Raises ``InputError`` for one that is not to be believed.
    """
    path = f"{directory}/" if directory else ""
    name = f"{place.name.rstrip('/')}/{path}InRelease"
    data = place.get(f"{path}InRelease", _MOST)
    signature = None
    if data is None:
        name = f"{place.name.rstrip('/')}/{path}Release"
        data = place.get(f"{path}Release", _MOST)
        if data is None:
            return None
        signature = place.get(f"{path}Release.gpg", _MOST)
    signer = ""
    if trust.allow_unsigned:
        data = _without_signature(data)
    elif signature is None and _SIGNED not in data:
        raise PackageError(
            name, "is not signed",
            "use a mirror that is, or say --allow-unsigned if you know it otherwise",
        )  # fmt: skip
    else:
        data, signer = verified(name, data, signature, trust.keyrings)
    fields = parse(text_of(data))
    _check_times(name, fields, trust)
    return Release(name, fields, _files(name, fields), signer)


def _without_signature(data: bytes) -> bytes:
    """The text of a signed message, for those who do not want to know whether it is signed."""
    if not data.startswith(_SIGNED):
        return data
    return data.partition(b"\n\n")[2].partition(_SIGNATURE)[0]


def _check_times(name: str, fields: Paragraph, trust: Trust) -> None:
    """Raise ``PackageError`` for a Release file that is too old, or of a day to come."""
    until = fields.get("Valid-Until")
    if until and not trust.ignore_valid_until and _seconds(name, until) < trust.now:
        raise PackageError(
            name, f"was valid until {until}: somebody may be holding newer packages back",
            "renew the mirror, or say --ignore-valid-until",
        )  # fmt: skip
    made = fields.get("Date")
    if made and _seconds(name, made) > trust.now + _SKEW:
        raise PackageError(
            name, f"is of {made}, which is to come", "see whether the clock is right"
        )


def _seconds(name: str, text: str) -> float:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - only here

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        raise PackageError(name, f"has {text[:60]!r}, which is no time", DISTRUST) from None


def _files(name: str, fields: Paragraph) -> Mapping[str, Listed]:
    for algorithm, length in _HASHES:
        found = {}
        for line in fields.whole(algorithm).split("\n"):
            words = line.split()
            if len(words) == 3 and len(words[0]) == length and words[1].isdecimal():
                found[words[2]] = Listed(algorithm.lower(), words[0].lower(), int(words[1][:18]))
        if found:
            return found
    raise PackageError(name, "names no file with its SHA-256 or SHA-512", DISTRUST)
