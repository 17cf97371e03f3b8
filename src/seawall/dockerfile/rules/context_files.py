"""Rules about the build context and its ignore file."""

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

from seawall.core import lazy
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.context import BuildContext
from seawall.dockerfile.copied_files import is_sent
from seawall.dockerfile.fixes.ignore_files import keep_out
from seawall.dockerfile.ignores import IgnoreFile, parse_ignores
from seawall.dockerfile.rule import Context, file_rule, step_rule
from seawall.dockerfile.rules.copying import local_sources
from seawall.dockerfile.stages import Build, Step
from seawall.text.dockerfile.tree import Word

_ignores = lru_cache(maxsize=8)(parse_ignores)
"""The ignore file of a project serves each COPY of each of its Dockerfiles."""
_WILDCARD = lazy.pattern(r"[*?\[\\]")
_EVERYTHING = frozenset(("*", "**", "**/*"))


def _path(source: str) -> str:
    """A source as a path from the root of the context on; ``.`` for all of it."""
    return posixpath.normpath(f"./{source}".replace("//", "/").lstrip("/")) if source else "."


@step_rule(
    "copy-ignored",
    instructions=("COPY", "ADD"),
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Take the file out of the ignore file (!path), or copy something else.",
    aliases=("CopyIgnoredFile",),
)
def copy_ignored(step: Step, context: Context) -> Hits:
    """COPY must not name files that the ignore file keeps out.

    Reports sources of COPY and ADD that the ignore file excludes with all below them. Unlike the
    check of BuildKit it follows ``!`` patterns: with them the last pattern that matches decides.

    Why:

    The builder never gets the file: the build fails with "not found", on another machine than
    yours perhaps.

    Bad:

        # ignore: dist
        FROM nginx:1.29
        COPY dist/index.html /usr/share/nginx/html/

    Good:

        # ignore: dist !dist/index.html
        FROM nginx:1.29
        COPY dist/index.html /usr/share/nginx/html/

    Not reported:
    Sources with wildcards where the files of the context are not known. Directories into which a
    ``!`` pattern brings something back.

    References:
    https://docs.docker.com/reference/build-checks/copy-ignored-file/
    """
    text = context.surroundings.ignore_file
    if text is None or not is_sent(step):
        return
    ignores = _ignores(text)
    words = step.instruction.arguments
    for value in local_sources(step):
        path = _path(value.text)
        if value.known and _is_ignored(path, ignores, context):
            word = _word(step, value.text) or words[0]
            name = context.surroundings.ignore_path or ".dockerignore"
            yield Hit(f"{value.text} is kept out by {name}", edits.place(word), evidence=value.text)


def _word(step: Step, text: str) -> Word | None:
    pairs = zip(step.instruction.arguments, step.arguments, strict=False)
    return next((word for word, value in pairs if value.text == text), None)


def _is_ignored(path: str, ignores: IgnoreFile, context: Context) -> bool:
    if path == "." or path.startswith(".."):
        plain = [pattern for pattern in ignores.patterns if pattern.matcher is not None]
        all_out = any(one.text in _EVERYTHING and not one.negated for one in plain)
        return path == "." and all_out and not ignores.has_negations
    if _WILDCARD.search(path):
        files = context.files
        if files is None or not files.complete:
            return False
        found = [file.rstrip("/") for file in files.files if _matches(file.rstrip("/"), path)]
        return bool(found) and all(_is_out(file, ignores) for file in found)
    return _is_out(path, ignores)


def _is_out(path: str, ignores: IgnoreFile) -> bool:
    """Whether a file or a directory with all below it stays outside."""
    if not ignores.excludes(path):
        return False
    return not any(
        pattern.negated and (pattern.text.startswith(f"{path}/") or _WILDCARD.search(pattern.text))
        for pattern in ignores.patterns
    )


def _matches(file: str, pattern: str) -> bool:
    parts, wanted = file.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


# What must stay outside -----------------------------------------------------------------------

_SECRET_NAMES = (
    ".env", ".env.*", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "id_rsa",
    "id_dsa", "id_ecdsa", "id_ed25519", ".npmrc", ".pypirc", ".netrc", ".git-credentials",
    ".htpasswd", "kubeconfig", "credentials.json",
)  # fmt: skip
_SECRET_DIRECTORIES = (".git/", ".aws/", ".ssh/", ".kube/", ".gnupg/", ".azure/", ".docker/")
_EXAMPLES = lazy.pattern(r"\.(?:example|sample|template|dist|tpl|defaults?)$|\.pub$")


def is_sensitive(file: str) -> bool:
    """Whether a file, or a directory (with ``/``), holds secrets or history by its name."""
    name = posixpath.basename(file.rstrip("/"))
    if file.endswith("/"):
        return f"{name}/" in _SECRET_DIRECTORIES
    named = any(fnmatchcase(name, pattern) for pattern in _SECRET_NAMES)
    return named and not _EXAMPLES.search(name)


def sensitive(files: BuildContext, ignores: IgnoreFile) -> Iterator[str]:
    """Files and directories of a context that hold secrets or history, and are not kept out."""
    shown: list[str] = []
    for file in files.files:
        inside = any(file.startswith(directory) for directory in shown)
        if is_sensitive(file) and not inside and not ignores.excludes(file):
            if file.endswith("/"):
                shown.append(file)
            yield file


def _whole_copies(build: Build, context: Context) -> list[Step]:
    """The instructions that copy the whole context into a layer of the final image."""
    return [
        step
        for step in build.steps()
        if is_sent(step)
        and not step.triggered
        and context.is_in_final_image(step.stage)
        and any(value.text and _path(value.text) in {".", "*"} for value in step.arguments[:-1])
    ]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


@file_rule(
    "dockerignore-missing",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Write a .dockerignore with .git, .env* and what else must not be in the image.",
    aliases=("mint:ID.10001",),
)
def dockerignore_missing(build: Build, context: Context) -> Hits:
    """Who copies the whole context must say what stays outside.

    Reports COPY and ADD of the whole context into the final image where there is no ignore file.
    The severity is medium where the context holds files with secrets, or the git history.

    Why:

    All that lies in the directory is sent to the builder and becomes part of the image: the git
    history, keys, local settings.

    Bad:

        # context: .git/ app.py
        FROM python:3.14
        COPY . /app

    Good:

        # context: .git/ app.py
        # ignore: .git
        FROM python:3.14
        COPY . /app

    Not reported:
    Files whose context is not known, and stages that are no part of the final image.

    References:
    https://docs.docker.com/build/concepts/context/#dockerignore-files
    """
    copies = _whole_copies(build, context)
    if not copies or context.surroundings.ignore_file is not None:
        return
    files = context.files
    if files is None:
        return
    found = list(sensitive(files, IgnoreFile(())))
    step = copies[0]
    message = "copies the whole context, and there is no ignore file"
    if found:
        message += f": {_listed(found)} would be part of the image"
    severity = Severity.MEDIUM if found else None
    yield Hit(message, edits.place(step.instruction.keyword), severity,
              container=step.stage.label, evidence=step.instruction.rest.text[:80],
              fixes=tuple(keep_out(build, context, is_sensitive)))  # fmt: skip


@file_rule(
    "dockerignore-incomplete",
    severity=Severity.MEDIUM,
    remedy="Add them to the ignore file.",
    aliases=("mint:ID.10002",),
)
def dockerignore_incomplete(build: Build, context: Context) -> Hits:
    """The ignore file must keep secrets and the git history out.

    Reports COPY and ADD of the whole context into the final image where the context holds such
    files and the ignore file does not exclude them: ``.git``, ``.env``, private keys, credentials
    of tools.

    Why:

    They become part of the image, and everybody who can pull it can read them.

    Bad:

        # context: .env .git/ app.py
        # ignore: .git
        FROM python:3.14
        COPY . /app

    Good:

        # context: .env .git/ app.py
        # ignore: .git .env*
        FROM python:3.14
        COPY . /app

    Not reported:
    Examples (``.env.example``), public keys, and files whose context is not known.
    """
    copies = _whole_copies(build, context)
    text = context.surroundings.ignore_file
    if not copies or text is None:
        return
    files = context.files
    if files is None:
        return
    found = list(sensitive(files, _ignores(text)))
    if found:
        step = copies[0]
        confidence = None if files.complete else Confidence.MEDIUM
        message = f"copies the whole context with {_listed(found)}"
        yield Hit(message, edits.place(step.instruction.keyword), confidence=confidence,
                  container=step.stage.label, evidence=" ".join(found[:3]),
                  fixes=tuple(keep_out(build, context, is_sensitive)))  # fmt: skip
