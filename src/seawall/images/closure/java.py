"""What a Java program needs: its runtime as it is, and the jars on the class path.

Sources: java(1); the JAR File Specification (``Class-Path``). Classes load others by name, so the
runtime is kept whole.
"""

from collections.abc import Iterator, Sequence

from seawall.images.closure.keeper import Keeper, shown

_WITH_VALUE = frozenset(
    "-cp -classpath --class-path -p --module-path --upgrade-module-path --add-modules "
    "--add-opens --add-exports --add-reads --patch-module -m --module -d --describe-module".split()
)
_PATHS = frozenset(("-cp", "-classpath", "--class-path", "-p", "--module-path"))
_LEFT_OUT = frozenset(("demo", "jmods", "man", "sample", "src.zip", "legal"))
_MAX_UP = 4
_MAX_JAR = 300_000_000
_MAX_MANIFEST = 1_000_000
_MANIFEST = "META-INF/MANIFEST.MF"
_MARKS = ("lib/modules", "lib/rt.jar", "jre/lib/rt.jar", "release")


class Java:
    """Follows commands of ``java``."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._jars_seen: set[str] = set()

    def run(self, path: str, words: Sequence[str | None]) -> None:
        """Keep what ``java`` with these words needs."""
        by = shown(path)
        self._runtime(path)
        variables = self._keeper.root.configuration.variable
        options = [
            *variables("JAVA_TOOL_OPTIONS").split(), *variables("JDK_JAVA_OPTIONS").split()
        ]  # fmt: skip
        for place in self._jars([*options, *words]):
            self._entry(place, by)
        for place in variables("CLASSPATH").split(":"):
            if place:
                self._entry(place, by)

    def _runtime(self, path: str) -> None:
        found = self._keeper.find(path)
        above = found.path if found is not None else path
        for _ in range(_MAX_UP):
            above = above.rpartition("/")[0]
            if not above:
                break
            if any(self._keeper.find(f"{above}/{mark}") is not None for mark in _MARKS):
                self._keeper.keep_tree(
                    above, f"the Java runtime of {shown(path)}", _LEFT_OUT, passive=True
                )
                return
        self._keeper.warn(f"{shown(path)}: its runtime was not found; include its directory")

    def _jars(self, words: Sequence[str | None]) -> Iterator[str]:
        """The entries of the class path, agents and the jar that is run."""
        known = [word or "" for word in words]
        at = 0
        while at < len(known):
            word, following = known[at], (known[at + 1 : at + 2] or [""])[0]
            at += 1
            if word in _WITH_VALUE:
                at += 1
                if word in _PATHS:
                    yield from _parts(following)
            elif word == "-jar":
                yield from _parts(following)
                return
            elif word.startswith(("--class-path=", "--module-path=")):
                yield from _parts(word.partition("=")[2])
            elif word.startswith("-javaagent:"):
                yield word.partition(":")[2].partition("=")[0]
            elif word.startswith("@"):
                self._keeper.keep_named(self._keeper.place(word[1:]), "an argument file of java")
            elif word and word[0] != "-":
                return  # the class; what follows is the program's

    def _entry(self, place: str, by: str) -> None:
        """Keep an entry of the class path, and the jars that its manifest names, and so on."""
        first = self._keeper.place(place.removesuffix("*"))
        if self._keeper.find(first) is None:
            self._keeper.warn(f"{by}: {place} on its class path is not in the image")
        waiting = [first]
        while waiting:
            path = waiting.pop()
            found = self._keeper.keep_tree(path, f"on the class path of {by}", passive=True)
            if found is None or not found.is_file or found.path in self._jars_seen:
                continue
            self._jars_seen.add(found.path)
            if path.endswith(".jar"):
                above = path.rpartition("/")[0]
                names = self._class_path(found.path, found.size)
                waiting += [self._keeper.place(name, above) for name in names]

    def _class_path(self, path: str, size: int) -> list[str]:
        """What a jar's manifest names beside it; nothing of a jar that cannot be read."""
        from seawall.packages.archives import Archive, Budget, Refused  # noqa: PLC0415 - jars only
        from seawall.packages.java_text import manifest_of  # noqa: PLC0415
        from seawall.packages.package import Unreadable  # noqa: PLC0415

        data = self._keeper.root.read(path, size) if size <= _MAX_JAR else None
        if data is None:
            self._keeper.warn(f"{shown(path)} was not read: what its manifest names is not known")
            return []
        try:
            archive = Archive(data, Budget(_MAX_MANIFEST))
            if _MANIFEST not in archive:
                return []
            manifest = manifest_of(
                archive.read(_MANIFEST, _MAX_MANIFEST).decode("utf-8", "replace")
            )
        except (Unreadable, Refused) as error:
            self._keeper.warn(f"{shown(path)}: what its manifest names is not known: {error}")
            return []
        return [name for name in manifest.get("Class-Path", "").split() if ":" not in name]


def _parts(path: str) -> Iterator[str]:
    """The entries of a class path."""
    return (part for part in path.split(":") if part)
