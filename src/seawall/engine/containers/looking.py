"""What is taken from a layer while it passes by: files that tell of packages, and starts of texts.

What a layer gives rests on its bytes alone, so it is kept under its DiffID.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seawall.core.named_tuple import NamedTuple
from seawall.engine.containers.columns import from_columns, to_columns
from seawall.images import accounts, credential_files
from seawall.images.notable import ACCOUNTS, MOST_TEXT, SHADOW, wants_text
from seawall.packages.executables import is_executable
from seawall.packages.image_formats import (
    EXECUTABLE,
    IMAGE_FORMATS,
    KNOWN_ENDS,
    KNOWN_NAMES,
    KNOWN_START,
    ImageFormat,
    image_format_of,
    uncovered_of,
)
from seawall.packages.package import NOTHING, Contents, File, Unreadable
from seawall.packages.plain import facts_from_plain, facts_to_plain
from seawall.packages.programs import Program
from seawall.packages.system import Facts
from seawall.sources.images.entry import FILE, Entry, Kind
from seawall.sources.images.walking import WalkedLayer, Want, walk_layer

if TYPE_CHECKING:
    from seawall.engine.containers.sifting import Sifting
    from seawall.secrets.sieve import Held

Plain = Any
_MOST = 16 * 1024 * 1024
"""Bytes of a file that tells of packages."""
_MOST_OF_LARGE = 192 * 1024 * 1024
"""Bytes of an archive or a database: each thread may hold one."""
_NO_FACTS = Facts()
_MAGIC = 8
_PROGRAM_ENDS = (".dll", ".exe", ".node", ".so")
_BESIDE = frozenset(
    path.rpartition("/")[2] for format_ in IMAGE_FORMATS for path in format_.beside
)  # fmt: skip


_NAMES = frozenset((
    *KNOWN_NAMES, *credential_files.KNOWN_NAMES, *(path.rpartition("/")[2] for path in ACCOUNTS)
))  # fmt: skip
_ENDS = KNOWN_ENDS | credential_files.KNOWN_ENDS
_STARTS = credential_files.KNOWN_STARTS
"""What a name must have to mean something; asked for every file of an image."""


class Trouble(NamedTuple):
    """A file that could not be read for what it is."""

    path: str
    what: str
    reason: str


class Looked(NamedTuple):
    """What a layer holds."""

    entries: tuple[Entry, ...]
    """In the layer's own order, whiteouts and duplicates included."""
    facts: Mapping[str, Facts]
    """By path, what files tell."""
    texts: Mapping[str, str]
    """The starts of files that rules read."""
    secrets: Mapping[str, "tuple[Held, ...]"]
    """By path, the secrets that stand in files; where all of these were looked at."""
    private: tuple[str, ...]
    """The files that hold credentials: of these no cache may have more than their paths."""
    troubles: tuple[Trouble, ...]
    silent: tuple[str, ...]
    """Programs that do not tell what they are made of."""
    uncovered: tuple[tuple[str, str], ...]
    """Paths of package managers that are not covered, and their names."""
    problems: tuple[str, ...]
    """What is odd about the archive."""
    unsearched: tuple[tuple[str, str], ...]
    """Paths of files that were not searched for secrets to their end, and why."""


def _may_be_program(entry: Entry, name: str) -> bool:
    """Whether a file of this name may be one."""
    if entry.size < _MAGIC or entry.kind is not FILE:
        return False
    return bool(entry.mode & 0o111) or name.endswith(_PROGRAM_ENDS) or ".so." in name


class Look:
    """Looks at one layer; an ``Analyzer``."""

    def __init__(self, *, packages: bool, texts: bool) -> None:
        self._packages = packages
        self._wants_texts = texts
        self.facts: dict[str, Facts] = {}
        self.texts: dict[str, str] = {}
        self.private: set[str] = set()
        self.troubles: list[Trouble] = []
        self.uncovered: list[tuple[str, str]] = []
        self._unread: dict[str, Trouble] = {}
        self._waiting: dict[str, tuple[ImageFormat, bytes]] = {}
        self._beside: dict[str, bytes] = {}
        self._programs: list[Program] = []

    # Asked for each file ----------------------------------------------------------------------

    def wants(self, entry: Entry) -> Want:
        """How much of a file is wanted."""
        path = entry.path
        name = path[path.rfind("/") + 1 :]
        if (
            name[name.rfind(".") + 1 :] not in _ENDS
            and name not in _NAMES
            and not path.startswith(KNOWN_START)
            and not name.startswith(_STARTS)
        ):
            return _MAGIC if self._packages and _may_be_program(entry, name) else 0
        return self._wants_of_known(entry, path, name)

    def _wants_of_known(self, entry: Entry, path: str, name: str) -> Want:
        """How much of a file is wanted whose name may mean something."""
        wanted = 0
        if self._wants_texts and wants_text(path):
            wanted = MOST_TEXT
        if not self._packages:
            return wanted
        format_ = image_format_of(path)
        if format_ is not None:
            return max(wanted, self._whole(entry, format_))
        if name in _BESIDE and entry.size <= MOST_TEXT:
            return MOST_TEXT
        if _may_be_program(entry, name):
            return max(wanted, _MAGIC)
        if (of := uncovered_of(path)) and entry.size:
            self.uncovered.append((path, of))
        return wanted

    def _whole(self, entry: Entry, format_: ImageFormat) -> int:
        limit = _MOST_OF_LARGE if format_.large else _MOST
        if entry.size > limit:
            reason = f"it has {entry.size} bytes, more than {limit}"
            self.troubles.append(Trouble(entry.path, format_.name, reason))
            return 0
        return entry.size or (1 if entry.kind is Kind.HARD_LINK else 0)

    def take(self, entry: Entry, data: bytes) -> Want:
        """The start of a file; says how much more is wanted."""
        path = entry.path
        if self._wants_texts and wants_text(path):
            self._keep_text(path, data[:MOST_TEXT])
        if not self._packages:
            return 0
        format_ = image_format_of(path)
        if format_ is None:
            if path[path.rfind("/") + 1 :] in _BESIDE:
                self._beside[path] = data
            elif is_executable(data[:_MAGIC]):
                program = Program(path, entry.size)
                self._programs.append(program)
                return program
            return 0
        if len(data) < entry.size:  # a hard link tells its size only now, with what it leads to
            return self._whole(entry, format_)
        if format_.beside:
            self._waiting[path] = format_, data
        else:
            self._read(path, format_, data)
        return 0

    def _keep_text(self, path: str, data: bytes) -> None:
        """Keep what rules need: of hashes of passwords and of texts without credentials nothing."""
        text = data.decode("utf-8", "replace")
        kind = credential_files.kind_of(path)
        if kind is not None:
            if not credential_files.holds(kind, text):
                return
            self.private.add(path)
        self.texts[path] = accounts.without_hashes(text) if path == SHADOW else text

    # At the end -------------------------------------------------------------------------------

    def end(self) -> None:
        """Read what had to wait for the files beside it."""
        waiting, self._waiting = self._waiting, {}
        for path, (format_, data) in waiting.items():
            self._read(path, format_, data)
        self._beside = {}
        self.troubles += self._unread.values()

    def _read(self, path: str, format_: ImageFormat, data: bytes) -> None:
        """Read a file; of several of one path the last one counts."""
        self.facts.pop(path, None)
        self._unread.pop(path, None)
        try:
            found = format_.read(File(path, data, lambda name: self._sibling(path, name)))
        except Unreadable as error:
            where = f"line {error.line}: " if error.line else ""
            self._unread[path] = Trouble(path, format_.name, f"{where}{error.reason}")
            return
        self.facts[path] = found

    def _sibling(self, path: str, name: str) -> bytes | None:
        return self._beside.get(_place_beside(path, name))

    @property
    def wanted_whole(self) -> frozenset[str]:
        """Large programs with notes that only the whole file lets read."""
        return frozenset(each.path for each in self._programs if each.needs_whole)

    def settle(self, whole: Mapping[str, Contents]) -> tuple[str, ...]:
        """Take what programs note; gives those that note nothing."""
        silent = []
        for program in self._programs:
            found = whole.get(program.path, program.result)
            if found == NOTHING:
                silent.append(program.path)
            else:
                self.facts[program.path] = Facts(found)
        return tuple(silent)


def _place_beside(path: str, name: str) -> str:
    """Where a file is that another one names from where it is."""
    parts = path.split("/")[:-1]
    for part in name.split("/"):
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
    return "/".join(parts)


class _Whole:
    """Reads some programs as a whole: an ``Analyzer`` for another pass over a layer."""

    def __init__(self, paths: frozenset[str], troubles: list[Trouble]) -> None:
        self._paths = paths
        self._troubles = troubles
        self.found: dict[str, Contents] = {}

    def wants(self, entry: Entry) -> Want:
        """All of those."""
        if entry.path not in self._paths or entry.kind is not Kind.FILE:
            return 0
        if entry.size > _MOST_OF_LARGE:
            reason = f"it has {entry.size} bytes, more than {_MOST_OF_LARGE}"
            self._troubles.append(Trouble(entry.path, EXECUTABLE.name, reason))
            return 0
        return entry.size

    def take(self, entry: Entry, data: bytes) -> Want:
        """Read a program."""
        self.found[entry.path] = EXECUTABLE.read(File(entry.path, data)).contents
        return 0


def looked(walked: WalkedLayer, look: Look, name: str, sifting: "Sifting | None" = None) -> Looked:
    """What a pass over a layer gave, put together."""
    look.end()
    secrets: Mapping[str, tuple[Held, ...]] = {}
    unsearched: tuple[tuple[str, str], ...] = ()
    if sifting is not None:
        secrets, unsearched = sifting.sieve.found, sifting.unsearched
    private = {*look.private, *(name.partition("!/")[0] for name in secrets)}
    wanted = look.wanted_whole
    whole: Mapping[str, Contents] = {}
    if wanted and walked.error is None:
        again = _Whole(wanted, look.troubles)
        pair = (walked.layer.digest, walked.layer.diff_id)
        walk_layer(walked.layer, [again], name, trusted={pair})
        whole = again.found
    silent = look.settle(whole)
    problems = [
        f"{item.path}: {item.reason}" if item.path else item.reason for item in walked.problems
    ]
    if walked.more_problems:
        problems.append(f"and {walked.more_problems} more")
    return Looked(
        tuple(walked.entries), look.facts, look.texts, secrets, tuple(sorted(private)),
        tuple(look.troubles), silent, tuple(look.uncovered), tuple(problems), unsearched,
    )  # fmt: skip


# For the cache --------------------------------------------------------------------------------


def to_plain(found: Looked) -> Plain:
    """What a layer holds, as plain tuples: all but what stands in files that hold credentials."""
    private = frozenset(found.private)
    texts = {path: text for path, text in found.texts.items() if path not in private}
    facts = {path: _NO_FACTS if path in private else each for path, each in found.facts.items()}
    return _to_plain(found._replace(texts=texts, facts=facts))


def may_be_kept(found: Looked) -> bool:
    """Whether nothing of a layer that is kept rests on what its private files hold."""
    troubled = {trouble.path for trouble in found.troubles}
    return not any(
        path in troubled or path[path.rfind("/") + 1 :] in _BESIDE for path in found.private
    )


class Again(NamedTuple):
    """What is to be looked at again of a layer that is kept."""

    paths: frozenset[str]
    size: int
    """Bytes of these files, as far as they have any of their own."""
    last: int | None
    """The largest offset of their contents in the tar; ``None`` where it may be any."""


def to_look_at_again(found: Looked) -> Again:
    """The private files of a layer that is kept, and those that their readers look at as well.

    What a hard link leads to may stand anywhere, and has no offset.
    """
    beside = (
        _place_beside(path, name)
        for path in found.private
        if (format_ := image_format_of(path)) is not None
        for name in format_.beside
    )
    paths = frozenset((*found.private, *beside))
    files = [
        entry
        for entry in found.entries
        if entry.path in paths and (entry.kind is FILE or entry.kind is Kind.HARD_LINK)
    ]
    last = max((entry.offset for entry in files), default=-1)
    is_told = bool(files) and all(entry.offset >= 0 for entry in files)
    return Again(paths, sum(entry.size for entry in files), last if is_told else None)


def with_private(found: Looked, again: Looked) -> Looked:
    """What is kept of a layer, with what its private files hold, looked at again."""
    private = frozenset(found.private)
    facts = {
        path: again.facts.get(path, _NO_FACTS) if path in private else each
        for path, each in found.facts.items()
    }
    texts = {**found.texts, **again.texts}
    return found._replace(facts=facts, texts=texts, secrets=again.secrets)


def all_to_plain(found: Looked) -> Plain:
    """The same with credentials, for the way from one of our processes to another only."""
    if not found.secrets:
        return _to_plain(found), {}
    from seawall.engine.containers.held import held_to_plain  # noqa: PLC0415 - if there are any

    secrets = {path: list(map(held_to_plain, held)) for path, held in found.secrets.items()}
    return _to_plain(found), secrets


def all_from_plain(plain: Plain) -> Looked:
    """The same again."""
    own, secrets = plain
    if not secrets:
        return from_plain(own)
    from seawall.engine.containers.held import held_from_plain  # noqa: PLC0415 - if there are any

    return from_plain(own)._replace(
        secrets={path: tuple(map(held_from_plain, held)) for path, held in secrets.items()}
    )


def _to_plain(found: Looked) -> Plain:
    return (
        to_columns(found.entries),
        {path: facts_to_plain(facts) for path, facts in found.facts.items()},
        dict(found.texts),
        tuple(map(tuple, found.troubles)),
        found.silent,
        found.uncovered,
        found.problems,
        found.unsearched,
        found.private,
    )


def from_plain(plain: Plain) -> Looked:
    """The same again; raises TypeError, ValueError or LookupError for anything else.

    What its private files hold is to be added (``with_private``).
    """
    entries, facts, texts, troubles, silent, uncovered, problems, unsearched, private = plain
    return Looked(
        from_columns(entries),
        {path: facts_from_plain(each) for path, each in facts.items()},
        texts,
        {},
        private,
        tuple(Trouble(*each) for each in troubles),
        silent,
        uncovered,
        problems,
        unsearched,
    )
