"""What packages are known by, whatever their version."""

from seawall.core.lazy import pattern

_SEPARATORS = pattern(r"[-_.]+")


def package_key(type_: str, name: str) -> str:
    """A package URL without its version: ``pkg:deb/curl``.

    Names of pip are as PEP 503 has them, without extras.
    """
    if type_ == "pypi":
        name = _SEPARATORS.sub("-", name.partition("[")[0]).lower()
    return f"pkg:{type_}/{name}"
