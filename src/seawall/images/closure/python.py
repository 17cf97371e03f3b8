"""What a Python program needs: the modules that it imports, out of the image's own ``sys.path``.

The standard library is followed module by module; an installed package is kept whole once a part of
it is imported, for its data and for what it imports by name. Compiled caches are left out: they
hold the times of the sources they are of, which a rewritten image does not keep (PEP 552).
"""

import sys
from collections.abc import Sequence
from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.images.closure.keeper import Keeper, is_of_application, shown
from seawall.images.closure.linker import Linker, listed
from seawall.images.closure.python_distributions import Distributions, distributions_in
from seawall.images.closure.python_imports import (
    MAX_SOURCE,
    Import,
    Imports,
    imports_of,
    lines_of,
)
from seawall.images.closure.python_libraries import Libraries
from seawall.images.closure.python_needs import DEVELOPMENT, IMPLIED, START_UP
from seawall.images.closure.python_paths import Interpreter, interpreter_of
from seawall.sources.images.entry import DIRECTORY

_WITH_VALUE = frozenset(("-W", "-X", "--check-hash-based-pycs"))
_ARGUMENT = pattern(r"([A-Za-z_][\w.]*)(?::[\w.()]+)?")
_VARIABLES = ("FLASK_APP", "DJANGO_SETTINGS_MODULE", "CELERY_APP", "UVICORN_APP")
"""Variables that name a module."""
_NOT_FOLLOWED = frozenset("__pycache__ .git .venv venv node_modules test tests testing".split())
_CACHES = frozenset(("__pycache__",))
_MAX_SOURCES = 20_000
_MAX_PARSED = 64 << 20
"""Bytes of sources that are parsed; others are read line by line."""
_STANDARD = sys.stdlib_module_names | frozenset(sys.builtin_module_names)


class _Module(NamedTuple):
    """Where a module is."""

    name: str
    path: str
    """Its file; empty for a package without ``__init__``."""
    search: tuple[str, ...] = ()
    """Where its modules are, if it is a package."""


class Python:
    """Follows commands of all Pythons in an image."""

    def __init__(self, keeper: Keeper, linker: Linker) -> None:
        self.keeper = keeper
        self.libraries = Libraries(keeper, linker)
        self._walks: dict[tuple[str, str], _Walk] = {}
        self._directories: list[str] = []
        self._parsed: dict[tuple[str, bool], Imports] = {}
        self._parsed_left = _MAX_PARSED
        self.dynamic: dict[str, None] = {}
        self.entry_points: dict[str, None] = {}
        self.missing: dict[str, str] = {}

    def run(self, path: str, words: Sequence[str | None]) -> None:
        """Keep what a Python with these words behind its name needs."""
        start = _parsed(words)
        above = ""
        if start.script:
            place = self.keeper.place(start.script)
            found = self.keeper.find(place)
            place = place if found is None else found.path
            is_directory = found is not None and found.kind is DIRECTORY
            above = place if is_directory else place.rpartition("/")[0]
        walk = self._walk(path, above or self.keeper.place("."))
        if start.script:
            self._directories.append(above)
            walk.script(self.keeper.place(start.script))
        elif start.module:
            self._directories.append(self.keeper.place("."))
            walk.main_module(start.module)
        elif start.code is not None:
            walk.code(start.code)
        else:
            self.keeper.warn(
                f"{shown(path)} is started without a script: which modules it imports is not known"
            )
        for word in start.arguments:
            walk.argument(word)
        for name in _VARIABLES:
            walk.argument(self.keeper.root.configuration.variable(name))
        walk.follow()

    def _walk(self, path: str, above: str) -> "_Walk":
        key = (path, above)
        walk = self._walks.get(key)
        if walk is None:
            interpreter = interpreter_of(self.keeper, path)
            walk = self._walks[key] = _Walk(self, interpreter, above)
        return walk

    def take_directories(self) -> list[str]:
        """The directories of applications that were met since this was last asked."""
        found, self._directories = self._directories, []
        return found

    def add_directory(self, path: str) -> None:
        """Note the directory of an application."""
        self._directories.append(path)

    def imports(self, path: str, *, is_main: bool) -> Imports:
        """What a source imports; it is parsed once."""
        key = (path, is_main)
        if key not in self._parsed:
            source = self.keeper.root.read(path, MAX_SOURCE) or b""
            self._parsed_left -= len(source)
            if self._parsed_left < 0:
                found = Imports(tuple(lines_of(source)), understood=False)
            else:
                found = imports_of(source, is_main=is_main)
            self._parsed[key] = found
            if not found.understood:
                self.keeper.warn(
                    f"{shown(path)} could not be parsed: its imports were read line by line"
                )
        return self._parsed[key]

    def tell(self) -> None:
        """Warn of what is not known. To be called when all is kept."""
        warn = self.keeper.warn
        if self.dynamic:
            warn(
                "Python modules are imported by names that are made at run time; include those "
                f"that are missing: {listed(list(self.dynamic))}"
            )
        if self.entry_points:
            warn(
                "plug-ins are looked up in the metadata of installed packages; include those that "
                f"are needed: {listed(list(self.entry_points))}"
            )
        self.libraries.tell()
        for name, by in self.missing.items():
            warn(f"{by} imports {name}, which is not in the image")


class _Start(NamedTuple):
    """What a Python is told to run."""

    script: str = ""
    module: str = ""
    code: str | None = None
    arguments: tuple[str, ...] = ()


def _parsed(words: Sequence[str | None]) -> _Start:
    """What the words behind Python's name say: ``-Im http.server 80``, ``-u app.py``."""
    at = 0
    while at < len(words):
        word = words[at] or ""
        at += 1
        rest = tuple(each for each in words[at:] if each)
        if word in _WITH_VALUE:
            at += 1
        elif word.startswith("-") and word != "-":
            letters = "" if word.startswith("--") else word[1:]
            mark = next((letter for letter in letters if letter in "cmWX"), "")
            value = letters.partition(mark)[2] if mark else ""
            if mark in ("W", "X"):
                at += not value
            elif mark:
                others = rest if value else rest[1:]
                value = value or (rest[0] if rest else "")
                is_code = mark == "c"
                return _Start("", "" if is_code else value, value if is_code else None, others)
        else:
            return _Start(script="" if word == "-" else word, arguments=rest)
    return _Start()


class _Walk:
    """The modules of one ``sys.path``."""

    def __init__(self, owner: Python, interpreter: Interpreter, above: str) -> None:
        self._owner = owner
        self._keeper = owner.keeper
        self._interpreter = interpreter
        working = self._keeper.place(".")
        self._working = working
        self._paths = tuple(
            dict.fromkeys(place for place in (above, *interpreter.paths, working) if place)
        )
        self._modules: dict[str, _Module | None] = {}
        self._stems: dict[str, dict[str, str]] = {}
        self._seen: set[str] = set()
        self._whole: set[str] = set()
        self._trees: set[str] = set()
        self._waiting: list[tuple[str, str]] = []
        self._distributions: Distributions | None = None
        self._sources = _MAX_SOURCES
        self._start()

    def _start(self) -> None:
        by = shown(self._interpreter.path)
        if not self._interpreter.standard:
            self._keeper.warn(f"{by}: its standard library was not found; include it")
            return
        for path in self._interpreter.files:
            self._keeper.keep(path, f"says where the modules of {by} are")
            if path.endswith(".zip"):
                self._keeper.warn(f"{shown(path)} is kept whole: what is in it is not followed")
        self._keeper.keep(self._interpreter.standard, f"the standard library of {by}")
        for path in self._interpreter.paths:
            if path.endswith("/lib-dynload"):  # without it, Python says so at each start
                self._keeper.keep(path, f"the standard library of {by}")
        for name in START_UP:
            self._want(name, f"every start of {by} may import it")
        for line, path in self._interpreter.code:
            self._follow_imports(imports_of(line.encode("utf-8", "replace")), "", path)

    # What is run.

    def script(self, path: str) -> None:
        """Follow a script, or a directory with ``__main__.py``."""
        found = self._keeper.find(path)
        if found is not None and found.kind is DIRECTORY:
            path = f"{found.path}/__main__.py"
        found = self._keeper.keep(path, "the script that Python runs")
        if found is None:
            self._keeper.warn(f"{shown(path)}, which Python is to run, is not in the image")
            return
        head = self._keeper.root.read(found.path, 4) or b""
        if head.startswith(b"PK"):
            self._keeper.warn(f"{shown(path)} is an archive: what it imports is not known")
            return
        self._follow_imports(self._owner.imports(found.path, is_main=True), "", found.path)
        self._application(found.path.rpartition("/")[0])

    def main_module(self, name: str) -> None:
        """Follow ``-m NAME``."""
        self._want("runpy", "needed by -m")
        module = self._module(name)
        if module is None:
            self._keeper.warn(f"the module {name}, which Python is to run, is not in the image")
            return
        self._want(name, "the module that Python runs")
        main = self._module(f"{name}.__main__") if module.search else module
        if main is not None and main.path.endswith(".py"):
            self._keeper.keep(main.path, "the module that Python runs", passive=True)
            package = main.name.rpartition(".")[0]
            self._follow_imports(self._owner.imports(main.path, is_main=True), package, main.path)
        self._application_of(module)

    def code(self, text: str) -> None:
        """Follow the code of ``-c``."""
        imports = imports_of(text.encode("utf-8", "replace"), is_main=True)
        self._follow_imports(imports, "", "python -c")

    def argument(self, word: str) -> None:
        """Follow an argument that is the name of a module of the application: ``shop.app:app``."""
        found = _ARGUMENT.fullmatch(word)
        name = found[1] if found else ""
        if word.endswith(".py") and self._keeper.has_file(self._keeper.place(word)):
            self.script(self._keeper.place(word))
            self._owner.add_directory(self._keeper.place(word).rpartition("/")[0])
            return
        module = self._module(name) if name and name not in _STANDARD else None
        if module is not None and not self._interpreter.is_standard(module.path or "/"):
            self._want(name, "an argument of the Python program")
            self._application_of(module)

    def _application_of(self, module: _Module) -> None:
        """Note the directory of the application that a module is of."""
        place = module.path or (module.search[0] if module.search else "")
        if place and not self._interpreter.is_standard(place):
            if self._interpreter.site_of(place):
                return
            if self._working and place.startswith(f"{self._working}/"):
                self._owner.add_directory(self._working)
                self._application(self._working)
            else:
                self._owner.add_directory(place.rpartition("/")[0])

    def _application(self, directory: str) -> None:
        """Follow all sources of an application: frameworks import them by name."""
        if not is_of_application(directory) or directory in self._trees:
            return
        self._trees.add(directory)
        self._follow_sources(directory)

    # Imports.

    def _want(self, name: str, reason: str) -> None:
        if name and name not in self._seen:
            self._waiting.append((name, reason))

    def follow(self) -> None:
        """Follow all imports that wait."""
        while self._waiting:
            name, reason = self._waiting.pop()
            parts = name.split(".")
            for count in range(1, len(parts) + 1):
                whole = ".".join(parts[:count])
                if whole in self._whole:
                    break
                if whole not in self._seen:
                    self._seen.add(whole)
                    self._take(whole, reason)

    def _take(self, name: str, reason: str) -> None:
        for other in IMPLIED.get(name, ()):
            self._want(other, f"imported by {name}")
        self._data(name)
        module = self._module(name)
        if module is None:
            return
        if not module.path:
            for place in module.search:
                self._keeper.keep(place, reason)
            self._distribution(name, module.search[0])
            return
        site = self._interpreter.site_of(module.path)
        if site and module.search:
            self._take_whole(module, reason)
        else:
            self._keeper.keep(module.path, reason, passive=True)
            if module.path.endswith(".py"):
                package = name if module.search else name.rpartition(".")[0]
                imports = self._owner.imports(module.path, is_main=False)
                self._follow_imports(imports, package, module.path)
            for place in module.search:
                self._files_of(place, reason)
        if site:
            self._distribution(name, module.path)

    def _take_whole(self, module: _Module, reason: str) -> None:
        """Keep an installed package as it is, and follow what its sources import."""
        self._whole.add(module.name)
        for place in module.search:
            self._keeper.keep_tree(place, reason, _CACHES, passive=True)
            self._follow_sources(place)

    def _files_of(self, place: str, reason: str) -> None:
        """Keep the data in the directory of a package."""
        for name in sorted(self._keeper.names(place)):
            if not name.endswith((".py", ".pyc", ".so")) and self._keeper.has_file(
                f"{place}/{name}"
            ):
                self._keeper.keep(f"{place}/{name}", reason)

    def _follow_sources(self, top: str) -> None:
        """Follow what all sources of a tree import, but for its tests."""
        waiting = [top]
        while waiting and self._sources > 0:
            directory = waiting.pop()
            for name in self._keeper.root.listdir(directory):
                path = f"{directory}/{name}"
                if name.endswith(".py"):
                    self._sources -= 1
                    source = self._keeper.root.read(path, MAX_SOURCE) or b""
                    self._follow_lines(source, path, top)
                elif "." not in name and name not in _NOT_FOLLOWED:
                    entry = self._keeper.root.get(path)
                    if entry is not None and entry.kind is DIRECTORY:
                        waiting.append(path)
        if self._sources <= 0:
            self._keeper.warn(f"{shown(top)}: not all of its sources were followed: too many")

    def _follow_lines(self, source: bytes, path: str, top: str) -> None:
        for item in lines_of(source):
            self._want(item.module, f"imported by {shown(path)}")
        self._read_texts(source, path, shown(top))
        if b"entry_points(" in source:
            self._owner.entry_points[shown(top)] = None
        if b"import_module(" in source or b"__import__(" in source:
            self._owner.dynamic[shown(top)] = None

    def _follow_imports(self, imports: Imports, package: str, path: str) -> None:
        """Follow what a source imports; ``package`` is what its relative imports start from."""
        is_standard = self._interpreter.is_standard(path)
        reason = f"imported by {shown(path)}" if "/" in path else f"imported by {path}"
        for item in imports.modules:
            target = _target(item, package)
            top = target.partition(".")[0]
            if is_standard and item.deferred and top in DEVELOPMENT:
                continue
            self._want(target, reason)
            for name in item.names:
                if name != "*" and self._module(f"{target}.{name}" if target else name):
                    self._want(f"{target}.{name}" if target else name, reason)
            if not is_standard and not item.deferred:
                self._miss(target, path)
        if not is_standard:
            if "/" in path:
                self._read_texts(self._keeper.root.read(path, MAX_SOURCE) or b"", path, shown(path))
            if imports.dynamic:
                self._owner.dynamic[shown(path)] = None
            if imports.entry_points:
                self._owner.entry_points[shown(path)] = None

    def _read_texts(self, source: bytes, path: str, told: str) -> None:
        """Keep what a source names in texts: shared libraries, and distributions by their names."""
        self._owner.libraries.load(source, path, told, self._interpreter.path)
        for function, name in distributions_in(source):
            item = self._known_distributions().named(name)
            if item is None:
                continue
            reason = f"the metadata of {item.name}, read by {shown(path)}"
            self._keeper.keep_tree(item.path, reason, passive=True)
            for module in sorted(item.modules) if function == "load_entry_point" else ():
                self._want(module, f"an entry point of {item.name}, run by {shown(path)}")

    def _known_distributions(self) -> Distributions:
        if self._distributions is None:
            self._distributions = Distributions(self._keeper, self._interpreter.sites)
        return self._distributions

    def _miss(self, name: str, path: str) -> None:
        top = name.partition(".")[0]
        if top and top not in _STANDARD and self._module(top) is None:
            self._owner.missing.setdefault(top, shown(path))

    def _distribution(self, name: str, path: str) -> None:
        """Keep the metadata of what brought a module, and follow what that requires."""
        distributions = self._known_distributions()
        site = self._interpreter.site_of(path)
        for item in distributions.of_module(site, name):
            if item.path in self._trees:
                continue
            module = self._module(name)
            if module is not None and not module.path and len(item.modules) > 1:
                continue  # a namespace: what is in it will tell
            self._trees.add(item.path)
            self._keeper.keep_tree(item.path, f"the metadata of {item.name}", passive=True)
            for required in item.requires:
                other = distributions.named(required)
                for each in sorted(other.modules) if other is not None else ():
                    self._want(each, f"{item.name} requires {required}")

    def _data(self, name: str) -> None:
        """Files that modules of the standard library read."""
        reason = f"read by the Python module {name}"
        if name == "zoneinfo":
            self._keeper.keep_tree("usr/share/zoneinfo", reason, ("right", "posix"))
        elif name == "mimetypes":
            self._keeper.keep("etc/mime.types", reason)
        elif name == "sysconfig":
            for file in sorted(self._keeper.names(self._interpreter.standard)):
                if file.startswith("_sysconfigdata") and file.endswith(".py"):
                    self._keeper.keep(f"{self._interpreter.standard}/{file}", reason)

    # Where modules are.

    def _module(self, name: str) -> _Module | None:
        if name not in self._modules:
            head, _, last = name.rpartition(".")
            above = self._module(head) if head else None
            places = self._paths if not head else above.search if above is not None else ()
            self._modules[name] = self._located(name, last, places) if last else None
        return self._modules[name]

    def _located(self, name: str, last: str, places: Sequence[str]) -> _Module | None:
        """A module as importlib's FileFinder finds it: packages first, then what is compiled."""
        portions: list[str] = []
        for place in places:
            names = self._keeper.names(place)
            stems = self._stems_of(place)
            if last in names:
                path = f"{place}/{last}"
                start = self._stems_of(path).get("__init__")
                if start is not None:
                    return _Module(name, f"{path}/{start}", (path,))
                found = self._keeper.find(path)
                if found is not None and found.kind is DIRECTORY:
                    portions.append(path)
            if last in stems:
                return _Module(name, f"{place}/{stems[last]}")
        return _Module(name, "", tuple(portions)) if portions else None

    def _stems_of(self, place: str) -> dict[str, str]:
        """The modules in a directory: their names and files."""
        known = self._stems.get(place)
        if known is None:
            known = self._stems[place] = {}
            for name in _ranked(self._keeper.names(place)):
                known.setdefault(name.partition(".")[0], name)
        return known


def _ranked(names: frozenset[str]) -> list[str]:
    """The files of modules among names, those first that Python prefers."""
    ranked = []
    for name in names:
        end = name.partition(".")[2]
        if end == "so" or (end.endswith(".so") and end.startswith(("cpython-", "abi3", "pypy"))):
            ranked.append((0, name))
        elif end in ("py", "pyc"):
            ranked.append((1 if end == "py" else 2, name))
    return [name for _, name in sorted(ranked)]


def _target(item: Import, package: str) -> str:
    """The absolute name of what is imported; empty for what leads out of the top."""
    if not item.level:
        return item.module
    parts = package.split(".") if package else []
    if item.level > len(parts) + 1:
        return ""
    base = parts[: len(parts) - item.level + 1]
    return ".".join([*base, item.module] if item.module else base)
