"""Python programs: the modules that they import."""

import pytest

from seawall.images.closure.python_imports import imports_of, lines_of
from tests.images.closure.elves import elf
from tests.images.closure.trees import LOADER, Content, closed

STANDARD = "usr/lib/python3.11"
SITE = "usr/local/lib/python3.11/dist-packages"
DYNAMIC = f"{STANDARD}/lib-dynload"
SYSTEM: dict[str, Content] = {
    LOADER: elf(), "usr/bin/python3": "-> python3.11",
    "usr/bin/python3.11": elf(interpreter=f"/{LOADER}"),
    f"{STANDARD}/os.py": "import stat\n", f"{STANDARD}/stat.py": "", f"{STANDARD}/site.py": "",
    f"{STANDARD}/encodings/__init__.py": "", f"{STANDARD}/encodings/utf_8.py": "",
    f"{STANDARD}/json/__init__.py": "from . import decoder\n", f"{STANDARD}/json/decoder.py": "",
    f"{STANDARD}/json/tool.py": "", f"{STANDARD}/doctest.py": "import unittest\n",
    f"{STANDARD}/unittest/__init__.py": "", f"{STANDARD}/sqlite3/__init__.py": "import _sqlite3\n",
    f"{STANDARD}/sqlite3/dump.py": "",
    f"{DYNAMIC}/_sqlite3.cpython-311-x86_64-linux-gnu.so": elf(["libsqlite3.so.0"]),
    "usr/lib/libsqlite3.so.0": elf(),
    f"{STANDARD}/lazy.py": "def f():\n    import doctest, json\n",
    f"{STANDARD}/guarded.py": "if __name__ == '__main__':\n    import json\n",
    f"{STANDARD}/runpy.py": "", f"{STANDARD}/unused.py": "",
    f"{STANDARD}/__pycache__/os.cpython-311.pyc": "x",
}  # fmt: skip
PACKAGES: dict[str, Content] = {
    f"{SITE}/whole/__init__.py": "", f"{SITE}/whole/inner/data.txt": "x",
    f"{SITE}/whole/late.py": "import single\n", f"{SITE}/whole/__pycache__/a.pyc": "x",
    f"{SITE}/whole/_fast.abi3.so": elf(["libfast.so"]), "usr/lib/libfast.so": elf(),
    f"{SITE}/whole-1.0.dist-info/METADATA":
        "Name: whole\nVersion: 1.0\nRequires-Dist: Needed >=2\n"
        "Requires-Dist: optional; extra == 'x'\n\nText\n",
    f"{SITE}/whole-1.0.dist-info/RECORD": "whole/__init__.py,,\nwhole/late.py,,\n",
    f"{SITE}/needed/__init__.py": "", f"{SITE}/needed-2.dist-info/METADATA": "Name: needed\n\n",
    f"{SITE}/needed-2.dist-info/top_level.txt": "needed\n",
    f"{SITE}/optional.py": "", f"{SITE}/optional-2.dist-info/METADATA": "Name: optional\n\n",
    f"{SITE}/single.py": "", f"{SITE}/other/__init__.py": "",
    f"{SITE}/space/one/__init__.py": "", f"{SITE}/space/two/__init__.py": "",
    f"{SITE}/space_one-1.dist-info/METADATA": "Name: space-one\n\n",
    f"{SITE}/space_one-1.dist-info/RECORD": "space/one/__init__.py,,\n",
    f"{SITE}/space_two-1.dist-info/METADATA": "Name: space-two\n\n",
    f"{SITE}/space_two-1.dist-info/RECORD": "space/two/__init__.py,,\n",
}  # fmt: skip
ALL = {**SYSTEM, **PACKAGES}


def test_start_up_and_imports() -> None:
    files = {**ALL, "srv/x/main.py": "import json, sqlite3\nimport helper\n",
             "srv/x/helper.py": "", "srv/x/page.html": "x"}  # fmt: skip
    found = closed(files, "python3", "/srv/x/main.py")
    assert {
        "usr/bin/python3", "usr/bin/python3.11", f"{STANDARD}/os.py", f"{STANDARD}/stat.py",
        f"{STANDARD}/encodings/utf_8.py", f"{STANDARD}/json/__init__.py",
        f"{STANDARD}/json/decoder.py", f"{STANDARD}/sqlite3/dump.py", "usr/lib/libsqlite3.so.0",
        f"{DYNAMIC}/_sqlite3.cpython-311-x86_64-linux-gnu.so", "srv/x/main.py", "srv/x/helper.py",
        "srv/x/page.html",
    } <= found.paths  # fmt: skip
    assert not any(
        path.startswith(SITE) or "unused" in path or "__pycache__" in path or "tool" in path
        for path in found.paths
    )
    assert not found.warnings


def test_installed_packages_are_kept_whole_with_their_metadata() -> None:
    files = {**ALL, "srv/x/main.py": "from whole import inner\nimport space.one\n"}
    paths = closed(files, "python3", "/srv/x/main.py").paths
    assert {
        f"{SITE}/whole/inner/data.txt", f"{SITE}/single.py", f"{SITE}/needed/__init__.py",
        f"{SITE}/whole-1.0.dist-info/METADATA", f"{SITE}/needed-2.dist-info/METADATA",
        "usr/lib/libfast.so", f"{SITE}/space/one/__init__.py",
        f"{SITE}/space_one-1.dist-info/RECORD",
    } <= paths  # fmt: skip
    for part in ("optional", "other", "space/two", "space_two", "__pycache__"):
        assert not [path for path in paths if part in path]


@pytest.mark.parametrize(
    ("process", "wanted", "unwanted"),
    [
        (("python3", "-m", "json.tool"), ("json/tool.py", "runpy.py"), ("sqlite3/__init__.py",)),
        (("python3", "-um", "lazy"), ("json/decoder.py",), ("doctest.py", "unittest/__init__.py")),
        (("python3", "-W", "error", "-c", "import doctest"), ("unittest/__init__.py",), ()),
        (("python3", "-Ic", "import guarded"), ("guarded.py",), ("json/__init__.py",)),
        (("python3", "-m", "guarded"), ("json/__init__.py",), ()),
    ],
)
def test_commands(
    process: tuple[str, ...], wanted: tuple[str, ...], unwanted: tuple[str, ...]
) -> None:
    paths = closed(ALL, *process).paths
    assert {f"{STANDARD}/{name}" for name in wanted} <= paths
    assert not {f"{STANDARD}/{name}" for name in unwanted} & paths


def test_a_console_script_and_the_application_that_it_is_told_of() -> None:
    files = {
        **ALL, "usr/local/bin/serve": "#!/usr/bin/python3\nfrom whole.late import main\nmain()\n",
        "app/shop/web.py": "import json\n", "app/shop/views/a.py": "import sqlite3\n",
        "app/static/a.css": "x", "app/.git/config": "x",
    }  # fmt: skip
    found = closed(files, "serve", "shop.web:app", directory="/app")
    assert {
        f"{SITE}/whole/late.py", "app/shop/web.py", "app/static/a.css",
        f"{STANDARD}/json/__init__.py", f"{STANDARD}/sqlite3/__init__.py",
    } <= found.paths  # fmt: skip
    assert "app/.git/config" not in found.paths


def test_a_virtual_environment() -> None:
    venv = "opt/venv"
    site = f"{venv}/lib/python3.11/site-packages"
    files = {
        **ALL, f"{venv}/bin/python": "-> /usr/bin/python3",
        f"{venv}/pyvenv.cfg": "home = /usr/bin\ninclude-system-site-packages = false\n",
        f"{site}/mine/__init__.py": "import other\n",
        f"{site}/more.pth": "/srv/extra\nimport hook\n",
        "srv/extra/far.py": "", f"{site}/hook.py": "import json\n",
        "srv/x/main.py": "import mine, far\n",
    }  # fmt: skip
    found = closed(files, "/opt/venv/bin/python", "/srv/x/main.py")
    assert {
        f"{venv}/pyvenv.cfg", f"{venv}/bin/python", f"{site}/mine/__init__.py", "srv/extra/far.py",
        f"{site}/hook.py", f"{STANDARD}/json/__init__.py", f"{site}/more.pth",
    } <= found.paths  # fmt: skip
    assert f"{SITE}/other/__init__.py" not in found.paths


def test_what_is_not_known_is_told() -> None:
    files = {**ALL, "srv/x/main.py": "import absent\nimport importlib\n"
             "importlib.import_module(name)\nentry_points(group='x')\ntry:\n import opt\n"
             "except ImportError:\n pass\n"}  # fmt: skip
    text = "\n".join(closed(files, "python3", "/srv/x/main.py").warnings)
    assert "imports absent" in text
    assert "made at run time" in text
    assert "plug-ins" in text
    assert "imports opt" not in text
    assert "without a script" in "\n".join(closed(ALL, "python3").warnings)
    assert "not in the image" in "\n".join(closed(ALL, "python3", "/none.py").warnings)


def test_a_python_without_its_library() -> None:
    files: dict[str, Content] = {
        "usr/bin/python3.11": elf(),
        LOADER: elf(),
        "m.py": "import json\n",
    }
    found = closed(files, "python3.11", "/m.py")
    assert any("standard library" in text for text in found.warnings)


def test_imports() -> None:
    source = b"""
import a.b as c, d
from . import e
from ..f import g
if TYPE_CHECKING:
    import never
try:
    import maybe
except ImportError:
    import instead
def late():
    from h import *
__import__("i")
importlib.import_module(".j", __package__)
if __name__ == "__main__":
    import k
"""
    found = imports_of(source)
    by_name = {(item.module, item.level): item for item in found.modules}
    assert set(by_name) == {("a.b", 0), ("d", 0), ("", 1), ("f", 2), ("maybe", 0), ("instead", 0),
                            ("h", 0), ("i", 0), ("j", 1)}  # fmt: skip
    assert {name for (name, _), item in by_name.items() if item.deferred} == {
        "maybe", "instead", "h"
    }  # fmt: skip
    assert not found.dynamic
    assert "k" in {item.module for item in imports_of(source, is_main=True).modules}
    assert {item.module for item in lines_of(source)} >= {"a.b", "d", "h"}


@pytest.mark.parametrize(
    "source",
    [b"import json\nprint 'x'\n", b"import json\n\0", b"import json\n\xff\xfe",
     b"import json\n" + b"(" * 5000, b"import json\n" + b"x = " + b"-" * 100_000 + b"1"],
)  # fmt: skip
def test_sources_that_cannot_be_parsed(source: bytes) -> None:
    found = imports_of(source)
    assert [item.module for item in found.modules] == ["json"]
    assert not found.understood


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ('ctypes.CDLL("libone.so.1")', {"libone.so.1"}),
        ("ctypes.cdll.LoadLibrary('libone.so.1')", {"libone.so.1"}),
        ('ffi.dlopen("/usr/lib/libtwo.so")', {"libtwo.so"}),
        ('name = find_library("two")', {"libtwo.so", "libtwo.so.5"}),
        ('for name in ("libone.so.1", "libtwo.so.5"):\n    CDLL(name)',
         {"libone.so.1", "libtwo.so.5"}),
        ('print("libone.so.1")', set()),
        ('CDLL("libnone.so.7")', set()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["srv/x/main.py", f"{SITE}/whole/late.py"])
def test_shared_libraries_that_sources_load(source: str, kept: set[str], place: str) -> None:
    libraries = ("libone.so.1", "libtwo.so", "libtwo.so.5", "libthree.so")
    files = {
        **ALL, "srv/x/main.py": "import whole\n", place: f"import whole\n{source}\n",
        **{f"usr/lib/{name}": elf(["libfast.so"]) for name in libraries},
        "sbin/ldconfig": elf(),
    }  # fmt: skip
    found = closed(files, "python3", "/srv/x/main.py")
    assert {path.rpartition("/")[2] for path in found.paths} & set(libraries) == kept
    assert ("sbin/ldconfig" in found.paths) is ("find_library" in source)
    assert not any("made at run time" in text for text in found.warnings)
    for name in kept:
        assert found.reasons[f"usr/lib/{name}"] == f"loaded by /{place}"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("CDLL(path + suffix)", True),
        ("ffi.dlopen(os.path.join(here, library))", True),
        ("CDLL(None)", False),
        ("# CDLL(path)", False),
        ("def CDLL(path):\n    pass", False),
    ],
)
def test_names_of_libraries_that_are_made_are_told(source: str, *, told: bool) -> None:
    found = closed({**ALL, "srv/x/main.py": f"{source}\n"}, "python3", "/srv/x/main.py")
    assert any("shared libraries by names" in text for text in found.warnings) is told


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from importlib.metadata import version\nprint(version('single'))", False),
        ('import pkg_resources\npkg_resources.get_distribution("Single").version', False),
        ("load_entry_point('single==1', 'console_scripts', 'x')()", True),
        ("print('single')", False),
    ],
)
def test_metadata_that_sources_read(source: str, *, module: bool) -> None:
    """As the programs have it that setuptools and Debian install."""
    information = f"{SITE}/single-1.egg-info"
    files = {
        **ALL, "usr/bin/tool": f"#!/usr/bin/python3\nimport json\n{source}\n",
        f"{information}/PKG-INFO": "Name: single\nVersion: 1\n\n",
        f"{information}/top_level.txt": "single\n", f"{information}/entry_points.txt": "[x]\n",
    }  # fmt: skip
    found = closed(files, "tool")
    kept = f"{information}/entry_points.txt" in found.paths
    assert kept is ("print('single')" not in source)
    assert (f"{SITE}/single.py" in found.paths) is module
