"""go.mod: the modules a Go program is built from.

Source: https://go.dev/ref/mod#go-mod-file. From ``go 1.17`` on it names every module that a
package of the program lies in; before that the transitive ones are only in go.sum.
"""

from seawall.core.named_tuple import NamedTuple
from seawall.packages.go_sums import newest
from seawall.packages.go_syntax import Line, lines_of
from seawall.packages.go_versions import toolchain_version
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, text_of

_COMPLETE_SINCE = (1, 17)


class Replacement(NamedTuple):
    """What stands in for a module."""

    path: str
    version: str
    """Empty for a directory."""


class Replacements:
    """The ``replace`` directives of a file."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], Replacement] = {}

    def add(self, line: Line, notes: Notes) -> Replacement | None:
        """Take one in: ``old [version] => new [version]``."""
        words = line.words
        arrow = words.index("=>") if "=>" in words else -1
        old, new = words[:arrow], words[arrow + 1 :]
        if arrow < 0 or not 1 <= len(old) <= 2 or not 1 <= len(new) <= 2:
            notes.add(" ".join(words), "it is no replacement", line.number)
            return None
        replacement = Replacement(new[0], new[1] if len(new) == 2 else "")
        self._of[old[0], old[1] if len(old) == 2 else ""] = replacement
        return replacement

    def get(self, path: str, version: str) -> Replacement | None:
        """What stands in for a module; a directive that names the version goes first."""
        return self._of.get((path, version)) or self._of.get((path, ""))


def read(file: File) -> Contents:
    """The modules of a go.mod."""
    return _Module(file).contents()


class _Module:
    def __init__(self, file: File) -> None:
        self._file = file
        self._notes = Notes()
        self._name = ""
        self._go = ""
        self._toolchain: tuple[str, int] | None = None
        self._go_line = 0
        self._requires: list[Line] = []
        self._replacements = Replacements()
        self._excluded: set[tuple[str, str]] = set()
        for line in lines_of(text_of(file.data), self._notes):
            self._take(line)

    def _take(self, line: Line) -> None:
        words = line.words
        match line.directive:
            case "require" if len(words) == 2:
                self._requires.append(line)
            case "replace":
                self._replacements.add(line, self._notes)
            case "exclude" if len(words) == 2:
                self._excluded.add((words[0], words[1]))
            case "module" if len(words) == 1:
                self._name = words[0]
            case "go" if len(words) == 1:
                self._go, self._go_line = words[0], line.number
            case "toolchain" if len(words) == 1:
                self._toolchain = words[0], line.number
            case "retract" | "godebug" | "tool" | "ignore":
                pass  # of this module itself, its settings and its tools' packages
            case _:
                text = f"{line.directive} {' '.join(words)}"
                self._notes.add(text, "it is no directive of go.mod", line.number)

    def contents(self) -> Contents:
        if not self._name and not self._requires and self._notes.problems:
            raise Unreadable("it has no module directive")
        packages = [found for line in self._requires if (found := self._package(line))]
        packages += self._from_sums({package.key for package in packages})
        standard = standard_library(self._go, self._go_line, self._toolchain, self._notes)
        return Contents((*packages, *standard), self._notes.problems, self._name)

    def _package(self, line: Line) -> Package | None:
        path, version = line.words
        if not self._notes.fits(path, version, line.number):
            return None
        direct = line.comment.partition(";")[0].strip() != "indirect"
        package = Package(
            "golang", path, version, line.number, key=path, direct=direct, constraint=version
        )
        if (path, version) in self._excluded:
            self._notes.add(
                f"{path} {version}", "it is excluded: Go takes the next higher one", line.number
            )
            return package._replace(version="")
        return self._replaced(package)

    def _replaced(self, package: Package) -> Package | None:
        found = self._replacements.get(package.name, package.version)
        if found is None:
            return package
        if not found.version:
            return package._replace(version="", download=found.path)
        if not self._notes.fits(found.path, found.version, package.line):
            return None
        return package._replace(name=found.path, version=found.version)

    def _from_sums(self, known: set[str]) -> list[Package]:
        """What go.mod does not name, for a module of before Go 1.17."""
        if _language(self._go) >= _COMPLETE_SINCE:
            return []
        data = self._file.beside("go.sum")
        if data is None:
            if self._requires:
                self._notes.add(
                    "go.sum", "it is missing: before Go 1.17 only it names indirect modules"
                )
            return []
        packages = []
        for module in newest(text_of(data), self._notes):
            if module.path not in known:
                package = Package(
                    "golang", module.path, module.version, module.line,
                    key=module.path, direct=False, file="go.sum",
                )  # fmt: skip
                replaced = self._replaced(package)
                if replaced:
                    packages.append(replaced)
        return packages


def _language(version: str) -> tuple[int, ...]:
    """``1.21.3`` as (1, 21); no directive means Go 1.16."""
    parts = version.split(".")[:2]
    digits = ["".join(c for c in part if c in "0123456789")[:6] for part in parts]
    return tuple(int(part or "0") for part in digits) if version else (1, 16)


def standard_library(
    go: str, go_line: int, toolchain: tuple[str, int] | None, notes: Notes
) -> tuple[Package, ...]:
    """Go's standard library as the package ``stdlib``, as Go's own advisories call it.

    ``toolchain go1.22.3`` or ``go 1.22.3`` is the least version it is built with. ``go 1.22`` is
    only the language's version: https://go.dev/doc/toolchain
    """
    if toolchain and toolchain[0] != "default":
        version = toolchain_version(toolchain[0])
        if version:
            return (Package("golang", "stdlib", version, toolchain[1], direct=True),)
        notes.add(f"toolchain {toolchain[0]}", "it is no version of Go", toolchain[1])
    if not go:
        return ()
    version = toolchain_version(f"go{go}")
    if not version or len(go) > 40:
        notes.add(f"go {go}", "it is no version of Go", go_line)
        return ()
    if go.count(".") < 2 and "rc" not in go and "beta" not in go:
        return (Package("golang", "stdlib", "", go_line, direct=True, constraint=f">={go}"),)
    return (Package("golang", "stdlib", version, go_line, direct=True),)
