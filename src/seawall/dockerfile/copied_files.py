"""The files of the build context, and where COPY and ADD put them."""

import posixpath

from seawall.dockerfile.rule import Context
from seawall.dockerfile.stages import Stage, Step
from seawall.dockerfile.steps import DEFAULT_PATH
from seawall.text.dockerfile.heredocs import is_heredoc


def is_sent(step: Step) -> bool:
    """Whether COPY or ADD takes files from the build context."""
    return step.name in {"COPY", "ADD"} and step.instruction.flag("from") is None


def text_at(stage: Stage, path: str, context: Context) -> str | None:
    """The text of a file of the image, by its whole path; ``None`` where it is not from here."""
    found: str | None = None
    for step in stage.chain_steps():
        if is_sent(step) and len(step.arguments) >= 2 and step.arguments[-1].known:
            found = _brought(step, path, context) or found
    return found


def _brought(step: Step, path: str, context: Context) -> str | None:
    """The text that COPY or ADD puts at a path, if it does."""
    target = step.arguments[-1].text
    directory = target.endswith(("/", "/.")) or target == "." or len(step.arguments) > 2
    whole = posixpath.normpath(posixpath.join(step.workdir.text or "/", target))
    documents = iter(step.instruction.heredocs)
    for word, value in zip(step.instruction.arguments[:-1], step.arguments, strict=False):
        document = next(documents, None) if is_heredoc(word.text) else None
        name = document.name if document is not None else posixpath.basename(value.text)
        is_here = (posixpath.join(whole, name) if directory else whole) == path
        if document is not None:
            if is_here:
                data = step.stage.file.data[document.body_start : document.body_end]
                return data.decode("utf-8", "surrogateescape")
        elif is_here:
            return context.read(posixpath.normpath(value.text.lstrip("/") or "."))
        elif path.startswith(f"{whole.rstrip('/')}/"):  # a directory with what is in it
            below = path[len(whole.rstrip("/")) + 1 :]
            source = posixpath.normpath(posixpath.join(value.text.lstrip("/") or ".", below))
            text = context.read(source)
            if text is not None:
                return text
    return None


def program_text(step: Step, name: str, context: Context) -> str | None:
    """The text of the program that a step calls by a name or a path; ``None`` as above."""
    if "/" in name:
        directories = [step.workdir.text or "/"]
    else:
        directories = (step.environment.get("PATH") or DEFAULT_PATH).split(":")
    for directory in directories:
        text = text_at(step.stage, posixpath.normpath(posixpath.join(directory, name)), context)
        if text is not None:
            return text
    return None


# Archives -------------------------------------------------------------------------------------

_PACKED = (b"BZh", b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
"""How bzip2, gzip, xz and zstd begin."""
_CHECKSUM = slice(148, 156)
"""Of a tar header's first block of 512 bytes (POSIX.1-1988, ustar)."""


def may_be_unpacked(text: str) -> bool:
    """Whether ADD may take a file of this content for an archive: it is tar, or compressed.

    That is what moby's ``archive.IsArchivePath`` looks at; what is compressed is not read further.
    """
    data = text.encode("utf-8", "surrogateescape")
    if data.startswith(_PACKED):
        return True
    header = data[:512]
    digits = header[_CHECKSUM].strip(b" \0")
    if len(header) < 512 or not digits or digits.strip(b"01234567"):
        return False
    total = sum(header) - sum(header[_CHECKSUM]) + len(b" " * 8) * ord(" ")
    return int(digits, 8) == total
