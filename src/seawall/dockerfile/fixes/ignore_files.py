"""Ignore files that keep secrets and history out of what COPY takes in."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from seawall.core import lazy
from seawall.core.edit import Edit, Proposal, Safety
from seawall.dockerfile.context import BuildContext
from seawall.dockerfile.ignores import IgnoreFile, parse_ignores
from seawall.dockerfile.rule import Context
from seawall.dockerfile.sources import is_git, is_web_address
from seawall.dockerfile.stages import Build, Step
from seawall.text.dockerfile.heredocs import is_heredoc

_HEADER = "# What must not be sent to the builder.\n"
_HISTORY = "**/.git"
_SECRETS = (
    "**/.env", "**/.env.*", "**/*.pem", "**/*.key", "**/*.p12", "**/*.pfx", "**/*.jks",
    "**/*.keystore", "**/id_rsa", "**/id_dsa", "**/id_ecdsa", "**/id_ed25519", "**/.npmrc",
    "**/.pypirc", "**/.netrc", "**/.git-credentials", "**/.htpasswd", "**/.aws", "**/.azure",
    "**/.docker", "**/.gnupg", "**/.kube", "**/.ssh", "**/kubeconfig", "**/credentials.json",
)  # fmt: skip
"""Files of credentials, by the names that their programs give them."""
_MADE_BY = {
    "**/node_modules": ("npm", "yarn", "pnpm"),
    "**/__pycache__": ("pip", "pip3", "python", "python3"),
}
"""What a build makes anew, and who makes it."""
_OWN = ("**/Dockerfile*", "**/.dockerignore")
_PUBLIC = lazy.pattern(r"(?:pub|public|cert|certificate|chain|ca)(?:[._-]|\Z)", re.IGNORECASE)
_NO_MATTER = lazy.pattern(r"(?:^|/)(?:Dockerfile[^/]*|\.dockerignore|__pycache__/.*)$")
"""What no program of an image reads."""
_WILDCARD = lazy.pattern(r"[*?\[\\]")
_MAX_SIZE = 1024 * 1024
"""Bytes of an ignore file that are looked at: one as long may be longer."""


def keep_out(build: Build, context: Context, secret: Callable[[str], bool]) -> Iterator[Proposal]:
    """Make the ignore file, or add to it, so that no file that ``secret`` names is sent.

    Nothing is left out that COPY, ADD or a mount names: where one of them names what a variable
    decides, nothing is proposed. What the author brings back by a ``!`` pattern stays.
    """
    around, files = context.surroundings, context.files
    named = _named(build, files)
    if files is None or not files.complete or named is None or not around.ignore_path:
        return
    asks_git = "git" in _called(build)

    def removable(name: str) -> bool:
        return secret(name) and not (asks_git and name.endswith(".git/"))

    text = around.ignore_file
    if text is None:
        patterns = _allowed(_new_patterns(build, files), "", named)
        patterns += _missing("".join(f"{line}\n" for line in patterns), files, named, removable)
        if patterns:
            content = _HEADER + "".join(f"{line}\n" for line in patterns)
            made = Edit(around.ignore_path, 0, 0, content, creates=True)
            title = f"Make {posixpath.basename(around.ignore_path)}"
            safety, effect = _loses("", content, files)
            brings = _brings(content, files, secret)
            yield Proposal(title, (), safety, effect, elsewhere=(made,), brings=brings)
        return
    size = len(text.encode("utf-8", "surrogateescape"))
    added = _missing(text, files, named, removable)
    if not added or size >= _MAX_SIZE:
        return
    newline = "\r\n" if "\r\n" in text else "\n"
    lead = newline if text and not text.endswith("\n") else ""
    lines = lead + "".join(f"{line}{newline}" for line in added)
    name = posixpath.basename(around.ignore_path)
    safety, effect = _loses(text, text + lines, files)
    yield Proposal(
        f"Add {' '.join(added)} to {name}", (), safety, effect,
        elsewhere=(Edit(around.ignore_path, size, size, lines),),
        brings=_brings(text + lines, files, secret),
    )  # fmt: skip


def _loses(before: str, after: str, files: BuildContext) -> tuple[Safety, str]:
    """Whether files that are there now would not be sent any more: a program may read them."""
    old, new = parse_ignores(before), parse_ignores(after)
    lost = [
        name
        for name in files.files
        if new.excludes(name) and not old.excludes(name) and not _NO_MATTER.search(name)
    ]
    if not lost:
        return Safety.SAFE, ""
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    verb = "are" if len(lost) > 1 else "is"
    effect = f"{lost[0].rstrip('/')}{more} {verb} no longer there, in the build nor in the image"
    return Safety.UNSAFE, effect


def _brings(text: str, files: BuildContext, secret: Callable[[str], bool]) -> tuple[str, ...]:
    """The rules that go on reporting what an instruction takes by name."""
    ignores = parse_ignores(text)
    left = any(secret(name) and not ignores.excludes(name) for name in files.files)
    return ("dockerignore-incomplete", "secret-file-copied") if left else ()


def _named(build: Build, files: BuildContext | None) -> list[str] | None:
    """The paths of the context that instructions name; ``None`` where not all are known."""
    found: list[str] = []
    for step in build.steps():
        for path in _sources(step):
            if path is None:
                return None
            if not _WILDCARD.search(path):
                found.append(path)
                continue
            pattern = parse_ignores(path)
            matching = (name for name in files.files if pattern.excludes(name)) if files else ()
            found += [name.rstrip("/") for name in matching]
    return [path for path in found if path != "."]


def _sources(step: Step) -> Iterator[str | None]:
    """What a step takes from the context; ``None`` for what a variable decides."""
    if step.name in {"COPY", "ADD"} and step.instruction.flag("from") is None:
        words = zip(step.instruction.arguments[:-1], step.arguments, strict=False)
        for word, value in words:
            if is_heredoc(word.text) or is_web_address(value.text) or is_git(value.text):
                continue
            yield _cleaned(value.text) if value.known else None
    for mount in step.mounts:
        if mount.type == "bind" and not mount.source_stage:
            yield _cleaned(mount.source)


def _cleaned(path: str) -> str:
    return posixpath.normpath(f"./{path}".replace("//", "/").lstrip("/")) if path else "."


def _called(build: Build) -> set[str]:
    """The names of all commands that the build calls."""
    return {
        command.name
        for step in build.steps() if step.name == "RUN"
        for script in step.scripts
        for command in script.commands
    }  # fmt: skip


def _new_patterns(build: Build, files: BuildContext) -> list[str]:
    called = _called(build)
    found = [] if "git" in called else [_HISTORY]
    found += _but_public(_SECRETS, files)
    found += [pattern for pattern, makers in _MADE_BY.items() if called.intersection(makers)]
    return [*found, *_OWN]


def _but_public(patterns: Iterable[str], files: BuildContext) -> list[str]:
    """The patterns that take no certificates away: programs need them."""
    public = [name for name in files.files if _PUBLIC.search(posixpath.basename(name))]
    return _allowed(patterns, "", public)


def _allowed(patterns: Iterable[str], before: str, named: list[str]) -> list[str]:
    """The patterns that take nothing away which an instruction names."""
    kept = parse_ignores(before)
    wanted = [path for path in named if not kept.excludes(path)]
    parsed = ((pattern, parse_ignores(pattern)) for pattern in patterns)
    return [text for text, pattern in parsed if not any(map(pattern.excludes, wanted))]


def _missing(
    text: str, files: BuildContext, named: list[str], secret: Callable[[str], bool]
) -> list[str]:
    """The patterns that leave out what an ignore file lets through: general, else by its name."""
    ignores = parse_ignores(text)
    brought_back = IgnoreFile(
        tuple(pattern._replace(negated=False) for pattern in ignores.patterns if pattern.negated)
    )
    sent = [name for name in files.files if secret(name) and not ignores.excludes(name)]
    sent = [name for name in sent if not brought_back.excludes(name)]
    general = _allowed([_HISTORY, *_but_public(_SECRETS, files)], text, named)
    found: list[str] = []
    for name in sent:
        if parse_ignores("\n".join(found)).excludes(name) or any(
            path.startswith(name) for path in named
        ):
            continue
        by_name = [name.rstrip("/")] if not _WILDCARD.search(name) else []
        candidates = [*general, *_allowed(by_name, text, named)]
        chosen = next((one for one in candidates if parse_ignores(one).excludes(name)), None)
        if chosen is not None:
            found.append(chosen)
    return found
