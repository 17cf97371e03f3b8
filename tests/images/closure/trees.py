"""Root file systems written as dictionaries."""

from collections.abc import Iterable, Mapping, Sequence

from seawall.images.closure.closing import Closure, closure
from seawall.images.closure.roots import MergedRoot
from seawall.images.facts import Configuration
from seawall.sources.images.entry import DIRECTORY, FILE, SYMLINK, Entry
from seawall.sources.images.merging import Node, merge

Content = bytes | str | None
"""The bytes of a file; ``-> TARGET`` for a symbolic link; ``None`` for a directory."""


def entries(files: Mapping[str, Content]) -> list[Entry]:
    """The entries of a layer. Scripts and programs are executable."""
    made = []
    for number, (path, content) in enumerate(files.items()):
        if content is None:
            made.append(Entry(path, DIRECTORY, 0o755, 0, 0, 0, 0, "", number))
        elif isinstance(content, str) and content.startswith("-> "):
            made.append(Entry(path, SYMLINK, 0o777, 0, 0, 0, 0, content[3:], number))
        else:
            data = _bytes(content)
            runs = data.startswith((b"#!", b"\x7fELF"))
            mode = 0o755 if runs else 0o644
            made.append(Entry(path, FILE, mode, 0, 0, len(data), 0, "", number))
    return made


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


def root_of(files: Mapping[str, Content], configuration: Configuration) -> MergedRoot:
    """A root of one layer."""

    def contents(node: Node, limit: int) -> bytes | None:
        content = files.get(node.entry.path)
        return None if content is None else _bytes(content)[:limit]

    return MergedRoot(merge([entries(files)]), contents, configuration)


def configured(
    *process: str, environment: Mapping[str, str] | None = None, directory: str = "",
    command: Sequence[str] = (), user: str = "", volumes: Sequence[str] = (),
) -> Configuration:  # fmt: skip
    """A configuration that starts a process."""
    return Configuration(
        user=user, environment=tuple((environment or {}).items()), entrypoint=process,
        command=tuple(command), volumes=tuple(volumes), directory=directory,
    )  # fmt: skip


def closed(
    files: Mapping[str, Content], *process: str, includes: Iterable[str] = (),
    commands: Iterable[Sequence[str]] = (), environment: Mapping[str, str] | None = None,
    directory: str = "", command: Sequence[str] = (), user: str = "", volumes: Sequence[str] = (),
) -> Closure:  # fmt: skip
    """The closure of a process in such a root."""
    configuration = configured(
        *process, environment=environment, directory=directory, command=command, user=user,
        volumes=volumes,
    )  # fmt: skip
    return closure(root_of(files, configuration), includes, commands=commands)


def left(files: Mapping[str, Content], found: Closure) -> dict[str, Content]:
    """The files of a root that are in a closure, with the contents that they get."""
    kept: dict[str, Content] = {path: files.get(path) for path in found.paths}
    kept.update(found.replaced)
    return kept


LOADER = "lib64/ld-linux-x86-64.so.2"
"""Where programs of x86-64 have their dynamic linker."""
