"""The cache of the dynamic linker without what is gone; ldconfig is the referee."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.patching.linker_cache import without_dead
from tests.patching.makers import Deb, debian
from tests.patching.support import files_of, patch_with

_LIBRARIES = [path for path in (Path("/etc/ld.so.cache"),) if path.is_file()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with libraries of this machine and a cache that ldconfig made of them."""
    if not shutil.which("ldconfig") or not shutil.which("gcc"):
        pytest.skip("ldconfig or a compiler is not here")
    made = tmp_path / "root"
    (made / "lib").mkdir(parents=True)
    (made / "etc").mkdir()
    (made / "etc/ld.so.conf").write_text("/lib\n")
    for name in ("one", "two", "three"):
        subprocess.run(
            ["gcc", "-shared", "-nostdlib", f"-Wl,-soname,lib{name}.so.1", "-x", "c", "/dev/null",
             "-o", made / f"lib/lib{name}.so.1"],
            check=True,
        )  # fmt: skip
    subprocess.run(["ldconfig", "-r", made], check=True, capture_output=True)
    return made


def listed(root: Path) -> str:
    return subprocess.run(["ldconfig", "-r", root, "-p"], check=True, capture_output=True,
                          text=True).stdout  # fmt: skip


def test_what_is_gone_is_taken_out(root: Path) -> None:
    cache = root / "etc/ld.so.cache"
    data = cache.read_bytes()
    assert without_dead(data, lambda _path: True) == data
    made = without_dead(data, lambda path: "two" not in path)
    assert made is not None
    cache.write_bytes(made)
    theirs = listed(root)
    assert "libone.so.1" in theirs
    assert "libthree.so.1" in theirs
    assert "libtwo" not in theirs
    assert theirs.startswith("2 libs found")
    (root / "lib/libtwo.so.1").unlink()
    subprocess.run(["ldconfig", "-r", root], check=True, capture_output=True)
    assert listed(root) == theirs


def test_an_image_gets_it(root: Path, tmp_path: Path) -> None:
    old = Deb("libs", "1", {f"lib/lib{name}.so.1": b"1" for name in ("one", "two", "three")})
    new = Deb("libs", "2", {f"lib/lib{name}.so.1": b"2" for name in ("one", "three")})
    extra = {"etc/ld.so.cache": (root / "etc/ld.so.cache").read_bytes()}
    found = patch_with(tmp_path, debian(old, extra=extra), new)
    assert "/etc/ld.so.cache: took out the libraries that are gone" in found.notes
    (root / "etc/ld.so.cache").write_bytes(files_of(found)["etc/ld.so.cache"].content)
    assert "libtwo" not in listed(root)
    assert "libone" in listed(root)


def test_an_old_format_is_taken_away(tmp_path: Path) -> None:
    extra = {"etc/ld.so.cache": b"ld.so-1.7.0\0" + bytes(40)}
    found = patch_with(tmp_path, debian(Deb("a", "1"), extra=extra), Deb("a", "2"))
    assert "etc/ld.so.cache" not in files_of(found)


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=200, deadline=None)
def test_nothing_raises(data: bytes, there: bool) -> None:
    without_dead(b"glibc-ld.so.cache1.1" + data, lambda _path: there)
    without_dead(data, lambda _path: there)
