"""Archives of Java: what is in jars, wars and ears, jars within them included.

Sources: JAR File Specification (manifest); Maven Archiver (``META-INF/maven/GROUP/ARTIFACT`` holds
``pom.properties`` and ``pom.xml``, one for each project that was shaded in); Spring Boot's
executable jars (``BOOT-INF/lib``). A jar without Maven's files is named by its manifest and its
file name; where these tell no group, that is a problem: guessing one gives findings about something
else.
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.packages.archives import Archive, Budget, Refused
from seawall.packages.java_groups import group_of
from seawall.packages.java_text import manifest_of, properties_of
from seawall.packages.maven_project import Coordinates, project_of
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes

_MAX_DEPTH = 6
_SHOWN = 80
_MAX_ARCHIVES = 10_000
_MAX_UNPACKED = 1_000_000_000
_MAX_JAR = 300_000_000
_MAX_TEXT = 10_000_000
_ARCHIVE = pattern(r"(?i).*\.(?:jar|war|ear|par|sar|rar|hpi|jpi|kar|nar)")
_MAVEN = pattern(r"META-INF/maven/[^/]+/[^/]+/pom\.(properties|xml)")
_FILE_NAME = pattern(
    r"(?i)([a-z][\w.-]*?)-(\d[\w.+-]*?)"
    r"(?:-(sources|javadoc|tests|test-sources|jar-with-dependencies|all|shaded|exec|boot))?\.\w+"
)


def read(file: File) -> Contents:
    """The packages of an archive of Java."""
    notes = Notes()
    walk = _Walk(file.path.rpartition("/")[2], notes)
    packages = walk.packages("", Archive(file.data, walk.budget))
    return Contents(tuple(packages), notes.problems)


class _Walk:
    """An archive and those within it."""

    def __init__(self, base: str, notes: Notes) -> None:
        self._base = base
        self._notes = notes
        self.budget = Budget(_MAX_UNPACKED)
        self._opened = 0

    def packages(self, path: str, archive: Archive, depth: int = 0) -> Iterator[Package]:
        """All packages of an archive, with those of the ones in it."""
        yield from self._own(path, archive)
        for name in archive.names():
            if _ARCHIVE.fullmatch(name):
                full = f"{path or self._base}!/{name}"
                inner = self._open(full, name, archive, depth)
                if inner is not None:
                    yield from self.packages(full, inner, depth + 1)

    def _open(self, full: str, name: str, archive: Archive, depth: int) -> Archive | None:
        self._opened += 1
        if depth >= _MAX_DEPTH:
            self._notes.add(_end_of(full), f"archives are nested more than {_MAX_DEPTH} deep")
            return None
        if self._opened > _MAX_ARCHIVES:
            self._notes.add(_end_of(full), f"there are more than {_MAX_ARCHIVES:,} archives in it")
            return None
        try:
            return Archive(archive.read(name, _MAX_JAR), self.budget)
        except Refused as error:
            self._notes.add(_end_of(full), str(error))
        except Unreadable as error:
            self._notes.add(_end_of(full), error.reason)
        return None

    def _own(self, path: str, archive: Archive) -> Iterator[Package]:
        found = list(dict.fromkeys(self._maven(path, archive)))
        if not found:
            guess = self._manifest(path, archive)
            if guess is not None:
                found = [guess]
        for group, artifact, version in found:
            if self._notes.fits(f"{group}:{artifact}", version):
                yield Package("maven", f"{group}:{artifact}", version, file=path)

    def _maven(self, path: str, archive: Archive) -> Iterator[Coordinates]:
        """What Maven's files in it say."""
        for name in archive.names():
            kind = _MAVEN.fullmatch(name)
            if kind is None:
                continue
            if kind[1] == "xml" and f"{name.removesuffix('xml')}properties" in archive:
                continue
            coordinates = None
            if kind[1] == "properties":
                values = properties_of(self._text(path, name, archive))
                keys = ("groupId", "artifactId", "version")
                coordinates = Coordinates(*(values.get(key, "").strip() for key in keys))
                name = f"{name.removesuffix('properties')}xml"  # noqa: PLW2901 - the other one
            if not _is_whole(coordinates) and name in archive:
                coordinates = self._pom(path, name, archive)
            if coordinates is not None and _is_whole(coordinates):
                yield coordinates
            else:
                full = f"{path or self._base}!/{name}"
                self._notes.add(_end_of(full), "its coordinates are not whole")

    def _pom(self, path: str, name: str, archive: Archive) -> Coordinates | None:
        try:
            project = project_of(self._bytes(path, name, archive))
        except Unreadable:
            return None
        return project.coordinates

    def _manifest(self, path: str, archive: Archive) -> Coordinates | None:
        """What the manifest and the name of the file say; noted where that is not enough."""
        values = manifest_of(self._text(path, "META-INF/MANIFEST.MF", archive))
        base = (path or self._base).rpartition("/")[2]
        named = _FILE_NAME.fullmatch(base)
        if named is not None and named[3] in ("sources", "javadoc", "test-sources"):
            return None  # no code that runs
        artifact = named[1] if named else base.rpartition(".")[0]
        version = named[2] if named else next(filter(None, map(values.get, _VERSIONS)), "")
        is_of_others = base.lower().endswith((".war", ".ear"))  # what counts is what is in it
        if is_of_others or not any(name.endswith(".class") for name in archive.names()):
            return None
        group = group_of(artifact, version, values)
        if not group or not version:
            missing = "group" if version else "version"
            reason = f"neither manifest nor file name tell its {missing}"
            self._notes.add(_end_of(path or self._base), reason)
            return None
        return Coordinates(group, artifact, version)

    def _bytes(self, path: str, name: str, archive: Archive) -> bytes:
        try:
            return archive.read(name, _MAX_TEXT) if name in archive else b""
        except Refused as error:
            self._notes.add(_end_of(f"{path or self._base}!/{name}"), str(error))
            return b""

    def _text(self, path: str, name: str, archive: Archive) -> str:
        return self._bytes(path, name, archive).decode("utf-8", "replace")


_VERSIONS = ("Implementation-Version", "Bundle-Version", "Specification-Version")


def _end_of(path: str) -> str:
    """The end of a long path: the file it is about stands there."""
    return path if len(path) <= _SHOWN else f"…{path[1 - _SHOWN :]}"


def _is_whole(coordinates: Coordinates | None) -> bool:
    return coordinates is not None and all(
        part and "${" not in part and "@" not in part for part in coordinates
    )
