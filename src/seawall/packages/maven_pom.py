"""``pom.xml`` of Maven: what a project asks for, with the versions its parents manage.

Sources: see ``maven_model``; scopes: "Introduction to the Dependency Mechanism", "Dependency
Scope". What the dependencies bring in themselves only a repository tells, and it is not asked.
Versions that come from a parent or an imported project outside the tree are told as problems, with
its name.
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.packages.maven_model import Model, Pom, Poms, akin
from seawall.packages.maven_project import Dependency, project_of
from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes

_EXACT = pattern(r"\[\s*([^\[\](),\s]+)\s*\]")
_RANGE = pattern(r"[\[(].*[\])]|LATEST|RELEASE")


def read(file: File) -> Contents:
    """The packages that a project of Maven asks for."""
    notes = Notes()
    pom = Pom("", project_of(file.data))
    poms = Poms(pom, file.beside)
    model = Model(poms, poms.chain(pom))
    reader = _Reader(model, notes)
    packages = [*reader.own()]
    if len(model.chain) > 1:
        packages += reader.inherited(Model(poms, model.chain[1:]))
    _profiles(model, notes)
    for path, error in poms.unreadable:
        notes.add(path, f"it cannot be read: {error.reason}")
    own = pom.project.coordinates
    name = ":".join(model.text(part) for part in (own.group, own.artifact) if part)
    return Contents(tuple(packages), notes.problems, name)


def _profiles(model: Model, notes: Notes) -> None:
    for profile in model.chain[0].project.profiles:
        reason = "which profiles apply the build decides: its dependencies are left out"
        notes.add(f"profile {profile.name or 'without id'}", reason, profile.line)


class _Reader:
    """Dependencies of a model as packages."""

    def __init__(self, model: Model, notes: Notes) -> None:
        self._model = model
        self._notes = notes

    def own(self) -> Iterator[Package]:
        """What the project's own file asks for; the last of several entries counts."""
        written = self._model.chain[0].project.dependencies
        entries = {self._model.key(entry): entry for entry in written}
        for entry in entries.values():
            package = self._package(entry, "", self._model, self._notes)
            if package is not None:
                yield package

    def inherited(self, parent: Model) -> Iterator[Package]:
        """What parents ask for, where it comes out otherwise than for the parent itself.

        The rest is told of the parent's own file.
        """
        seen = {self._model.key(entry) for entry in self._model.chain[0].project.dependencies}
        for pom in self._model.chain[1:]:
            for entry in pom.project.dependencies:
                key = self._model.key(entry)
                if key in seen:
                    continue
                seen.add(key)
                here = self._package(entry, pom.path, self._model, Notes())
                if here is not None and here != self._package(entry, pom.path, parent, Notes()):
                    yield here

    def _package(self, entry: Dependency, path: str, model: Model, notes: Notes) -> Package | None:
        group, artifact, kind, classifier = key = model.key(entry)
        name = f"{group}:{artifact}"
        line = 0 if path else entry.line
        if not group or not artifact:
            notes.add(name, "it has no groupId and artifactId", line)
            return None
        managed = model.managed.get(key)
        version = model.text(entry.version) or (managed.version if managed else "")
        scope = model.text(entry.scope) or (managed.scope if managed else "") or "compile"
        if not version:
            notes.add(name, _unmanaged(model, group), line)
            return None
        if "${" in version or "${" in name:
            notes.add(f"{name} {version}", _unset(model), line)
            return None
        exact = _EXACT.fullmatch(version)
        chosen = exact[1] if exact else "" if _RANGE.fullmatch(version) else version
        if not notes.fits(name, version, line):
            return None
        optional = model.text(entry.optional or (managed.optional if managed else ""))
        return Package(
            "maven", name, chosen, entry.line, file=path,
            key=":".join(key), direct=True, development=scope == "test",
            optional=optional == "true" or scope in ("provided", "system"),
            constraint=version if version != chosen else "",
            qualifiers=_qualifiers(kind, classifier),
        )  # fmt: skip


def _qualifiers(kind: str, classifier: str) -> tuple[tuple[str, str], ...]:
    given = (("classifier", classifier), ("type", "" if kind == "jar" else kind))
    return tuple((name, value) for name, value in given if value)


def _unset(model: Model) -> str:
    if model.missing_parent is not None:
        return f"no file sets a property in it; its parent {_missing(model)} is not among the files"
    return "no file sets a property in it"


def _unmanaged(model: Model, group: str) -> str:
    """Why there is no version: what would have to be read to know.

    Where some of it is of the dependency's own organisation, it is that most likely.
    """
    outside = list(dict.fromkeys(model.missing_imports))
    outside = [name for name in outside if akin(name.partition(":")[0], group)] or outside
    if model.missing_parent is not None and not any(
        akin(name.partition(":")[0], group) for name in outside
    ):
        outside.insert(0, _missing(model))
    if not outside:
        return "it has no version, and none of the files manages one"
    shown = ", ".join(outside[:3]) + (" and others" if len(outside) > 3 else "")
    return f"its version comes from {shown}, not among the files"


def _missing(model: Model) -> str:
    return ":".join(model.text(part) for part in model.missing_parent or ())
