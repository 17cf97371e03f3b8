"""The formats that say what is installed in a root file system, by the paths of their files.

``image_format_of`` looks at every path of an image, so it asks dictionaries first: whole paths,
names of files, ends of names. Formats of ``formats`` that tell what is installed apply here, too;
lock files and manifests do not, as they say what somebody wanted elsewhere. Those that stand only
here (databases, conda, eggs, who owns a file) do not apply to a tree of sources.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from seawall.core.named_tuple import NamedTuple
from seawall.packages import formats
from seawall.packages.package import Contents, File
from seawall.packages.system import Facts

DATABASE, LANGUAGE, OWNERSHIP, IDENTITY = "database", "language", "ownership", "identity"


class ImageFormat(NamedTuple):
    """One format of files of a root file system."""

    name: str
    """What reports call it."""
    kind: str
    """``DATABASE`` (packages of the system), ``LANGUAGE`` (packages of a language), ``OWNERSHIP``
    (only which files belong to a package) or ``IDENTITY`` (which system it is)."""
    module: str
    function: str = "read"
    beside: tuple[str, ...] = ()
    """What it may ask for beside a file; it does without where that is not at hand."""
    large: bool = False
    """Whether its files are archives or programs."""
    where: str = formats.IMAGE
    """``formats.IMAGE``, or ``formats.BOTH`` where a scan of sources reads it as well."""

    def read(self, file: File) -> Facts:
        """What a file tells; raises Unreadable."""
        found = _reader(self.module, self.function)(file)
        return found if isinstance(found, Facts) else Facts(found)


@cache
def _reader(module: str, function: str) -> Callable[[File], Facts | Contents]:
    read: Callable[[File], Facts | Contents] = getattr(
        import_module(f"seawall.packages.{module}"), function
    )
    return read


_BESIDE = {
    "composer_installed": ("../../composer.json",),
    "dist_info": ("REQUESTED", "direct_url.json"),
}
_BY_MODULE = {item.module: item for item in formats.FORMATS if item.installed}


def _shared(module: str) -> ImageFormat:
    """A format that scans of sources know, too."""
    known = formats.EXECUTABLE if module == "executables" else _BY_MODULE[module]
    return ImageFormat(
        known.name, LANGUAGE, module, beside=_BESIDE.get(module, ()), large=known.large,
        where=formats.BOTH,
    )  # fmt: skip


_DPKG = ImageFormat("dpkg status", DATABASE, "dpkg")
_LIST = ImageFormat("dpkg list", OWNERSHIP, "dpkg_files", "read_list")
_SUMS = ImageFormat("dpkg md5sums", OWNERSHIP, "dpkg_files", "read_sums")
_DIVERSIONS = ImageFormat("dpkg diversions", OWNERSHIP, "dpkg_files", "read_diversions")
_OPKG = ImageFormat("opkg status", DATABASE, "dpkg", "read_opkg")
_APK = ImageFormat("apk database", DATABASE, "apk")
_APK_REPOSITORIES = ImageFormat("apk repositories", IDENTITY, "apk", "read_repositories")
_RPM_SQLITE = ImageFormat("rpm database (SQLite)", DATABASE, "rpm", "read_sqlite",
                          ("rpmdb.sqlite-wal",), large=True)  # fmt: skip
_RPM_NDB = ImageFormat("rpm database (ndb)", DATABASE, "rpm", "read_ndb", large=True)
_RPM_BERKELEY = ImageFormat(
    "rpm database (Berkeley DB)", DATABASE, "rpm", "read_berkeley", large=True
)
_RPM_MANIFEST = ImageFormat("rpm manifest", DATABASE, "rpm", "read_manifest")
_PACMAN = ImageFormat("pacman package", DATABASE, "pacman")
_PACMAN_FILES = ImageFormat("pacman files", OWNERSHIP, "pacman", "read_files")
_PORTAGE = ImageFormat("portage package", DATABASE, "portage", "read",
                       ("CATEGORY", "SLOT", "repository"))  # fmt: skip
_PORTAGE_FILES = ImageFormat("portage contents", OWNERSHIP, "portage", "read_files")
_OS_RELEASE = ImageFormat("os-release", IDENTITY, "os_identity", "read_os_release")
_RELEASE = ImageFormat("release file", IDENTITY, "os_identity", "read_release")
_CONTENT_MANIFEST = ImageFormat(
    "content manifest of Red Hat", IDENTITY, "os_identity", "read_content_manifest"
)
_CONDA = ImageFormat("conda package", LANGUAGE, "conda")
_EGG = ImageFormat("Python egg", LANGUAGE, "egg", large=True)
_RECORD = ImageFormat("Python RECORD", OWNERSHIP, "wheel_record")

EXECUTABLE = _shared("executables")
"""Known by the first bytes of a file, not by its path: ``executables.is_executable``."""

_PATHS: dict[str, ImageFormat] = {
    "var/lib/dpkg/status": _DPKG,
    "var/lib/dpkg/diversions": _DIVERSIONS,
    "usr/lib/opkg/status": _OPKG,
    "var/lib/opkg/status": _OPKG,
    "lib/apk/db/installed": _APK,
    "usr/lib/apk/db/installed": _APK,
    "etc/apk/repositories": _APK_REPOSITORIES,
    "var/lib/rpmmanifest/container-manifest-2": _RPM_MANIFEST,
    "etc/os-release": _OS_RELEASE,
    "usr/lib/os-release": _OS_RELEASE,
    "etc/alpine-release": ImageFormat(
        "alpine-release", IDENTITY, "os_identity", "read_alpine_release"
    ),
    "etc/debian_version": ImageFormat(
        "debian_version", IDENTITY, "os_identity", "read_debian_version"
    ),
    "etc/lsb-release": ImageFormat("lsb-release", IDENTITY, "os_identity", "read_lsb_release"),
    "var/lib/ubuntu-advantage/status.json": ImageFormat(
        "status of Ubuntu Pro", IDENTITY, "os_identity", "read_ubuntu_pro"
    ),
} | {
    f"{directory}/rpm/{name}": format_
    for directory in ("var/lib", "usr/lib/sysimage", "usr/share")
    for name, format_ in (
        ("rpmdb.sqlite", _RPM_SQLITE), ("Packages.db", _RPM_NDB), ("Packages", _RPM_BERKELEY),
    )
} | {
    f"{directory}/{name}-release": _RELEASE
    for directory in ("etc", "usr/lib")
    for name in (
        "redhat", "centos", "rocky", "almalinux", "oracle", "fedora", "system", "photon", "mariner",
        "azurelinux", "openEuler", "SuSE",
    )
}  # fmt: skip

_Test = Callable[[str], bool]


def _under(start: str, end: str = "") -> _Test:
    return lambda path: path.startswith(start) and path.endswith(end)


def _ends(*ends: str) -> _Test:
    """Whether a path ends so, or is that."""
    return lambda path: f"/{path}".endswith(ends)


def _is_npm(path: str) -> bool:
    """Whether a package.json is that of a package directly below the last ``node_modules``."""
    _, mark, rest = f"/{path}".rpartition("/node_modules/")
    return bool(mark) and rest.count("/") == (2 if rest[:1] == "@" else 1)


def _is_bill(path: str) -> bool:
    """Wheels bring bills of what was built into them (PEP 770): parts, not packages."""
    return ".dist-info/sboms/" not in path


_Tests = tuple[tuple[_Test, ImageFormat], ...]
_PYTHON, _BILL = _shared("dist_info"), _shared("sbom")
_NAMES: dict[str, _Tests] = {
    "METADATA": ((_ends(".dist-info/METADATA"), _PYTHON),),
    "PKG-INFO": ((_ends(".egg-info/PKG-INFO", "EGG-INFO/PKG-INFO"), _PYTHON),),
    "RECORD": ((_ends(".dist-info/RECORD"), _RECORD),),
    "package.json": ((_is_npm, _shared("package_json")),),
    "installed.json": ((_ends("/composer/installed.json"), _shared("composer_installed")),),
    "desc": ((_under("var/lib/pacman/local/"), _PACMAN),),
    "files": ((_under("var/lib/pacman/local/"), _PACMAN_FILES),),
    "PF": ((_under("var/db/pkg/"), _PORTAGE),),
    "CONTENTS": ((_under("var/db/pkg/"), _PORTAGE_FILES),),
}
_NAMES.update({name: ((_is_bill, _BILL),) for name in formats.SBOM.names if name[0] != "*"})
_JAR = _shared("jar")
_ENDS: dict[str, _Tests] = {
    "list": ((_under("var/lib/dpkg/info/"), _LIST), (_under("usr/lib/opkg/info/"), _LIST)),
    "md5sums": ((_under("var/lib/dpkg/info/"), _SUMS), (_under("var/lib/dpkg/status.d/"), _SUMS)),
    "gemspec": ((lambda path: "specifications/" in path, _shared("gemspec")),),
    "egg-info": ((lambda _path: True, _PYTHON),),
    "egg": ((lambda _path: True, _EGG),),
    "json": (
        (_ends(".deps.json"), _shared("dotnet_deps")),
        (lambda path: "conda-meta/" in path, _CONDA),
        (_under("root/buildinfo/content_manifests/"), _CONTENT_MANIFEST),
        (_under("usr/share/buildinfo/"), _CONTENT_MANIFEST),
    ),
}  # fmt: skip


def _add_ends() -> None:
    """The formats of ``formats`` that are known by the ends of their names."""
    for known, own, test in (
        (_BY_MODULE["jar"], _JAR, lambda _path: True),
        (formats.SBOM, _BILL, _is_bill),
    ):
        for name in known.names:
            if name[0] == "*":
                end = name[1:]
                matches = _ends(end)
                tests = (lambda path, m=matches, t=test: m(path) and t(path), own)
                last = end.rpartition(".")[2]
                _ENDS[last] = (*_ENDS.get(last, ()), tests)


_add_ends()
IMAGE_FORMATS: tuple[ImageFormat, ...] = tuple(dict.fromkeys((
    *_PATHS.values(),
    *(format_ for tests in (*_NAMES.values(), *_ENDS.values()) for _, format_ in tests),
    EXECUTABLE,
)))  # fmt: skip
"""All of them."""
_DEPTH = 4
_SINGLE = ("var/lib/dpkg/status.d/", "var/lib/dpkg/updates/")


def image_format_of(path: str) -> ImageFormat | None:
    """The format of a file, by its path from the root without a slash before it."""
    found = _PATHS.get(path)
    if found is not None:
        return found
    base = path.rpartition("/")[2]
    tests = _NAMES.get(base) or _ENDS.get(base.rpartition(".")[2])
    if tests is not None:
        for test, format_ in tests:
            if test(path):
                return format_
    if path[:13] == "var/lib/dpkg/" and path.startswith(_SINGLE) and path.count("/") == _DEPTH:
        return _DPKG
    return None


_UNCOVERED = {
    "nix/var/nix/db/db.sqlite": "Nix",
    "var/lib/snapd/state.json": "snap",
    "var/lib/flatpak/repo/config": "Flatpak",
    "var/db/xbps/pkgdb-0.38.plist": "XBPS",
    "etc/cos-package-info.json": "Container-Optimized OS",
    "usr/share/bottlerocket/application-inventory.json": "Bottlerocket",
    "usr/share/clear/version": "Clear Linux",
    "var/lib/eopkg/info/files.db": "eopkg",
    "var/db/pkg/local.sqlite": "FreeBSD's pkg",
    "home/linuxbrew/.linuxbrew/Homebrew/bin/brew": "Homebrew",
    "usr/local/Homebrew/bin/brew": "Homebrew",
}


KNOWN_NAMES = frozenset((
    *(path.rpartition("/")[2] for path in (*_PATHS, *_UNCOVERED)), *_NAMES,
    *(name for format_ in IMAGE_FORMATS for path in format_.beside
      for name in (path.rpartition("/")[2],)),
))  # fmt: skip
"""Names of files that may tell something, wherever they are."""
KNOWN_ENDS = frozenset(_ENDS)
"""Ends of such names, behind the last dot."""
KNOWN_START = "var/lib/dpkg/"
"""Where any name may."""


def uncovered_of(path: str) -> str:
    """Whose packages cannot be told, where a file is of a package manager that is not covered.

    Empty for all other files.
    """
    return _UNCOVERED.get(path, "")
