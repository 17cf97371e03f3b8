"""Package URLs: names of packages that all ecosystems and tools share.

Source: package URL specification (ECMA-427), "Rules for each component" and the definitions of
types. Where the world does otherwise than the specification, the world is read: an ``@`` of an npm
scope that is not encoded, Go modules in mixed case (their proxy tells ``Masterminds`` from
``masterminds``).
"""

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.core.package_key import python_name
from seawall.packages.package import Package

MAX_LENGTH = 4000
_TYPE = pattern(r"[a-zA-Z][a-zA-Z0-9.+-]*")
_KEY = pattern(r"[a-z][a-z0-9._-]*")
_ENCODED = pattern(r"(?:%[0-9a-fA-F]{2})+")
_RESERVED = pattern(r"[^A-Za-z0-9._~:-]")
_CASELESS = frozenset(
    "alpm apk bitbucket bitnami brew composer deb github hex otp pub pypi".split()
)
"""Types whose names are in lower case."""
_DISTRIBUTIONS = frozenset(("deb", "rpm", "apk", "alpm"))


class PurlError(Exception):
    """A text that is no package URL."""


class Purl(NamedTuple):
    """A package URL, decoded."""

    type: str
    namespace: str
    name: str
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    """Sorted by key; empty ones are left out."""
    subpath: str = ""

    def __str__(self) -> str:
        parts = ["pkg:", self.type]
        segments = [*self.namespace.split("/"), self.name] if self.namespace else [self.name]
        parts += (f"/{_encoded(segment)}" for segment in segments)
        if self.version:
            parts.append(f"@{_encoded(self.version)}")
        if self.qualifiers:
            parts.append("?")
            parts.append("&".join(f"{key}={_encoded(value)}" for key, value in self.qualifiers))
        if self.subpath:
            parts.append("#" + "/".join(map(_encoded, self.subpath.split("/"))))
        return "".join(parts)


def parse(text: str) -> Purl:
    """Read a package URL; raises PurlError with the reason."""
    if len(text) > MAX_LENGTH:
        raise PurlError(f"it has more than {MAX_LENGTH:,} characters")
    scheme, colon, rest = text.partition(":")
    if scheme.lower() != "pkg" or not colon:
        raise PurlError("it does not begin with pkg:")
    rest, _, subpath = rest.partition("#")
    rest, _, qualifiers = rest.partition("?")
    type_, _, rest = rest.strip("/").partition("/")
    if not _TYPE.fullmatch(type_):
        raise PurlError("it has no valid type")
    type_ = type_.lower()
    namespace, _, last = rest.rpartition("/")
    name, at, version = last.rpartition("@")
    if not at:
        name, version = last, ""
    name = _decoded(name)
    if not name:
        raise PurlError("it has no name")
    namespace = _path(namespace)
    if type_ in _CASELESS:
        name, namespace = name.lower(), namespace.lower()
    if type_ == "pypi":
        name = python_name(name)
    return Purl(type_, namespace, name, _decoded(version), _qualifiers(qualifiers), _path(subpath))


def _path(text: str) -> str:
    """Segments of a namespace or subpath, decoded; empty ones and dots are left out."""
    return "/".join(_decoded(part) for part in text.split("/") if part not in ("", ".", ".."))


def _qualifiers(text: str) -> tuple[tuple[str, str], ...]:
    found = {}
    for part in text.split("&") if text else ():
        key, _, value = part.partition("=")
        key = key.lower()
        if not _KEY.fullmatch(key):
            raise PurlError("the key of a qualifier is not valid")
        if value:
            found[key] = _decoded(value)
    return tuple(sorted(found.items()))


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    return _ENCODED.sub(
        lambda found: bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace"), text
    )


def _encoded(text: str) -> str:
    return _RESERVED.sub(
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), text
    )


def purl_of(package: Package) -> str:
    """The package URL of a package."""
    return str(decoded_purl_of(package))


def decoded_purl_of(package: Package) -> Purl:
    """The same in its parts."""
    namespace, name = _split(package.type, package.name)
    version, qualifiers = package.version, dict(package.qualifiers)
    if package.type in _DISTRIBUTIONS:
        namespace = qualifiers.get("distro", "").partition("-")[0]
        source, source_version = package.source
        if source:
            upstream = source
            if source_version and source_version != version:
                upstream = f"{source}@{source_version}"
            qualifiers["upstream"] = upstream
    if package.type == "rpm" and ":" in version:
        qualifiers["epoch"], _, version = version.partition(":")
    items = tuple(sorted(qualifiers.items()))
    return Purl(package.type, namespace, name, version, items)


def _split(type_: str, name: str) -> tuple[str, str]:
    if type_ in _DISTRIBUTIONS:
        return "", name
    namespace, _, base = name.rpartition(":" if type_ == "maven" else "/")
    return (namespace, base) if base else ("", name)
