"""References of Conan: ``name/version@user/channel#revision``.

Source: Conan's documentation, "Conan server and references"; version ranges stand in brackets
(``zlib/[>=1.2.11 <2]``). ``_`` stands for no user and no channel.
"""

from seawall.core.lazy import pattern
from seawall.packages.package import Package
from seawall.packages.reading import Notes

_REFERENCE = pattern(
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_+.-]*)/(?P<version>\[[^\]]*\]|[^@#%/\s\[\]]+)"
    r"(?:@(?:(?P<user>[^/#%\s]+)/(?P<channel>[^#%\s:]+))?)?(?:#[^%\s]*)?(?:%.*)?(?::.*)?"
)


def package_of(text: str, notes: Notes, line: int = 0) -> Package | None:
    """The package a reference names; noted where it names none."""
    found = _REFERENCE.fullmatch(text.strip())
    if found is None:
        notes.add(text, "name/version is expected", line)
        return None
    version = found["version"]
    constraint = version[1:-1] if version.startswith("[") else ""
    if not notes.fits(found["name"], constraint or version, line):
        return None
    given = (("channel", found["channel"]), ("user", found["user"]))
    return Package(
        "conan", found["name"], "" if version.startswith("[") else version, line,
        constraint=constraint or ("*" if version == "[]" else ""),
        qualifiers=tuple((key, value) for key, value in given if value and value != "_"),
    )  # fmt: skip
