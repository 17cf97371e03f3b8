"""What an archive is, by its first bytes: names lie, and layers have files without any."""

ENOUGH = 512
"""Bytes that tell."""
ZIP_ENDS = (".jar", ".war", ".ear", ".zip", ".whl", ".egg", ".nupkg", ".pex", ".pyz")
"""How zip archives are called that may have a program in front."""
USUAL_ENDS = (
    *ZIP_ENDS, ".tar", ".tgz", ".gz", ".xz", ".zst", ".bz2", ".deb", ".rpm", ".apk", ".docx",
    ".xlsx",
)  # fmt: skip
"""How archives are called mostly: for a guess before they are read."""
ZIP, TAR, AR, CPIO, RPM = "zip", "tar", "ar", "cpio", "rpm"
_STARTS = (
    (b"PK\x03\x04", ZIP), (b"PK\x05\x06", ZIP), (b"!<arch>\n", AR), (b"070701", CPIO),
    (b"070702", CPIO), (b"\xed\xab\xee\xdb", RPM),
)  # fmt: skip
_ANY_START = tuple(start for start, _ in _STARTS)
_MAY_BE_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_SKIPPED_FRAME = b"\x2a\x4d\x18"
"""Of zstd, behind its first byte."""
_UNREADABLE = (
    (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "RAR"), (b"MSCF\0\0\0\0", "cabinet"),
    (b"xar!", "xar"), (b"\x04\x22\x4d\x18", "LZ4"), (b"LZIP", "lzip"),
)  # fmt: skip


def kind_of(head: bytes) -> str:
    """The kind of archive or compression that data begins as; empty for none.

    A zip archive with a program in front of it is not told by them.
    """
    if head.startswith(_ANY_START):
        return next(kind for start, kind in _STARTS if head.startswith(start))
    # POSIX.1-1988 and GNU tar: the magic is at byte 257 of the first header.
    if head[257:262] == b"ustar":
        return TAR
    if not head.startswith(_MAY_BE_COMPRESSED) and head[1:4] != _SKIPPED_FRAME:
        return ""
    from seawall.sources.decompression import (  # noqa: PLC0415 - asked of each file of a scan
        kind_of as compression_of,
    )

    return compression_of(head)


def unreadable_of(head: bytes) -> str:
    """What kind of archive data is that is not read here; empty for none."""
    return next((name for start, name in _UNREADABLE if head.startswith(start)), "")


_ENDS = {".gz": "", ".bz2": "", ".xz": "", ".zst": "", ".tgz": ".tar", ".svgz": ".svg"}
"""What a file is called once it is decompressed."""


def without_end(name: str) -> str:
    """The name of what a compressed file holds: ``dump.sql`` for ``a/dump.sql.gz``."""
    base = name[name.rfind("/") + 1 :]
    for end, new in _ENDS.items():
        if base.lower().endswith(end) and len(base) > len(end):
            return base[: -len(end)] + new
    return base or "content"
