"""Which files may be ones that are read for objects, going by their names and first looks."""

import os

from seawall.engine import dockerfiles
from seawall.kubernetes import kustomizations
from seawall.packages.formats import format_of
from seawall.sources import files
from seawall.sources.files import SourceFile

NO_FORMAT = "no format that seawall reads"
"""Why most files of a tree are skipped."""
MANIFESTS = (".yaml", ".yml", ".json")


_KUSTOMIZATIONS = tuple(kustomizations.FILE_NAMES)


def is_kustomization(file: SourceFile) -> bool:
    """Whether a file is a kustomization, going by its name."""
    path = file.path
    if not path.endswith(_KUSTOMIZATIONS):  # most
        return False
    return os.path.basename(path) in kustomizations.FILE_NAMES


PROGRAM_TEXTS = frozenset(
    (
        "c", "cc", "cpp", "cs", "css", "go", "h", "hpp", "html", "java", "js", "jsx", "kt", "lua",
        "md", "php", "pl", "png", "proto", "py", "pyi", "rb", "rs", "rst", "scala", "scss", "sh",
        "sql", "svg", "swift", "ts", "tsx", "vue",
    )
)  # fmt: skip
"""Endings of most files of most trees, which no format has."""


def is_program_text(file: SourceFile) -> bool:
    """Whether a file's ending tells already that it is no candidate: a short cut."""
    path = file.path
    return (
        path[path.rfind(".") + 1 :] in PROGRAM_TEXTS
        and not file.named
        and not dockerfiles.may_be(file)
    )


def is_candidate(file: SourceFile) -> bool:
    """Whether a file may be one that is read, going by its name."""
    return (
        file.named
        or file.path.endswith(MANIFESTS)
        or is_kustomization(file)
        or dockerfiles.may_be(file)
        or format_of(file.path) is not None
        or dockerfiles.is_project(file)
    )


def no_use(file: SourceFile) -> str:
    """Why there is no look into a file, going by its name; empty where there is one."""
    if file.path.endswith(".hcl") and dockerfiles.is_project(file):
        return "only what it says of Dockerfiles is read"
    return "" if is_candidate(file) else NO_FORMAT


def is_other_text(file: SourceFile, data: bytes) -> bool:
    """Whether a file was only named to be searched: program text, say, which YAML would refuse.

    An object has a key ``kind``; what is in UTF-16 is not told so.
    """
    if not file.named or file.path.endswith(MANIFESTS) or file.real == files.STDIN:
        return False
    return b"kind" not in data and b"\0" not in data


_SBOM_MARKS = (
    b'"bomFormat"', b"cyclonedx.org/schema/bom",
    b'"spdxVersion"', b"SPDXVersion:", b"spdx.org/rdf/3.",
)  # fmt: skip


def is_sbom(data: bytes) -> bool:
    """Whether a file that was named is a bill of materials, whatever it is called."""
    if not any(mark in data for mark in _SBOM_MARKS):
        return False
    from seawall.packages.sbom import looks_like_sbom  # noqa: PLC0415 - where it may be one

    return looks_like_sbom(data)
