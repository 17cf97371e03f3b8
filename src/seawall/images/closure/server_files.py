"""What the configuration of nginx and Redis names: modules, other files, directories.

Sources: nginx's "Core functionality" and module manuals (``include``, ``load_module``, ``root``,
``*_temp_path``), ``nginx -h`` (``-c``, ``-p``); redis.conf's own comments (``include``,
``loadmodule``, ``aclfile``, ``dir``).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from seawall.core.lazy import pattern
from seawall.images.closure.keeper import Keeper, is_system, shown
from seawall.sources.images.entry import DIRECTORY, SYMLINK

_MAX_FILES = 1_000
_TOKENS = pattern(
    r"""#[^\n]*|"((?:[^"\\]|\\.)*+)"|'((?:[^'\\]|\\.)*+)'|([{};])"""
    r"""|((?:[^\s{};'"\\$]|\$\{\w*\}|\$|\\.)++)"""
)
_NGINX_FILES = frozenset(
    "auth_basic_user_file geoip2 geoip_city geoip_country geoip_org js_import js_include "
    "load_module modsecurity_rules_file perl_modules proxy_ssl_certificate "
    "proxy_ssl_certificate_key proxy_ssl_trusted_certificate ssl_certificate ssl_certificate_key "
    "ssl_client_certificate ssl_crl ssl_dhparam ssl_password_file ssl_session_ticket_key "
    "ssl_trusted_certificate xslt_stylesheet".split()
)
_NGINX_TREES = frozenset(("root", "alias", "js_path"))
_NGINX_PLACES = frozenset(("error_log", "access_log", "pid", "lock_file"))
"""Files that it writes: their directories must be there."""
_NGINX_DIRECTORIES = ("_temp_path", "_cache_path", "_store")
_REDIS_FILES = frozenset(
    "include loadmodule aclfile tls-cert-file tls-key-file tls-ca-cert-file tls-dh-params-file "
    "tls-client-cert-file tls-client-key-file".split()
)
_REDIS_DIRECTORIES = frozenset(("dir", "tls-ca-cert-dir"))
_REDIS_WRITTEN = frozenset(("dir",))
_REDIS_PLACES = frozenset(("logfile", "pidfile", "unixsocket"))
_NGINX_DEFAULTS = (
    "etc/nginx/nginx.conf", "usr/local/nginx/conf/nginx.conf", "usr/local/etc/nginx/nginx.conf",
    "opt/nginx/conf/nginx.conf", "usr/local/openresty/nginx/conf/nginx.conf",
    "opt/bitnami/nginx/conf/nginx.conf",
)  # fmt: skip
_NGINX_PREFIXES = (
    "usr/share/nginx", "etc/nginx", "usr/lib/nginx", "usr/lib64/nginx", "usr/local/nginx",
)  # fmt: skip
_REDIS = ("redis-server", "redis-sentinel", "valkey-server", "valkey-sentinel", "keydb-server")


def keep(keeper: Keeper, name: str, path: str, words: Sequence[str | None]) -> None:
    """Keep what the configuration of a server names, if a program is one that is known here."""
    if name in {"nginx", "openresty"}:
        _Nginx(keeper, path).keep(words)
    elif name in _REDIS:
        _redis(keeper, path, words)


def directives(text: str) -> Iterator[list[str]]:
    """The directives of a text in nginx's notation, those of blocks and in blocks alike."""
    words: list[str] = []
    for found in _TOKENS.finditer(text):
        mark = found[3]
        if mark is not None:
            if words:
                yield words
            words = []
        elif not found[0].startswith("#"):
            words.append(next(part for part in (found[1], found[2], found[4]) if part is not None))
    if words:
        yield words


class _Nginx:
    def __init__(self, keeper: Keeper, program: str) -> None:
        self._keeper = keeper
        self._program = program
        self._prefixes: list[str] = []

    def keep(self, words: Sequence[str | None]) -> None:
        options = _options(words, ("-c", "-p"))
        given = options.get("-c")
        if options.get("-p"):
            self._prefixes.append(self._keeper.place(options["-p"]))
        first = [self._keeper.place(given)] if given else [*_NGINX_DEFAULTS]
        start = next((path for path in first if self._keeper.has_file(path)), None)
        if start is None:
            self._keeper.warn(f"{shown(self._program)}: no nginx.conf was found; include it")
            return
        above = start.rpartition("/")[0]
        self._prefixes += [above, above.rpartition("/")[0], *_NGINX_PREFIXES]
        self._keeper.keep(start, f"the configuration of {shown(self._program)}")
        waiting, seen = [start], {start}
        while waiting and len(seen) < _MAX_FILES:
            path = waiting.pop()
            for directive in directives(self._keeper.text(path)):
                for more in self._directive(directive, path):
                    if more not in seen:
                        seen.add(more)
                        waiting.append(more)

    def _directive(self, words: list[str], path: str) -> Iterator[str]:
        """Keep what a directive names; gives files that are a part of the configuration."""
        name, values = words[0], words[1:]
        if not values:
            return
        reason = f"{name} in {shown(path)}"
        if name == "include":
            for found in self._places(values[0]):
                if self._keeper.keep(found, reason) is not None:
                    yield found
        elif name in _NGINX_FILES:
            self._file(values[0], reason)
        elif name in _NGINX_TREES:
            for place in self._places(values[0]):
                _tree(self._keeper, place, reason)
        elif name in _NGINX_PLACES or name.endswith(_NGINX_DIRECTORIES):
            end = "" if name in _NGINX_PLACES else "/."
            for prefix in ("", *self._prefixes):
                _directory_of(self._keeper, f"{values[0]}{end}", prefix, reason)

    def _file(self, value: str, reason: str) -> None:
        """Keep a file that must be there for nginx to start."""
        places = list(self._places(value))
        for place in places:
            self._keeper.keep(place, reason)
        if not places and "$" not in value and not value.startswith(("data:", "engine:")):
            self._keeper.warn(f"{value}, {reason}, is not in the image")

    def _places(self, value: str) -> Iterator[str]:
        """The files that a value means: relative ones are below the prefix or the configuration."""
        if "$" in value:
            value = value.partition("$")[0]
            if not value.strip("/"):
                return
        for prefix in ("",) if value.startswith("/") else self._prefixes:
            found = list(self._keeper.glob(self._keeper.place(value, prefix)))
            yield from found
            if found:
                return


def _redis(keeper: Keeper, program: str, words: Sequence[str | None]) -> None:
    del program
    waiting = [word for word in words[1:2] if word and not word.startswith("-")]
    seen: set[str] = set()
    while waiting and len(seen) < _MAX_FILES:
        for path in list(keeper.glob(keeper.place(waiting.pop()))):
            if path in seen:
                continue
            seen.add(path)
            keeper.keep(path, "the configuration of Redis")
            for line in keeper.text(path).splitlines():
                parts = line.split()
                if len(parts) > 1 and not line.lstrip().startswith("#"):
                    waiting += _redis_line(keeper, parts[0].lower(), parts[1].strip("\"'"), path)


def _redis_line(keeper: Keeper, name: str, value: str, path: str) -> list[str]:
    reason = f"{name} in {shown(path)}"
    place = keeper.place(value)
    if name == "include":
        return [value]
    if name in _REDIS_FILES:
        if keeper.keep(place, reason) is None:
            keeper.warn(f"{shown(path)}: {name} {value} is not in the image")
    elif name in _REDIS_DIRECTORIES:
        if name in _REDIS_WRITTEN:
            keeper.keep_written(place, reason)
        else:
            keeper.keep(place, reason)
    elif name in _REDIS_PLACES:
        _directory_of(keeper, value, "", reason)
    return []


def _tree(keeper: Keeper, place: str, reason: str) -> None:
    found = keeper.find(place)
    if found is not None and not is_system(found.path):
        keeper.keep_tree(place, reason)


def _directory_of(keeper: Keeper, value: str, prefix: str, reason: str) -> None:
    """Keep the directory of a file that is written at run time, or a directory (``PATH/.``)."""
    if value in {"off", "stderr", ""} or value.startswith(("syslog:", "memory:")) or "$" in value:
        return
    if not value.startswith("/") and not prefix:
        return
    directory = keeper.place(value.removesuffix("/."), prefix)
    if not value.endswith("/."):
        entry = keeper.root.get(directory)
        if entry is not None and entry.kind is SYMLINK:  # to /dev/stdout, as images have logs
            keeper.keep_link(directory, reason)
            return
        directory = directory.rpartition("/")[0]
    found = keeper.find(directory)
    while found is None and directory:  # what is not there yet is made below what is
        directory = directory.rpartition("/")[0]
        found = keeper.find(directory) if not is_system(directory) else None
    if found is not None and found.kind is DIRECTORY:
        keeper.keep_written(directory, reason)


def _options(words: Sequence[str | None], names: tuple[str, ...]) -> dict[str, str]:
    pairs = pairwise(words)
    return {word: following for word, following in pairs if word in names and word and following}
