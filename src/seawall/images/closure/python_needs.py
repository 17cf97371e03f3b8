"""Modules that Python imports although no source names them.

Sources: CPython's ``Python/pylifecycle.c``, ``Modules/main.c`` and ``site.py`` (start-up);
``PyImport_ImportModule`` in its C sources.
"""

START_UP = (
    "_collections_abc", "_sitebuiltins", "_weakrefset", "abc", "codecs", "collections.abc",
    "contextlib", "copyreg", "encodings", "genericpath", "importlib", "importlib._bootstrap",
    "importlib._bootstrap_external", "importlib.machinery", "importlib.util", "io", "keyword",
    "linecache", "locale", "os", "posixpath", "re", "site", "sitecustomize", "stat", "sysconfig",
    "tokenize", "traceback", "types", "usercustomize", "warnings", "weakref", "zipimport",
    "encodings.aliases", "encodings.ascii", "encodings.charmap", "encodings.cp1252",
    "encodings.cp437", "encodings.hex_codec", "encodings.base64_codec", "encodings.idna",
    "encodings.iso8859_1", "encodings.iso8859_15", "encodings.latin_1", "encodings.punycode",
    "encodings.raw_unicode_escape", "encodings.unicode_escape", "encodings.utf_16",
    "encodings.utf_16_be", "encodings.utf_16_le", "encodings.utf_32", "encodings.utf_32_be",
    "encodings.utf_32_le", "encodings.utf_7", "encodings.utf_8", "encodings.utf_8_sig",
    "encodings.zlib_codec",
)  # fmt: skip
"""At each start, when an error is shown, and the codecs that programs name most."""

IMPLIED: dict[str, tuple[str, ...]] = {
    "_asyncio": ("asyncio.events", "asyncio.exceptions", "asyncio.base_futures",
                 "asyncio.base_tasks", "asyncio.coroutines"),
    "_ctypes": ("ctypes._endian",),
    "_datetime": ("_strptime",),
    "_decimal": ("collections", "numbers"),
    "_elementtree": ("copy", "xml.etree.ElementPath"),
    "_pickle": ("_compat_pickle", "copyreg"),
    "_pydatetime": ("_strptime",),
    "_socket": ("encodings.idna",),
    "_sqlite3": ("sqlite3.dump",),
    "_testcapi": (),
    "_zoneinfo": ("zoneinfo._common", "zoneinfo._tzpath"),
    "array": ("collections.abc",),
    "asyncio": ("concurrent.futures.thread", "_asyncio"),
    "concurrent.futures": ("concurrent.futures.thread", "concurrent.futures.process"),
    "datetime": ("_strptime",),
    "encodings.idna": ("stringprep", "unicodedata"),
    "pickle": ("_compat_pickle", "copyreg"),
    "sqlite3": ("sqlite3.dump",),
    "time": ("_strptime",),
    "xml.dom": ("xml.dom.minidom",),
    "xml.sax": ("xml.sax.expatreader",),
}  # fmt: skip
"""What others import once one of them is used."""

DEVELOPMENT = frozenset(
    "_pyrepl cProfile curses distutils doctest ensurepip idlelib lib2to3 pdb profile pstats pydoc "
    "pydoc_data readline rlcompleter test tkinter trace turtle turtledemo unittest venv".split()
)
"""Modules for those who write programs. Others of the standard library import them in functions
that serve no program; what does so itself keeps them."""
