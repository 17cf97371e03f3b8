"""Images whose databases lie: each ends in a plan or in one line, within limits."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.core.errors import InputError, SeawallError
from seawall.patching import dpkg_database, relations
from seawall.patching.patching import Patched
from tests.patching.makers import Apk, Deb, Link, Tree, alpine, debian, image
from tests.patching.support import files_of, patch, patch_with

OLD = Deb("tool", "1", {"usr/bin/tool": b"old", "etc/tool.conf": b"a"}, conffiles=["etc/tool.conf"])
NEW = OLD._replace(version="2", files={"usr/bin/tool": b"new", "etc/tool.conf": b"b"})


def test_a_name_that_leads_elsewhere_is_no_package(tmp_path: Path) -> None:
    files = debian(OLD)
    files["var/lib/dpkg/status"] = OLD.installed().replace("tool", "../../../etc/x", 1)
    found = patch_with(tmp_path, files, NEW, NEW._replace(name="../../../etc/x"))
    assert not found.done


def test_a_diversion_that_leads_out_is_none(tmp_path: Path) -> None:
    extra: Tree = {"var/lib/dpkg/diversions": "/usr/bin/tool\n/usr/../../x\nother\n"}
    files = files_of(patch_with(tmp_path, debian(OLD, extra=extra), NEW))
    assert files["usr/bin/tool"].content == b"new"


def test_a_list_of_all_files_takes_nothing_that_others_have(tmp_path: Path) -> None:
    other = Deb("other", "1", {"usr/bin/other": b"1"})
    files = debian(OLD, other)
    files["var/lib/dpkg/info/tool.list"] = "/.\n/usr/bin/tool\n/usr/bin/other\n/../../usr\n/\n//\n"
    left = files_of(patch_with(tmp_path, files, NEW))
    assert left["usr/bin/other"].content == b"1"
    assert left["usr/bin/tool"].content == b"new"


def test_more_packages_than_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpkg_database, "_MOST", 1)
    with pytest.raises(InputError, match="more than 1 packages are said to be installed"):
        patch_with(tmp_path, debian(OLD, Deb("other", "1")), NEW)


def test_more_relations_than_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relations, "_MOST_LOOKS", 1000)
    fields = {"Provides": "x", "Breaks": "x (<< 1)"}
    many = [Deb(f"p{number}", "1", fields=fields) for number in range(40)]
    with pytest.raises(InputError, match="ask for more of each other"):
        patch_with(tmp_path, debian(OLD, *many), NEW)


def test_links_that_go_round_lead_nowhere(tmp_path: Path) -> None:
    files = debian(OLD, usr_merged=False)
    del files["usr/bin/tool"]
    files |= {"usr/bin": Link("../bin"), "bin": Link("usr/bin")}
    with suppress(SeawallError):
        found = patch_with(tmp_path, files, NEW)
        assert isinstance(found, Patched)


CHANGED = (
    "var/lib/dpkg/status", "var/lib/dpkg/info/tool.list", "var/lib/dpkg/info/tool.md5sums",
    "var/lib/dpkg/diversions", "var/lib/dpkg/statoverride", "var/lib/dpkg/triggers/File",
    "etc/dpkg/dpkg.cfg", "etc/passwd",
)  # fmt: skip
CHANGED_OF_APK = ("installed", "triggers", "scripts.tar")
_TEXT = st.text(st.sampled_from("/.:\n \t0aZtool=~*[]!\0é"), max_size=60)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.sampled_from(CHANGED), text=_TEXT, at=st.integers(0, 400))
def test_databases_of_dpkg_may_hold_anything(
    tmp_path_factory: pytest.TempPathFactory, path: str, text: str, at: int
) -> None:
    work = tmp_path_factory.mktemp("x")
    files = debian(OLD, Deb("other", "1"))
    known = files.get(path, "")
    whole = known if isinstance(known, str) else ""
    files[path] = whole[:at] + text + whole[at:]
    with suppress(SeawallError):
        patch_with(work, files, NEW)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(CHANGED_OF_APK), text=_TEXT, at=st.integers(0, 600))
def test_databases_of_apk_may_hold_anything(
    tmp_path_factory: pytest.TempPathFactory, name: str, text: str, at: int
) -> None:
    work = tmp_path_factory.mktemp("x")
    quiet = {"post-upgrade": "#!/bin/sh\nexit 0\n", "trigger": "#!/bin/sh\nexit 0\n"}
    old = Apk("app", "1-r0", {"usr/bin/app": b"1"}, scripts=quiet, triggers="/usr/bin")
    new = old._replace(version="1-r1")
    files = alpine(old)
    path = f"lib/apk/db/{name}"
    whole = files[path]
    data = whole.encode() if isinstance(whole, str) else whole
    assert isinstance(data, bytes)
    files[path] = data[:at] + text.encode() + data[at:]
    place = work / "apks"
    place.mkdir()
    (place / new.file_name).write_bytes(new.bytes())
    with suppress(SeawallError):
        patch(image(work / "in", files), packages=(str(place),))


@given(st.text(st.sampled_from("abc (>=<=)|,:!~1.2-any\n$"), max_size=60))
@settings(max_examples=300, deadline=None)
def test_relations_may_be_anything(text: str) -> None:
    groups = tuple(relations.groups(text))
    unit = relations.Unit("abc", "1", "amd64", "", groups, tuple(r for g in groups for r in g), ())
    list(relations.World([unit, unit._replace(name="a")], "amd64").problems())
