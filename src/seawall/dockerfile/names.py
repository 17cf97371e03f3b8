"""Which files are Dockerfiles, by their names and, without a name, by their looks.

And which files name further ones: those of compose and of ``docker buildx bake``.
"""

import os
import re

from seawall.core.lazy import pattern

_NAMES = pattern(
    r"(?:dockerfile|containerfile)(?:\..+)?|.+\.(?:dockerfile|containerfile)", re.IGNORECASE
)
_IN_BOTH = "erfile"
_OTHER = (
    ".dockerignore", ".md", ".txt", ".rst", ".html", ".py", ".go", ".js", ".ts", ".sh", ".rb",
    ".java", ".json", ".yaml", ".yml", ".toml", ".lock", ".patch", ".diff", ".orig", ".bak", ".swp",
    ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".erb", ".in", ".mustache",
)  # fmt: skip
"""Endings of files that are about a Dockerfile, or that one is made from."""
TEMPLATES = (".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".erb", ".in", ".mustache")
_FIRST = rb"(?i)(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:FROM|ARG)[ \t]+\S"


def is_dockerfile(path: str) -> bool:
    """Whether a file is a Dockerfile by its name: ``Dockerfile.web``, ``web.Dockerfile`` ..."""
    if _IN_BOTH not in path.lower():  # most
        return False
    name = os.path.basename(path)
    return _NAMES.fullmatch(name) is not None and not name.lower().endswith(_OTHER)


def is_template(path: str) -> bool:
    """Whether a file is a template that a Dockerfile is made from, by its name."""
    lower = path.lower()
    if not lower.endswith(TEMPLATES):
        return False
    return _NAMES.fullmatch(os.path.basename(lower).rpartition(".")[0]) is not None


def looks_like_dockerfile(data: bytes) -> bool:
    """Whether bytes without a telling name begin as a Dockerfile does."""
    return re.match(_FIRST, data.removeprefix(b"\xef\xbb\xbf")) is not None


def ignore_files(path: str, context: str | None = None) -> tuple[str, str]:
    """Where Docker looks for the ignore file of a Dockerfile, best first.

    The first lies beside the Dockerfile, the second in the root of the context: its directory,
    where nobody says otherwise.
    """
    directory = os.path.dirname(path) if context is None else context
    return f"{path}.dockerignore", os.path.join(directory, ".dockerignore")


_COMPOSE = pattern(r"(?:docker-|podman-)?compose(?:[._-][\w.-]+)?\.ya?ml")
_BAKE = pattern(r"docker-bake(?:[._-][\w.-]+)?\.(?:hcl|json)")


def project_kind(path: str) -> str:
    """``compose file`` or ``bake file`` by a file's name; empty for others."""
    if "compose" not in path and "bake" not in path:
        return ""
    name = os.path.basename(path)
    if "compose" in name and _COMPOSE.fullmatch(name):
        return "compose file"
    return "bake file" if "bake" in name and _BAKE.fullmatch(name) else ""


_INSTALLS = (
    b"install", b" add ", b" get ", b" require ", b" req ", b"npm i ", b" in ", b"gem i ", b"pacman"
)  # fmt: skip
"""Words of which one stands wherever a package is installed by name."""


def may_install(data: bytes) -> bool:
    """Whether a Dockerfile may install packages by name: a first look, which is quick."""
    return any(map(data.__contains__, _INSTALLS))
