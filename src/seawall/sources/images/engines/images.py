"""Images that an engine holds: which one a name means, and its archive.

Docker's Engine API (``GET /images/NAME/json``, ``GET /images/NAME/get``), which podman has as well.
Paths without a version mean the newest that an engine has.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from seawall.core.lazy import pattern
from seawall.sources.images.engines.connection import CHUNK, asked
from seawall.sources.images.engines.errors import EngineError
from seawall.sources.images.engines.places import Engine
from seawall.sources.images.platforms import Platform, of_value

MAX_ANSWER = 4 << 20
"""Bytes of what is told about an image."""
MAX_ARCHIVE = 32 << 30
"""Bytes of an archive: it lies in ``$TMPDIR`` while it is read."""
SAVE_PATIENCE = 600.0
"""Seconds: some engines make the whole archive before they send the first byte."""
_LEFT_FREE = 64 << 20
"""Bytes of the disk that are left to others."""
_IDENTITY = pattern(r"(?:sha256:)?[0-9a-f]{64}")
_SHORT = pattern(r"(?:sha256:)?[0-9a-f]{12,64}")
_PLATFORMS, _INSPECTED_PLATFORMS = (1, 48), (1, 49)
"""The versions of the API since which a platform can be chosen."""


class Held(NamedTuple):
    """An image that an engine holds."""

    engine: Engine
    identity: str
    """``sha256:...``: of its configuration, or of its manifest with the store of containerd."""
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    """``registry/repository@sha256:...``, of the manifests that it was pulled by."""
    platform: Platform | None
    size: int
    """Bytes, as the engine counts them; -1 where it does not."""


def find(engine: Engine, name: str, platform: Platform | None = None) -> Held | None:
    """The image that an engine means by a name; ``None`` where it holds none.

    Raises ``EngineError`` where it cannot be asked.
    """
    query = _platform_query(engine, platform, _INSPECTED_PLATFORMS)
    with asked(engine, f"/images/{quote(name, safe='/:@')}/json{query}") as answer:
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise _refused(engine, name, answer)
        value = _object(engine, answer)
    identity = value.get("Id")
    if not isinstance(identity, str) or not _IDENTITY.fullmatch(identity):
        raise EngineError(
            f"{engine.kind}: tells no id of {name}; save the image to a file", kind="not-supported"
        )
    size = value.get("Size")
    about = {"os": value.get("Os"), "architecture": value.get("Architecture"),
             "variant": value.get("Variant")}  # fmt: skip
    return Held(
        engine,
        identity if ":" in identity else f"sha256:{identity}",
        _texts(value.get("RepoTags")),
        _texts(value.get("RepoDigests")),
        of_value(about),
        size if isinstance(size, int) and size >= 0 else -1,
    )


def is_identity(name: str) -> bool:
    """Whether a name is the id of an image: an engine takes its beginning, too."""
    return _SHORT.fullmatch(name) is not None


def save(
    held: Held, name: str, platform: Platform | None = None, *, limit: int = MAX_ARCHIVE,
    patience: float = SAVE_PATIENCE,
) -> BinaryIO:  # fmt: skip
    """The archive of an image (as of ``docker save``), in a file without a name.

    By its name, so that the archive tells its tags. Whoever gets the file closes it, which frees
    the space. Raises ``EngineError``.
    """
    engine = held.engine
    query = _platform_query(engine, platform, _PLATFORMS)
    path = f"/images/{quote(name, safe='/:@')}/get{query}"
    spool = tempfile.TemporaryFile(prefix="seawall-")  # noqa: SIM115 - it is given out
    try:
        with asked(engine, path, patience) as answer:
            _copied(engine, name, answer, spool, limit)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return spool


def path_of(file: BinaryIO) -> str:
    """A path that leads to an open file, as long as it is open."""
    directory = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    return f"{directory}/{file.fileno()}"


def _copied(engine: Engine, name: str, answer: HTTPResponse, spool: BinaryIO, limit: int) -> None:
    if answer.status != 200:
        raise _refused(engine, name, answer)
    size = 0
    while chunk := answer.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise EngineError(
                f"{engine.kind}: the archive of {name} has more than {limit >> 20} MB; save the "
                "image to a file and give that",
                kind="too-large",
            )
        if size % (64 << 20) < len(chunk):
            _see_space(engine, name)
        try:
            spool.write(chunk)
        except OSError as error:
            raise _full(engine, name, error.strerror or str(error)) from None
    # Unlike other answers one of unknown length may just end: an archive then has no end either.
    if answer.length:
        raise EngineError(
            f"{engine.kind}: the archive of {name} ended {answer.length} bytes too early; see "
            "whether the engine runs, or save the image to a file",
            kind="broken",
        )
    if not size:
        raise EngineError(
            f"{engine.kind}: the archive of {name} is empty; save the image to a file",
            kind="broken",
        )


def _see_space(engine: Engine, name: str) -> None:
    status = os.statvfs(tempfile.gettempdir())
    if status.f_bavail * status.f_frsize < _LEFT_FREE:
        raise _full(engine, name, "no space left")


def _full(engine: Engine, name: str, reason: str) -> EngineError:
    return EngineError(
        f"{engine.kind}: cannot keep the archive of {name} in {tempfile.gettempdir()}: {reason}; "
        "name a directory with more space with TMPDIR, or save the image to a file",
        kind="too-large",
    )


def _platform_query(engine: Engine, platform: Platform | None, since: tuple[int, int]) -> str:
    """What chooses a platform, for engines that hold several of an image."""
    if platform is None or _version(engine) < since:
        return ""
    about = {"os": platform.os, "architecture": platform.architecture}
    if platform.variant:
        about["variant"] = platform.variant
    return f"?platform={quote(json.dumps(about, separators=(',', ':')))}"


def _version(engine: Engine) -> tuple[int, int]:
    with asked(engine, "/_ping") as answer:
        told = answer.headers.get("Api-Version", "")
    major, _, minor = told.partition(".")
    if not (major.isdecimal() and minor.isdecimal() and len(told) < 12):
        return 0, 0
    return int(major), int(minor)


def _object(engine: Engine, answer: HTTPResponse) -> Mapping[str, Any]:
    data = answer.read(MAX_ANSWER + 1)
    try:
        value = json.loads(data) if len(data) <= MAX_ANSWER else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise EngineError(
            f"{engine.kind}: {engine.address} answers as no engine does; see whether it is one, or "
            "save the image to a file",
            kind="not-supported",
        )
    return value


def _refused(engine: Engine, name: str, answer: HTTPResponse) -> EngineError:
    status = answer.status
    try:
        value = json.loads(answer.read(8192))
        told = value.get("message") if isinstance(value, dict) else ""
    except (ValueError, RecursionError):
        told = ""
    text = told if isinstance(told, str) else ""
    text = "".join(char if char.isprintable() else " " for char in text)[:200]
    return EngineError(
        f"{engine.kind}: does not give {name}: it answers {status}{f' ({text})' if text else ''}; "
        "see its log, or save the image to a file",
        kind="not-found" if status == 404 else "denied" if status in (401, 403) else "broken",
    )


def _texts(value: object) -> tuple[str, ...]:
    """The texts of a list; ``<none>`` stands for none."""
    items = value if isinstance(value, list) else []
    return tuple(item for item in items if isinstance(item, str) and "<none>" not in item)
