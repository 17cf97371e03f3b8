"""What people call a commit, turned into its hash, with help where that fails."""

import re

from seawall.core.errors import InputError, UsageError
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.sources.files import shown
from seawall.sources.git.hashes import OID
from seawall.sources.git.process import REPORT, Git

_LENGTH_LIMIT = 1000
_UPSTREAM = pattern(r"@\{(?:u|upstream|push)\}", re.IGNORECASE)


class _Object(NamedTuple):
    """An object's hash and kind; for what is none, "" and ``missing`` or ``ambiguous``."""

    oid: str
    kind: str


def resolve(git: Git, revision: str, *, is_shallow: bool) -> str:
    """See ``Repository.resolve``.

    The revision goes through standard input, so it cannot be taken for an option.
    """
    name = repr(shown(revision))
    if not revision or len(revision) > _LENGTH_LIMIT or not revision.isprintable():
        raise UsageError(f"{name} is no revision; name a commit, branch or tag")
    if _UPSTREAM.search(revision):
        raise UsageError(
            f"cannot resolve {name}: seawall does not read a repository's settings, so it knows no "
            f"upstream; name the branch itself, as in 'origin/main'"
        )
    commit, itself, remote = _look_up(
        git,
        f"{revision}^{{commit}}",
        revision,
        f"refs/remotes/origin/{revision}^{{commit}}",
    )
    if commit.kind == "commit":
        return commit.oid
    if "ambiguous" in (commit.kind, itself.kind):
        raise UsageError(f"the revision {name} is ambiguous; write more of its hash")
    if itself.oid:
        raise UsageError(
            f"{name} names a {itself.kind}, not a commit; name a commit, branch or tag"
        )
    raise UsageError(_unknown(revision, is_known_remotely=remote.kind == "commit",
                              is_shallow=is_shallow))  # fmt: skip


def _look_up(git: Git, *names: str) -> "list[_Object]":
    question = "".join(name + "\n" for name in names).encode("utf-8", "surrogateescape")
    with git.start(["cat-file", "--batch-check"], iter([question])) as process:
        text = b""
        while piece := process.read():
            text += piece
        if process.exit_code() and "@{" in names[0]:  # of a reflog that is not there or too short
            raise UsageError(
                f"cannot resolve {shown(names[1])!r}: {process.complaint()}; name a commit"
            )
        process.check()
    lines = text.decode("utf-8", "replace").split("\n")[:-1]
    if len(lines) != len(names):
        raise InputError(f"git cat-file answers {text[:80]!r}, which is not understood; {REPORT}")
    return [_object(line) for line in lines]


def _object(answer: str) -> _Object:
    """Read ``OID KIND SIZE``, or ``NAME missing`` with blanks in the name perhaps."""
    words = answer.split(" ")
    if len(words) == 3 and OID.fullmatch(words[0]) and words[2].isdecimal():
        return _Object(words[0], words[1])
    return _Object("", words[-1])


def _unknown(revision: str, *, is_known_remotely: bool, is_shallow: bool) -> str:
    name = repr(shown(revision))
    if is_known_remotely:
        return f"unknown revision {name}; did you mean 'origin/{revision}'?"
    if is_shallow:
        return (
            f"{name} is not in this shallow clone; fetch it with 'git fetch --depth 1 origin "
            f"REVISION' or everything with 'git fetch --unshallow' (GitHub: fetch-depth: 0, "
            f"GitLab: GIT_DEPTH: 0)"
        )
    if revision in ("HEAD", "@"):
        return f"{name} names nothing: the branch has no commit yet; make the first one"
    return f"unknown revision {name}; 'git branch --all' and 'git tag' list what there is"


def is_unborn(git: Git) -> bool:
    """See ``Repository.is_unborn``."""
    with git.start(["rev-parse", "--verify", "--quiet", "HEAD"]) as process:
        while process.read():
            pass
        if process.exit_code() == 1:
            return True
        process.check()
    return False


def merge_base(git: Git, one: str, other: str) -> str | None:
    """See ``Repository.merge_base``; arguments are oids."""
    with git.start(["merge-base", one, other]) as process:
        text = b""
        while piece := process.read():
            text += piece
        if process.exit_code() == 1:
            return None
        process.check()
    return text.decode("ascii").split("\n")[0]
