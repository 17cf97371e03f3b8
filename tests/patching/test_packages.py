"""Packages as files: hostile ones end in a line that names them, never in anything else."""

import io
import tarfile
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.core.errors import InputError
from seawall.patching import apk_package, archives, deb
from seawall.patching.apk_database import records
from seawall.patching.errors import PackageError
from seawall.sources.images.limits import Limits
from tests.patching.makers import Apk, Deb, File, Link, ar, pack, tar
from tests.patching.rsa_keys import pair

DEB = Deb("tool", "1", {"usr/bin/tool": File(b"x" * 600, 0o755), "a": Link("b")}, packed="gz")
APK = Apk("tool", "1-r0", {"usr/bin/tool": b"x" * 600, "a": Link("b")})


@pytest.mark.parametrize("packed", ["xz", "gz", "zst", "none"])
def test_a_deb_is_read(packed: str) -> None:
    found = deb.read(DEB._replace(packed=packed).bytes(), "a.deb")
    assert found.control.get("Version") == "1"
    assert [each.entry.path for each in found.files] == ["usr", "usr/bin", "usr/bin/tool", "a"]
    assert found.files[2].data == b"x" * 600
    assert found.text("md5sums") == DEB.sums


def _deb(data: bytes, control: bytes | None = None) -> bytes:
    own = tar(DEB.info) if control is None else control
    return ar({"debian-binary": b"2.0\n", "control.tar": own, "data.tar": data})


def _device() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("./dev/sda")
        info.type = tarfile.BLKTYPE
        archive.addfile(info)
    return stream.getvalue()


HOSTILE = {
    "nothing": b"",
    "no archive": b"PK\x03\x04",
    "no members": b"!<arch>\n",
    "a cut header": b"!<arch>\ndebian-binary   0",
    "a lying size": DEB.bytes().replace(b"4         `", b"999999999 `", 1),
    "a negative size": DEB.bytes().replace(b"4         `", b"-4        `", 1),
    "a member twice": DEB.bytes() + DEB.bytes()[8:],
    "another format": DEB.bytes().replace(b"2.0\n", b"9.0\n"),
    "no data": ar({"debian-binary": b"2.0\n", "control.tar": tar(DEB.info)}),
    "no control": ar({"debian-binary": b"2.0\n", "data.tar": tar({})}),
    "an empty control": _deb(tar({}), tar({"control": ""})),
    "no version": _deb(tar({}), tar({"control": "Package: a\nArchitecture: all\n"})),
    "a way out": _deb(tar({"../../etc/passwd": b"x"}, start="")),
    "a device": _deb(_device()),
    "a cut tar": _deb(tar({"a": b"x" * 2000})[:1200]),
    "a broken stream": ar({"debian-binary": b"2.0\n", "control.tar.xz": pack(tar(DEB.info), "xz"),
                           "data.tar.xz": pack(tar({}), "xz")[:-8]}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_deb_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(PackageError, match=r"^a\.deb"):
        deb.read(HOSTILE[name], "a.deb")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(total=1 << 20), "more than 1048576 bytes come out of it"),
        (Limits(free=1 << 20, ratio=50), "more than 50 times as large as its packed form"),
        (Limits(payload=1 << 20), "more than 1048576"),
        (Limits(entries=2), "more than 2 members"),
    ],
)
def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, limits: Limits, reason: str) -> None:
    monkeypatch.setattr(archives, "LIMITS", limits)
    bomb = DEB._replace(files={"usr/a": bytes(3 << 20), "usr/b": b""}, packed="zst").bytes()
    with pytest.raises(PackageError, match=reason):
        deb.read(bomb, "a.deb")


HOSTILE_APK = {
    "nothing": b"", "no gzip": b"PK\x03\x04", "apk 3": b"ADBd1234",
    "a cut control part": APK.signed[:-20], "no data": APK.signed,
    "no fields": Apk("tool", "1-r0").signed[:0] + pack(tar({".PKGINFO": "x"}, start=""), "gz"),
    "a way out": APK.bytes().replace(APK.data, b"") + pack(tar({"../a": b""}, start=""), "gz"),
    "another sum": APK._replace(datahash="0" * 64).bytes(),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_APK)
def test_a_hostile_apk_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(PackageError, match=r"^a\.apk"):
        apk_package.read(HOSTILE_APK[name], "a.apk")


def test_an_apk_is_read() -> None:
    found = apk_package.read(APK.bytes(pair(1)), "a.apk")
    assert found.get("pkgver") == "1-r0"
    assert [each.entry.path for each in found.files] == ["usr", "usr/bin", "usr/bin/tool", "a"]
    assert found.sum == APK.sum


def _changed(data: st.DataObject, whole: bytes) -> bytes:
    made = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(made) - 1))
        how = data.draw(st.sampled_from(("change", "cut", "double")))
        if how == "change":
            made[at] = data.draw(st.integers(0, 255))
        elif how == "cut" and len(made) > 2:
            del made[at : at + data.draw(st.integers(1, 200))]
        else:
            made[at:at] = made[at : at + 64]
        if not made:
            made = bytearray(b"!")
    return bytes(made)


WHOLE: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "deb": (DEB.bytes(), lambda data: deb.read(data, "a.deb")),
    "plain deb": (DEB._replace(packed="none").bytes(), lambda data: deb.read(data, "a.deb")),
    "apk": (APK.bytes(pair(1)), lambda data: apk_package.read(data, "a.apk")),
    "scripts": (tar({"a-1.X1.post-install": b"x"}), lambda data: list(records(data, "a"))),
}


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_changed_packages_raise_nothing_else(kind: str, data: st.DataObject) -> None:
    whole, read = WHOLE[kind]
    with suppress(InputError):
        read(_changed(data, whole))
