"""Debian packages put into images: files, configuration, databases, and what is left and why."""

from pathlib import Path

import pytest

from seawall.core.errors import InputError, UsageError
from tests.patching.makers import CAPABILITY, Deb, File, HardLink, Link, Tree, debian, image
from tests.patching.support import files_of, md5, patch, patch_with, shelf, text_of

OLD = Deb("tool", "1.0-1", {
    "usr/bin/tool": File(b"old", 0o755), "usr/lib/tool/gone": b"1", "usr/lib/tool/kept": b"2",
    "etc/tool.conf": b"a=1\n", "usr/share/tool/link": Link("one"),
}, conffiles=["etc/tool.conf"])  # fmt: skip
NEW = Deb("tool", "1.0-2", {
    "usr/bin/tool": File(b"new", 0o4755), "usr/lib/tool/kept": b"2", "usr/lib/tool/added": b"3",
    "etc/tool.conf": b"a=2\n", "usr/share/tool/link": Link("two"),
    "usr/bin/tool-too": HardLink("./usr/bin/tool"),
}, conffiles=["etc/tool.conf"])  # fmt: skip


@pytest.mark.parametrize("packed", ["xz", "gz", "zst", "none"])
def test_files_of_the_new_version_take_the_place_of_the_old(tmp_path: Path, packed: str) -> None:
    found = patch_with(tmp_path, debian(OLD), NEW._replace(packed=packed))
    assert found.done == ("patched tool 1.0-1 -> 1.0-2: asked for",)
    files = files_of(found)
    assert files["usr/bin/tool"].content == b"new"
    assert files["usr/bin/tool"].mode == 0o4755
    assert files["usr/bin/tool-too"].names == ("usr/bin/tool", "usr/bin/tool-too")
    assert "usr/lib/tool/gone" not in files
    assert files["usr/lib/tool/added"].content == b"3"
    assert files["usr/share/tool/link"].link == "two"
    assert files["etc/tool.conf"].content == b"a=2\n"


def test_the_database_tells_of_the_new_version(tmp_path: Path) -> None:
    found = patch_with(tmp_path, debian(OLD, Deb("other", "1")), NEW)
    status = text_of(found, "var/lib/dpkg/status")
    first, second = status.removesuffix("\n").split("\n\n")
    assert first.startswith(
        "Package: tool\nStatus: install ok installed\nMaintainer: Some Body <some@example.org>\n"
        "Architecture: amd64\nVersion: 1.0-2\nConffiles:\n /etc/tool.conf "
        f"{md5(b'a=2' + bytes([10]))}\nDescription: the package tool\n A longer text.\n .\n"
    )
    assert second == Deb("other", "1").installed()
    listed = text_of(found, "var/lib/dpkg/info/tool.list")
    assert listed.startswith("/.\n/usr\n/usr/bin\n/usr/bin/tool\n")
    assert "" not in listed.splitlines()
    assert text_of(found, "var/lib/dpkg/info/tool.md5sums") == NEW.sums
    assert text_of(found, "var/lib/dpkg/info/tool.conffiles") == "/etc/tool.conf\n"


def test_a_package_of_several_architectures_has_them_in_its_names(tmp_path: Path) -> None:
    same = {"Multi-Arch": "same"}
    old = Deb("lib", "1", {"usr/lib/x/lib.so": b"1"}, fields=same)
    found = patch_with(tmp_path, debian(old), old._replace(version="2", files={}))
    files = files_of(found)
    assert "var/lib/dpkg/info/lib:amd64.list" in files
    assert "var/lib/dpkg/info/lib.list" not in files
    assert "usr/lib/x/lib.so" not in files
    assert "usr/lib/x" not in files


@pytest.mark.parametrize("there", ["lib/a.so", "usr/lib/a.so"])
@pytest.mark.parametrize("then", ["lib/a.so", "usr/lib/a.so"])
def test_files_are_written_through_the_links_of_a_merged_usr(
    tmp_path: Path, there: str, then: str
) -> None:
    old = Deb("lib", "1", {there: b"1", "lib/old.so": b""})
    found = patch_with(tmp_path, debian(old), Deb("lib", "2", {then: b"2", "bin/new": b"3"}))
    files = files_of(found)
    assert files["lib"].link == "usr/lib"
    assert files["usr/lib/a.so"].content == b"2"
    assert files["usr/bin/new"].content == b"3"
    assert "usr/lib/old.so" not in files


def test_what_the_image_took_out_stays_out(tmp_path: Path) -> None:
    files = debian(OLD)
    del files["usr/lib/tool/kept"], files["usr/share/tool/link"]
    found = patch_with(tmp_path, files, NEW)
    assert "usr/lib/tool/kept" not in files_of(found)
    assert "usr/share/tool/link" not in files_of(found)
    assert "usr/lib/tool/added" in files_of(found)
    assert any("taken out of it stays out (2 files" in note for note in found.notes)


def test_what_dpkg_is_told_to_leave_out_is_left_out(tmp_path: Path) -> None:
    slim = "path-exclude /usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\n"
    slim = slim.replace("exclude ", "exclude=")
    new = Deb("tool", "2", {"usr/share/doc/tool/a": b"1", "usr/share/doc/tool/copyright": b"2"})
    extra = {"etc/dpkg/dpkg.cfg.d/docker": slim}
    files = files_of(patch_with(tmp_path, debian(Deb("tool", "1"), extra=extra), new))
    assert "usr/share/doc/tool/a" not in files
    assert files["usr/share/doc/tool/copyright"].content == b"2"


def test_files_of_other_packages_stay(tmp_path: Path) -> None:
    shared = {"usr/share/both/a": b"1", "usr/share/both/b": b"2"}
    old = Deb("one", "1", {**shared, "usr/share/one/x": b""})
    files = files_of(
        patch_with(tmp_path, debian(old, Deb("two", "1", {"usr/share/both/b": b"2"})),
                   Deb("one", "2", {"usr/share/new": b""}))
    )  # fmt: skip
    assert "usr/share/both/b" in files
    assert "usr/share/both/a" not in files
    assert "usr/share/one" not in files


def test_byte_code_of_what_changed_is_forgotten(tmp_path: Path) -> None:
    old = Deb("python3-x", "1", {"usr/lib/python3/dist-packages/x.py": b"1"})
    cache = "usr/lib/python3/dist-packages/__pycache__"
    extra = {f"{cache}/x.cpython-311.pyc": b"old", f"{cache}/xy.cpython-311.pyc": b"other"}
    new = old._replace(version="2", files={"usr/lib/python3/dist-packages/x.py": b"2"})
    files = files_of(patch_with(tmp_path, debian(old, extra=extra), new))
    assert f"{cache}/x.cpython-311.pyc" not in files
    assert f"{cache}/xy.cpython-311.pyc" in files


# Configuration --------------------------------------------------------------------------------


def test_configuration_that_the_image_changed_stays(tmp_path: Path) -> None:
    files = debian(OLD, extra={"etc/tool.conf": b"mine\n"})
    same = NEW._replace(files={**NEW.files, "etc/tool.conf": b"a=1\n"})
    found = patch_with(tmp_path, files, same)
    assert text_of(found, "etc/tool.conf") == "mine\n"
    assert f"/etc/tool.conf {md5(b'a=1' + bytes([10]))}\n" in text_of(found, "var/lib/dpkg/status")


def test_configuration_that_both_changed_needs_a_word(tmp_path: Path) -> None:
    files = debian(OLD, extra={"etc/tool.conf": b"mine\n"})
    found = patch_with(tmp_path, files, NEW)
    assert not found.done
    (line,) = found.left
    assert line == (
        "not patched: tool 1.0-1: its configuration was changed, here and in the new version: "
        "/etc/tool.conf; --keep-changed-conffiles keeps this one"
    )
    (tmp_path / "again").mkdir()
    found = patch_with(tmp_path / "again", files, NEW, keep_changed_conffiles=True)
    assert text_of(found, "etc/tool.conf") == "mine\n"
    assert files_of(found)["usr/bin/tool"].content == b"new"


def test_configuration_that_the_image_deleted_stays_deleted(tmp_path: Path) -> None:
    files = debian(OLD)
    del files["etc/tool.conf"]
    found = patch_with(tmp_path, files, NEW)
    assert "etc/tool.conf" not in files_of(found)


def test_obsolete_configuration_stays_and_is_noted(tmp_path: Path) -> None:
    new = NEW._replace(files={"usr/bin/tool": b"new"}, conffiles=[])
    found = patch_with(tmp_path, debian(OLD), new)
    assert text_of(found, "etc/tool.conf") == "a=1\n"
    assert f" {md5(b'a=1' + bytes([10]))} obsolete\n" in text_of(found, "var/lib/dpkg/status")
    assert "/etc/tool.conf\n" in text_of(found, "var/lib/dpkg/info/tool.list")


def test_a_new_configuration_file_comes_in(tmp_path: Path) -> None:
    new = NEW._replace(files={**NEW.files, "etc/more.conf": b"b\n"},
                       conffiles=["etc/tool.conf", "etc/more.conf"])  # fmt: skip
    assert text_of(patch_with(tmp_path, debian(OLD), new), "etc/more.conf") == "b\n"


# Rights, diversions ---------------------------------------------------------------------------


def test_capabilities_that_a_script_gave_stay(tmp_path: Path) -> None:
    script = {"postinst": "#!/bin/sh\nset -e\nsetcap cap_net_raw+ep /bin/ping\n"}
    old = Deb("ping", "1", {"bin/ping": File(b"1", 0o755, capability=CAPABILITY)}, scripts=script)
    new = Deb("ping", "2", {"bin/ping": File(b"2", 0o755)}, scripts=script)
    files = files_of(patch_with(tmp_path, debian(old), new))
    assert files["usr/bin/ping"].content == b"2"
    assert files["usr/bin/ping"].extra[0] == CAPABILITY


def test_capabilities_of_the_package_itself_come(tmp_path: Path) -> None:
    new = Deb("ping", "2", {"bin/ping": File(b"2", 0o755, capability=CAPABILITY)})
    files = files_of(patch_with(tmp_path, debian(Deb("ping", "1")), new))
    assert files["usr/bin/ping"].extra[0] == CAPABILITY


def test_overridden_rights_are_kept(tmp_path: Path) -> None:
    extra = {"var/lib/dpkg/statoverride": "root mail 2750 /usr/bin/tool\n#7 root 600 /x\n",
             "etc/group": "root:x:0:\nmail:x:8:\n",
             "etc/passwd": "root:x:0:0::/:/bin/sh\n"}  # fmt: skip
    files = files_of(patch_with(tmp_path, debian(OLD, extra=extra), NEW))
    assert files["usr/bin/tool"].mode == 0o2750
    assert files["usr/bin/tool"].owner == (0, 8)


def test_diverted_files_lie_where_they_were_put(tmp_path: Path) -> None:
    extra: Tree = {"var/lib/dpkg/diversions": "/usr/bin/tool\n/usr/bin/tool.real\nwrapper\n",
             "usr/bin/tool": b"the wrapper", "usr/bin/tool.real": b"old"}  # fmt: skip
    found = patch_with(tmp_path, debian(OLD, extra=extra), NEW)
    files = files_of(found)
    assert files["usr/bin/tool"].content == b"the wrapper"
    assert files["usr/bin/tool.real"].content == b"new"
    assert "/usr/bin/tool\n" in text_of(found, "var/lib/dpkg/info/tool.list")


# What is left, and why ------------------------------------------------------------------------


def only_reason(tmp_path: Path, files: Tree, *packages: Deb) -> str:
    found = patch_with(tmp_path, files, *packages)
    assert not found.done
    (line,) = found.left
    return line.partition(": ")[2].partition(": ")[2]


def test_scripts_that_do_more_are_a_reason(tmp_path: Path) -> None:
    new = NEW._replace(scripts={"postinst": "#!/bin/sh\nset -e\nmake-it-so --now\n"})
    assert only_reason(tmp_path, debian(OLD), new) == (
        "its postinst does what the old one did not: 'make-it-so --now'; no script is run"
    )


def test_scripts_that_ran_before_are_none(tmp_path: Path) -> None:
    script = {"postinst": "#!/bin/sh\nset -e\nmake-it-so --now\n"}
    files = debian(OLD._replace(scripts=script))
    longer = script["postinst"] + 'if [ "$1" = configure ]; then\n\tldconfig || true\nfi\nexit 0\n'
    assert patch_with(tmp_path, files, NEW._replace(scripts={"postinst": longer})).done


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("linux-image-6.1.0-1-amd64", "a kernel and how it starts is made by its scripts"),
        ("postgresql-15", "its scripts bring databases to its version"),
    ],
)
def test_some_packages_are_never_patched(tmp_path: Path, name: str, reason: str) -> None:
    found = only_reason(tmp_path, debian(Deb(name, "1")), Deb(name, "2"))
    assert found == f"{reason}, and no script is run"


def test_scripts_that_make_things_are_a_reason(tmp_path: Path) -> None:
    script = {"postinst": "#!/bin/sh\nset -e\nlocale-gen\n"}
    found = only_reason(
        tmp_path, debian(Deb("locales", "1", scripts=script)), Deb("locales", "2", scripts=script)
    )
    assert found == "its postinst makes locales (locale-gen), and no script is run"


def test_triggers_of_others_are_a_reason(tmp_path: Path) -> None:
    extra = {"var/lib/dpkg/triggers/File": "/usr/lib/tool glib/noawait\n/usr/bin man-db\n"}
    found = only_reason(tmp_path, debian(OLD, extra=extra), NEW)
    assert found.startswith("glib has a trigger for /usr/lib/tool/")


def test_held_packages_are_left(tmp_path: Path) -> None:
    files = debian(OLD)
    files["var/lib/dpkg/status"] = OLD.installed("hold ok installed")
    assert only_reason(tmp_path, files, NEW) == "the image holds it at its version"


def test_half_installed_packages_are_left(tmp_path: Path) -> None:
    files = debian(OLD)
    files["var/lib/dpkg/status"] = OLD.installed("install ok half-configured")
    assert only_reason(tmp_path, files, NEW) == "it is in the state half-configured"


def test_files_of_other_packages_are_a_reason(tmp_path: Path) -> None:
    other = Deb("other", "1", {"usr/lib/tool/added": b"mine"})
    assert only_reason(tmp_path, debian(OLD, other), NEW) == "its /usr/lib/tool/added is in other"


def test_a_directory_in_the_place_of_a_file_is_a_reason(tmp_path: Path) -> None:
    files = debian(OLD, extra={"usr/lib/tool/added/inner": b""})
    assert "is a file in it, and a directory in the image" in only_reason(tmp_path, files, NEW)


def test_an_alternative_that_would_lead_to_nothing_is_a_reason(tmp_path: Path) -> None:
    files = debian(OLD, extra={"etc/alternatives/gone": Link("/usr/lib/tool/gone")})
    assert "is an alternative in use" in only_reason(tmp_path, files, NEW)


def test_missing_dependencies_are_a_reason(tmp_path: Path) -> None:
    new = NEW._replace(fields={"Depends": "libnew (>= 2) | libother"})
    assert only_reason(tmp_path, debian(OLD), new) == (
        "tool 1.0-2 needs libnew (>= 2) | libother, which is not installed"
    )


def test_what_is_needed_is_patched_too(tmp_path: Path) -> None:
    lib = Deb("lib", "1", fields={"Multi-Arch": "same"})
    new = NEW._replace(fields={"Depends": "lib (= 2)"})
    found = patch_with(tmp_path, debian(OLD, lib), new, lib._replace(version="2"),
                       named=frozenset({"tool"}))  # fmt: skip
    assert found.done == (
        "patched lib 1 -> 2: tool needs it", "patched tool 1.0-1 -> 1.0-2: asked for",
    )  # fmt: skip


def test_who_depends_on_the_old_version_is_patched_too(tmp_path: Path) -> None:
    lib = Deb("lib", "1")
    dev = Deb("lib-dev", "1", fields={"Depends": "lib (= 1)"})
    newer = [each._replace(version="2") for each in (lib, dev)]
    newer[1] = newer[1]._replace(fields={"Depends": "lib (= 2)"})
    found = patch_with(tmp_path, debian(lib, dev), *newer, named=frozenset({"lib"}))
    assert [line.split()[1] for line in found.done] == ["lib", "lib-dev"]


def test_who_holds_back_what_others_need_is_named(tmp_path: Path) -> None:
    lib = Deb("lib", "1")
    dev = Deb("lib-dev", "1", fields={"Depends": "lib (= 1)"})
    found = patch_with(tmp_path, debian(lib, dev), lib._replace(version="2"))
    assert not found.done
    assert found.left == (
        "not patched: lib 1: lib-dev 1 needs lib (= 1), which is not to be had in that version",
    )


def test_what_breaks_others_is_left(tmp_path: Path) -> None:
    new = NEW._replace(fields={"Breaks": "other (<< 2)"})
    files = debian(OLD, Deb("other", "1"))
    assert only_reason(tmp_path, files, new) == (
        "tool 1.0-2 does not go with other (<< 2), which is installed"
    )


def test_what_is_broken_already_stops_nothing(tmp_path: Path) -> None:
    old = OLD._replace(fields={"Depends": "never"})
    assert patch_with(tmp_path, debian(old), NEW._replace(fields={"Depends": "never"})).done


def test_nothing_is_needed_for_what_is_left(tmp_path: Path) -> None:
    lib = Deb("lib", "1")
    new = NEW._replace(fields={"Depends": "lib (= 2), never"})
    found = patch_with(tmp_path, debian(OLD, lib), new, lib._replace(version="2"),
                       named=frozenset({"tool"}))  # fmt: skip
    assert not found.done
    assert "needs never, which is not installed" in found.left[0]


def test_older_versions_are_not_taken(tmp_path: Path) -> None:
    found = patch_with(tmp_path, debian(NEW), OLD, named=frozenset({"tool"}))
    assert found.left == ("not patched: tool 1.0-2: the sources have nothing newer than 1.0-1",)


def test_a_package_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the image has no such package"):
        patch_with(tmp_path, debian(OLD), NEW, named=frozenset({"nope"}))


def test_an_interrupted_dpkg_is_an_error(tmp_path: Path) -> None:
    files = debian(OLD, extra={"var/lib/dpkg/updates/0001": b"Package: tool\n"})
    with pytest.raises(InputError, match="dpkg was interrupted"):
        patch_with(tmp_path, files, NEW)


def test_without_sources_there_is_nothing_to_patch_with(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing says where newer packages are"):
        patch(image(tmp_path / "in", debian(OLD)))


def test_an_image_without_packages_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no packages of dpkg or apk"):
        patch(image(tmp_path / "in", {"a": b""}), packages=(shelf(tmp_path / "debs"),))


# Distroless -----------------------------------------------------------------------------------


def test_a_paragraph_of_a_distroless_image_becomes_the_new_one(tmp_path: Path) -> None:
    files: dict[str, object] = {
        "etc/os-release": 'ID=debian\nVERSION_ID="12"\n', "usr/lib/tool/gone": b"1",
        "usr/lib/tool/kept": b"2", "usr/bin/tool": b"old", "etc/tool.conf": b"mine",
        "var/lib/dpkg/status.d/tool": OLD.control, "var/lib/dpkg/status.d/tool.md5sums": OLD.sums,
    }  # fmt: skip
    new = NEW._replace(scripts={"postinst": "#!/bin/sh\nanything --at all\n"})
    found = patch_with(tmp_path, files, new)  # type: ignore[arg-type]
    assert found.done
    assert text_of(found, "var/lib/dpkg/status.d/tool") == new.control
    assert text_of(found, "var/lib/dpkg/status.d/tool.md5sums") == new.sums
    assert text_of(found, "etc/tool.conf") == "mine"
    assert text_of(found, "usr/bin/tool") == "new"
    assert "usr/lib/tool/gone" not in files_of(found)
    assert "var/lib/dpkg/status" not in files_of(found)
    assert not [path for path in files_of(found) if path.startswith("var/lib/dpkg/info")]


def test_the_same_input_gives_the_same_layer(tmp_path: Path) -> None:
    name = image(tmp_path / "in", debian(OLD))
    packages = (shelf(tmp_path / "debs", NEW),)
    first, second = patch(name, packages=packages), patch(name, packages=packages)
    assert first.image.layers[-1].digest == second.image.layers[-1].digest
    assert first.image.config.document["history"] == [
        *first.image.config.document["history"][:-1],
        {"created": "at 1714521600", "created_by": "seawall harden image --patch"},
    ]
