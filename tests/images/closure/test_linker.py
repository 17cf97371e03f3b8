"""Libraries are found where ld.so finds them."""

from collections.abc import Mapping

import pytest

from tests.images.closure import elves
from tests.images.closure.elves import elf
from tests.images.closure.trees import LOADER, Content, closed

MULTIARCH = "usr/lib/x86_64-linux-gnu"


def program(*needed: str, rpath: str = "", runpath: str = "", flags: int = 0) -> bytes:
    return elf(needed, interpreter=f"/{LOADER}", rpath=rpath, runpath=runpath, flags=flags)


def kept(files: Mapping[str, Content], **environment: str) -> frozenset[str]:
    return closed({LOADER: elf(), **files}, "/bin/app", environment=environment).paths


def test_chain_with_links_and_directories() -> None:
    files: dict[str, Content] = {
        "lib": "-> usr/lib",
        "lib64": "-> usr/lib64",
        "usr/lib64/ld-linux-x86-64.so.2": "-> /lib/x86_64-linux-gnu/ld-2.36.so",
        f"{MULTIARCH}/ld-2.36.so": elf(),
        f"{MULTIARCH}/liba.so.1": "-> liba.so.1.2",
        f"{MULTIARCH}/liba.so.1.2": elf(["libb.so"]),
        f"{MULTIARCH}/libb.so": elf(),
        f"{MULTIARCH}/libunused.so": elf(),
        "bin/app": program("liba.so.1"),
    }
    found = closed(files, "app")
    assert found.paths == set(files) - {f"{MULTIARCH}/libunused.so"} | {
        "bin", "usr", "usr/lib", "usr/lib64", MULTIARCH,
    }  # fmt: skip
    assert found.reasons[f"{MULTIARCH}/liba.so.1.2"] == "needed by /bin/app (DT_NEEDED liba.so.1)"
    assert not found.warnings


@pytest.mark.parametrize(
    ("files", "environment", "wanted"),
    [
        ({"bin/app": program("l.so", rpath="/r")}, {"LD_LIBRARY_PATH": "/e"}, "r"),
        ({"bin/app": program("l.so", runpath="/u")}, {"LD_LIBRARY_PATH": "/e"}, "e"),
        ({"bin/app": program("l.so", rpath="/r", runpath="/u")}, {}, "u"),
        ({"bin/app": program("l.so")}, {}, "c"),
        ({"bin/app": program("l.so", flags=0x800, rpath="/r")}, {}, "r"),
        ({"bin/app": program("l.so", rpath="$ORIGIN/../o")}, {}, "o"),
        ({"bin/app": program("l.so", rpath="${ORIGIN}/../$LIB")}, {}, "lib64"),
        ({"bin/app": program("l.so", rpath="/p/$PLATFORM")}, {}, "p/x86_64"),
        ({"bin/app": program("/s/l.so")}, {}, "s"),
    ],
    ids=["rpath", "environment", "runpath", "conf", "nodefaults", "origin", "lib", "platform",
         "path"],
)  # fmt: skip
def test_order(files: dict[str, Content], environment: dict[str, str], wanted: str) -> None:
    places = ("r", "e", "u", "c", "o", "lib64", "p/x86_64", "s", "usr/lib")
    libraries: dict[str, Content] = {f"{place}/l.so": elf() for place in places}
    settings: dict[str, Content] = {
        "etc/ld.so.conf": "# a comment\ninclude ld.so.conf.d/*.conf\n",
        "etc/ld.so.conf.d/a.conf": "/c\n",
        "etc/ld.so.conf.d/b.txt": "/r\n",
    }
    found = kept({**files, **libraries, **settings}, **environment)
    assert [place for place in places if f"{place}/l.so" in found] == [wanted]


def test_rpath_is_inherited_and_runpath_is_not() -> None:
    files: dict[str, Content] = {
        "a/liba.so": elf(["libb.so"]), "a/libb.so": elf(), "usr/lib/libb.so": elf()
    }  # fmt: skip
    assert "a/libb.so" in kept({**files, "bin/app": program("liba.so", rpath="/a")})
    found = kept({**files, "bin/app": program("liba.so", runpath="/a")})
    assert "usr/lib/libb.so" in found
    assert "a/libb.so" not in found


def test_libraries_of_another_machine_are_passed_over() -> None:
    files: dict[str, Content] = {
        "bin/app": program("l.so"),
        f"{MULTIARCH}/l.so": elf(machine=elves.I386, wide=False),
        "usr/lib/l.so": elf(),
    }
    assert f"{MULTIARCH}/l.so" not in kept(files)
    assert "usr/lib/l.so" in kept(files)


def test_libraries_for_some_processors_are_kept_too() -> None:
    level = f"{MULTIARCH}/glibc-hwcaps/x86-64-v3/l.so"
    files: dict[str, Content] = {
        "bin/app": program("l.so"), level: elf(["m.so"]), f"{MULTIARCH}/l.so": elf(),
        "usr/lib/m.so": elf(),
    }  # fmt: skip
    assert {level, f"{MULTIARCH}/l.so", "usr/lib/m.so"} <= kept(files)


def test_preloads() -> None:
    files: dict[str, Content] = {
        "bin/app": program(), "etc/ld.so.preload": "/opt/pre.so\n", "opt/pre.so": elf(),
        "usr/lib/fake.so": elf(),
    }  # fmt: skip
    assert {"opt/pre.so", "usr/lib/fake.so"} <= kept(files, LD_PRELOAD="fake.so")


def test_what_is_loaded_by_name() -> None:
    files: dict[str, Content] = {
        LOADER: elf(),
        "bin/app": elf(interpreter=f"/{LOADER}", imports=["dlopen"],
                       strings=["libplug.so.2", "/opt/p/own.so", "libnone.so"]),
        "usr/lib/libplug.so.2": elf(["libdeep.so"]), "usr/lib/libdeep.so": elf(),
        "opt/p/own.so": elf(),
    }  # fmt: skip
    found = closed(files, "/bin/app")
    assert {"usr/lib/libplug.so.2", "usr/lib/libdeep.so", "opt/p/own.so"} <= found.paths
    assert "dlopen" in found.reasons["usr/lib/libplug.so.2"]
    assert not found.warnings
    files["bin/app"] = elf(interpreter=f"/{LOADER}", imports=["dlopen"])
    assert any("/bin/app" in text for text in closed(files, "/bin/app").warnings)


def test_musl() -> None:
    files: dict[str, Content] = {
        "lib/ld-musl-x86_64.so.1": elf(),
        "etc/ld-musl-x86_64.path": "/lib:/usr/lib\n/opt/lib\n",
        "bin/app": elf(["liba.so", "libpthread.so.0"], interpreter="/lib/ld-musl-x86_64.so.1",
                       runpath="/r"),
        "r/liba.so": elf(["libb.so", "libc_.so"]), "r/libb.so": elf(), "usr/lib/libb.so": elf(),
        "opt/lib/libc_.so": elf(),
    }  # fmt: skip
    found = closed(files, "/bin/app")
    assert {"r/liba.so", "r/libb.so", "opt/lib/libc_.so"} <= found.paths
    assert not found.warnings


def test_missing_libraries_are_told() -> None:
    found = closed({"bin/app": program("libgone.so")}, "/bin/app")
    assert any("libgone.so" in text for text in found.warnings)
    assert any(LOADER in text for text in found.warnings)


def test_a_library_that_another_brought_along_is_not_missing() -> None:
    """``liba`` finds ``libb`` by its name, as the program has loaded it."""
    files: dict[str, Content] = {
        LOADER: elf(), "bin/app": program("liba.so", "libb.so", runpath="/o"),
        "o/liba.so": elf(["libb.so"]), "o/libb.so": elf(),
    }  # fmt: skip
    assert not closed(files, "/bin/app").warnings


def test_broken_files_are_told() -> None:
    files = {LOADER: elf(), "bin/app": program("l.so")[:100]}
    assert any("broken ELF" in text for text in closed(files, "/bin/app").warnings)


def test_includes_that_go_round_in_a_circle() -> None:
    files: dict[str, Content] = {
        "bin/app": program("l.so"), "etc/ld.so.conf": "include /etc/*.conf\n/c\n", "c/l.so": elf(),
    }  # fmt: skip
    assert "c/l.so" in kept(files)


def test_plugins_of_libraries() -> None:
    files: dict[str, Content] = {
        "bin/app": program("libcrypto.so.3"), "usr/lib/libcrypto.so.3": elf(),
        "usr/lib/ossl-modules/legacy.so": elf(["libz.so.1"]), "usr/lib/libz.so.1": elf(),
    }  # fmt: skip
    assert {"usr/lib/ossl-modules/legacy.so", "usr/lib/libz.so.1"} <= kept(files)


def test_files_that_are_named_by_their_paths() -> None:
    """Debian's libnode names its modules in JavaScript so."""
    files: dict[str, Content] = {
        LOADER: elf(), "usr/lib/libnode.so": elf(
            strings=["/usr/share/nodejs/a.js", "/usr/bin/tool", "/usr/lib/locale/locale-archive"]
        ),
        "bin/app": elf(["libnode.so"], interpreter=f"/{LOADER}",
                       strings=["/usr/lib/ssh/helper", "/usr/bin/sh", "/var/lib/app/made"]),
        "usr/share/nodejs/a.js": "x", "usr/bin/tool": elf(), "usr/bin/sh": elf(),
        "usr/lib/ssh/helper": elf(["libh.so"]), "usr/lib/libh.so": elf(), "var/lib/app": None,
        "usr/lib/locale/locale-archive": "x",
    }  # fmt: skip
    paths = closed(files, "/bin/app").paths
    assert {"usr/share/nodejs/a.js", "usr/lib/libh.so", "var/lib/app"} <= paths
    assert not {"usr/bin/tool", "usr/bin/sh", "usr/lib/locale/locale-archive"} & paths
