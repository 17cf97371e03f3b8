"""Compose and bake files of a scan: which Dockerfiles they build, and how.

They may only point to files that the scan has found by itself. What they say lies elsewhere is
neither looked for nor read, so that no such file leads out of what was named.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed, NotCovered
from seawall.dockerfile.names import project_kind
from seawall.engine.dockerfiles import Directory, ProjectBuild
from seawall.sources.files import STDIN, SourceFile, shown

if TYPE_CHECKING:
    from seawall.dockerfile.projects import BuildReference
    from seawall.dockerfile.rule import Embedding
    from seawall.engine.embedded import Holder

MAX_BUILDS = 1_000
"""Builds of one file that are looked at; more are no project that somebody wrote."""
MAX_TARGETS = 20
"""Targets of one Dockerfile that are looked at."""
Read = Callable[[SourceFile], bytes | Failed]


class Inline(NamedTuple):
    """A Dockerfile that a compose or bake file holds itself."""

    file: SourceFile
    data: bytes
    build: ProjectBuild
    embedding: "Embedding"


class Projects(NamedTuple):
    """What the compose and bake files of a scan say.

    ``builds`` by the Dockerfile's path in reports, ``kinds`` by their own; ``holders`` are the
    paths of those that hold Dockerfiles themselves.
    """

    kinds: dict[str, str]
    builds: dict[str, ProjectBuild]
    inline: list[Inline]
    holders: set[str]
    not_covered: list[NotCovered]


NO_PROJECTS = Projects({}, {}, [], set(), [])
"""What a scan without any says."""


def projects_of(found: Sequence[SourceFile], passed_over: Iterable[str], read: Read) -> Projects:
    """Read the compose and bake files among those that were found."""
    result = Projects({}, {}, [], set(), [])
    for file in found:
        kind = "" if file.real == STDIN else project_kind(file.path)
        if kind:
            result.kinds[file.path] = kind
    if result.kinds:
        reader = _Reader(found, frozenset(passed_over), result)
        for file in found:
            if file.path in result.kinds:
                reader.read(file, read(file))
        reader.finish()
    return result


class _Reader:
    def __init__(
        self, found: Sequence[SourceFile], passed_over: frozenset[str], result: Projects
    ) -> None:
        self._result = result
        self._passed_over = passed_over
        self._found = found
        self._roots = _roots(found)
        self._references: dict[str, list[tuple[SourceFile, BuildReference]]] = {}

    def read(self, file: SourceFile, data: bytes | Failed) -> None:
        """Note what one project says; one that cannot be read is reported where it is gathered."""
        from seawall.dockerfile.projects import ProjectError  # noqa: PLC0415 - if there are any
        from seawall.engine.embedded import Holder  # noqa: PLC0415 - as above

        if isinstance(data, Failed):
            if file.path.endswith(".hcl"):  # nobody else reads those
                self._not_covered(file, "", data.reason, "see that it can be read")
            return
        if b"services" not in data and b"target" not in data:
            return  # a manifest that has the name of a project, or one that builds nothing
        try:
            references = _read(file.path, data)
        except ProjectError as error:
            self._not_covered(file, "", str(error), "mend it, so that its Dockerfiles are found")
            return
        holder: Holder | None = None
        for reference in references[:MAX_BUILDS]:
            if reference.inline is not None:
                holder = holder or Holder(data)
                self._hold(file, holder, reference)
            else:
                self._point(file, reference)
        if len(references) > MAX_BUILDS:
            reason = f"it has more than {MAX_BUILDS} builds; the others are not looked at"
            self._not_covered(file, "", reason, "divide it")

    def finish(self) -> None:
        """Bring together what all projects say of each Dockerfile."""
        for path, uses in self._references.items():
            builds = [self._build(file, reference) for file, reference in uses]
            self._result.builds[path] = _together(builds)

    def _point(self, file: SourceFile, reference: "BuildReference") -> None:
        if reference.remote:
            return self._elsewhere(file, reference, "its context is a repository elsewhere")
        unknown = [name for name in ("context", "dockerfile") if name in reference.unresolved]
        if unknown:
            verb = "hangs" if len(unknown) == 1 else "hang"
            reason = f"its {' and '.join(unknown)} {verb} on variables that the file does not tell"
            return self._elsewhere(file, reference, reason)
        directory = os.path.dirname(file.real)
        place = os.path.abspath(os.path.join(directory, reference.dockerfile))
        target = self._at(place)
        if target is not None and target.real != STDIN:
            self._references.setdefault(target.path, []).append((file, reference))
            return None
        name = os.path.normpath(os.path.join(os.path.dirname(file.path), reference.dockerfile))
        if name in self._passed_over or (_is_default(reference) and not _is_main(file)):
            return None  # in the report already; or a part that is laid over another file
        if not _is_below(place, self._root(file)):
            reason = f"{_safe(reference.dockerfile)} lies outside of what is scanned"
        else:
            reason = f"{_safe(reference.dockerfile)} is not there, or left out of the scan"
        return self._elsewhere(file, reference, reason)

    def _elsewhere(self, file: SourceFile, reference: "BuildReference", reason: str) -> None:
        remedy = "scan the directory that holds it, with the file that names it"
        self._not_covered(file, reference.name, reason, remedy)

    def _not_covered(self, file: SourceFile, name: str, reason: str, remedy: str) -> None:
        kind = self._result.kinds[file.path]
        of = "service" if kind.startswith("compose") else "target"
        what = f"Dockerfile of {of} {_safe(name)}" if name else kind
        self._result.not_covered.append(NotCovered(file.path, what, reason, remedy))

    def _hold(self, file: SourceFile, holder: "Holder", reference: "BuildReference") -> None:
        """A Dockerfile within the file."""
        text = reference.inline or ""
        place = holder.place(reference.name, text, reference.written or text)
        if {"dockerfile_inline", "dockerfile-inline"} & set(reference.unresolved):
            reason = "its text hangs on variables that the file does not tell"
            self._elsewhere(file, reference, reason)
            return
        build = _together([self._build(file, reference)])
        data = text.encode("utf-8", "surrogateescape")
        self._result.holders.add(file.path)
        self._result.inline.append(Inline(file, data, build, place))

    def _build(
        self, file: SourceFile, reference: "BuildReference"
    ) -> tuple[Directory | None, Mapping[str, str], str]:
        context = None
        if not reference.remote and "context" not in reference.unresolved:
            real = os.path.normpath(os.path.join(os.path.dirname(file.real), reference.context))
            if _is_inside(real, self._root(file)):
                shown_as = os.path.normpath(
                    os.path.join(os.path.dirname(file.path), reference.context)
                )
                context = Directory(real, "" if shown_as == os.curdir else shown(shown_as))
        arguments = {
            name: value
            for name, value in reference.arguments.items()
            if value is not None and f"args.{name}" not in reference.unresolved
        }
        known = "target" not in reference.unresolved and "args" not in reference.unresolved
        return context, arguments, reference.target if known else ""

    @cached_property
    def _by_name(self) -> dict[str, list[SourceFile]]:
        """The files by the last part of where they are: to make all places absolute takes long."""
        result: dict[str, list[SourceFile]] = {}
        for file in self._found:
            result.setdefault(file.real.rpartition("/")[2], []).append(file)
        return result

    def _at(self, place: str) -> SourceFile | None:
        """The file at an absolute place."""
        same_name = self._by_name.get(place.rpartition("/")[2], [])
        there = [file for file in same_name if os.path.abspath(file.real) == place]
        return there[-1] if there else None

    def _root(self, file: SourceFile) -> str:
        return self._roots[file.root]


def _roots(found: Iterable[SourceFile]) -> dict[str, str]:
    """Where each target is, by its name: what a project may not lead out of."""
    roots: dict[str, str] = {}
    for file in found:
        if file.root not in roots and file.real != STDIN:
            below = file.path if file.root == os.curdir else file.path[len(file.root) + 1 :]
            depth = 0 if file.named else below.count("/")
            place = os.path.dirname(os.path.abspath(file.real))
            for _ in range(depth):
                place = os.path.dirname(place)
            roots[file.root] = place
    return roots


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(os.path.join(root, ""))


def _is_inside(directory: str, root: str) -> bool:
    """Whether a directory is a target or below one, no link on the way."""
    place = os.path.abspath(directory)
    return _is_below(place, root) and os.path.realpath(place) == os.path.join(
        os.path.realpath(root), os.path.relpath(place, root)
    ).removesuffix("/.")


def _read(path: str, data: bytes) -> "list[BuildReference]":
    from seawall.dockerfile import projects  # noqa: PLC0415 - if there are any
    from seawall.text.decoding import Undecodable, decode  # noqa: PLC0415 - as above

    text = decode(data)
    if isinstance(text, Undecodable):
        raise projects.ProjectError(text.reason)
    if path.endswith(".hcl"):
        return projects.read_bake_hcl(text)
    if path.endswith(".json"):
        return projects.read_bake_json(text)
    return projects.read_compose(text)


def _together(
    builds: Iterable[tuple[Directory | None, Mapping[str, str], str]],
) -> ProjectBuild:
    """What several builds of one Dockerfile have in common; every target of them."""
    contexts, arguments, targets = zip(*builds, strict=True)
    first = arguments[0]
    common = tuple(
        (name, value)
        for name, value in sorted(first.items())
        if all(other.get(name) == value for other in arguments)
    )
    context = contexts[0] if len(set(contexts)) == 1 else None
    named = dict.fromkeys(target for target in targets if target)
    return ProjectBuild(context, common, tuple(sorted(named))[:MAX_TARGETS])


def _is_default(reference: "BuildReference") -> bool:
    return reference.context == os.curdir and reference.dockerfile == "Dockerfile"


_MAIN = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def _is_main(file: SourceFile) -> bool:
    """Whether a project stands by itself: others may only add to a build that another names."""
    return os.path.basename(file.path) in _MAIN


def _safe(text: str) -> str:
    """A text of a project on one line of a report."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}..."
