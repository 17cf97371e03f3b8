"""What a record says in words, as a small blob that is unpacked when somebody asks for it.

A blob is JSON with short keys; the text that a source's records share stands in a dictionary of
that source, so that a record of 800 bytes takes 250.
"""

from collections.abc import Sequence
from typing import Any

from seawall.advisories.advisory import Advisory, Metadata, Score
from seawall.core.named_tuple import NamedTuple

MAX_SUMMARY = 120
"""Characters of a title, where only titles are kept."""
_MAX_DETAILS = 20_000
_MAX_REFERENCES = 100
_PLAIN, _PACKED = b"\x00", b"\x01"
_DICTIONARY = 32 * 1024
"""Bytes; the window of zlib is no larger."""


class Detail(NamedTuple):
    """What a record says beside who is affected."""

    summary: str = ""
    details: str = ""
    scores: tuple[Score, ...] = ()
    cwes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    aliases: tuple[str, ...] = ()
    licence: str = ""
    ssvc: str = ""
    cpes: tuple[str, ...] = ()


class Kept(NamedTuple):
    """How much of a record's words a database keeps."""

    details: bool = True
    references: bool = True
    cpes: bool = True


_KEYS = "sdcwrpmalve"
"""One for each field of ``Detail``, in their order."""


def of_advisory(advisory: Advisory) -> Detail:
    """The words of an advisory."""
    return Detail(
        advisory.summary, advisory.details, advisory.scores, advisory.cwes, advisory.references,
        advisory.published, advisory.modified, advisory.aliases, advisory.licence,
    )  # fmt: skip


def of_metadata(metadata: Metadata) -> Detail:
    """The words of what is known of a CVE."""
    return Detail(
        metadata.title, "", metadata.scores, metadata.cwes, metadata.references,
        metadata.published, metadata.modified, ssvc=metadata.ssvc, cpes=metadata.cpes,
    )  # fmt: skip


def encoded(detail: Detail, kept: Kept) -> bytes:
    """A detail as bytes; what is empty takes none."""
    import json  # noqa: PLC0415 - not for the path of a scan without findings

    summary, details = detail.summary, detail.details[:_MAX_DETAILS]
    if not kept.details:
        summary, details = title_of(summary or details), ""
    detail = detail._replace(
        summary=summary,
        details=details,
        references=detail.references[:_MAX_REFERENCES] if kept.references else (),
        cpes=detail.cpes if kept.cpes else (),
    )
    facts: dict[str, object] = {
        key: value for key, value in zip(_KEYS, detail, strict=True) if value
    }
    if detail.scores:
        facts["c"] = [_score(score) for score in detail.scores]
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _score(score: Score) -> list[object]:
    return [score.source, score.vector, score.word, *([1] if score.secondary else [])]


def title_of(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text[: 4 * MAX_SUMMARY].split())
    if len(line) <= MAX_SUMMARY:
        return line
    return line[: MAX_SUMMARY - 1].rsplit(" ", 1)[0] + "…"


def decoded(data: bytes) -> Detail:
    """The detail that ``encoded`` wrote."""
    import json  # noqa: PLC0415

    facts: dict[str, Any] = json.loads(data)
    values = []
    for key in _KEYS:
        value = facts.get(key, () if key in "cwrae" else "")
        values.append(tuple(value) if isinstance(value, list) else value)
    detail = Detail._make(values)
    scores = tuple(
        Score(each[0], each[1], each[2], secondary=len(each) > 3) for each in facts.get("c", ())
    )
    return detail._replace(scores=scores)


def dictionary(samples: Sequence[bytes]) -> bytes:
    """A dictionary for blobs like some samples; the later a text in it, the shorter its marks."""
    if not samples:
        return b""
    share = max(64, _DICTIONARY // len(samples))
    return b"".join(sample[:share] for sample in samples)[-_DICTIONARY:]


def packed(data: bytes, words: bytes) -> bytes:
    """Bytes as a blob, compressed where that makes them fewer."""
    import zlib  # noqa: PLC0415 - for a build only

    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, words)
    squeezed = squeezer.compress(data) + squeezer.flush()
    return _PACKED + squeezed if len(squeezed) < len(data) else _PLAIN + data


def unpacked(blob: bytes, words: bytes) -> bytes:
    """The bytes of a blob. Raises ``ValueError`` when it is none."""
    if blob[:1] == _PLAIN:
        return blob[1:]
    if blob[:1] != _PACKED:
        raise ValueError("it is not a blob of this program")
    import zlib  # noqa: PLC0415 - a run that shows no details needs none

    try:
        return zlib.decompressobj(-15, words).decompress(blob[1:], 1 << 22)
    except zlib.error as error:
        raise ValueError(str(error)) from error
