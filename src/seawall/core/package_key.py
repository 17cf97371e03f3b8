"""What packages are known by, whatever their version."""


def python_name(name: str) -> str:
    """A name of Python's packages in the normal form of PEP 503."""
    lower = name.lower().replace("_", "-").replace(".", "-")
    while "--" in lower:
        lower = lower.replace("--", "-")
    return lower


def package_key(type_: str, name: str) -> str:
    """A package URL without its version: ``pkg:deb/curl``.

    Names of pip are as PEP 503 has them, without extras.
    """
    if type_ == "pypi":
        name = python_name(name.partition("[")[0])
    return f"pkg:{type_}/{name}"
