"""Gemfile.lock and gems.locked of Bundler, with the Gemfile beside them.

Source: Bundler's ``lib/bundler/lockfile_parser.rb``. Which groups a gem is in, only the Gemfile
tells; that is a program in Ruby, of which its usual lines are read.
"""

from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.packages.graphs import only_for_development
from seawall.packages.package import Contents, File, Package, Requirement, Unreadable
from seawall.packages.reading import Notes, public, text_of
from seawall.packages.registries import is_default

_SOURCES = ("GIT", "PATH", "GEM", "PLUGIN SOURCE")
_OTHERS = ("PLATFORMS", "DEPENDENCIES", "RUBY VERSION", "CHECKSUMS", "BUNDLED WITH")
_GEM = pattern(r"( +)([^\s(),!]+)(?: \(([^()]*)\))?(!)?")
_OPTION = pattern(r"  ([a-z]+): (.*)")
_MANIFESTS = {"Gemfile.lock": "Gemfile", "gems.locked": "gems.rb"}
_DEVELOPMENT = {"development", "test", "ci", "lint", "doc", "docs", "rubocop"}
_GROUP = pattern(r"group[ (]*((?:[:\"'][\w\"']+[, ]*)+)\)?(?:,.*)?\s+do\b.*")
_OPENS = pattern(r"(?:if|unless|case|begin|while|until|def)\b.*|.*\bdo(?:\s*\|[^|]*\|)?")
_NAMED = pattern(r"gem[ (]+[\"']([^\"']+)[\"'](.*)")
_IN_GROUPS = pattern(r"(?::groups?\s*=>|\bgroups?:)\s*(\[[^\]]*\]|[:\"'][\w\"']+)")
_WORD = pattern(r"\w+")


class _Source(NamedTuple):
    """Where the gems of a section come from."""

    kind: str
    options: dict[str, str]


class _Gem:
    """A gem, for all platforms."""

    __slots__ = ("line", "name", "needs", "source", "version")

    def __init__(self, name: str, version: str, line: int, source: _Source) -> None:
        self.name = name
        self.version = version
        self.line = line
        self.source = source
        self.needs: dict[str, str] = {}

    @property
    def is_own(self) -> bool:
        """Whether it is part of the project."""
        return self.source.kind == "PATH"


def read(file: File) -> Contents:
    """The gems of a lock file of Bundler."""
    notes = Notes()
    reader = _Reader(notes)
    for number, line in enumerate(text_of(file.data).replace("\r\n", "\n").split("\n"), 1):
        reader.take(line.rstrip(), number)
    if not reader.is_lock:
        raise Unreadable("it is no lock file of Bundler")
    manifest = _MANIFESTS.get(file.path.rpartition("/")[2], "Gemfile")
    groups = _groups(file, manifest)
    own = [gem for gem in reader.gems.values() if gem.is_own]
    root = next((gem.name for gem in own if gem.source.options.get("remote") == "."), "")
    return Contents(tuple(_packages(reader, groups)), notes.problems, root)


class _Reader:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._section = ""
        self._source = _Source("", {})
        self._gem: _Gem | None = None
        self.is_lock = False
        self.gems: dict[tuple[str, str], _Gem] = {}
        self.asked: dict[str, str] = {}
        """What the Gemfile asks for, and which versions would do."""

    def take(self, line: str, number: int) -> None:
        """Take in a line."""
        if not line:
            return
        if line[0] != " ":
            self._section = line
            self._gem = None
            if line in _SOURCES:
                self._source = _Source(line, {})
                self.is_lock = True
            elif line in _OTHERS:
                self.is_lock = True
            else:  # of a merge that was not finished, or of a version to come
                self._notes.add(line, "it is no section of the file", number)
        elif self._section in _SOURCES:
            self._take_source(line, number)
        elif self._section == "DEPENDENCIES":
            found = _GEM.fullmatch(line)
            if found:
                self.asked[found[2]] = found[3] or ""
            else:
                self._notes.add(line.strip(), "it cannot be read", number)

    def _take_source(self, line: str, number: int) -> None:
        found = _GEM.fullmatch(line)
        option = _OPTION.fullmatch(line)
        if option:
            self._source.options.setdefault(option[1], option[2])
        elif line == "  specs:":
            self._gem = None
        elif found and len(found[1]) == 4:
            # The first hyphen ends the version: what follows is the platform it was built for.
            version = (found[3] or "").partition("-")[0]
            if not self._notes.fits(found[2], version, number):
                self._gem = None
                return
            if not version:
                self._notes.add(found[2], "it has no version", number)
            gem = _Gem(found[2], version, number, self._source)
            self._gem = self.gems.setdefault((gem.name, gem.version), gem)
        elif found and len(found[1]) == 6 and self._gem:
            self._gem.needs[found[2]] = found[3] or ""
        else:
            self._notes.add(line.strip(), "it cannot be read", number)


def _packages(reader: _Reader, groups: dict[str, bool] | None) -> list[Package]:
    gems = list(reader.gems.values())
    by_name: dict[str, list[_Gem]] = {}
    for gem in gems:
        by_name.setdefault(gem.name, []).append(gem)
    asked = dict(reader.asked)
    for gem in gems:
        if gem.is_own:
            asked = {**gem.needs, **asked}
    roots: dict[bool, list[str]] = {False: [], True: []}
    for name in asked:
        roots[bool(groups) and (groups or {}).get(name, False)].append(name)
    edges = {name: [need for gem in found for need in gem.needs] for name, found in by_name.items()}
    development = only_for_development(roots[False], roots[True], edges)
    return [
        Package(
            "gem", gem.name, gem.version, gem.line,
            requires=tuple(
                Requirement(f"{other.name}@{other.version}", constraint)
                for need, constraint in gem.needs.items()
                for other in by_name.get(need, ())[:1]
                if not other.is_own
            ),
            direct=gem.name in asked,
            development=gem.name in development,
            constraint=asked.get(gem.name, ""),
            qualifiers=_qualifiers(gem.source),
            download=_download(gem.source),
        )
        for gem in gems
        if not gem.is_own
    ]  # fmt: skip


def _qualifiers(source: _Source) -> tuple[tuple[str, str], ...]:
    remote = source.options.get("remote", "")
    is_other = source.kind == "GEM" and remote and not is_default("gem", remote)
    return (("repository_url", public(remote)),) if is_other else ()


def _download(source: _Source) -> str:
    if source.kind == "GEM":
        return ""
    remote, revision = source.options.get("remote", ""), source.options.get("revision")
    return public(f"{remote}#{revision}" if revision else remote)


def _groups(file: File, manifest: str) -> dict[str, bool] | None:
    """Whether each gem of the Gemfile is only in groups for development; ``None`` without one."""
    data = file.beside(manifest)
    if data is None:
        return None
    result: dict[str, bool] = {}
    blocks: list[bool] = []
    for raw in data.decode(errors="replace").split("\n"):
        line = raw.partition(" #")[0].strip()
        group, named = _GROUP.fullmatch(line[:500]), _NAMED.match(line[:500])
        if group:
            blocks.append(_is_for_development(group[1]))
        elif named:
            inline = _IN_GROUPS.search(named[2])
            alone = _is_for_development(inline[1]) if inline else False
            result[named[1]] = result.get(named[1], True) and (alone or any(blocks))
        elif line == "end":
            if blocks:
                blocks.pop()
        elif _OPENS.fullmatch(line[:500]):
            blocks.append(False)
    return result


def _is_for_development(text: str) -> bool:
    """Whether all groups of a text, ``:development, :test``, are for building and testing."""
    words = _WORD.findall(text)
    return bool(words) and _DEVELOPMENT.issuperset(words)
