"""The product tree of a CSAF document: packages as parts of modules and of products.

Source: CSAF 2.0, section 3.2.2; Red Hat's use of package URLs (``rpmmod``) and CPEs.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from seawall.advisories.feeds.values import items, table, tables, word
from seawall.core.lazy import pattern

MAX_DEPTH = 20
_CPE = pattern(r"cpe:/[aoh]:redhat:(.+)")
_NEVRA = pattern(r"(?P<name>.+)-(?P<epoch>\d+):(?P<version>[^-]+)-(?P<release>.+)\.(?P<arch>[^.]+)")
_MODULE = pattern(r"([^:]+:[^:]+)(?::\d+)?(?::.*)?")
_RPM, _RPM_MODULE = "pkg:rpm/", "pkg:rpmmod/"


class Product(NamedTuple):
    """A package in a product."""

    ecosystem: str
    """``Red Hat:`` and the CPE of the product, from its name on: as OSV has it."""
    name: str
    evr: str
    """Empty where it is about any version."""
    arch: str
    module: str


class _Part(NamedTuple):
    """What the tree says of one id."""

    cpe: str
    name: str
    evr: str
    arch: str
    module: str


class Products:
    """Finds what the ids of a document stand for."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._parts: dict[str, _Part] = {}
        self._links: dict[str, tuple[str, str]] = {}
        for product in _products(tree):
            id_ = product.get("product_id")
            if isinstance(id_, str):
                self._parts[id_] = _part(product)
        for each in tables(tree.get("relationships")):
            id_ = table(each.get("full_product_name")).get("product_id")
            part, whole = each.get("product_reference"), each.get("relates_to_product_reference")
            if isinstance(id_, str) and isinstance(part, str) and isinstance(whole, str):
                self._links[id_] = (part, whole)

    def find(self, product: object) -> Product | None:
        """The package that an id stands for; ``None`` when it is no RPM of a known product."""
        cpe = name = evr = arch = module = ""
        waiting = [product] if isinstance(product, str) else []
        for _ in range(MAX_DEPTH):
            if not waiting:
                break
            id_ = waiting.pop()
            link = self._links.get(id_)
            if link:
                waiting.extend(link)
                continue
            part = self._parts.get(id_)
            if part is None:
                return None
            cpe = cpe or part.cpe
            module = module or part.module
            if part.name and not name:
                name, evr, arch = part.name, part.evr, part.arch
        if not cpe or not name:
            return None
        return Product(f"Red Hat:{cpe}", name, evr, arch, module)


def _products(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The products of all branches."""
    waiting = [(branch, 0) for branch in tables(tree.get("branches"))]
    while waiting:
        branch, depth = waiting.pop()
        product = branch.get("product")
        if isinstance(product, dict):
            yield product
        if depth < MAX_DEPTH:
            waiting += [(each, depth + 1) for each in tables(branch.get("branches"))]
    yield from tables(items(tree.get("full_product_names")))


def _part(product: dict[str, Any]) -> _Part:
    helper = table(product.get("product_identification_helper"))
    id_ = product.get("product_id")
    purl = helper.get("purl")
    cpe = _CPE.fullmatch(word(helper.get("cpe")))
    if cpe:
        return _Part(cpe[1], "", "", "", "")
    if isinstance(purl, str):
        if purl.startswith(_RPM_MODULE):
            return _Part("", "", "", "", _module(purl))
        return _rpm(purl, str(id_)) if purl.startswith(_RPM) else _NOTHING
    return _nevra(str(id_))


_NOTHING = _Part("", "", "", "", "")


def _module(purl: str) -> str:
    """``pkg:rpmmod/redhat/nodejs@18:8070…``, or with an ``@`` per part, gives ``nodejs:18``."""
    text = unquote(purl.partition("?")[0]).rpartition("/")[2].replace("@", ":")
    found = _MODULE.fullmatch(text)
    return word(found[1]) if found else ""


def _rpm(purl: str, id_: str) -> _Part:
    path, _, query = purl.partition("?")
    qualifiers = dict(parse_qsl(query[:2000]))
    name, _, version = path.rpartition("/")[2].partition("@")
    arch = word(qualifiers.get("arch"))
    modular = qualifiers.get("rpmmod", "")
    found = _MODULE.fullmatch(modular.rpartition("/")[2]) if modular else None
    evr = f"{word(qualifiers.get('epoch')) or '0'}:{word(unquote(version))}" if version else ""
    if not evr and (nevra := _NEVRA.fullmatch(id_)):
        evr = f"{nevra['epoch']}:{nevra['version']}-{nevra['release']}"
    return _Part("", word(unquote(name)), evr, arch, word(found[1]) if found else "")


def _nevra(id_: str) -> _Part:
    """A package without an address: its id is its name, with or without its version."""
    found = _NEVRA.fullmatch(id_)
    if found:
        evr = f"{found['epoch']}:{found['version']}-{found['release']}"
        return _Part("", word(found["name"]), word(evr), word(found["arch"]), "")
    module = _MODULE.fullmatch(id_) if id_.count(":") >= 2 else None
    if module:
        return _Part("", "", "", "", word(module[1]))
    name = "" if "/" in id_ or " " in id_ or ":" in id_ else id_.removesuffix(".src")
    return _Part("", word(name), "", "src" if id_.endswith(".src") else "", "")
