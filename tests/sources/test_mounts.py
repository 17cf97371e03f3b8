"""Mounts, and which of them are no part of the installed system."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from seawall.sources.mounts import _read, foreign, mounts

LINES = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
28 27 254:1 / /srv rw,relatime - xfs /dev/vdb rw
29 27 254:0 /var/data /exported rw,relatime - ext4 /dev/vda rw
30 27 0:30 / /home rw - nfs4 server:/home rw
31 27 0:31 / /var/lib/docker/overlay2/1/merged rw - overlay overlay rw
32 27 0:33 /@ /pool/a rw - btrfs /dev/vdc rw
33 27 0:33 /@home /pool/b rw - btrfs /dev/vdc rw
34 27 0:40 / /with\\040blank rw - fuse.sshfs host: rw
35 27 0:41 / /wide rw
broken
"""


def test_what_is_no_part_of_the_system(tmp_path: Path) -> None:
    path = tmp_path / "mountinfo"
    path.write_text(LINES)
    found = {each.path: each for each in foreign(mounts(str(path)))}
    assert list(found) == [
        "/exported", "/home", "/proc", "/var/lib/docker/overlay2/1/merged", "/with blank",
    ]  # fmt: skip
    assert found["/exported"].reason == "is seen at another place as well (a bind mount)"
    assert "(nfs4)" in found["/home"].reason
    assert found["/home"].remedy
    assert not found["/proc"].remedy


def test_no_file_of_mounts(tmp_path: Path) -> None:
    assert mounts(str(tmp_path / "none")) == []


@given(st.text(alphabet=" -/\\019ab\n:", max_size=200))
def test_odd_lines_are_left_out(text: str) -> None:
    foreign(_read(text))
