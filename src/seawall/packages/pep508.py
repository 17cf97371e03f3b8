"""How Python's tools write what they require: names, specifiers, addresses, markers.

Sources: PEP 503 (normal form of names), PEP 440 (specifiers), PEP 508 (requirements), PEP 427 and
PEP 625 (names of archives); https://packaging.python.org/en/latest/specifications/
"""

import re

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.core.package_key import python_name

MAX_REQUIREMENT = 2000
"""Characters of one requirement, its hashes left out."""
_REQUIREMENT = pattern(
    r"""\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*  # the name
        (?:\[([^\]]*)\]\s*)?                                # extras
        (?:@\s*(\S+(?:\s+(?!;)\S+)*?)|([^;@]*?))\s*         # an address, or specifiers
        (?:;(.*)|(?<=\s);(.*))?""",
    re.VERBOSE | re.DOTALL,
)
_CLAUSE = pattern(r"\s*(===|==|~=|!=|<=|>=|<|>)\s*([^\s,()]+)\s*")
_EXACT = pattern(r"[A-Za-z0-9.!+_-]+")
"""A version: no ``1.*``, no ``${VARIABLE}``."""
_SUFFIXES = (".whl", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".zip", ".tar")
_EGG = pattern(r"[#&]egg=([A-Za-z0-9._-]+)")
_ADDRESS = pattern(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\s)")


class Python(NamedTuple):
    """One requirement."""

    name: str
    """In its normal form; empty where only an address stands."""
    constraint: str = ""
    """Its specifiers: ``>=1.0,<2``."""
    address: str = ""
    marker: str = ""

    @property
    def version(self) -> str:
        """The version it pins, or that of the archive it names; empty where others would do."""
        return exact(self.constraint) or (of_address(self.address)[1] if self.address else "")


def parse(text: str) -> Python | None:
    """A requirement of PEP 508; ``None`` where it is none."""
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        return None
    name, _, address, specifiers, marker, other = found.groups()
    constraint = (specifiers or "").strip()
    if constraint.startswith("(") and constraint.endswith(")"):  # of the days before PEP 508
        constraint = constraint[1:-1].strip()
    if not is_specifier(constraint):
        return None
    return Python(python_name(name), constraint, address or "", (marker or other or "").strip())


def is_specifier(text: str) -> bool:
    """Whether a text is a set of specifiers of PEP 440; the empty set is one."""
    return not text or all(_CLAUSE.fullmatch(clause) for clause in text.rstrip(", ").split(","))


def exact(constraint: str) -> str:
    """The version that specifiers pin with ``==`` or ``===``; empty where others would do."""
    for clause in constraint.split(","):
        found = _CLAUSE.fullmatch(clause)
        if found and found[1] in ("==", "===") and _EXACT.fullmatch(found[2]):
            return found[2]
    return ""


def is_address(text: str) -> bool:
    """Whether a text begins as an address does: ``https:``, ``git+ssh:``, ``file:``."""
    return _ADDRESS.match(text) is not None


def is_archive(text: str) -> bool:
    """Whether a text is the path of an archive: a wheel, or one of sources."""
    return " " not in text and "@" not in text and text.lower().endswith(_SUFFIXES)


def of_address(address: str) -> tuple[str, str]:
    """Name and version that an address tells: of an archive, or the name after ``#egg=``."""
    path, _, _ = address.partition("#")
    name = version = ""
    base = path.partition("?")[0].rpartition("/")[2]
    suffix = next((end for end in _SUFFIXES if base.lower().endswith(end)), "")
    if suffix and "+" not in address.partition(":")[0]:
        name, version = of_archive(base[: -len(suffix)], is_wheel=suffix == ".whl")
    egg = _EGG.search(address)
    return python_name(egg[1] if egg else name), version


def of_archive(stem: str, *, is_wheel: bool) -> tuple[str, str]:
    """Name and version of an archive, its suffix left out; empty where it does not tell."""
    stem = stem.replace("%2B", "+").replace("%2b", "+")
    if is_wheel:
        parts = stem.split("-")
        return (parts[0], parts[1]) if len(parts) >= 5 and parts[1][:1].isdecimal() else ("", "")
    name, _, version = stem.rpartition("-")
    return (name, version) if name and version[:1].isdecimal() else ("", "")
