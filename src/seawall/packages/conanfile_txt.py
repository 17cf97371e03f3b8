"""``conanfile.txt`` of Conan.

Source: Conan's documentation, reference of conanfile.txt: sections ``[requires]``,
``[tool_requires]`` (once ``[build_requires]``) and ``[test_requires]`` with one reference a line.
"""

from seawall.packages.conan_references import package_of
from seawall.packages.package import Contents, File
from seawall.packages.reading import Notes, text_of
from seawall.text.lines import split_lines

_DEVELOPMENT = {
    "requires": False,
    "tool_requires": True,
    "build_requires": True,
    "test_requires": True,
}


def read(file: File) -> Contents:
    """The packages a conanfile.txt asks for."""
    notes = Notes()
    packages = []
    section = ""
    for number, text in enumerate(split_lines(text_of(file.data)), 1):
        line = text.partition(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif section in _DEVELOPMENT:
            found = package_of(line, notes, number)
            if found is not None:
                packages.append(found._replace(direct=True, development=_DEVELOPMENT[section]))
    return Contents(tuple(packages), notes.problems)
