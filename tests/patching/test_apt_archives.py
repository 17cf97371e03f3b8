"""Archives for apt: each step is held against the one before, and the first against a signature."""

import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from seawall.core.errors import InputError
from seawall.patching.patching import Patched
from tests.patching import archives
from tests.patching.gpg import Gpg
from tests.patching.makers import Deb, Tree, debian, image
from tests.patching.support import NOW, patch, shelf, text_of

pytestmark = pytest.mark.skipif(
    not (shutil.which("gpg") and shutil.which("gpgv")), reason="GnuPG is not here"
)
OLD = Deb("tool", "1", {"usr/bin/tool": b"old"})
NEW = OLD._replace(version="2", files={"usr/bin/tool": b"new"})
SIGNER = "archive@example.org"
OTHER = "stranger@example.org"


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gpg]:
    # The paths of sockets must be short.
    made = Gpg(tmp_path_factory.mktemp("g") / "h")
    made.key("archive")
    made.key("stranger")
    made.key("expired", "--faked-system-time", "20200101T000000!", expires="20200201T000000")
    yield made
    made.close()


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


def signed(gpg: Gpg, mirror: Path, data: bytes, *keys: str, suite: str = "bookworm") -> None:
    (mirror / "dists" / suite / "InRelease").write_bytes(gpg.clear_signed(data, keys or [SIGNER]))


def with_keys(gpg: Gpg, *keys: str, name: str = "debian-archive-test.gpg") -> Tree:
    armour = name.endswith(".asc")
    data = gpg.public(*(keys or [SIGNER]), armour=armour)
    return debian(OLD, extra={f"etc/apt/trusted.gpg.d/{name}": data})


def done(tmp_path: Path, files: Tree, mirror: Path | str, **more: Any) -> Patched:
    return patch(image(tmp_path / "in", files), mirrors=(str(mirror),), **more)


def refused(tmp_path: Path, files: Tree, mirror: Path | str, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        done(tmp_path, files, mirror, **more)
    return str(caught.value)


@pytest.mark.parametrize("ending", [".xz", ".gz", ""])
@pytest.mark.parametrize("by_hash", [False, True])
def test_a_signed_archive_is_taken(
    tmp_path: Path, gpg: Gpg, mirror: Path, ending: str, by_hash: bool
) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW, Deb("more", "1")], by_hash=by_hash,
                                       ending=ending))  # fmt: skip
    found = done(tmp_path, with_keys(gpg), mirror)
    assert found.done == ("patched tool 1 -> 2: asked for",)
    assert text_of(found, "usr/bin/tool") == "new"
    assert re.search("/InRelease: signed by [0-9A-F]{40}$", found.notes[0])


@pytest.mark.parametrize("name", ["a.gpg", "a.asc"])
def test_keys_may_be_in_armour(tmp_path: Path, gpg: Gpg, mirror: Path, name: str) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW]))
    assert done(tmp_path, with_keys(gpg, name=name), mirror).done


def test_keys_may_be_given(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW]))
    (tmp_path / "keys.asc").write_bytes(gpg.public(SIGNER, armour=True))
    assert done(tmp_path, debian(OLD), mirror, keyrings=(str(tmp_path / "keys.asc"),)).done


def test_one_of_several_signatures_is_enough(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW]), OTHER, SIGNER)
    assert done(tmp_path, with_keys(gpg), mirror).done


def test_a_signature_beside_the_file_is_taken(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    data = archives.write(mirror, [NEW])
    home = mirror / "dists/bookworm"
    (home / "Release").write_bytes(data)
    (home / "Release.gpg").write_bytes(gpg.signature(data, [SIGNER]))
    assert done(tmp_path, with_keys(gpg), mirror).done
    (home / "Release").write_bytes(data.replace(b"Origin: Test", b"Origin: Evil"))
    message = refused(tmp_path / "again", with_keys(gpg), mirror)
    assert "its signature does not match its content" in message


def test_a_directory_of_packages_may_be_an_archive(tmp_path: Path, gpg: Gpg) -> None:
    place = tmp_path / "debs"
    (place / "pool").mkdir(parents=True)
    (place / "pool" / NEW.file_name).write_bytes(NEW.bytes())
    data = archives.packages([NEW])
    (place / "Packages").write_bytes(data)
    own = archives.release({"Packages": data}, Suite="", Codename="")
    (place / "InRelease").write_bytes(gpg.clear_signed(own, [SIGNER]))
    name = image(tmp_path / "in", with_keys(gpg))
    assert patch(name, packages=(str(place),), allow_unsigned=False).done
    assert patch(name, mirrors=(str(place),)).done
    assert patch(name, mirrors=(f"{place} ./",)).done


def test_suites_of_the_release_are_looked_for(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [OLD]))
    newer = archives.write(mirror, [NEW], suite="bookworm-security", Codename="bookworm-security",
                           Suite="stable-security")  # fmt: skip
    signed(gpg, mirror, newer, suite="bookworm-security")
    found = done(tmp_path, with_keys(gpg), mirror)
    assert found.done == ("patched tool 1 -> 2: asked for",)
    assert len([note for note in found.notes if "signed by" in note]) == 2


def test_ubuntu_is_known_by_its_number(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    new = NEW._replace(packed="zst")
    signed(gpg, mirror, archives.write(mirror, [new], suite="jammy-updates", Codename="jammy",
                                       Suite="jammy-updates"), suite="jammy-updates")  # fmt: skip
    keys: Tree = {"usr/share/keyrings/ubuntu-archive-keyring.gpg": gpg.public(SIGNER),
            "etc/os-release": 'ID=ubuntu\nVERSION_ID="22.04"\n'}  # fmt: skip
    assert done(tmp_path, debian(OLD, extra=keys), mirror).done


# What is refused ------------------------------------------------------------------------------


def test_a_wrong_key_is_refused(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW]), OTHER)
    message = refused(tmp_path, with_keys(gpg), mirror)
    assert "none of the keys has signed it" in message
    assert "--keyring" in message


def test_keys_for_other_archives_are_not_believed(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW]), OTHER)
    extra = {"usr/share/keyrings/debian-archive-keyring.gpg": gpg.public(SIGNER),
             "usr/share/keyrings/stranger.gpg": gpg.public(OTHER)}  # fmt: skip
    assert "none of the keys" in refused(tmp_path, debian(OLD, extra=extra), mirror)


def test_an_image_without_keys_is_told_what_to_do(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW]))
    assert "name some with --keyring" in refused(tmp_path, debian(OLD), mirror)


def test_an_expired_key_is_refused(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    data = archives.write(mirror, [NEW])
    then = gpg.clear_signed(data, ["expired@example.org"], "--faked-system-time",
                            "20200115T000000!")  # fmt: skip
    (mirror / "dists/bookworm/InRelease").write_bytes(then)
    keys = with_keys(gpg, "expired@example.org")
    assert "the key that signed it has expired" in refused(tmp_path, keys, mirror)


def test_a_weak_digest_is_refused(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    gpg._run("--quick-generate-key", "old <old@example.org>", "rsa2048", "sign", "0")
    data = archives.write(mirror, [NEW])
    weak = gpg.clear_signed(data, ["old@example.org"], "--digest-algo", "SHA1",
                            "--allow-weak-digest-algos")  # fmt: skip
    (mirror / "dists/bookworm/InRelease").write_bytes(weak)
    message = refused(tmp_path, with_keys(gpg, "old@example.org"), mirror)
    assert "SHA-1, which is weak" in message or "cannot be checked" in message


def test_a_changed_text_is_refused(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW]))
    place = mirror / "dists/bookworm/InRelease"
    place.write_bytes(place.read_bytes().replace(b"Origin: Test", b"Origin: Evil"))
    message = refused(tmp_path, with_keys(gpg), mirror)
    assert "its signature does not match its content" in message
    assert "do not trust it" in message


def test_only_what_was_signed_counts(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    """What stands before or behind the signed part of an InRelease is not looked at."""
    good = archives.write(mirror, [NEW])
    signed(gpg, mirror, good)
    place = mirror / "dists/bookworm/InRelease"
    evil = archives.release({"main/binary-amd64/Packages": b""}, Components="main")
    place.write_bytes(evil + b"\n" + place.read_bytes() + evil)
    try:
        found = done(tmp_path, with_keys(gpg), mirror)
    except InputError:
        return  # gpgv wants nothing around it
    assert found.done == ("patched tool 1 -> 2: asked for",)


def test_an_unsigned_archive_is_refused_unless_that_is_said(tmp_path: Path, mirror: Path) -> None:
    (data := mirror / "dists/bookworm/Release").parent.mkdir(parents=True)
    data.write_bytes(archives.write(mirror, [NEW]))
    assert "is not signed" in refused(tmp_path, debian(OLD), mirror)
    found = done(tmp_path / "again", debian(OLD), mirror, allow_unsigned=True)
    assert found.done
    assert any("NOT verified" in note for note in found.notes)
    assert any(note.startswith("WARNING: --allow-unsigned") for note in found.notes)


def test_another_index_than_the_signed_one_is_refused(
    tmp_path: Path, gpg: Gpg, mirror: Path
) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW], ending=""))
    place = mirror / "dists/bookworm/main/binary-amd64/Packages"
    data = place.read_bytes()
    place.write_bytes(data.replace(b"Version: 2", b"Version: 3"))
    message = refused(tmp_path, with_keys(gpg), mirror)
    assert "Packages: its SHA256 is" in message
    place.write_bytes(data + b"\n")
    assert "bytes, not" in refused(tmp_path / "again", with_keys(gpg), mirror)
    place.unlink()
    assert "is not there" in refused(tmp_path / "third", with_keys(gpg), mirror)


def test_another_package_than_the_listed_one_is_refused(
    tmp_path: Path, gpg: Gpg, mirror: Path
) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW]))
    place = mirror / "pool" / NEW.file_name
    data = bytearray(place.read_bytes())
    data[-20] ^= 1
    place.write_bytes(data)
    assert "its SHA256 is" in refused(tmp_path, with_keys(gpg), mirror)
    place.unlink()
    assert "is not there" in refused(tmp_path / "again", with_keys(gpg), mirror)


def test_a_package_that_is_another_one_is_refused(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    liar = NEW.paragraph.replace("Version: 2\n", "Version: 3\n")
    data = archives.write(mirror, [NEW], ending="")
    place = mirror / "dists/bookworm/main/binary-amd64/Packages"
    place.write_bytes(liar.encode())
    signed(gpg, mirror, archives.release({"main/binary-amd64/Packages": liar.encode()}))
    assert data
    assert "is tool 2 amd64 in truth" in refused(tmp_path, with_keys(gpg), mirror)


def test_an_archive_that_is_too_old_is_refused(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    until = formatdate(NOW - 60, usegmt=True)
    signed(gpg, mirror, archives.write(mirror, [NEW], Valid_Until=until))
    message = refused(tmp_path, with_keys(gpg), mirror)
    assert f"was valid until {until}" in message
    assert done(tmp_path / "again", with_keys(gpg), mirror, ignore_valid_until=True).done


def test_an_archive_of_tomorrow_is_refused(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW], Date=formatdate(NOW + 7200, usegmt=True)))
    assert "which is to come" in refused(tmp_path, with_keys(gpg), mirror)


def test_a_suite_in_the_place_of_another_is_refused(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW], Codename="trixie"))
    assert "is that of stable and trixie, not of bookworm" in refused(
        tmp_path, with_keys(gpg), mirror
    )


def test_weak_sums_of_files_are_not_taken(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    data = archives.write(mirror, [NEW]).replace(b"SHA256:", b"MD5Sum:")
    signed(gpg, mirror, data)
    assert "no file with its SHA-256" in refused(tmp_path, with_keys(gpg), mirror)


def test_an_older_version_of_an_archive_changes_nothing(
    tmp_path: Path, gpg: Gpg, mirror: Path
) -> None:
    signed(gpg, mirror, archives.write(mirror, [OLD]))
    files = debian(NEW, extra={"etc/apt/trusted.gpg.d/a.gpg": gpg.public(SIGNER)})
    found = done(tmp_path, files, mirror)
    assert not found.done
    assert found.image.layers == found.image.layers[:1]


@pytest.mark.parametrize("path", ["../tool.deb", "/etc/passwd", "pool/../../x", ""])
def test_paths_out_of_an_archive_are_refused(
    tmp_path: Path, gpg: Gpg, mirror: Path, path: str
) -> None:
    archives.write(mirror, [NEW])
    data = re.sub("Filename: .*", f"Filename: {path}", NEW.paragraph).encode()
    (mirror / "dists/bookworm/main/binary-amd64/Packages").write_bytes(data)
    signed(gpg, mirror, archives.release({"main/binary-amd64/Packages": data}))
    assert "without a usable path" in refused(tmp_path, with_keys(gpg), mirror)


def test_a_place_without_an_archive_is_an_error(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    mirror.mkdir()
    assert "has none of the suites" in refused(tmp_path, with_keys(gpg), mirror)
    assert "has no dists/sid" in refused(tmp_path / "again", with_keys(gpg), f"{mirror} sid")


def test_without_gpgv_nothing_is_taken(
    tmp_path: Path, gpg: Gpg, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW]))
    keys = with_keys(gpg)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install it (gpgv" in refused(tmp_path, keys, mirror)


def test_an_archive_may_be_at_an_address(tmp_path: Path, gpg: Gpg, mirror: Path) -> None:
    signed(gpg, mirror, archives.write(mirror, [NEW._replace(version="1:2+b~1")]))
    handler = partial(_Quiet, directory=str(mirror))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/"
        found = done(tmp_path, with_keys(gpg), address)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert found.done == ("patched tool 1 -> 1:2+b~1: asked for",)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


# Files without an archive ---------------------------------------------------------------------


def test_files_need_something_that_vouches_for_them(tmp_path: Path) -> None:
    name = image(tmp_path / "in", debian(OLD))
    place = shelf(tmp_path / "debs", NEW, Deb("more", "1"))
    with pytest.raises(InputError, match="nothing says that it is what it should be"):
        patch(name, packages=(place,), allow_unsigned=False)
    sums = tmp_path / "SHA256SUMS"
    import hashlib

    digest = hashlib.sha256(NEW.bytes()).hexdigest()
    sums.write_text(f"{digest}  ./{NEW.file_name}\n")
    found = patch(name, packages=(place,), checksums=str(sums))
    assert found.done == ("patched tool 1 -> 2: asked for",)
    assert any("passed over, as --checksums does not name it" in note for note in found.notes)
    sums.write_text(f"{'0' * 64}  {NEW.file_name}\n")
    with pytest.raises(InputError, match="its SHA256 is"):
        patch(name, packages=(place,), checksums=str(sums))
