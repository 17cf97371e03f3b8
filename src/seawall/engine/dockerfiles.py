"""Dockerfiles on their way through a scan."""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from seawall.core.finding import Finding
from seawall.core.ignore import Ignore
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed, NotCovered
from seawall.dockerfile.names import (
    ignore_files,
    is_dockerfile,
    is_template,
    looks_like_dockerfile,
    may_install,
    project_kind,
)
from seawall.sources import files
from seawall.sources.files import SourceFile

if TYPE_CHECKING:
    from seawall.dockerfile.context import BuildContext
    from seawall.dockerfile.rule import Embedding, Surroundings

_OTHERS = (".yaml", ".yml", ".json")
_FROM = pattern(rb"(?im)^[ \t]*from[ \t]+(?:--platform=\S+[ \t]+)?(\S+)")


def may_be(file: SourceFile) -> bool:
    """Whether a file is a Dockerfile going by its name."""
    return is_dockerfile(file.path)


def claims(file: SourceFile, data: bytes, *, in_project: bool = False) -> bool:
    """Whether a file is a Dockerfile; what was named without a telling name, by its looks.

    It may be named on the command line or by a project, which cannot make one of a manifest.
    """
    if is_dockerfile(file.path):
        return True
    named = file.named or in_project
    return named and not file.path.endswith(_OTHERS) and looks_like_dockerfile(data)


def asks_for_advisories(data: bytes, today: str) -> bool:
    """Whether what is known of packages may have something to say of a Dockerfile on a day.

    It is a first look, which is quick: the file may install packages by name, or name an image
    whose release line may be over or whose tag names the release of a runtime.
    """
    return may_install(data) or any(
        _is_told_of(found.decode("ascii", "replace"), today) for found in _FROM.findall(data)
    )


def _is_told_of(reference: str, today: str) -> bool:
    from seawall.advisories.image_lines import (  # noqa: PLC0415 - if there are any
        may_be_over,
        runtime_of,
    )

    if "$" in reference:
        return True  # nobody knows before the file is read
    name, _, tag = reference.partition("@")[0].partition(":")
    image = name.removeprefix("docker.io/").removeprefix("library/")
    return bool(runtime_of(image, tag)[0]) or may_be_over(image, tag, today)


def is_project(file: SourceFile) -> bool:
    """Whether a file is a compose or bake file going by its name."""
    return bool(project_kind(file.path))


def template(file: SourceFile) -> NotCovered | None:
    """The coverage entry of a file that a Dockerfile is made from."""
    if not is_template(file.path):
        return None
    return NotCovered(
        file.path,
        "Dockerfile template",
        "templates are not rendered by this version",
        "render it first and scan the result",
    )


def surroundings(
    file: SourceFile, changed: Mapping[str, bytes], build: "ProjectBuild | None" = None
) -> "Surroundings":
    """The ignore file and the build context of a Dockerfile on disk, and how it is built.

    Its context is its directory, unless a project says otherwise (``build``). ``changed`` holds
    files that are to be taken from there, by where they are.
    """
    from seawall.dockerfile.rule import ALONE, Surroundings  # noqa: PLC0415 - if there are any

    if file.real == files.STDIN:
        return ALONE
    if build is None:
        directory, shown_directory = os.path.dirname(file.real), os.path.dirname(file.path)
        build = ProjectBuild(Directory(directory, shown_directory), (), ())
    context = build.context
    if context is None:
        return ALONE._replace(arguments=build.arguments, targets=build.targets)
    names = ignore_files(file.real, context.real), ignore_files(file.path, context.shown)
    text, name = None, names[1][1]
    for real, shown in zip(*names, strict=True):
        text = _ignore_text(real, changed)
        if text is not None:
            name = shown
            break
    real_context = context.real
    return Surroundings(
        text,
        name,
        lambda: _listing(real_context),
        lambda path: _context_text(real_context, path),
        build.arguments,
        build.targets,
    )


class Directory(NamedTuple):
    """A directory: where it is, and its name in reports."""

    real: str
    shown: str


class ProjectBuild(NamedTuple):
    """How compose or bake files build a Dockerfile, as far as they agree.

    ``context`` is ``None`` where it is not known, or lies outside of what is scanned.
    """

    context: Directory | None
    arguments: tuple[tuple[str, str], ...]
    targets: tuple[str, ...]


_IGNORE_LIMIT = 1024 * 1024


def _ignore_text(path: str, changed: Mapping[str, bytes]) -> str | None:
    data = changed.get(path)
    if data is None:
        try:
            with open(path, "rb") as stream:
                data = stream.read(_IGNORE_LIMIT)
        except OSError:
            return None
    return data.decode("utf-8", "surrogateescape")


_SCRIPT_LIMIT = 256 * 1024


def _context_text(directory: str, path: str) -> str | None:
    """The text of a file of a context; none of a link's, nor of what lies behind one."""
    whole = os.path.join(directory, path)
    top = os.path.realpath(directory)
    if os.path.realpath(whole) != os.path.normpath(os.path.join(top, path)) or not _is_below(
        os.path.realpath(whole), top
    ):
        return None
    found = files.read(SourceFile(path, whole, "", named=False, context=False), _SCRIPT_LIMIT)
    return None if isinstance(found, Failed) else found.decode("utf-8", "surrogateescape")


def _is_below(path: str, directory: str) -> bool:
    return path.startswith(os.path.join(directory, ""))


@lru_cache(maxsize=256)
def _listing(directory: str) -> "BuildContext":
    """Dockerfiles of one directory share its listing for the length of a run."""
    from seawall.dockerfile.context import list_context  # noqa: PLC0415 - if there are any

    return list_context(directory or os.curdir)


def forget_listings() -> None:
    """Look at the directories anew, as each scan does."""
    _listing.cache_clear()


def state(around: "Surroundings", data: bytes) -> tuple[object, ...]:
    """What a verdict may rest on besides the file itself, for the key of a result."""
    if around.list_context is None:
        return given(around)
    copies = b"copy" in (lower := data.lower()) or b"add" in lower
    listing = around.list_context() if copies else None
    return (*given(around), around.ignore_file, listing, _scripts(around, listing, data))


def given(around: "Surroundings") -> tuple[object, ...]:
    """What tells two builds of the same text apart."""
    embedding = around.embedding
    place = None if embedding is None else (embedding.owner, embedding.line, embedding.indent)
    return (around.arguments, around.targets, place)


_WORD = pattern(rb"[\w.-]+")


def _scripts(
    around: "Surroundings", listing: "BuildContext | None", data: bytes
) -> list[tuple[str, bytes]]:
    """The files of the context that a rule may read: those whose names stand in the file."""
    if listing is None or around.read_file is None:
        return []
    from seawall.core.digests import blake2b  # noqa: PLC0415 - only where results are kept

    values = " ".join(value for _, value in around.arguments).encode("utf-8", "surrogateescape")
    words = {word.decode() for word in _WORD.findall(data + b" " + values) if word.isascii()}
    found = []
    for path in listing.files:
        if path.rpartition("/")[2] in words:
            text = around.read_file(path) or ""
            found.append((path, blake2b(text.encode("utf-8", "surrogateescape")).digest()))
    return found


def problem(data: bytes, path: str) -> Failed | None:
    """Why bytes cannot be a Dockerfile at all."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Failed(path, 1, 1, "UTF-16 text: a Dockerfile must be UTF-8; save it so")
    place = data.find(b"\0", 0, 8192)
    if place >= 0:
        line = data.count(b"\n", 0, place) + 1
        column = place - data.rfind(b"\n", 0, place)
        return Failed(path, line, column, "a zero byte: a Dockerfile is text in UTF-8; save it so")
    return None


def may_hold_ignores(data: bytes) -> bool:
    """Whether a Dockerfile has to be read for ignore comments."""
    from seawall.dockerfile.ignore_comments import may_hold  # noqa: PLC0415 - if there are any

    return may_hold(data)


def ignores(data: bytes, path: str, embedding: "Embedding | None" = None) -> Iterator[Ignore]:
    """The ignore comments of a Dockerfile."""
    from seawall.dockerfile.domain import ignores_of  # noqa: PLC0415 - if there are any

    for ignore in ignores_of(data, path):
        if embedding is None:
            yield ignore
        else:
            from seawall.engine.embedded import moved_ignore  # noqa: PLC0415 - seldom of use

            yield from moved_ignore(ignore, embedding)


def text_of(around: "Surroundings | None", data: bytes) -> bytes:
    """The bytes of the file that a task's bytes stand in."""
    embedding = None if around is None else around.embedding
    return data if embedding is None else embedding.data


def moved(findings: Iterable[Finding], around: "Surroundings") -> list[Finding]:
    """Findings with their places in the file that holds the text; there they are advice only."""
    if around.embedding is None:
        return list(findings)
    from seawall.engine.embedded import moved_finding  # noqa: PLC0415 - seldom of use

    return [moved_finding(finding, around.embedding) for finding in findings]
