"""What a Node.js program needs: the graph of its modules, and packages whole where that ends.

Sources: Node.js' manual, "Modules". Names are looked for in the text of modules: what stands in
comments or strings is followed as well, which is at most too much.
"""

from collections.abc import Iterator, Sequence

from seawall.core.lazy import pattern
from seawall.images.closure.keeper import Keeper, is_of_application, shown
from seawall.images.closure.linker import listed
from seawall.images.closure.node_packages import Package, Packages

_CALLS = pattern(
    rb"""\b(?:require(?:\.resolve)?|import)\s*\(\s*(?:/\*[^*]{0,200}\*/\s*)?"""
    rb"""(["'`])([^"'`\n]{1,500})\1"""
)
_FROM = pattern(rb"""(?:\bfrom|\bimport)\s*(["'])([^"'\n]{1,500})\1""")
_URLS = pattern(rb"""new\s+(?:URL|Worker)\s*\(\s*(["'`])([^"'`\n]{1,500})\1""")
_DYNAMIC = pattern(rb"""\b(?:require(?:\.resolve)?|import)\s*\(\s*(?![\s"'`)]|/\*)""")
_TEMPLATE = pattern(rb"""\b(?:require(?:\.resolve)?|import)\s*\(\s*`[^`\n]{0,500}\$\{""")
_OWN_PLACE = pattern(rb"__dirname\b|import\.meta\b|createRequire\b|\bprocess\.dlopen\b")
_NAME = pattern(r"((?:@[^/@\s]+/)?[^/@\s.][^/\s]*)(?:/(.*))?", 16)  # re.DOTALL
_MAX_SOURCE = 32 << 20
_MAX_MODULES = 100_000
_WITH_VALUE = frozenset(
    "-r --require --import --loader --experimental-loader -C --conditions --env-file "
    "--icu-data-dir --openssl-config --title --input-type -e --eval -p --print "
    "--max-old-space-size".split()
)
_PRELOADS = frozenset(("-r", "--require", "--import", "--loader", "--experimental-loader"))
_CODE = frozenset(("-e", "--eval", "-p", "--print"))
_SOURCES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", "")
_LEFT_OUT = frozenset(("node_modules", ".git", "__tests__"))
_BUILT_IN = frozenset(
    "assert async_hooks buffer child_process cluster console constants crypto dgram "
    "diagnostics_channel dns domain events fs http http2 https inspector module net os path "
    "perf_hooks process punycode querystring readline repl stream string_decoder sys timers tls "
    "trace_events tty url util v8 vm wasi worker_threads zlib".split()
)


class Node:
    """Follows commands of Node.js."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._packages = Packages(keeper)
        self._seen: set[str] = set()
        self._whole: set[str] = set()
        self._waiting: list[str] = []
        self._late: list[Package] = []
        self._directories: list[str] = []
        self._dynamic: dict[str, None] = {}
        self._missing: dict[str, str] = {}

    def run(self, words: Sequence[str | None], by: str) -> None:
        """Keep what Node.js with these words behind its name needs."""
        keeper = self._keeper
        options = keeper.root.configuration.variable("NODE_OPTIONS").split()
        script, code, preloads = _parsed([*options, *words])
        working = f"{keeper.place('.')}/x".lstrip("/")
        for name in preloads:
            self._name(name, working, by)
        if code:
            self._text(code.encode("utf-8", "replace"), working)
        elif script:
            place = keeper.place(script)
            path = self._packages.file(place)
            if path is None:
                keeper.warn(f"{by}: {script} is not in the image")
            else:
                keeper.keep(place, f"run by {by}")
                self._module(path, f"run by {by}")
                self._application(path)
        else:
            keeper.warn(f"{by} is started without a script: which modules it needs is not known")
        self._follow()

    def take_directories(self) -> list[str]:
        """The directories of applications that were met since this was last asked."""
        found, self._directories = self._directories, []
        return found

    def tell(self) -> None:
        """Warn of what is not known. To be called when all is kept."""
        if self._dynamic:
            self._keeper.warn(
                "packages of Node.js are kept whole, as they require modules by names that are "
                f"made at run time: {listed(list(self._dynamic))}"
            )
        for name, by in self._missing.items():
            self._keeper.warn(f"{by} requires {name}, which is not in the image")

    def _application(self, path: str) -> None:
        """Note the directory of the application, and follow all of its own modules."""
        found = self._keeper.find(path)
        real = found.path if found is not None else path
        package = self._packages.around(real)
        directory = package.path if package is not None else real.rpartition("/")[0]
        if "node_modules" in real.split("/") or not is_of_application(directory):
            return
        self._directories.append(directory)
        self._keep_manifest(directory)
        if package is not None:  # frameworks load them by name
            for name in package.dependencies:
                self._name(name, f"{directory}/package.json", f"{directory}/package.json")
        for file in self._files(directory):
            if file.endswith(_SOURCES[:-1]):
                self._module(file, "a module of the application")

    def _files(self, directory: str) -> Iterator[str]:
        waiting, left = [directory], _MAX_MODULES
        while waiting and left:
            place = waiting.pop()
            for name in self._keeper.root.listdir(place):
                if name in _LEFT_OUT:
                    continue
                path = f"{place}/{name}"
                entry = self._keeper.root.get(path)
                if entry is not None and entry.is_file:
                    left -= 1
                    yield path
                elif entry is not None and self._keeper.names(path):
                    waiting += [] if entry.kind.name == "SYMLINK" else [path]

    # Modules.

    def _module(self, path: str, reason: str) -> None:
        """Keep a module, which is a file, to be followed."""
        found = self._keeper.keep(path, reason, passive=True)
        if found is None or found.path in self._seen or len(self._seen) > _MAX_MODULES:
            return
        self._seen.add(found.path)
        self._waiting.append(found.path)

    def _follow(self) -> None:
        while self._waiting or self._late:
            if not self._waiting:
                self._follow_whole(self._late.pop())
                continue
            path = self._waiting.pop()
            package = self._packages.around(path)
            if package is not None:
                self._keep_manifest(package.path)
            if not path.endswith(_SOURCES[:-1]) and "." in path.rpartition("/")[2]:
                continue  # JSON, or an addon, which is an ELF file
            source = self._keeper.root.read(path, _MAX_SOURCE) or b""
            self._text(source, path)
            is_dynamic = bool(_DYNAMIC.search(source) or _TEMPLATE.search(source))
            if package is None or "node_modules" not in path.split("/"):
                if is_dynamic:
                    self._dynamic[shown(path)] = None
            elif is_dynamic or _OWN_PLACE.search(source):
                self._take_whole(package, is_dynamic=is_dynamic)

    def _text(self, source: bytes, path: str) -> None:
        by = shown(path)
        for form in (_CALLS, _FROM):
            for found in form.finditer(source):
                name = found[2].decode("utf-8", "replace")
                if "${" not in name:
                    self._name(name, path, by)
        for found in _URLS.finditer(source):
            name = found[2].decode("utf-8", "replace")
            if name.startswith("."):
                self._name(name, path, by)

    def _name(self, name: str, path: str, by: str) -> None:
        """Keep what a module at a path gets for a name."""
        reason = f"required by {by}"
        if name.startswith(("./", "../", "/")) or name in (".", ".."):
            above = path.rpartition("/")[0]
            file = self._packages.file(self._keeper.place(name.partition("?")[0], above))
            if file is not None:
                self._module(file, reason)
            return
        if name.startswith("#"):
            package = self._packages.around(path)
            for target in self._packages.imported(package, name) if package is not None else ():
                if self._keeper.has_file(target):
                    self._module(target, reason)
                elif not target.startswith("#"):
                    self._name(target, path, by)
            return
        found = _NAME.fullmatch(name)
        if found is None or name.startswith(("node:", "data:", "http:", "https:", "file:")):
            return
        self._installed(found[1], found[2] or "", path, by)

    def _installed(self, name: str, below: str, path: str, by: str) -> None:
        place = self._packages.installed(name, path)
        if place is None:
            if "node_modules" not in path.split("/") and name not in _BUILT_IN:
                self._missing.setdefault(name, by)
            return
        reason = f"required by {by}"
        found = self._keeper.keep(place, reason)
        package = self._packages.at(found.path) if found is not None else None
        if found is None:
            return
        files: list[str] = []
        if package is not None:
            self._keep_manifest(package.path)
            files = list(self._packages.exported(package, below))
        else:
            main = self._packages.file(f"{found.path}/{below}" if below else found.path)
            files = [main] if main is not None else []
        for file in files:
            if self._keeper.has_file(file):
                self._module(file, reason)
        if not files and package is not None:
            self._take_whole(package, is_dynamic=False)

    def _keep_manifest(self, directory: str) -> None:
        """``package.json`` decides how files are read, and tells scanners which package it is."""
        self._keeper.keep(f"{directory}/package.json", "says how its package is read")

    def _take_whole(self, package: Package, *, is_dynamic: bool) -> None:
        """Keep a package with all its files, and the packages that it says it needs."""
        if package.path in self._whole:
            return
        self._whole.add(package.path)
        reason = "a package that loads its files by names that are made at run time"
        self._keeper.keep_tree(package.path, reason, _LEFT_OUT, passive=True)
        if is_dynamic:
            self._dynamic[shown(package.path)] = None
        self._late.append(package)

    def _follow_whole(self, package: Package) -> None:
        """Follow the modules of a package that is kept whole, and what it says it needs."""
        for name in package.dependencies:
            self._installed(name, "", f"{package.path}/package.json", shown(package.path))
        for file in self._files(package.path):
            if file.endswith(_SOURCES[:-1]) and not file.endswith((".d.ts", ".d.mts", ".d.cts")):
                self._module(file, f"a module of {shown(package.path)}, which is kept whole")


def _parsed(words: Sequence[str | None]) -> tuple[str, str, list[str]]:
    """The script, the code and the modules that are loaded before it."""
    preloads: list[str] = []
    at = 0
    while at < len(words):
        word = words[at] or ""
        following = (words[at + 1] if at + 1 < len(words) else None) or ""
        name, mark, value = word.partition("=")
        if name in _PRELOADS:
            preloads.append(value if mark else following)
        if name in _CODE:
            return "", value if mark else following, preloads
        if word.startswith("-") and word != "-":
            at += 2 if word in _WITH_VALUE else 1
        else:
            return word if word != "-" else "", "", preloads
    return "", "", preloads
