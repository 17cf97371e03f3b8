"""What an ELF file tells of what it needs."""

import random

import pytest

from seawall.images.closure import elf
from tests.images.closure import elves

FORMS = pytest.mark.parametrize(
    ("order", "wide", "machine"),
    [("<", True, elves.X86_64), ("<", False, elves.I386), (">", True, elves.S390),
     (">", False, 20)],
)  # fmt: skip


@FORMS
def test_facts(order: str, wide: bool, machine: int) -> None:
    data = elves.elf(
        ["libc.so.6", "libm.so.6"], interpreter="/lib64/ld.so", soname="libx.so.1",
        rpath="/a:$ORIGIN/b", runpath="/c", imports=["dlopen", "system", "printf"],
        exports=["popen"], strings=["libplug.so.2", "lib%s.so", "see libdoc.so", "/opt/x/y.so"],
        flags=0x800, order=order, wide=wide, machine=machine,
    )  # fmt: skip
    found = elf.read(data)
    assert found is not None
    assert found.kind == (machine, wide)
    assert found.needed == ("libc.so.6", "libm.so.6")
    assert (found.interpreter, found.soname) == ("/lib64/ld.so", "libx.so.1")
    assert (found.rpath, found.runpath) == (("/a", "$ORIGIN/b"), ("/c",))
    assert found.calls == {"dlopen", "system"}
    assert found.defines == {"popen"}
    assert {"libplug.so.2", "/opt/x/y.so"} <= set(found.mentions)
    assert not {"libdoc.so", ".so", "lib%s.so"} & set(found.mentions)
    assert found.no_defaults


def test_only_what_loads_libraries_mentions_them() -> None:
    found = elf.read(elves.elf(imports=["printf"], strings=["libplug.so"]))
    assert found is not None
    assert found.mentions == ()


def test_paths_of_a_program() -> None:
    data = elves.elf(
        interpreter="/lib/ld.so", strings=["/var/lib/nginx", "/etc/nginx/nginx.conf", "/x", "a/b"]
    )
    found = elf.read(data)
    assert found is not None
    assert found.places == ("/var/lib/nginx", "/etc/nginx/nginx.conf")


def test_a_name_that_ends_another_is_found() -> None:
    """Linkers let ``system`` be the end of ``_my_system``."""
    data = elves.elf(imports=["_my_system"])
    at = data.index(b"_my_system")
    symbols = data.index((1).to_bytes(4, "little"), 64 + 3 * 56)
    changed = data[:symbols] + (1 + 4).to_bytes(4, "little") + data[symbols + 4 :]
    assert data[at + 4 : at + 10] == b"system"
    found = elf.read(changed)
    assert found is not None
    assert found.calls == {"system"}


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"MZ", b"\x7fELF\x02\x01" + bytes(10)])
def test_no_elf(data: bytes) -> None:
    assert elf.read(data) is None


@FORMS
def test_broken_files_raise_nothing(order: str, wide: bool, machine: int) -> None:
    data = elves.elf(
        ["libc.so.6"], interpreter="/lib/ld.so", rpath="/a", imports=["dlopen"],
        strings=["libx.so"], order=order, wide=wide, machine=machine,
    )  # fmt: skip
    chance = random.Random(1)
    for cut in range(len(data)):
        elf.read(data[:cut])
    for _ in range(3000):
        broken = bytearray(data)
        for _ in range(chance.randrange(1, 6)):
            broken[chance.randrange(4, len(broken))] = chance.choice((0, 1, 255, 128, 7))
        elf.read(bytes(broken))
