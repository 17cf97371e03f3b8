"""What all formats of VEX come down to."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from seawall.core.finding import Finding
from seawall.packages.purl import Purl, PurlError, parse

NOT_AFFECTED, FIXED = "not affected", "fixed"

_WHOLE_PRODUCTS = frozenset(("docker", "generic", "github", "gitlab", "bitbucket", "oci"))
"""Types of package URLs that name what is scanned as a whole, not a package in it."""


class Statement(NamedTuple):
    """A vulnerability, by all the ids it is given, that does not affect some products."""

    ids: tuple[str, ...]
    products: tuple[Purl, ...]
    """Packages or whole products; empty for everything."""
    status: str
    """``NOT_AFFECTED`` or ``FIXED``: statements that say anything else hide nothing."""
    reason: str = ""


class Scope(NamedTuple):
    """Findings about packages that some package URLs name.

    A URL names a package when type, namespace and name are equal, and version and qualifiers where
    it has any. It may name a package that brings the vulnerable one in. The URL of an image or a
    repository names what is scanned: who gives a document with a scan says that it is about it.
    """

    products: tuple[Purl, ...]

    def covers(self, finding: Finding) -> bool:
        """Whether a finding lies in this scope."""
        if not self.products:
            return True
        own = _purls_of(finding.details)
        return any(
            product.type in _WHOLE_PRODUCTS or any(names(product, purl) for purl in own)
            for product in self.products
        )


def is_about(products: Iterable[Purl], details: Mapping[str, object]) -> bool:
    """Whether one of some package URLs names the package that a finding is about."""
    package = details.get("package")
    purl = str(package.get("purl", "")) if isinstance(package, dict) else ""
    return any(names(product, own) for own in _parsed(purl) for product in products)


def names(product: Purl, purl: Purl) -> bool:
    """Whether a package URL of a document names a package."""
    return (
        (product.type, product.namespace, product.name) == (purl.type, purl.namespace, purl.name)
        and product.version in ("", None, purl.version)
        and set(dict(product.qualifiers).items()) <= set(dict(purl.qualifiers).items())
    )


def _purls_of(details: Mapping[str, object]) -> list[Purl]:
    package = details.get("package")
    found = [str(package.get("purl", ""))] if isinstance(package, dict) else []
    above = details.get("path")
    if found and isinstance(above, tuple | list):
        kind = found[0].partition("/")[0]
        found += [f"{kind}/{step}" for step in above[:-1]]
    return [purl for text in found for purl in _parsed(text)]


def _parsed(text: str) -> Iterator[Purl]:
    try:
        yield parse(text)
    except PurlError:
        return


def purls(texts: Iterable[Any]) -> tuple[Purl, ...]:
    """The package URLs among some texts, each once."""
    found = {
        purl: None
        for text in texts
        if isinstance(text, str) and text.startswith("pkg:")
        for purl in _parsed(text)
    }
    return tuple(found)


def words(value: Any) -> str:
    """A text of a document, on one line; empty for anything else."""
    return " ".join(value.split())[:500] if isinstance(value, str) else ""


def members(value: Any) -> list[Any]:
    """The members of a list; none of anything else."""
    return value if isinstance(value, list) else []


def table(value: Any) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
