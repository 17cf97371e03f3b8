"""Which system a root file system is: what its files in ``etc`` and ``usr/lib`` say of it.

Sources: os-release(5); lsb_release(1); Debian Policy on ``/etc/debian_version``; the release files
of Red Hat and its kin; Ubuntu Pro's ``status.json``; Red Hat's content manifests.
"""

from collections.abc import Mapping

from seawall.core.lazy import pattern
from seawall.packages.distributions import CODENAMES
from seawall.packages.package import Contents, File
from seawall.packages.reading import Notes, json_of, shown, text_of
from seawall.packages.system import Facts, Identity

_MAX_TEXT = 100_000
_MAX_VALUE = 200
_ASSIGNMENT = pattern(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_ESCAPED = pattern(r"\\([\"'$`\\])")
_ID = pattern(r"[a-z0-9._-]+")
_RELEASE = pattern(r"(.+?)\s+(?:release\s+)?(\d[\w.]*)\b")
_NAMES = (
    ("centos", "centos"), ("rocky", "rocky"), ("almalinux", "almalinux"), ("oracle", "ol"),
    ("fedora", "fedora"), ("red hat", "rhel"), ("amazon", "amzn"), ("vmware photon", "photon"),
    ("photon", "photon"), ("cbl-mariner", "mariner"), ("mariner", "mariner"),
    ("azure linux", "azurelinux"), ("microsoft azure linux", "azurelinux"),
    ("suse linux enterprise", "sles"), ("opensuse", "opensuse-leap"), ("openeuler", "openEuler"),
    ("scientific linux", "scientific"), ("cloudlinux", "cloudlinux"),
)  # fmt: skip
"""How the first line of a release file begins, in lower case, and the ``ID`` of such a system."""
_EXTENDED = ("esm-infra", "esm-apps")


def read_os_release(file: File) -> Facts:
    """``os-release``: what systems say of themselves today."""
    values = _assignments(file)
    id_ = values.get("ID", "").lower()
    version = values.get("VERSION_ID", "")
    codename = values.get("VERSION_CODENAME", "")
    if id_ == "debian" and not version:
        version = _debian(codename)
    return _identity(
        id_, version, values.get("PRETTY_NAME") or values.get("NAME", ""), codename,
        tuple(values.get("ID_LIKE", "").lower().split()),
    )  # fmt: skip


def read_lsb_release(file: File) -> Facts:
    """``lsb-release``, of Ubuntu and what is made from it."""
    values = _assignments(file)
    return _identity(
        values.get("DISTRIB_ID", "").lower(), values.get("DISTRIB_RELEASE", ""),
        values.get("DISTRIB_DESCRIPTION", ""), values.get("DISTRIB_CODENAME", ""),
    )  # fmt: skip


def read_alpine_release(file: File) -> Facts:
    """``alpine-release``: a version."""
    version = _first_line(file)
    return _identity("alpine", version, f"Alpine Linux {version}")


def read_debian_version(file: File) -> Facts:
    """``debian_version``: ``12.5``, or ``trixie/sid`` before a release.

    Testing and unstable say the same. Ubuntu has the file, too.
    """
    text = _first_line(file)
    if text[:1].isdecimal():
        return _identity("debian", text.partition(".")[0], f"Debian GNU/Linux {text}")
    codename = text.partition("/")[0]
    return _identity("debian", _debian(codename), f"Debian GNU/Linux {text}", codename)


def _debian(codename: str) -> str:
    """The number that a Debian before its release will have, as advisories name it so."""
    number = CODENAMES.get(codename.lower(), "")
    return number if number and "." not in number else "sid"


def read_release(file: File) -> Facts:
    """``redhat-release`` and its like: ``CentOS Linux release 7.9.2009 (Core)``."""
    rows = text_of(file.data[:_MAX_TEXT]).split("\n")
    first = next((row.strip() for row in rows if row.strip()), "")[:_MAX_VALUE]
    lower = first.lower()
    id_ = next((id_ for start, id_ in _NAMES if lower.startswith(start)), "")
    found = _RELEASE.match(first)
    version = found[2] if found else ""
    if id_ == "sles":  # SuSE-release has its service pack in a line of its own
        pack = next((row.partition("=")[2] for row in rows if row.startswith("PATCHLEVEL")), "")
        pack = pack.strip()
        version = f"{version}.{pack}" if pack.isdecimal() and pack != "0" else version
    return _identity(id_, version, first)


def read_ubuntu_pro(file: File) -> Facts:
    """Ubuntu Pro's ``status.json``: whether Expanded Security Maintenance is on."""
    notes = Notes()
    table = json_of(file.data, notes)
    is_extended = any(
        entry.get("name") in _EXTENDED and entry.get("status") in ("enabled", "active")
        for item in notes.array(table.get("services"), "services")
        if (entry := notes.table(item, "services"))
    )
    return Facts(Contents((), notes.problems), identity=Identity(is_extended=is_extended))


def read_content_manifest(file: File) -> Facts:
    """Red Hat's ``root/buildinfo/content_manifests/*.json``: the repositories of a layer."""
    notes = Notes()
    table = json_of(file.data, notes)
    sets = notes.texts(table.get("content_sets"), "content_sets")
    kept = tuple(dict.fromkeys(item for item in sets if len(item) <= _MAX_VALUE))
    return Facts(Contents((), notes.problems), content_sets=kept)


def _identity(
    id_: str, version: str, name: str, codename: str = "", like: tuple[str, ...] = ()
) -> Facts:
    notes = Notes()
    if id_ and not _ID.fullmatch(id_.lower()):
        notes.add(id_, "it is no ID of a system")
        id_ = ""
    if len(version) > _MAX_VALUE or not version.isprintable() or " " in version:
        notes.add(version, "it is no version of a system")
        version = ""
    identity = Identity(id_, version, shown(name), like[:10], codename[:_MAX_VALUE])
    return Facts(Contents((), notes.problems), identity=identity if id_ else None)


def _assignments(file: File) -> dict[str, str]:
    """The assignments of a file that shells can read; the last of a name counts."""
    values = {}
    for row in text_of(file.data[:_MAX_TEXT]).split("\n"):
        found = _ASSIGNMENT.fullmatch(row.rstrip()[:2000])
        if found:
            value = found[2].strip()
            if value[:1] in ('"', "'") and value[-1:] == value[0] and len(value) > 1:
                is_double = value[0] == '"'
                value = value[1:-1]
                value = _ESCAPED.sub(r"\1", value) if is_double else value
            values[found[1]] = value.strip()[:_MAX_VALUE]
    return values


def _first_line(file: File) -> str:
    return text_of(file.data[:_MAX_TEXT]).strip().partition("\n")[0].strip()[:_MAX_VALUE]


_RANKS = {
    path: rank
    for rank, path in enumerate((
        "etc/os-release", "usr/lib/os-release", "etc/alpine-release", "etc/lsb-release",
        "etc/oracle-release", "etc/rocky-release", "etc/almalinux-release", "etc/fedora-release",
        "usr/lib/fedora-release", "etc/centos-release", "etc/photon-release",
        "etc/mariner-release", "etc/azurelinux-release", "etc/openEuler-release",
        "etc/SuSE-release", "etc/system-release", "usr/lib/system-release", "etc/redhat-release",
        "etc/debian_version",
    ))
}  # fmt: skip
"""Files that tell the system, the most telling one first: Oracle's ``redhat-release`` names Red
Hat, Ubuntu's ``debian_version`` Debian."""
REPOSITORIES = "etc/apk/repositories"


def identity_of(found: Mapping[str, Identity]) -> Identity | None:
    """What the system is, from what its files say, each by its path from the root.

    The first that names it counts; what it leaves open, others of the same ``ID`` say. A stream of
    Alpine's repositories stands above the release of the base image.
    """
    order = sorted(found, key=lambda path: (_RANKS.get(path, len(_RANKS)), path))
    named = [found[path] for path in order if found[path].id and path != REPOSITORIES]
    stream = found.get(REPOSITORIES)
    if not named and stream is None:
        return None
    first = named[0] if named else stream
    assert first is not None  # for the type checker  # noqa: S101
    for other in named[1:]:
        if other.id == first.id:
            first = first._replace(
                version=first.version or other.version, name=first.name or other.name,
                codename=first.codename or other.codename,
            )  # fmt: skip
    if stream is not None and stream.id == first.id and stream.version:
        is_same = first.version == stream.version or first.version.startswith(f"{stream.version}.")
        first = first if is_same else first._replace(version=stream.version)
    return first._replace(is_extended=any(item.is_extended for item in found.values()))
