"""Where a result writes at run time, and how it is run with all else read-only.

Sources: Docker's ``docker run`` reference (``--read-only``, ``--tmpfs``: writable by all unless
said otherwise); Kubernetes' Pod API (``emptyDir``, ``securityContext``); capabilities(7): a program
whose file capabilities are not all in the bounding set is not started.
"""

from collections.abc import Iterator, Mapping

from seawall.hardening.images.permissions import volumes_of
from seawall.hardening.images.subject import Subject
from seawall.images.capabilities import names_of
from seawall.sources.images.entry import DIRECTORY
from seawall.sources.images.merging import Node

_SECURE = "runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true"
_TEMPORARY = "tmp"
_LONGEST_NAME = 63
"""Characters of a label (RFC 1123), which the name of a volume is."""


def tell_how_to_run(subject: Subject, directories: Mapping[str, str], program: str) -> None:
    """Tell how to run it; ``directories`` are written to, and what tells so."""
    volumes = sorted(volumes_of(subject))
    places = [_TEMPORARY]
    for path, reason in sorted(directories.items()):
        if path == _TEMPORARY or any(
            path == each or path.startswith(f"{each}/") for each in volumes
        ):
            continue
        places.append(path)
        subject.told.notes.append(f"it may write to /{path}: {reason}{_hidden(subject.node(path))}")
    subject.told.writable += places
    capabilities = list(_capabilities(subject.node(program) if program else None))
    _tell_of_docker(subject, places, capabilities)
    _tell_of_kubernetes(subject, [*places, *volumes], capabilities)


def _capabilities(node: Node | None) -> Iterator[str]:
    """Those that the program's file has, which it is not started without."""
    for name in names_of(node.entry.capability) if node is not None else ():
        yield name.upper().removeprefix("CAP_")


def _hidden(node: Node | None) -> str:
    waiting = [node] if node is not None else []
    while waiting:
        each = waiting.pop()
        if each.entry.kind is not DIRECTORY:
            return f"; a tmpfs would hide /{each.entry.path}, so give it a volume with a copy"
        waiting += (each.children or {}).values()
    return ""


def _tell_of_docker(subject: Subject, places: list[str], capabilities: list[str]) -> None:
    words = ["docker run --read-only --cap-drop ALL"]
    words += [f"--cap-add {name}" for name in capabilities]
    words.append("--security-opt no-new-privileges")
    words += [f"--tmpfs /{path}" for path in places]
    subject.told.run.append(" ".join(words))


def _tell_of_kubernetes(subject: Subject, places: list[str], capabilities: list[str]) -> None:
    names: dict[str, str] = {}
    for path in places:
        kept = "".join(letter if _is_plain(letter) else "-" for letter in path.lower())
        name = kept[-_LONGEST_NAME:].strip("-") or "volume"
        if name in names:
            name = f"{name[: _LONGEST_NAME - 4]}-{len(names)}"
        names[name] = path
    added = f", add: [{', '.join(capabilities)}]" if capabilities else ""
    mounts = ", ".join(
        f"{{name: {name}, mountPath: {_quoted(path)}}}" for name, path in names.items()
    )
    volumes = ", ".join(f"{{name: {name}, emptyDir: {{}}}}" for name in names)
    subject.told.run += [
        f"securityContext: {{{_SECURE}, capabilities: {{drop: [ALL]{added}}}}}",
        f"volumeMounts: [{mounts}]",
        f"volumes: [{volumes}]",
    ]


def _is_plain(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def _quoted(path: str) -> str:
    """A path as YAML has it in a flow mapping."""
    if all(_is_plain(letter) or letter in "/-_." for letter in path):
        return f"/{path}"
    from json import dumps  # noqa: PLC0415 - off the scan path

    return dumps(f"/{path}")
