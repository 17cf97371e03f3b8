"""Packages of apk put into images; apk itself is the referee where it is on PATH."""

import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from seawall.core.errors import InputError
from seawall.patching.patching import Patched
from tests.patching.makers import Apk, Content, File, HardLink, Link, Tree, alpine, image, index
from tests.patching.rsa_keys import Pair, pair
from tests.patching.support import files_of, patch, text_of

KEY, STRANGER = pair(1), pair(2)
NAME = "test@example.org-1.rsa.pub"
RECORDED = Path(__file__).parents[1] / "data/patching/apk-installed.txt"
QUIET = {"post-install": "#!/bin/sh\nexit 0\n", "post-upgrade": "#!/bin/sh\nexit 0\n"}
OLD = Apk("app", "1.0-r0", {
    "usr/bin/app": File(b"old", 0o755), "usr/share/app/gone": b"1", "usr/share/app/kept": b"2",
    "etc/app.conf": b"a=1", "etc/mine.conf": b"b=1",
}, depends=["so:libc.so.1"], provides=["cmd:app=1.0-r0"], scripts=QUIET)  # fmt: skip
NEW = Apk("app", "1.0-r1", {
    "usr/bin/app": File(b"new", 0o4755), "usr/share/app/kept": b"2", "usr/share/app/added": b"3",
    "usr/share/app/link": Link("kept"), "usr/bin/app2": HardLink("usr/bin/app", 0o4755),
    "etc/app.conf": b"a=2", "etc/mine.conf": b"b=2", "var/empty": None,
}, depends=["so:libc.so.1"], provides=["cmd:app=1.0-r1"], scripts=QUIET)  # fmt: skip
LIBC = Apk("libc", "1.1-r0", {"lib/libc.so.1": b"1"}, provides=["so:libc.so.1=1.1"])


def repository(
    where: Path, packages: Sequence[Apk], key: Pair | None = KEY, name: str = NAME
) -> Path:
    place = where / "x86_64"
    place.mkdir(parents=True)
    for package in packages:
        (place / package.file_name).write_bytes(package.bytes(key, name))
    (place / "APKINDEX.tar.gz").write_bytes(index(packages, key, name))
    return where


def system(*packages: Apk, extra: Tree | None = None) -> dict[str, Content | None]:
    return alpine(*packages, extra={f"etc/apk/keys/{NAME}": KEY.public, **(extra or {})})


def patched(tmp_path: Path, files: Tree, *packages: Apk, **more: Any) -> Patched:
    place = repository(tmp_path / "mirror", packages)
    return patch(image(tmp_path / "in", files), mirrors=(str(place),), **more)


def test_a_package_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    changed = {"etc/mine.conf": b"mine"}
    found = patched(tmp_path, system(LIBC, OLD, extra=changed), NEW, LIBC)
    assert found.done == ("patched app 1.0-r0 -> 1.0-r1: asked for",)
    assert f"signed by {NAME}" in found.notes[0]
    files = files_of(found)
    assert files["usr/bin/app"].content == b"new"
    assert files["usr/bin/app"].mode == 0o4755
    assert files["usr/bin/app2"].names == ("usr/bin/app", "usr/bin/app2")
    assert files["usr/share/app/link"].link == "kept"
    assert "usr/share/app/gone" not in files
    assert "var/empty" in files
    assert files["etc/app.conf"].content == b"a=2"
    assert files["etc/mine.conf"].content == b"mine"
    assert "app: the image's own /etc/mine.conf stays as it is" in found.notes


def test_the_database_tells_of_the_new_version(tmp_path: Path) -> None:
    found = patched(tmp_path, system(LIBC, OLD), NEW)
    first, second = text_of(found, "lib/apk/db/installed").removesuffix("\n\n").split("\n\n")
    assert f"{first}\n" == LIBC.entry
    assert second.startswith(f"C:{NEW.sum}\nP:app\nV:1.0-r1\nA:x86_64\nS:")
    assert "D:so:libc.so.1\np:cmd:app=1.0-r1\nF:usr\nF:usr/bin\nR:app\na:0:0:4755\nZ:Q1" in second
    with tarfile.open(fileobj=BytesIO(files_of(found)["lib/apk/db/scripts.tar"].content)) as own:
        names = own.getnames()
    assert [name.rpartition(".")[2] for name in names] == ["post-install", "post-upgrade"]
    assert all(name.startswith("app-1.0-r1.X1") for name in names)


def test_triggers_are_those_of_the_new_version(tmp_path: Path) -> None:
    old = Apk("busybox", "1-r0", {"bin/busybox": b"1"}, triggers="/bin /sbin",
              scripts={"trigger": "#!/bin/sh\n/bin/busybox --install -s\n"})  # fmt: skip
    new = old._replace(version="1-r1", triggers="/bin", files={"bin/busybox": b"2"})
    found = patched(tmp_path, system(old, LIBC), new)
    assert text_of(found, "lib/apk/db/triggers") == f"{new.sum} /bin\n"
    assert text_of(found, "bin/busybox") == "2"


# What is left, and why ------------------------------------------------------------------------


def reason(tmp_path: Path, files: Tree, *packages: Apk) -> str:
    found = patched(tmp_path, files, *packages)
    assert not found.done
    (line,) = found.left
    return line.partition(": ")[2].partition(": ")[2]


def test_missing_dependencies_are_a_reason(tmp_path: Path) -> None:
    new = NEW._replace(depends=["so:libnew.so.2"])
    assert reason(tmp_path, system(LIBC, OLD), new) == (
        "app 1.0-r1 needs so:libnew.so.2, which is not installed"
    )


def test_what_the_user_pinned_stays(tmp_path: Path) -> None:
    files = system(LIBC, OLD, extra={"etc/apk/world": "app=1.0-r0\nlibc\n"})
    assert "needs app (= 1.0-r0)" in reason(tmp_path, files, NEW)


def test_a_pin_that_is_loose_lets_it_through(tmp_path: Path) -> None:
    files = system(LIBC, OLD, extra={"etc/apk/world": "app~1.0\n"})
    assert patched(tmp_path, files, NEW).done


def test_what_is_needed_is_patched_too(tmp_path: Path) -> None:
    newer = LIBC._replace(version="1.2-r0", provides=["so:libc.so.1=1.2"])
    new = NEW._replace(depends=["so:libc.so.1>=1.2"])
    found = patched(tmp_path, system(LIBC, OLD), new, newer, named=frozenset({"app"}))
    assert found.done == (
        "patched app 1.0-r0 -> 1.0-r1: asked for", "patched libc 1.1-r0 -> 1.2-r0: app needs it",
    )  # fmt: skip


def test_conflicts_are_a_reason(tmp_path: Path) -> None:
    new = NEW._replace(depends=["!libc<2"])
    assert "does not go with libc (< 2)" in reason(tmp_path, system(LIBC, OLD), new)


def test_scripts_that_do_more_are_a_reason(tmp_path: Path) -> None:
    new = NEW._replace(scripts={**QUIET, "post-upgrade": "#!/bin/sh\nmake-it-so\n"})
    assert "its post-upgrade does what the old one did not: 'make-it-so'" in reason(
        tmp_path, system(LIBC, OLD), new
    )


def test_triggers_of_others_are_a_reason(tmp_path: Path) -> None:
    other = Apk("glib", "1-r0", triggers="/usr/share/app /usr/share/glib*",
                scripts={"trigger": "#!/bin/sh\nx\n"})  # fmt: skip
    assert "glib has a trigger for /usr/share/app" in reason(
        tmp_path, system(LIBC, OLD, other), NEW
    )


def test_files_of_others_are_a_reason(tmp_path: Path) -> None:
    other = Apk("other", "1-r0", {"usr/share/app/added": b""})
    assert reason(tmp_path, system(LIBC, OLD, other), NEW) == "its /usr/share/app/added is in other"


def test_older_versions_are_not_taken(tmp_path: Path) -> None:
    found = patched(tmp_path, system(LIBC, NEW), OLD, named=frozenset({"app"}))
    assert found.left == ("not patched: app 1.0-r1: the sources have nothing newer than 1.0-r0",)


# Signatures -----------------------------------------------------------------------------------


def refused(tmp_path: Path, files: Tree, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        patch(image(tmp_path / "in", files), **more)
    return str(caught.value)


@pytest.mark.parametrize("algorithm", ["RSA", "RSA256", "RSA512"])
def test_signed_files_are_taken(tmp_path: Path, algorithm: str) -> None:
    place = tmp_path / "apks"
    place.mkdir()
    (place / NEW.file_name).write_bytes(NEW.bytes(KEY, NAME, algorithm))
    name = image(tmp_path / "in", system(LIBC, OLD))
    assert patch(name, packages=(str(place),), allow_unsigned=False).done


def test_files_by_a_stranger_are_refused(tmp_path: Path) -> None:
    place = tmp_path / "apks"
    place.mkdir()
    (place / NEW.file_name).write_bytes(NEW.bytes(STRANGER, NAME))
    files = system(LIBC, OLD)
    own = {"packages": (str(place),), "allow_unsigned": False}
    assert "does not match its content" in refused(tmp_path, files, **own)
    (place / NEW.file_name).write_bytes(NEW.bytes(STRANGER, "stranger.rsa.pub"))
    message = refused(tmp_path / "again", files, **own)
    assert "is signed with stranger.rsa.pub, which is none of the keys" in message
    (place / NEW.file_name).write_bytes(NEW.bytes())
    assert "nothing says that it is what it should be" in refused(tmp_path / "3", files, **own)
    (tmp_path / "stranger.rsa.pub").write_bytes(STRANGER.public)
    (place / NEW.file_name).write_bytes(NEW.bytes(STRANGER, "stranger.rsa.pub"))
    keys = (str(tmp_path / "stranger.rsa.pub"),)
    assert patch(image(tmp_path / "4", files), keyrings=keys, **own).done


def test_an_index_by_a_stranger_is_refused(tmp_path: Path) -> None:
    place = repository(tmp_path / "mirror", [NEW], STRANGER)
    files = system(LIBC, OLD)
    assert "does not match" in refused(tmp_path, files, mirrors=(str(place),))
    unsigned = repository(tmp_path / "unsigned", [NEW], None)
    assert "is not signed" in refused(tmp_path / "again", files, mirrors=(str(unsigned),))
    found = patch(image(tmp_path / "3", files), mirrors=(str(unsigned),), allow_unsigned=True)
    assert found.done
    assert any(note.startswith("WARNING") for note in found.notes)


def test_a_package_must_be_the_listed_one(tmp_path: Path) -> None:
    place = repository(tmp_path / "mirror", [NEW])
    other = NEW._replace(files={"usr/bin/app": b"evil"})
    path = place / "x86_64" / NEW.file_name
    path.write_bytes(other.bytes(STRANGER, NAME))
    files = system(LIBC, OLD)
    assert "its sum is Q1" in refused(tmp_path, files, mirrors=(str(place),))
    data = NEW.bytes(KEY, NAME)
    path.write_bytes(data[: -len(NEW.data)] + other.data)
    assert "its data has the SHA-256" in refused(tmp_path / "2", files, mirrors=(str(place),))
    path.unlink()
    assert "is not there" in refused(tmp_path / "3", files, mirrors=(str(place),))


def test_the_branch_of_the_image_is_looked_for(tmp_path: Path) -> None:
    repository(tmp_path / "mirror/v3.20/main", [NEW])
    name = image(tmp_path / "in", system(LIBC, OLD))
    assert patch(name, mirrors=(str(tmp_path / "mirror"),)).done
    assert patch(name, mirrors=(f"{tmp_path}/mirror v3.20 main",)).done
    with pytest.raises(InputError, match="has no APKINDEX"):
        patch(name, mirrors=(f"{tmp_path}/mirror v3.19",))


# The referee ----------------------------------------------------------------------------------


def _apk(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["apk", "--root", root, "--no-scripts", "--no-network", "--no-cache",
         "--repositories-file", "/dev/null", *words],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("apk"), reason="apk (of apk-tools) is not here")
def test_apk_itself_agrees(tmp_path: Path) -> None:
    """An image is made by apk and patched here; apk finds all as it would have it."""
    before, after = [LIBC, OLD], [LIBC, NEW]
    old, new = repository(tmp_path / "old", before), repository(tmp_path / "new", after)
    root = tmp_path / "root"
    (root / "etc/apk/keys").mkdir(parents=True)
    (root / "etc/apk/keys" / NAME).write_bytes(KEY.public)
    (root / "etc/apk/arch").write_text("x86_64\n")
    _apk(root, "add", "--initdb")
    _apk(root, "-X", str(old), "add", "app", "libc")
    (root / "etc/os-release").write_text("ID=alpine\nVERSION_ID=3.20.1\n")
    found = patch(f"rootfs:{root}", mirrors=(str(new),))
    assert found.done
    told = _database(found)
    _apk(root, "-X", str(new), "upgrade")
    theirs = (root / "lib/apk/db/installed").read_text()
    assert "V:1.0-r1" in theirs
    assert _comparable(told) == _comparable(theirs)
    assert _without_sums(theirs) == _without_sums(RECORDED.read_text())


def _database(found: Patched) -> str:
    (layer,) = found.image.layers[1:]
    assert layer.open is not None
    with tarfile.open(fileobj=BytesIO(layer.open().read(1 << 30))) as archive:
        member = archive.extractfile("lib/apk/db/installed")
        assert member is not None
        return member.read().decode()


def test_apk_agreed(tmp_path: Path) -> None:
    """What apk 3.0.6 wrote when it upgraded the same package (``test_apk_itself_agrees``)."""
    found = patched(tmp_path, system(LIBC, OLD), NEW, LIBC)
    (entry,) = [each for each in _without_sums(_database(found)) if "P:app" in each]
    (theirs,) = [each for each in _without_sums(RECORDED.read_text()) if "P:app" in each]
    assert entry == theirs


def _without_sums(text: str) -> list[list[str]]:
    """Entries without the sums of packages, which hang on how gzip packs."""
    return [[line for line in entry if not line.startswith("C:")] for entry in _comparable(text)]


def _comparable(text: str) -> list[list[str]]:
    """Entries without sizes, which apk takes from an index that says another."""
    return sorted(
        sorted(line for line in entry.split("\n") if line[:2] not in ("S:", "I:"))
        for entry in text.strip().split("\n\n")
    )
