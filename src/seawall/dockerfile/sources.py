"""What COPY and ADD take: local files, web addresses, git repositories; modes and owners."""

import re

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.text.dockerfile.golang import parse_bool, parse_int, parse_unsigned, quote

_SCHEME = pattern(r"([a-zA-Z0-9]+)://")
_SCP = pattern(r"([a-zA-Z0-9_-]+)@([a-zA-Z0-9.-]+):([^?#\n]*)(?:\?([^#\n]*))?(?:#(.*))?")
_BAD_ESCAPE = pattern(r"%(?![0-9a-fA-F]{2})")
_CONTROL = pattern("[\0-\x1f\x7f]")
_BAD_HOST = pattern(r"""[\0-\x20"<>\\^`{|}]""")
_SYMBOLIC_CLAUSE = r"[augo]*(?:[-+=][rstwXxugo]*)+"
_SYMBOLIC = pattern(rf"{_SYMBOLIC_CLAUSE}(?:,{_SYMBOLIC_CLAUSE})*")
_MAX_MODE = 0o7777


class SourceError(Exception):
    """A source, mode or owner that BuildKit refuses; the message is its own."""


class GitSource(NamedTuple):
    """A git repository. ``reference`` is a branch, tag or commit; empty for the default."""

    remote: str
    reference: str
    directory: str
    checksum: str
    keep_git_directory: bool | None
    looks_local: bool


def is_web_address(text: str) -> bool:
    """Whether ADD downloads a source; a repository's address is none."""
    return text.startswith(("http://", "https://")) and not is_git(text)


def is_git(text: str) -> bool:
    """Whether a source is a git repository, of the deprecated ``github.com/...`` form too."""
    try:
        return parse_git(text) is not None
    except SourceError:
        return False


def parse_git(text: str) -> GitSource | None:
    """The git repository that a source names, if it does.

    Raises:
        SourceError: the query of a repository's address is not what BuildKit knows.
    """
    looks_local = text.startswith("github.com/")
    if text.startswith(("./", "../")) or not (looks_local or "@" in text or "://" in text):
        return None
    scheme = _SCHEME.match(text)
    if looks_local:
        parts = _url_parts(text)
    elif scheme:
        name = scheme[1].lower()
        if name not in {"http", "https", "ssh", "git"}:
            return None
        parts = _url_parts(text[scheme.end() :])
        if parts is not None and name in {"http", "https"} and not parts[0].endswith(".git"):
            return None
    else:
        found = _SCP.fullmatch(text)
        if found is None:
            return None
        parts = (f"{found[1]}@{found[2]}:{found[3]}", found[4] or "", found[5] or "")
        if not _valid_query(parts[1]):
            return None
    if parts is None:
        return None
    remote = scheme[0] + parts[0] if scheme else parts[0]
    reference, _, directory = parts[2].partition(":")
    return _with_query(remote, reference, _clean(directory), parts[1], looks_local=looks_local)


def _url_parts(text: str) -> tuple[str, str, str] | None:
    """Address, query and fragment; ``None`` where Go's ``net/url`` reads no address."""
    address, _, fragment = text.partition("#")
    address, _, query = address.partition("?")
    host, _, path = address.partition("/")
    if _CONTROL.search(text) or _BAD_ESCAPE.search(path) or _BAD_ESCAPE.search(fragment):
        return None
    host = host.rpartition("@")[2]
    port = host.rpartition("]")[2].partition(":")[2] if ":" in host else ""
    if _BAD_HOST.search(host) or (port and not port.isdigit()):
        return None
    return address, query, _unescape(fragment)


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    data = re.sub(
        rb"%([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]),
        text.encode("utf-8", "surrogateescape"),
    )  # fmt: skip
    return data.decode("utf-8", "surrogateescape")


def _clean(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _valid_query(query: str) -> bool:
    return ";" not in query and not _BAD_ESCAPE.search(query)


def _query(query: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if pair and _valid_query(pair):
            key = _unescape(key.replace("+", " "))
            values.setdefault(key, []).append(_unescape(value.replace("+", " ")))
    return values


_SWITCHES = frozenset(("submodules", "keep-git-dir", "fetch-by-commit"))
_REFERENCES = (("tag", "refs/tags/"), ("branch", "refs/heads/"))


def _with_query(  # noqa: C901, PLR0912 - one branch for each key
    remote: str, reference: str, directory: str, query: str, *, looks_local: bool
) -> GitSource:
    values = _query(query)
    checksum = ""
    keep: bool | None = None
    for key, found in values.items():
        if len(found) > 1:
            raise SourceError(f"query {quote(key)} has multiple values")
        value = found[0]
        if not value and key not in _SWITCHES:
            raise SourceError(f"query {quote(key)} has no value")
        if key == "ref":
            reference = _agree("ref", reference, value)
        elif key == "subdir":
            directory = _agree("subdir", directory, value)
        elif key in {"checksum", "commit"}:
            checksum = value
        elif key in _SWITCHES:
            switch = parse_bool(value) if value else True
            if switch is None:
                raise SourceError(f"invalid {key} value: {quote(value)}")
            keep = switch if key == "keep-git-dir" else keep
        elif key == "mtime":
            if value not in {"checkout", "commit"}:
                must = '(must be "checkout" or "commit")'
                raise SourceError(f"invalid mtime value: {quote(value)} {must}")
        elif key not in {"tag", "branch"}:
            raise SourceError(f"unexpected query {quote(key)}")
    for key, prefix in _REFERENCES:
        if key in values:
            if key == "branch" and "tag" in values:
                raise SourceError("branch conflicts with tag")
            value = values[key][0]
            full = value if value.startswith(prefix) else prefix + value
            reference = _agree("ref", reference, full)
    return GitSource(remote, reference, directory, checksum, keep, looks_local)


def _agree(what: str, before: str, value: str) -> str:
    if before and before != value:
        raise SourceError(f"{what} conflicts: {quote(before)} vs {quote(value)}")
    return value


def check_mode(text: str) -> None:
    """Check ``--chmod``: octal, or symbolic as chmod(1) has it.

    Raises:
        SourceError: it is neither.
    """
    number = parse_unsigned(text, 8)
    octal = f"invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777"
    if number is not None:
        if number > _MAX_MODE:
            raise SourceError(octal)
    elif text[:1].isdigit() and text[0].isascii():
        raise SourceError(octal)
    elif not _SYMBOLIC.fullmatch(text):
        raise SourceError("invalid syntax")


def is_named_owner(text: str) -> bool:
    """Whether ``--chown`` names a user or group that must be looked up."""
    user, _, group = text.partition(":")
    return any(name and not _is_id(name) for name in (user, group))


def _is_id(text: str) -> bool:
    return text == "root" or isinstance(parse_int(text, 32), int)


_SIGNALS = frozenset(
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT "
    "STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX".split()
    + [f"RTMIN+{number}" for number in range(1, 16)]
    + [f"RTMAX-{number}" for number in range(1, 15)]
)


def is_signal(text: str) -> bool:
    """Whether STOPSIGNAL takes a signal's name or number."""
    number = parse_int(text)
    if isinstance(number, int):
        return number != 0
    return text.upper().removeprefix("SIG") in _SIGNALS
