"""go.work: several modules built together.

Source: https://go.dev/ref/mod#workspaces. The modules' own go.mod files are read by themselves;
what stands here alone is the toolchain and the modules that are replaced for all of them.
"""

from seawall.packages.go_module import Replacements, standard_library
from seawall.packages.go_syntax import lines_of
from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes, text_of


def read(file: File) -> Contents:
    """What a go.work says of packages."""
    notes = Notes()
    go, go_line = "", 0
    toolchain: tuple[str, int] | None = None
    replacements = Replacements()
    packages = []
    for line in lines_of(text_of(file.data), notes):
        words = line.words
        match line.directive:
            case "go" if len(words) == 1:
                go, go_line = words[0], line.number
            case "toolchain" if len(words) == 1:
                toolchain = words[0], line.number
            case "replace":
                found = replacements.add(line, notes)
                if found and found.version and notes.fits(found.path, found.version, line.number):
                    packages.append(
                        Package("golang", found.path, found.version, line.number, key=words[0])
                    )
            case "use" | "godebug":
                pass
            case _:
                text = f"{line.directive} {' '.join(words)}"
                notes.add(text, "it is no directive of go.work", line.number)
    packages += standard_library(go, go_line, toolchain, notes)
    return Contents(tuple(packages), notes.problems)
