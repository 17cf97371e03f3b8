"""XML for readers of packages."""

from seawall.packages.package import Unreadable
from seawall.text.xml import Element, XmlError, parse


def xml_of(data: bytes, *roots: str) -> Element:
    """The root element, which has one of these names. Raises Unreadable."""
    try:
        root = parse(data)
    except XmlError as error:
        raise Unreadable(error.reason, error.line, error.column) from None
    if root.name not in roots:
        raise Unreadable(f"<{roots[0]}> is expected, not <{root.name}>", root.line)
    return root
