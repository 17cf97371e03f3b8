"""The version of Docker's front end that an edit needs."""

from seawall.core.edit import Change
from seawall.core.lazy import pattern
from seawall.dockerfile.lines import line_end
from seawall.text.dockerfile.tree import Dockerfile

_OFFICIAL = pattern(r"(?:docker\.io/)?docker/dockerfile:1(?:\.(\d{1,4}))?(?:[.@-].*)?")


def wanted_syntax(file: Dockerfile, minor: int) -> tuple[Change, ...] | None:
    """What makes sure that the front end is ``1.minor`` or newer; ``None`` where nothing can.

    Without ``# syntax=`` the builder's own front end decides, which may be any version. The
    directive must be the first line.
    https://docs.docker.com/build/buildkit/frontend/
    """
    if file.syntax:
        found = _OFFICIAL.fullmatch(file.syntax)
        is_new = found is not None and (found[1] is None or int(found[1]) >= minor)
        return () if is_new else None
    start = 3 if file.data.startswith(b"\xef\xbb\xbf") else 0
    if file.data.startswith(b"#!", start):
        return None
    return (Change(start, start, f"# syntax=docker/dockerfile:1{line_end(file)}"),)
