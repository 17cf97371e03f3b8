""".gitignore files, as git reads them: nested, the deepest and last match decides."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_NAME = ".gitignore"
_SIZE_LIMIT = 1024 * 1024


class Ignores:
    """What git would ignore below a directory, the files above it in its repository included."""

    def __init__(self, root: str) -> None:
        self._root = os.path.abspath(root)
        self._top = _repository_of(self._root) or self._root
        self._specs: dict[str, GitIgnoreSpec | None] = {}

    def match(self, path: str, *, is_directory: bool) -> bool:
        """Whether git ignores a path below the root; its parent must not itself be ignored."""
        full = os.path.abspath(path)
        directory = os.path.dirname(full)
        while True:
            spec = self._spec(directory)
            if spec is not None:
                relative = os.path.relpath(full, directory) + ("/" if is_directory else "")
                verdict = spec.check_file(relative).include
                if verdict is not None:
                    return verdict
            if directory == self._top or len(directory) <= len(self._top):
                return False
            directory = os.path.dirname(directory)

    def _spec(self, directory: str) -> "GitIgnoreSpec | None":
        if directory not in self._specs:
            lines = _lines(os.path.join(directory, _NAME))
            if directory == self._top:
                lines = _lines(os.path.join(directory, ".git", "info", "exclude")) + lines
            self._specs[directory] = _compile(lines) if lines else None
        return self._specs[directory]


def _repository_of(directory: str) -> str:
    while True:
        if os.path.exists(os.path.join(directory, ".git")):
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return ""
        directory = parent


def _lines(path: str) -> list[str]:
    """The lines of an ignore file; one that cannot be read ignores nothing, as in git."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(_SIZE_LIMIT).splitlines()
    except OSError:
        return []


def _compile(lines: list[str]) -> "GitIgnoreSpec | None":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - 20 ms, only where there is such a file
    from pathspec.patterns.gitignore import GitIgnorePatternError  # noqa: PLC0415

    patterns: list[GitIgnoreSpecPattern] = []
    for line in lines:
        try:
            patterns.extend(GitIgnoreSpec.from_lines([line]).patterns)
        except GitIgnorePatternError:  # git, too, passes over a pattern it cannot read
            continue
    return GitIgnoreSpec(patterns) if patterns else None
