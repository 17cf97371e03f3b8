"""Where a Python of an image looks for modules.

Sources: CPython's ``Modules/getpath.py`` (landmarks, ``pyvenv.cfg``), the manual of ``site``
(``.pth`` files), PEP 405; Debian's ``dist-packages``.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.images.closure.keeper import Keeper
from seawall.sources.images.entry import DIRECTORY

_VERSION = pattern(r"(?:python|pypy)(\d+\.\d+)(?:t|d|m|-dbg)?")
_MAX_UP = 8
_MAX_PATHS = 200
_LIBRARIES = ("lib", "lib64")


class Interpreter(NamedTuple):
    """A Python and its ``sys.path``, but for the directory of the script."""

    path: str
    version: str
    """``3.11``; empty where it could not be told."""
    standard: str
    """The directory of the standard library; empty where there is none."""
    paths: tuple[str, ...]
    sites: tuple[str, ...]
    """Those of ``paths`` that hold installed packages."""
    code: tuple[tuple[str, str], ...] = ()
    """Lines of ``.pth`` files that are run, with their files."""
    files: tuple[str, ...] = ()
    """Files that say all this."""

    def is_standard(self, path: str) -> bool:
        """Whether a file is of the standard library."""
        return bool(self.standard) and path.startswith(f"{self.standard}/") and not any(
            path.startswith(f"{site}/") for site in self.sites
        )  # fmt: skip

    def site_of(self, path: str) -> str:
        """The directory of installed packages that a file is in; empty for none."""
        return next((site for site in self.sites if path.startswith(f"{site}/")), "")


def interpreter_of(keeper: Keeper, path: str) -> Interpreter:
    """The Python that a path leads to, in a virtual environment or not."""
    environment = _environment(keeper, path)
    found = keeper.find(path)
    real = found.path if found is not None else path
    standard, version = _standard(keeper, path, real)
    prefix = standard.rpartition("/")[0].rpartition("/")[0] if standard else ""
    sites: list[str] = []
    files: list[str] = []
    uses_system = True
    if environment:
        config = f"{environment}/pyvenv.cfg"
        files.append(config)
        settings = {
            name.strip().lower(): value.strip().lower()
            for name, _, value in (line.partition("=") for line in keeper.text(config).splitlines())
        }
        uses_system = settings.get("include-system-site-packages") == "true"
        sites += _sites(environment, version)
    if uses_system:
        sites += _sites(prefix, version)
        if standard:
            sites += [
                f"usr/local/lib/python{version}/dist-packages",
                "usr/lib/python3/dist-packages",
            ]
    sites = list(dict.fromkeys(_real(keeper, sites)))
    paths = [
        keeper.place(place)
        for place in keeper.root.configuration.variable("PYTHONPATH").split(":")
        if place
    ]
    if standard:
        above = standard.rpartition("/")[0]
        zipped = f"{above}/python{version.replace('.', '')}.zip"
        if keeper.has_file(zipped):
            files.append(zipped)
        dynamic = [f"{base}/python{version}/lib-dynload" for base in (above, f"{prefix}/lib64")]
        paths += [standard, *_real(keeper, dynamic)]
    more, code, read = _path_files(keeper, sites)
    files += read
    sites += [path for path in more if path not in sites]
    return Interpreter(
        path, version, standard, tuple(dict.fromkeys((*paths, *sites))), tuple(sites), tuple(code),
        tuple(files),
    )  # fmt: skip


def _environment(keeper: Keeper, path: str) -> str:
    """The virtual environment that a program is called from; empty for none."""
    directory = path.rpartition("/")[0]
    for place in (directory, directory.rpartition("/")[0]):
        if place and keeper.has_file(f"{place}/pyvenv.cfg"):
            return place
    return ""


def _standard(keeper: Keeper, called: str, real: str) -> tuple[str, str]:
    """The standard library and its version, looked for upwards from the program."""
    home = keeper.root.configuration.variable("PYTHONHOME").partition(":")[0]
    starts = [keeper.place(home) + "/bin"] if home else []
    starts += [path.rpartition("/")[0] for path in (real, called)]
    known = _VERSION.fullmatch(real.rpartition("/")[2])
    for start in starts:
        above = start
        for _ in range(_MAX_UP):
            above = above.rpartition("/")[0]
            for version in [known[1]] if known else _versions(keeper, above):
                for library in _LIBRARIES:
                    place = f"{above}/{library}/python{version}".lstrip("/")
                    if keeper.has_file(f"{place}/os.py") or keeper.has_file(f"{place}/os.pyc"):
                        return _real(keeper, [place])[0], version
            if not above:
                break
    return "", known[1] if known else ""


def _versions(keeper: Keeper, above: str) -> Iterator[str]:
    for library in _LIBRARIES:
        for name in sorted(keeper.names(f"{above}/{library}".lstrip("/")), reverse=True):
            found = _VERSION.fullmatch(name)
            if found is not None and name.startswith("python3"):
                yield found[1]


def _sites(prefix: str, version: str) -> list[str]:
    start = f"{prefix}/" if prefix else ""
    return [
        f"{start}{library}/python{version}/{name}"
        for library in _LIBRARIES
        for name in ("site-packages", "dist-packages")
    ]


def _real(keeper: Keeper, places: list[str]) -> list[str]:
    """Directories that there are, by their real paths."""
    found = (keeper.find(place) for place in places)
    return [each.path for each in found if each is not None and each.kind is DIRECTORY]


def _path_files(
    keeper: Keeper, sites: list[str]
) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    """Directories and code that ``.pth`` files add, and those files."""
    more: list[str] = []
    code: list[tuple[str, str]] = []
    files: list[str] = []
    for site in sites:
        for name in sorted(keeper.names(site)):
            if not name.endswith(".pth") or name.startswith("."):
                continue
            path = f"{site}/{name}"
            files.append(path)
            for raw in keeper.text(path).splitlines()[:1000]:
                line = raw.strip()
                if line.startswith(("import ", "import\t")):
                    code.append((line, path))
                elif line and not line.startswith("#") and len(more) < _MAX_PATHS:
                    more += _real(keeper, [keeper.place(line, site)])
    return more, code, files
