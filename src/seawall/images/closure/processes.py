"""What a process needs, by the words that start it: programs, scripts, modules, classes."""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from seawall.core.lazy import pattern
from seawall.images.closure import scripts, server_files
from seawall.images.closure.java import Java
from seawall.images.closure.keeper import Keeper, is_of_application, is_system, shown
from seawall.images.closure.linker import Linker, listed
from seawall.images.closure.node import Node
from seawall.images.closure.plugins import COMPANIONS
from seawall.images.closure.python import Python
from seawall.images.closure.trees import language_tree
from seawall.images.names import SHELLS
from seawall.sources.images.entry import DIRECTORY
from seawall.text.shell import runners

_PYTHON = pattern(r"(?:python|pypy)(?:[0-9.]+)?(?:-dbg|t|m)?")
_NODE = frozenset(("node", "nodejs"))
_MOST_SCRIPT = 1 << 20
_MOST_TEXT = 4 << 20
"""Bytes of all shell scripts together: their grammar may take seconds for one."""
_MOST_CONFIGURATIONS = 1_000
"""Files of one configuration."""
_MOST_PROCESSES = 20_000
"""Commands that are followed; an image has a few."""
_INCLUDED = pattern(rb'^[ \t]*include_shell[ \t]+"([^"\n]{1,500})"', 8)  # re.MULTILINE
"""A command in lighttpd's configuration, which ``/bin/sh`` runs."""
_MODULES = (".py", ".js", ".mjs", ".cjs", ".ts", ".pl", ".pm", ".rb", ".php", ".tcl", ".lua")
"""Ends of scripts that are modules as well: they are kept because others load them."""
_LONGEST = 4096
"""Bytes of a word that may be a path (PATH_MAX)."""
_NOT_DATA = frozenset(
    ("etc/.pwd.lock", "etc/gshadow", "etc/shadow", "usr/lib/locale/locale-archive")
)
"""What the C library names, and no server needs: what is needed of it is in ``base_list``."""
_RUN = ("run", "var/run")
_STATE = ("run/", "var/cache/", "var/lib/", "var/log/", "var/run/", "var/spool/")
"""Where programs keep what they write (Filesystem Hierarchy Standard 3.0, 3.15 and 5)."""
_LEFT_OUT = frozenset(
    ".git .hg .svn __pycache__ node_modules .venv venv .tox .nox .mypy_cache .pytest_cache "
    ".ruff_cache".split()
)
"""What is left out of an application's directory: caches, and what is decided file by file."""

Words = Sequence[str | None]


class Processes:
    """Follows commands. Each is followed once."""

    def __init__(self, keeper: Keeper, linker: Linker) -> None:
        self._keeper = keeper
        self._linker = linker
        self._tasks: deque[Callable[[], None]] = deque()
        self._seen: set[tuple[str | None, ...]] = set()
        self._scripts: set[tuple[str, str, tuple[str | None, ...]]] = set()
        self._python = Python(keeper, linker)
        self._node = Node(keeper)
        self._java = Java(keeper)
        self.shells: dict[str, None] = {}
        """Why a shell is needed."""
        self._unknown: dict[str, None] = {}
        self._idle: dict[str, None] = {}
        self._text_left = _MOST_TEXT

    def run(self, words: Words, by: str) -> None:
        """Note that a command is run; ``by`` says who runs it. ``follow`` keeps what it needs."""
        key = tuple(words)
        if not words or not words[0] or len(words[0]) > _LONGEST or "\0" in words[0]:
            return
        if key not in self._seen and len(self._seen) < _MOST_PROCESSES:
            self._seen.add(key)
            self._tasks.append(partial(self._run, words, words[0], by))

    def follow(self) -> None:
        """Keep what all noted commands need, and those that they run."""
        while self._tasks:
            self._tasks.popleft()()

    def _run(self, words: Words, word: str, by: str) -> None:
        path = self._keeper.program(word)
        if path is None:
            return
        found = self._keeper.keep(path, f"run by {by}")
        if found is None:
            return
        name = word.rpartition("/")[2]
        head = self._keeper.root.read(found.path, 4096) or b""
        interpreter = scripts.interpreter_of(head)
        if interpreter:
            self.run((*interpreter, f"/{path}", *words[1:]), shown(path))
        elif not self._language(name, path, words):
            self._plain(name, found.path, words)
        for companion in COMPANIONS:
            if name == companion.program:
                for place in companion.places:
                    self._keeper.keep_tree(place.strip("/"), f"{companion.what} of {shown(path)}")
                    if place.startswith("/etc/"):
                        self._configured(place.strip("/"))

    def _configured(self, top: str) -> None:
        """Keep what the files of a configuration name: certificates, content that is served."""
        waiting, left = [top], _MOST_CONFIGURATIONS
        while waiting and left:
            path = waiting.pop()
            left -= 1
            entry = self._keeper.root.get(path)
            if entry is not None and entry.kind is DIRECTORY:
                waiting += sorted(f"{entry.path}/{name}" for name in self._keeper.names(path))
                continue
            text = self._keeper.text(path, _MOST_SCRIPT).encode("utf-8", "surrogateescape")
            for command in _INCLUDED.finditer(text):
                self.run(("/bin/sh", "-c", command[1].decode("utf-8", "replace")), shown(path))
            for word in scripts.paths_in(text):
                place = self._keeper.place(word)
                found = self._keeper.find(place)
                if found is None or place.startswith(_STATE):
                    self._place(place, f"named in {shown(path)}")
                else:
                    self._keeper.keep_named(place, f"named in {shown(path)}")

    def examine(self, path: str) -> None:
        """Look at a kept file by its real path: a script runs its interpreter."""
        head = self._keeper.root.read(path, 4096) or b""
        if scripts.elf_or_script(head) == "elf":
            self._linker.link(path)
            self._data_of(path)
            return
        entry = self._keeper.find(path)
        interpreter = scripts.interpreter_of(head)
        if not interpreter or entry is None or not entry.is_executable:
            return
        if path not in self._keeper.passive:
            self.run((*interpreter, f"/{path}"), shown(path))
        elif not path.endswith(_MODULES):
            self._idle[shown(path)] = None

    # By languages.

    def _language(self, name: str, path: str, words: Words) -> bool:
        """Whether a program runs what another file or word says, and that was followed."""
        if scripts.is_shell(name):
            self._shell(name, path, words)
        elif _PYTHON.fullmatch(name):
            self._python.run(path, words[1:])
            self._application(self._python.take_directories())
            for by in self._python.libraries.take_finders():
                self.run(("/sbin/ldconfig", "-p"), by)
        elif name in _NODE:
            self._node.run(words[1:], f"/{path}")
            self._application(self._node.take_directories())
        elif name == "java":
            self._java.run(path, words[1:])
        elif language_tree(self._keeper, name, path):
            self._arguments(words, path)
        else:
            return False
        return True

    def _plain(self, name: str, path: str, words: Words) -> None:
        """A program that is no interpreter: what it runs, and the files that it is told of."""
        start = runners.run_from(name, list(words[1:]))
        if start is not None:
            self.run(words[1 + start :], shown(path))
            return
        self._arguments(words, path)
        server_files.keep(self._keeper, name, path, words)
        program = self._linker.program(path)
        if program is None:
            return
        for place in program.places:
            self._place(place.strip("/"), f"named in {shown(path)}")

    def _data_of(self, path: str) -> None:
        """Files that a library names by their full paths: Debian's libnode has modules there."""
        program = self._linker.program(path)
        for place in program.places if program is not None else ():
            found = self._keeper.find(place.strip("/"))
            if found is None or not found.is_file or found.is_executable:
                continue
            if found.path not in _NOT_DATA:
                self._keeper.keep(place.strip("/"), f"named in {shown(path)}")

    def _place(self, place: str, reason: str) -> None:
        """Keep what a program names, or the directory in which it is going to be."""
        above, _, name = place.rpartition("/")
        if name in SHELLS:
            return
        found = self._keeper.keep(place, reason)
        if found is not None and found.kind is not DIRECTORY:
            return
        directory = above if found is None else place
        if directory in _RUN or (directory.startswith(_STATE) and not is_system(directory)):
            self._keeper.keep_written(directory, reason)
        elif not is_system(directory):
            self._keeper.keep(directory, reason)

    def _arguments(self, words: Words, path: str) -> None:
        """Files and directories among the words: configuration, content that is served."""
        for word in words[1:]:
            value = word.rpartition("=")[2] if word and word.startswith("-") else word
            if not value or len(value) > _LONGEST or "\n" in value:
                continue
            if value.startswith("/") or "/" in value or "." in value.strip("."):
                self._keeper.keep_named(self._keeper.place(value), f"an argument of {shown(path)}")

    def _application(self, directories: Sequence[str]) -> None:
        """Keep the directories of an application, for the files that its code opens."""
        for directory in directories:
            self.application(directory)

    def application(self, directory: str, *, working: bool = False) -> None:
        """Keep a directory if it seems to be an application's own."""
        directory = directory.strip("/")
        found = self._keeper.find(directory)
        if found is None or found.kind is not DIRECTORY or is_system(found.path):
            return
        if is_of_application(found.path) or (working and found.path.count("/") >= 2):
            reason = "the application's directory"
            self._keeper.keep_tree(directory, reason, _LEFT_OUT, passive=True)

    # Shells.

    def _shell(self, name: str, path: str, words: Words) -> None:
        rest = list(words[1:])
        at = runners.script_at(name, rest)
        if at is not None:
            text = rest[at]
            self.shells.setdefault(f"{shown(path)} runs a command line", None)
            if text is None:
                self._unknown[shown(path)] = None
            else:
                data = text.encode("utf-8", "surrogateescape")
                self._script(data, name, f"{shown(path)} -c", tuple(rest[at + 2 :]))
            return
        if name == "busybox":
            applet = rest[0] if rest else None
            if applet is not None and scripts.is_shell(applet) and applet != name:
                self._shell(applet, path, rest)
            elif rest:
                self._arguments(rest, path)
            return
        at = next((i for i, word in enumerate(rest) if word and word[0] not in "-+"), len(rest))
        if at == len(rest):
            self.shells.setdefault(f"{shown(path)} is started by itself", None)
            return
        self._source(rest[at] or "", name, shown(path), tuple(rest[at + 1 :]))

    def _source(self, word: str, language: str, by: str, given: Words = ()) -> None:
        """A file that a shell reads."""
        place = self._keeper.place(word)
        if not self._keeper.has_file(place):
            place = self._keeper.program(word) or place
        found = self._keeper.keep(place, f"read by {by}")
        key = (found.path if found is not None else "", language, tuple(given))
        if found is None or not found.is_file or key in self._scripts:
            return
        self._scripts.add(key)
        self.shells.setdefault(f"{shown(place)} is a script of {language}", None)
        data = self._keeper.root.read(found.path, _MOST_SCRIPT) or b""
        self._script(data, language, shown(place), given)

    def _script(self, data: bytes, language: str, by: str, given: Words = ()) -> None:
        self._text_left -= len(data)
        if self._text_left < 0:
            self._keeper.warn(f"{by} was not followed: there are too many scripts")
            return
        script = scripts.script_of(data, language)
        if script.broken:
            self._keeper.warn(f"{by}: not all of the script was understood ({script.broken})")
        for use in scripts.uses_of(script):
            if use.passed:
                self.run(given, by)
            else:
                self._use(use, language, by)
        for path in scripts.paths_in(data):
            self._named(path, by)
        for command in script.commands:
            for name in scripts.redirected_from(command):
                self._keeper.keep_named(self._keeper.place(name), f"read by {by}")

    def _use(self, use: scripts.Use, language: str, by: str) -> None:
        words = use.words
        if words[0] is None:
            self._unknown[by] = None
            return
        read = scripts.sourced(words)
        if read is not None:
            self._tasks.append(partial(self._source, read, language, by))
        elif not use.built_in:
            self.run(words, by)

    def _named(self, word: str, by: str) -> None:
        """A path among the words of a script; it may be a glob."""
        place = self._keeper.place(word)
        for path in list(self._keeper.glob(place))[:1000]:
            self._keeper.keep_named(path, f"named in {by}")

    def tell(self) -> None:
        """Warn of what is not known. To be called when all is kept."""
        for by in self._unknown:
            self._keeper.warn(
                f"{by} runs what a variable says: include the programs that it may name"
            )
        if self._idle:
            self._keeper.warn(
                "scripts are kept that nothing is known to run, without what they need; include "
                f"those that are run: {listed(list(self._idle))}"
            )
        self._python.tell()
        self._node.tell()
