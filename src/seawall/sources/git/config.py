"""The few facts a repository's own configuration must tell, read without git.

git obeys whatever a configuration says (programs to run included, see ``core.fsmonitor``), so it
never gets to see a stranger's. This reads keys and values as data and follows no ``include``.
Syntax: git-config(1), "Syntax"; extensions: gitrepository-layout and
Documentation/technical/repository-version in git's sources.
"""

import os
import re
import stat

from seawall.core.errors import UsageError
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.sources.files import reason_of, shown

_SIZE_LIMIT = 1024 * 1024
_HARMLESS_EXTENSIONS = frozenset(
    "noop noop-v1 preciousobjects partialclone worktreeconfig relativeworktrees "
    "compatobjectformat submodulepathconfig".split()
)
"""Extensions that change nothing about how objects, refs and the index are read."""


class Layout(NamedTuple):
    """What a configuration says of a repository's form.

    ``object_format`` is ``sha1`` or ``sha256``; ``work_tree`` is ``core.worktree`` as written, ""
    where there is none; it only ever confirms a pointer, nothing is looked for there.
    """

    object_format: str = "sha1"
    is_bare: bool = False
    work_tree: str = ""


def layout(path: str) -> Layout:
    """Read the layout from a ``config`` file; one that does not exist says nothing.

    Raises ``UsageError`` where the repository is of a form that cannot be read.
    """
    values = dict(parse(_text(path)))
    if _is_true(values.get("extensions.worktreeconfig", "")):
        # git-worktree(1), "Configuration file": core.bare and core.worktree live there then.
        values |= dict(parse(_text(path + ".worktree")))
    for key in values:
        section, _, name = key.rpartition(".")
        # git itself passes over extensions of version 0 that it does not know, so a stranger
        # can only make us more careful than it.
        if section == "extensions" and name not in _HARMLESS_EXTENSIONS:
            _judge_extension(path, name, values[key])
    return Layout(
        object_format=values.get("extensions.objectformat", "sha1").lower(),
        is_bare=_is_true(values.get("core.bare", "")),
        work_tree=values.get("core.worktree", ""),
    )


def _is_true(value: str) -> bool:
    return value.lower() in ("true", "yes", "on", "1")


def _judge_extension(path: str, name: str, value: str) -> None:
    if name == "objectformat" and value.lower() in ("sha1", "sha256"):
        return
    if name == "refstorage":
        if value.lower().partition(":")[0] == "files":
            return
        raise UsageError(
            f"{shown(path)}: the repository keeps its refs in the format {shown(value)!r}, which "
            f"seawall does not read; 'git refs migrate --ref-format=files' (git 2.46 or newer) "
            f"turns them into files"
        )
    raise UsageError(
        f"{shown(path)}: the repository uses the extension {shown(name)!r}"
        f"{' = ' + repr(shown(value)) if name == 'objectformat' else ''}, which this version of "
        f"seawall does not know; upgrade it, or scan without --since"
    )


def _text(path: str) -> str:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return ""
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="\n") as stream:
            text = stream.read(_SIZE_LIMIT + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(
            f"cannot read {shown(path)}: {reason_of(error)}; make it readable"
        ) from None
    if len(text) > _SIZE_LIMIT:
        raise UsageError(
            f"{shown(path)} is larger than 1 MiB, which no configuration of git is; remove what "
            f"does not belong there"
        )
    return text


_SECTION = pattern(r'\s*\[\s*([-.0-9A-Za-z]+)(?:\s+"((?:[^"\\\n]|\\.)*)")?\s*\]')
_NAME = pattern(r"\s*([A-Za-z][-0-9A-Za-z]*)[ \t]*(=?)")


def parse(text: str) -> list[tuple[str, str]]:
    """Keys (``section.name`` or ``section.subsection.name``) and values, in order.

    Section and name are in small letters. A name without ``=`` is ``true``. Lines that make no
    sense are passed over: git would refuse them, and what they hide is not needed here.
    """
    found: list[tuple[str, str]] = []
    section = ""
    lines = iter(text.split("\n"))
    for whole_line in lines:
        line = whole_line
        while (header := _SECTION.match(line)) is not None:  # a line may have several
            section = header[1].lower()
            if header[2] is not None:
                section += "." + re.sub(r"\\(.)", r"\1", header[2])
            line = line[header.end() :]
        name = _NAME.match(line)
        if name is None or not section:
            continue
        if not name[2]:
            found.append((f"{section}.{name[1].lower()}", "true"))
            continue
        raw = line[name.end() :]
        while _continues(raw):
            following = next(lines, None)
            if following is None:
                break
            raw = raw.removesuffix("\r")[:-1] + following
        found.append((f"{section}.{name[1].lower()}", _value(raw)))
    return found


def _continues(raw: str) -> bool:
    raw = raw.removesuffix("\r")
    backslashes = len(raw) - len(raw.rstrip("\\"))
    return backslashes % 2 == 1 and _comment_at(raw) is None


def _comment_at(raw: str) -> int | None:
    quoted = escaped = False
    for at, character in enumerate(raw):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character in "#;" and not quoted:
            return at
    return None


_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


def _value(raw: str) -> str:
    text = raw[: _comment_at(raw)].strip(" \t\r")
    return re.sub(r'\\(.)|"', lambda m: _ESCAPES.get(m[1], m[1]) if m[1] else "", text)
