"""Which files are Dockerfiles, by their names and, without a name, by their looks."""

import os
import re

_NAMES = re.compile(
    r"(?:dockerfile|containerfile)(?:\..+)?|.+\.(?:dockerfile|containerfile)", re.IGNORECASE
)
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
    name = os.path.basename(path)
    return _NAMES.fullmatch(name) is not None and not name.lower().endswith(_OTHER)


def is_template(path: str) -> bool:
    """Whether a file is a template that a Dockerfile is made from, by its name."""
    name = os.path.basename(path).lower()
    stem = name.rpartition(".")[0]
    return name.endswith(TEMPLATES) and _NAMES.fullmatch(stem) is not None


def looks_like_dockerfile(data: bytes) -> bool:
    """Whether bytes without a telling name begin as a Dockerfile does."""
    return re.match(_FIRST, data.removeprefix(b"\xef\xbb\xbf")) is not None


def ignore_files(path: str) -> tuple[str, str]:
    """The ignore files that count for a Dockerfile: its own, else that of its directory."""
    return f"{path}.dockerignore", os.path.join(os.path.dirname(path), ".dockerignore")
