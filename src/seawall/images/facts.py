"""What rules know of an image: its configuration, layers, accounts and files."""

import stat
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from seawall.core.named_tuple import NamedTuple
from seawall.images.accounts import Accounts
from seawall.images.base import Base

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where commands are looked up without PATH: what runc and containerd set."""


class Configuration(NamedTuple):
    """The part of an image's configuration that its containers start with.

    Source: the OCI image specification, ``config.md``.
    """

    user: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    """``80/tcp``, ``53/udp``; without a protocol it is TCP."""
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    directory: str = ""
    has_healthcheck: bool = False
    on_build: tuple[str, ...] = ()
    created: str = ""
    """An RFC 3339 time, empty where it is not told."""
    is_known: bool = True
    """Whether there is one: a root file system has none."""
    health_check: tuple[str, ...] = ()
    """The words of HEALTHCHECK, with the ``CMD`` or ``CMD-SHELL`` that they begin with."""

    @property
    def process(self) -> tuple[str, ...]:
        """The words a container runs where nobody says otherwise."""
        return (*self.entrypoint, *self.command)

    def variable(self, name: str, default: str = "") -> str:
        """The value of a variable; the last one counts."""
        return dict(self.environment).get(name, default)


class Layer(NamedTuple):
    """A layer that holds files."""

    number: int
    """From 0, from the lowest."""
    diff_id: str = ""
    created_by: str = ""
    size: int = 0
    """Bytes of its files, unpacked."""
    base: bool = False
    """Whether it came with the base image, as far as that is known."""


class Step(NamedTuple):
    """A line of the history."""

    created_by: str
    base: bool = False


class File(NamedTuple):
    """A file of the merged file system or of a layer. Its path has no leading ``/``."""

    path: str
    mode: int
    """Kind and permissions as ``st_mode`` has them."""
    uid: int = 0
    gid: int = 0
    size: int = 0
    layer: int = 0
    capabilities: tuple[str, ...] = ()
    """File capabilities (``security.capability``), by the names of capabilities(7)."""

    @property
    def is_regular(self) -> bool:
        """Whether it is a file proper."""
        return stat.S_ISREG(self.mode)

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_executable(self) -> bool:
        """Whether somebody may execute it."""
        return self.is_regular and bool(self.mode & 0o111)

    def is_writable_by(self, uid: int, groups: Iterable[int]) -> bool:
        """Whether a user may write it by its mode alone; root always may."""
        if uid == 0:
            return True
        if uid == self.uid:
            return bool(self.mode & stat.S_IWUSR)
        if self.gid in groups:
            return bool(self.mode & stat.S_IWGRP)
        return bool(self.mode & stat.S_IWOTH)


class Hidden(NamedTuple):
    """A file that a layer holds and a later one deleted or replaced: the bytes are still there."""

    file: File
    by: int
    """The number of the layer that hides it."""


class Waste(NamedTuple):
    """Bytes that are in the image more than once, as dive counts them, above the base."""

    efficiency: float = 1.0
    """The least size of each path, added up, of the size of all layers together."""
    wasted: int = 0
    """Bytes of paths that are in two layers or more."""
    share: float = 0.0
    """``wasted`` of the bytes of all layers above the base."""
    paths: tuple[tuple[str, int, int], ...] = ()
    """The worst: path, times, bytes."""


class Files(Protocol):
    """The files of an image."""

    def find(self, path: str) -> File | None:
        """The file that a path leads to, symbolic links followed within the image."""
        ...

    def notable(self) -> Iterable[File]:
        """Files of the merged file system that rules may have something to say of."""
        ...

    def hidden(self) -> Iterable[Hidden]:
        """Notable files that lower layers still hold."""
        ...

    def text(self, path: str, layer: int | None = None) -> str | None:
        """The start of a notable file that is text; of the merged file system, or of a layer."""
        ...


class Image(NamedTuple):
    """An image, ready to be judged."""

    name: str
    """As the user named it."""
    configuration: Configuration
    files: Files
    layers: tuple[Layer, ...] = ()
    history: tuple[Step, ...] = ()
    tags: tuple[str, ...] = ()
    accounts: Accounts = Accounts()
    waste: Callable[[], Waste] = Waste
    """Works out what is in it more than once: it takes a while, and is asked for once."""
    base: Base = Base()
    """What it was built on, as far as that is known."""

    @property
    def user_id(self) -> int | None:
        """The user id that containers run with; ``None`` where a name leads to none."""
        return self.accounts.user_id(self.configuration.user)

    @property
    def group_ids(self) -> frozenset[int]:
        """The group ids that containers run with."""
        return self.accounts.group_ids(self.configuration.user)

    @property
    def path(self) -> tuple[str, ...]:
        """The directories commands are looked up in, without leading ``/``."""
        value = self.configuration.variable("PATH", DEFAULT_PATH)
        return tuple(dict.fromkeys(part.strip("/") for part in value.split(":") if part))

    def is_base(self, file: File) -> bool:
        """Whether a file came with the base image."""
        return 0 <= file.layer < len(self.layers) and self.layers[file.layer].base

    def program(self, word: str) -> File | None:
        """The file that a command's first word leads to, as execvp looks for it."""
        if "/" in word:
            place = word if word.startswith("/") else f"{self.configuration.directory}/{word}"
            return self.files.find(place.strip("/"))
        for directory in self.path:
            found = self.files.find(f"{directory}/{word}")
            if found is not None and found.is_executable:
                return found
        return None
