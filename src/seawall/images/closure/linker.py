"""The libraries that the dynamic linker loads, looked for where it looks.

Sources: ld.so(8) and glibc's ``elf/dl-load.c``; ldconfig(8) for ``/etc/ld.so.conf``; musl's
``ldso/dynlink.c`` (``/etc/ld-musl-ARCH.path``). Where they differ, what either finds first is kept.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seawall.images.closure import elf
from seawall.images.closure.keeper import Keeper, shown
from seawall.images.closure.plugins import PLUGINS
from seawall.sources.images.entry import DIRECTORY

_MAX_FILES = 500
"""Files that ``/etc/ld.so.conf`` may include."""
_MAX_DIRECTORIES = 500
"""Directories that the files of the system may name."""
_MAX_LOOKUPS = 5_000_000
"""Places that are looked at for libraries; an image needs some thousands."""
_MAX_ORIGINS = 64
"""Directories that come from the RPATH of one chain of libraries."""
_HWCAPS = "glibc-hwcaps"
_C_LIBRARY, _UNWINDER = "libc.so.6", "libgcc_s.so.1"
"""What glibc loads whenever a thread is cancelled. Of the others that it names, ``base_list`` has
the services; libidn2 is asked for by AI_IDN only (getaddrinfo(3))."""
_MUSL = "/lib:/usr/local/lib:/usr/lib"


class _Machine(NamedTuple):
    """How directories are called for a machine."""

    triple: str
    platform: str


_MACHINES = {
    (3, False): _Machine("i386-linux-gnu", "i686"),
    (8, True): _Machine("mips64el-linux-gnuabi64", "mips64"),
    (8, False): _Machine("mipsel-linux-gnu", "mips"),
    (20, False): _Machine("powerpc-linux-gnu", "power"),
    (21, True): _Machine("powerpc64le-linux-gnu", "power9"),
    (22, True): _Machine("s390x-linux-gnu", "z900"),
    (40, False): _Machine("arm-linux-gnueabihf", "v7l"),
    (62, True): _Machine("x86_64-linux-gnu", "x86_64"),
    (62, False): _Machine("x86_64-linux-gnux32", "x86_64"),
    (183, True): _Machine("aarch64-linux-gnu", "aarch64"),
    (243, True): _Machine("riscv64-linux-gnu", "riscv64"),
    (258, True): _Machine("loongarch64-linux-gnu", "loongarch64"),
}
"""By ``e_machine`` and whether addresses have 64 bits (Debian's multiarch tuples)."""
_UNKNOWN = _Machine("unknown-linux-gnu", "unknown")


class _Task(NamedTuple):
    """A file whose libraries are to be found."""

    path: str
    """Where it really is."""
    called: str
    """Where it was found, before links were followed: ``$ORIGIN`` is there."""
    inherited: tuple[str, ...] = ()
    """The RPATH of those that load it."""


class Linker:
    """Keeps what is linked to. Each file is read once."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._programs: dict[str, elf.Program | None] = {}
        self._done: set[tuple[str, tuple[str, ...]]] = set()
        self._missing: dict[str, tuple[str, str]] = {}
        self._openers: dict[str, None] = {}
        self._configured: tuple[str, ...] | None = None
        self._lookups_left = _MAX_LOOKUPS
        variable = keeper.root.configuration.variable
        self._library_path = tuple(
            place for place in variable("LD_LIBRARY_PATH").replace(";", ":").split(":") if place
        )
        self._preloaded = (
            *variable("LD_PRELOAD").replace(":", " ").split(),
            *keeper.text("etc/ld.so.preload").split(),
        )
        self._is_musl = any(name.startswith("ld-musl-") for name in keeper.names("lib"))

    def program(self, path: str) -> elf.Program | None:
        """The facts of a file by its real path; ``None`` where it is no ELF file."""
        if path not in self._programs:
            head = self._keeper.root.read(path, 4)
            data = self._keeper.root.read(path, elf.MAX_FILE) if elf.is_elf(head or b"") else None
            self._programs[path] = elf.read(data) if data else None
            if data and self._programs[path] is None:
                self._keeper.warn(f"{shown(path)} is a broken ELF file: what it needs is not known")
        return self._programs[path]

    @property
    def programs(self) -> dict[str, elf.Program]:
        """All ELF files that were read and are kept, by their paths."""
        kept = self._keeper.reasons
        return {path: found for path, found in self._programs.items() if found and path in kept}

    def link(self, path: str, called: str = "") -> None:
        """Keep all that is loaded together with a kept ELF file."""
        waiting = [_Task(path, called or path)]
        while waiting:
            task = waiting.pop()
            key = (task.path, task.inherited)
            if key in self._done:
                continue
            self._done.add(key)
            program = self.program(task.path)
            if program is not None:
                waiting += self._needs(task, program)

    def load(self, name: str, by: str, reason: str) -> None:
        """Keep what a kept program gets for a name that it gives to dlopen(3)."""
        program = self.program(by)
        if program is not None:
            for task in list(self._load(_Task(by, by), program, (), name, reason)):
                self.link(task.path, task.called)

    def load_any(self, stem: str, by: str, reason: str) -> None:
        """Keep the library of a kept program that is called ``libSTEM.so`` with any version."""
        program = self.program(by)
        if program is None:
            return
        start = f"lib{stem}.so"
        for directory in dict.fromkeys(self._searched(_Task(by, by), program, ())):
            for name in sorted(self._keeper.names(directory)):
                if name == start or name.startswith(f"{start}."):
                    self.load(name, by, reason)

    def _needs(self, task: _Task, program: elf.Program) -> Iterator[_Task]:
        by = shown(task.path)
        if program.interpreter:
            self._interpreter(program.interpreter, by)
            for word in self._preloaded:
                yield from self._load(task, program, (), word, "preloaded into every program")
        rpath = () if program.runpath else program.rpath
        if self._is_musl:
            rpath = (*program.runpath, *rpath)
        own = tuple(
            dict.fromkeys(self._expanded(rpath, task, program) + list(task.inherited))
        )[:_MAX_ORIGINS]  # fmt: skip
        for name in program.needed:
            reason = f"needed by {by} (DT_NEEDED {name})"
            found = list(self._load(task, program, own, name, reason))
            yield from found
            if not found and not self._is_inside_musl(name):
                self._missing.setdefault(name.rpartition("/")[2], (by, name))
        for name in program.mentions:
            reason = f"named by {by}, which loads libraries with dlopen"
            if program.soname != _C_LIBRARY or name == _UNWINDER:
                yield from self._load(task, program, own, name, reason)
        if program.calls & elf.OPENERS and not program.mentions:
            self._openers[task.path] = None
        self._plugins(task)

    def _interpreter(self, place: str, by: str) -> None:
        if self._keeper.keep(place.lstrip("/"), f"needed by {by} (PT_INTERP)") is None:
            self._missing.setdefault(place.rpartition("/")[2], (by, place))

    def _is_inside_musl(self, name: str) -> bool:
        """Whether musl brings a library of this name itself (``dynlink.c``, load_library)."""
        base = name.removeprefix("lib").partition(".")[0]
        return self._is_musl and base in {"c", "pthread", "rt", "m", "dl", "util", "xnet"}

    def _load(
        self, task: _Task, program: elf.Program, own: tuple[str, ...], name: str, reason: str
    ) -> Iterator[_Task]:
        """Keep a library and what stands for it on some processors."""
        if "/" in name:
            for place in self._expanded((name,), task, program):
                if self._fits(place, program):
                    yield from self._kept(place, own, reason)
                    return
            return
        for directory in self._searched(task, program, own) if self._lookups_left > 0 else ():
            self._lookups_left -= 1
            if self._lookups_left <= 0:
                self._keeper.warn("not all libraries were looked for: there are too many")
                return
            names = self._keeper.names(directory)
            if _HWCAPS in names:
                for level in sorted(self._keeper.names(f"{directory}/{_HWCAPS}")):
                    place = f"{directory}/{_HWCAPS}/{level}/{name}"
                    if self._fits(place, program):
                        yield from self._kept(place, own, f"{reason}, on some processors")
            place = f"{directory}/{name}"
            if name in names and self._fits(place, program):
                yield from self._kept(place, own, reason)
                return

    def _fits(self, place: str, program: elf.Program) -> bool:
        found = self._keeper.find(place)
        if found is None or not found.is_file:
            return False
        other = self.program(found.path)
        return other is not None and other.kind == program.kind

    def _kept(self, place: str, own: tuple[str, ...], reason: str) -> Iterator[_Task]:
        found = self._keeper.keep(place, reason)
        if found is not None:
            yield _Task(found.path, place, own)

    # Where libraries are looked for.

    def _searched(self, task: _Task, program: elf.Program, own: tuple[str, ...]) -> Iterator[str]:
        machine = _MACHINES.get(program.kind, _UNKNOWN)
        if not program.runpath or self._is_musl:
            yield from own
        yield from self._expanded(self._library_path, task, program)
        if not self._is_musl:
            yield from self._expanded(program.runpath, task, program)
        if program.no_defaults:
            return
        yield from self._of_configuration()
        yield from (f"lib/{machine.triple}", f"usr/lib/{machine.triple}")
        if program.wide:
            yield from ("lib64", "usr/lib64")
        yield from ("lib", "usr/lib", "usr/local/lib", "lib32", "usr/lib32")

    def _expanded(self, places: tuple[str, ...], task: _Task, program: elf.Program) -> list[str]:
        """Directories with ``$ORIGIN``, ``$LIB`` and ``$PLATFORM`` replaced, each way it may be."""
        machine = _MACHINES.get(program.kind, _UNKNOWN)
        origins = dict.fromkeys(path.rpartition("/")[0] for path in (task.called, task.path))
        found: list[str] = []
        for place in places:
            named = place.replace("${", "$").replace("}", "") if "${" in place else place
            named = named.replace("$PLATFORM", machine.platform)
            libraries = (f"lib/{machine.triple}", "lib64", "lib") if "$LIB" in named else ("",)
            for library in libraries:
                whole = named.replace("$LIB", library)
                if "$ORIGIN" in whole:
                    expanded = [whole.replace("$ORIGIN", f"/{origin}") for origin in origins]
                else:
                    expanded = [whole]
                found += [self._keeper.place(each) for each in expanded]
        return found

    def _of_configuration(self) -> tuple[str, ...]:
        if self._configured is None:
            places = [self._keeper.place(place) for place in self._configuration()]
            self._configured = tuple(dict.fromkeys(places))[:_MAX_DIRECTORIES]
        return self._configured

    def _configuration(self) -> Iterator[str]:
        """The directories that the files of the system name."""
        keeper = self._keeper
        if self._is_musl:
            paths = [name for name in keeper.names("etc") if name.startswith("ld-musl-")]
            for name in sorted(paths):
                path = f"etc/{name}"
                keeper.keep(path, "says where libraries are")
                yield from keeper.text(path).replace("\n", ":").split(":")
            yield from _MUSL.split(":")
        waiting, seen = ["etc/ld.so.conf"], set[str]()
        while waiting and len(seen) < _MAX_FILES:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            for line in keeper.text(path).splitlines():
                words = line.partition("#")[0].replace(",", " ").replace(":", " ").split()
                if words[:1] == ["include"]:
                    above = path.rpartition("/")[0]
                    for wanted in words[1:]:
                        waiting += sorted(keeper.glob(keeper.place(wanted, above)))
                elif words[:1] != ["hwcap"]:
                    yield from (word.partition("=")[0] for word in words)

    # What libraries load by themselves.

    def _plugins(self, task: _Task) -> None:
        name = task.path.rpartition("/")[2]
        for plugin in PLUGINS:
            if not name.startswith(plugin.library):
                continue
            above = task.path.rpartition("/")[0]
            for place in plugin.places:
                path = place.strip("/") if place.startswith("/") else f"{above}/{place}"
                found = self._keeper.find(path)
                if found is not None and (found.kind is DIRECTORY or found.is_file):
                    self._keeper.keep_tree(path, f"{plugin.what} of {shown(task.path)}")

    # What is told at the end.

    def tell(self) -> None:
        """Warn of what is missing or not known. To be called when all is kept."""
        keeper = self._keeper
        names = {path.rpartition("/")[2] for path in keeper.reasons}
        for base, (by, name) in self._missing.items():
            if base not in names:
                keeper.warn(f"{by} needs {name}, which is not in the image")
        openers = [shown(path) for path in self._openers if path in keeper.reasons]
        if openers:
            keeper.warn(
                "libraries may be loaded by names that are made at run time; "
                f"include them where they are needed: {listed(openers)}"
            )


def listed(items: list[str], most: int = 5) -> str:
    """A list that stays readable."""
    more = len(items) - most
    shown_items = ", ".join(sorted(items)[:most])
    return f"{shown_items} and {more} more" if more > 0 else shown_items
