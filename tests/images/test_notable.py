"""Which files rules may want to see: the quick answer is that of all that is asked for."""

import stat

from hypothesis import given
from hypothesis import strategies as st

from seawall.images import credential_files, leftover_files, notable
from seawall.images.names import PROGRAM_DIRECTORIES, PROGRAMS

PARTS = st.sampled_from((
    *sorted(PROGRAMS)[:6], *sorted(credential_files.KNOWN_NAMES),
    *sorted(leftover_files.KNOWN_NAMES),
    "a.pem", "b.key", "ssh_host_rsa_key", ".env.local", ".env.example", "core.12", "core.x", ".git",
    ".idea", ".vscode", "node_modules", "doc", "usr", "bin", "etc", "passwd", "x", "a.txt", "lock",
))  # fmt: skip
STARTS = st.sampled_from(("", *PROGRAM_DIRECTORIES, *leftover_files.CACHES, "etc", "root"))


def slowly(path: str, mode: int) -> bool:
    if mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH) and not stat.S_ISLNK(mode):
        return True
    directory, _, name = path.rpartition("/")
    return (
        (name in PROGRAMS and directory in PROGRAM_DIRECTORIES)
        or path in notable.ACCOUNTS
        or leftover_files.kind_of(path) is not None
        or credential_files.kind_of(path) is not None
    )


@given(STARTS, st.lists(PARTS, min_size=1, max_size=4), st.sampled_from((0o644, 0o4755, 0o666)))
def test_the_quick_answer(start: str, parts: list[str], mode: int) -> None:
    path = "/".join(part.strip("/") for part in (start, *parts) if part)
    assert notable.is_notable(path, stat.S_IFREG | mode) == slowly(path, stat.S_IFREG | mode)
