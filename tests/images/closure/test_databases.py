"""Package databases tell of what is left, and a scanner reads them."""

from seawall.packages.apk import read as read_apk
from seawall.packages.dpkg import read as read_dpkg
from seawall.packages.package import File
from tests.images.closure.elves import elf
from tests.images.closure.trees import LOADER, Content, closed

BINARY = elf(interpreter=f"/{LOADER}")


def status(*names: str) -> str:
    return "".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"
        f"Description: {name}\n more\n\n"
        for name in names
    )


DPKG: dict[str, Content] = {
    "lib": "-> usr/lib", LOADER: elf(), "usr/bin/app": BINARY, "usr/share/doc/app/x": "x",
    "usr/bin/moved.distrib": elf(["libmine.so"]), "usr/lib/libmine.so": elf(),
    "var/lib/dpkg/status": status("app", "loader", "gone", "first", "odd", "mine"),
    "var/lib/dpkg/info/app.list": "/.\n/usr\n/usr/bin\n/usr/bin/app\n/usr/share/doc/app/x\n",
    "var/lib/dpkg/info/app.md5sums": f"{'0' * 32}  usr/bin/app\n{'1' * 32}  usr/share/doc/app/x\n",
    "var/lib/dpkg/info/app.postinst": "#!/bin/sh\n",
    "var/lib/dpkg/info/loader:amd64.list": f"/.\n/{LOADER}\n",
    "var/lib/dpkg/info/gone.list": "/.\n/usr\n/usr/bin\n/usr/bin/gone\n",
    "var/lib/dpkg/info/first.list": "/.\n/usr/bin/moved\n",
    "var/lib/dpkg/info/mine.list": "/.\n/lib/libmine.so\n",
    "var/lib/dpkg/info/format": "1\n",
    "var/lib/dpkg/diversions": "/usr/bin/moved\n/usr/bin/moved.distrib\nmine\n",
}  # fmt: skip


def test_dpkg() -> None:
    found = closed(DPKG, "app", commands=[["/usr/bin/moved.distrib"]])
    facts = read_dpkg(File("var/lib/dpkg/status", found.replaced["var/lib/dpkg/status"]))
    names = [package.name for package in facts.contents.packages]
    assert names == ["app", "loader", "first", "mine"]
    assert not facts.contents.problems
    assert found.packages == 4
    assert found.replaced["var/lib/dpkg/info/app.list"] == b"/.\n/usr\n/usr/bin\n/usr/bin/app\n"
    assert found.replaced["var/lib/dpkg/info/app.md5sums"] == b"0" * 32 + b"  usr/bin/app\n"
    assert set(found.replaced) <= found.paths
    assert "var/lib/dpkg/info/app.postinst" not in found.paths
    assert "var/lib/dpkg/info/gone.list" not in found.paths
    assert {"var/lib/dpkg/diversions", "var/lib/dpkg/info/format"} <= found.paths


def test_distroless() -> None:
    top = "var/lib/dpkg/status.d"
    files: dict[str, Content] = {
        LOADER: elf(), "usr/bin/app": BINARY, f"{top}/app": "Package: app\nVersion: 1\n",
        f"{top}/app.md5sums": f"{'0' * 32}  usr/bin/app\n{'1' * 32}  usr/bin/x\n",
        f"{top}/gone": "Package: gone\n", f"{top}/gone.md5sums": f"{'1' * 32}  usr/bin/x\n",
        f"{top}/bare": "Package: bare\n",
    }  # fmt: skip
    found = closed(files, "app")
    assert {path for path in found.paths if path.startswith(f"{top}/")} == {
        f"{top}/app", f"{top}/app.md5sums", f"{top}/bare"
    }  # fmt: skip
    assert found.replaced == {f"{top}/app.md5sums": b"0" * 32 + b"  usr/bin/app\n"}


APK = """\
C:Q1x=
P:app
V:1-r0
A:x86_64
F:usr
F:usr/bin
M:0:0:755
R:app
a:0:0:755
Z:Q1a=
R:unused
a:0:0:755
F:usr/share/app
R:doc
Z:Q1b=

P:gone
V:2
F:bin
R:gone

P:virtual
V:3
"""


def test_apk() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "usr/bin/app": BINARY, "usr/bin/unused": BINARY,
        "lib/apk/db/installed": APK, "lib/apk/db/scripts.tar": "x",
    }  # fmt: skip
    found = closed(files, "app")
    data = found.replaced["lib/apk/db/installed"]
    assert data == (
        b"C:Q1x=\nP:app\nV:1-r0\nA:x86_64\nF:usr/bin\nM:0:0:755\nR:app\na:0:0:755\nZ:Q1a=\n\n"
    )
    facts = read_apk(File("lib/apk/db/installed", data))
    assert [holding.paths for holding in facts.holdings] == [("usr/bin/app",)]
    assert "lib/apk/db/scripts.tar" not in found.paths


def test_others() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "usr/bin/app": BINARY,
        "var/lib/pacman/local/app-1/desc": "x",
        "var/lib/pacman/local/app-1/files": "%FILES%\nusr/\nusr/bin/\nusr/bin/app\n",
        "var/lib/pacman/local/gone-1/files": "%FILES%\nusr/\nusr/bin/\nusr/bin/gone\n",
        "var/db/pkg/sys/app-1/CONTENTS": "dir /usr\nobj /usr/bin/app 00 1\n",
        "var/db/pkg/sys/gone-1/CONTENTS": "obj /usr/bin/gone 00 1\nsym /a -> b 1\n",
        "var/lib/rpm/rpmdb.sqlite": "x",
    }  # fmt: skip
    found = closed(files, "app")
    assert {"var/lib/pacman/local/app-1/desc", "var/db/pkg/sys/app-1/CONTENTS",
            "var/lib/rpm/rpmdb.sqlite"} <= found.paths  # fmt: skip
    assert not any("gone" in path for path in found.paths)
    assert any("/var/lib/rpm" in text for text in found.warnings)
    assert found.packages == 2


def test_odd_databases_raise_nothing() -> None:
    for data in (b"", b"\n\n\n", b"\xff\xfe\n\nPackage:\n", b"Package: app\n", b"R:x\nF:\nM:\n"):
        files: dict[str, Content] = {
            LOADER: elf(), "usr/bin/app": BINARY, "var/lib/dpkg/status": data,
            "var/lib/dpkg/info/app.list": data, "var/lib/dpkg/info/app.md5sums": data,
            "var/lib/dpkg/diversions": data, "lib/apk/db/installed": data,
        }  # fmt: skip
        closed(files, "app")
