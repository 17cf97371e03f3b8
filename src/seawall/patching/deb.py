"""Debian packages: what a .deb says of itself, its scripts, its files (deb(5), deb-control(5))."""

from collections.abc import Mapping
from typing import NamedTuple

from seawall.patching.archives import Member, ar_members, tar_members
from seawall.patching.errors import FETCH_AGAIN, PackageError
from seawall.patching.paragraphs import Paragraph, parse, text_of

MOST = 1 << 30
"""Bytes of a .deb."""
_FIELDS = ("Package", "Version", "Architecture")
_SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


class Deb(NamedTuple):
    """A package, unpacked."""

    control: Paragraph
    info: Mapping[str, Member]
    """The other files of its control archive by their names: ``md5sums``, ``postinst`` ..."""
    files: tuple[Member, ...]
    """What it brings, in its own order; directories too."""

    def text(self, name: str) -> str:
        """A file of the control archive; empty where there is none."""
        member = self.info.get(name)
        return text_of(member.data) if member is not None else ""

    @property
    def conffiles(self) -> tuple[str, ...]:
        """The files that belong to the administrator, without a slash before them."""
        lines = (line.strip() for line in self.text("conffiles").split("\n"))
        return tuple(line.lstrip("/") for line in lines if line.startswith("/"))

    @property
    def scripts(self) -> Mapping[str, str]:
        """Its maintainer scripts by their names."""
        return {name: self.text(name) for name in _SCRIPTS if name in self.info}


def control_of(data: bytes, name: str) -> Paragraph:
    """What a .deb says of itself; its files are not looked at. Raises ``PackageError``."""
    return _control(ar_members(data, name), name)[0]


def read(data: bytes, name: str) -> Deb:
    """A .deb as a whole. Raises ``PackageError``."""
    members = ar_members(data, name)
    control, info = _control(members, name)
    files = tuple(tar_members(_part(members, "data.tar", name), f"{name}: data"))
    return Deb(control, info, files)


def _control(members: Mapping[str, bytes], name: str) -> tuple[Paragraph, dict[str, Member]]:
    if not members.get("debian-binary", b"").startswith(b"2."):
        raise PackageError(name, "is no Debian package of format 2", FETCH_AGAIN)
    packed = _part(members, "control.tar", name)
    info = {each.entry.path: each for each in tar_members(packed, f"{name}: control")}
    own = info.pop("control", None)
    control = parse(text_of(own.data)) if own is not None else Paragraph({})
    missing = [field for field in _FIELDS if not control.get(field)]
    if missing:
        raise PackageError(name, f"does not say its {missing[0]}", FETCH_AGAIN)
    return control, {key: each for key, each in info.items() if "/" not in key}


def _part(members: Mapping[str, bytes], start: str, name: str) -> bytes:
    for label, data in members.items():
        if label == start or label.startswith(f"{start}."):
            return data
    raise PackageError(name, f"has no {start}", FETCH_AGAIN)
