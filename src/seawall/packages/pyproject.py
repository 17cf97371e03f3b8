"""pyproject.toml: what a Python project asks for. It says which versions would do, not which are.

Sources: PEP 621 (``project``), PEP 735 (``dependency-groups``), PEP 518 (``build-system``);
https://python-poetry.org/docs/pyproject/ and https://pdm-project.org/en/latest/reference/pep621/
for the tables of these tools, https://docs.astral.sh/uv/reference/settings/ for uv's.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.core.package_key import python_name
from seawall.packages import lock_toml, pep508
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, Table, public, text_of

_LOCKS = ("poetry.lock", "uv.lock", "pdm.lock", "pylock.toml")
_MAX_ABOVE = 5
Path = tuple[str, ...]


class Asked(NamedTuple):
    """One requirement of a project."""

    name: str
    constraint: str = ""
    version: str = ""
    """The version it pins; empty where others would do."""
    address: str = ""
    development: bool = False
    optional: bool = False
    path: Path = ()
    """The table or list it stands in."""
    text: str = ""
    """What to look for below that."""


def read(file: File) -> Contents:
    """What a manifest asks for; nothing where a lock file says it better."""
    notes = Notes()
    text = text_of(file.data)
    table = lock_toml.read(text).value
    project = project_name(table, notes)
    if _is_locked(file, project):
        return Contents((), notes.problems, project)
    lines = text.split("\n")
    packages = []
    for item in asked(table, notes):
        line = _line(lines, item)
        if notes.fits(item.name, item.version, line):
            packages.append(Package(
                "pypi", item.name, item.version, line,
                direct=True, development=item.development, optional=item.optional,
                constraint=item.constraint, download=public(item.address),
            ))  # fmt: skip
    return Contents(tuple(packages), notes.problems, project)


def project_name(table: Table, notes: Notes) -> str:
    """The project's own name, in its normal form."""
    for path in (("project",), ("tool", "poetry")):
        name = _at(table, path, notes).get("name")
        if name is not None:
            return python_name(notes.text(name, (*path, "name")))
    return ""


def beside(file: File, notes: Notes) -> dict[str, Asked] | None:
    """What the manifest beside a lock file asks for, by name; production goes first."""
    data = file.beside("pyproject.toml")
    if data is None:
        return None
    try:
        table = lock_toml.read(text_of(data)).value
    except Unreadable as error:
        notes.add("pyproject.toml", f"it cannot be read: {error.reason}", error.line)
        return None
    result: dict[str, Asked] = {}
    for item in asked(table, Notes()):
        known = result.get(item.name)
        if known is None or (known.development, known.optional) > (item.development, item.optional):
            result[item.name] = item
    return result


def asked(table: Table, notes: Notes) -> Iterator[Asked]:
    """Every requirement of a manifest."""
    project = _at(table, ("project",), notes)
    path: Path = ("project", "dependencies")
    yield from _listed(project.get("dependencies"), path, notes)
    path = ("project", "optional-dependencies")
    for group, value in notes.table(project.get("optional-dependencies"), path).items():
        for item in _listed(value, (*path, group), notes):
            yield item._replace(optional=True)
    groups: list[tuple[Path, object]] = [
        (("build-system", "requires"), _at(table, ("build-system",), notes).get("requires"))
    ]
    groups += [
        ((*path, group), value)
        for path in (("dependency-groups",), ("tool", "pdm", "dev-dependencies"))
        for group, value in _at(table, path, notes).items()
    ]
    path = ("tool", "uv", "dev-dependencies")
    groups.append((path, _at(table, path[:-1], notes).get(path[-1])))
    for path, value in groups:
        for item in _listed(value, path, notes):
            yield item._replace(development=True)
    yield from _poetry(_at(table, ("tool", "poetry"), notes), notes)


def _at(table: Table, path: Path, notes: Notes) -> Table:
    for number, key in enumerate(path, 1):
        table = notes.table(table.get(key), path[:number])
    return table


def _listed(value: object, path: Path, notes: Notes) -> Iterator[Asked]:
    """The requirements of a list; other groups that it includes are read by themselves."""
    for item in notes.array(value, path):
        if isinstance(item, dict) and "include-group" in item:
            continue
        text = notes.text(item, path)
        found = pep508.parse(text) if 0 < len(text) <= pep508.MAX_REQUIREMENT else None
        if found:
            yield Asked(
                found.name, found.constraint, found.version, found.address, path=path, text=text
            )
        elif text:
            notes.add(text, "it is no requirement of PEP 508")


def _poetry(poetry: Table, notes: Notes) -> Iterator[Asked]:
    tables: list[tuple[Path, object, bool]] = [
        (("dependencies",), poetry.get("dependencies"), False),
        (("dev-dependencies",), poetry.get("dev-dependencies"), True),
    ]
    for group, value in notes.table(poetry.get("group"), "tool.poetry.group").items():
        inner: Path = ("group", group, "dependencies")
        tables.append((inner, notes.table(value, inner[:2]).get("dependencies"), True))
    for path, value, is_development in tables:
        whole = ("tool", "poetry", *path)
        for name, wanted in notes.table(value, whole).items():
            if name.lower() == "python":
                continue
            for one in wanted if isinstance(wanted, list) else [wanted]:
                item = _of_poetry(name, one, notes)
                yield item._replace(development=is_development, path=whole, text=name)


def _of_poetry(name: str, wanted: object, notes: Notes) -> Asked:
    if isinstance(wanted, str):
        wanted = {"version": wanted}
    table = notes.table(wanted, name)
    constraint = notes.text(table.get("version"), name)
    address = next((str(table[key]) for key in ("git", "url", "path", "file") if key in table), "")
    is_optional = table.get("optional") is True
    return Asked(
        python_name(name), constraint, exact_in_poetry(constraint), address, optional=is_optional
    )


def exact_in_poetry(constraint: str) -> str:
    """The version a constraint of Poetry pins; there, ``1.2.3`` alone is exact."""
    if constraint[:1].isdecimal() and not any(mark in constraint for mark in "*,| "):
        return constraint
    return pep508.exact(constraint)


def _is_locked(file: File, project: str) -> bool:
    """Whether a lock file lies beside a manifest, or is that of the workspace it is part of."""
    if any(file.beside(name) is not None for name in _LOCKS):
        return True
    member = f'name = "{project}"'.encode()
    for number in range(1, _MAX_ABOVE):
        lock = file.beside("../" * number + "uv.lock")
        if lock is not None:
            return bool(project) and member in lock
    return False


def _line(lines: list[str], item: Asked) -> int:
    """The line of a requirement: the first that holds it, below its table's or list's key."""
    key = item.path[-1]
    begun = 0
    for number, line in enumerate(lines, 1):
        if not begun and key in line:
            begun = number
        if begun and item.text in line and (number > begun or line.lstrip()[:1] != "["):
            return number
    return begun
