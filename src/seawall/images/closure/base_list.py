"""Files that programs open although nothing in them says so: data of the C library and the system.

The list is what was seen opened (fanotify) by redis, nginx and Python programs, and what the
manuals of glibc (nsswitch.conf(5), locale(7), iconv), musl, OpenSSL and zoneinfo name.
"""

from typing import NamedTuple

from seawall.core.lazy import pattern
from seawall.images.closure.keeper import Keeper, shown
from seawall.images.closure.linker import Linker
from seawall.sources.images.entry import DIRECTORY

_GLIBC = pattern(rb"stable release version (\d+)\.(\d+)")
_SERVICE = pattern(r"[a-z][a-z0-9_]*")
_BUILT_IN = frozenset(("files", "dns"))
"""NSS services that glibc has in libc.so itself since 2.34."""


class Base(NamedTuple):
    """A file or directory that is kept where it is there."""

    path: str
    reason: str
    tree: bool = False


_ACCOUNTS = "users and groups are looked up there"
_NETWORK = "names and addresses are looked up there"
_IDENTITY = "tells programs and scanners which system it is"
_TRUST = "certificates that TLS clients trust"
BASE_LIST = (
    Base("etc/passwd", _ACCOUNTS), Base("etc/group", _ACCOUNTS),
    Base("etc/nsswitch.conf", "says where the C library looks names up"),
    Base("etc/hosts", _NETWORK), Base("etc/hostname", _NETWORK), Base("etc/resolv.conf", _NETWORK),
    Base("etc/host.conf", _NETWORK), Base("etc/gai.conf", _NETWORK),
    Base("etc/services", _NETWORK), Base("etc/protocols", _NETWORK), Base("etc/networks", _NETWORK),
    Base("etc/os-release", _IDENTITY), Base("usr/lib/os-release", _IDENTITY),
    Base("etc/debian_version", _IDENTITY), Base("etc/alpine-release", _IDENTITY),
    Base("etc/lsb-release", _IDENTITY), Base("etc/redhat-release", _IDENTITY),
    Base("etc/system-release", _IDENTITY), Base("etc/apk/repositories", _IDENTITY),
    Base("etc/apk/arch", _IDENTITY),
    Base("etc/ssl/certs/ca-certificates.crt", _TRUST), Base("etc/ssl/cert.pem", _TRUST),
    Base("etc/pki/tls/certs/ca-bundle.crt", _TRUST), Base("etc/pki/tls/cert.pem", _TRUST),
    Base("etc/ssl/ca-bundle.pem", _TRUST),
    Base("etc/ssl/openssl.cnf", "OpenSSL reads it when it starts"),
    Base("usr/lib/ssl/openssl.cnf", "OpenSSL reads it when it starts"),
    Base("usr/lib/ssl/cert.pem", _TRUST), Base("usr/lib/ssl/certs", _TRUST),
    Base("etc/pki/tls/openssl.cnf", "OpenSSL reads it when it starts"),
    Base("etc/crypto-policies/back-ends", "TLS libraries read it when they start", tree=True),
    Base("etc/ld.so.cache", "the dynamic linker looks libraries up there"),
    Base("etc/ld.so.conf", "says where libraries are"),
    Base("etc/ld.so.conf.d", "says where libraries are", tree=True),
    Base("etc/ld.so.preload", "the dynamic linker reads it"),
    Base("etc/localtime", "says which time zone it is"), Base("etc/timezone", "as localtime"),
    Base("usr/share/zoneinfo/Etc/UTC", "a time zone"),
    Base("usr/share/zoneinfo/UTC", "a time zone"),
    Base("usr/lib/locale/C.utf8", "the locale that programs set", tree=True),
    Base("usr/lib/locale/C.UTF-8", "the locale that programs set", tree=True),
)  # fmt: skip

MOUNT_POINTS = (
    "dev", "dev/pts", "dev/shm", "etc", "home", "proc", "root", "run", "run/lock", "sys", "tmp",
    "var/lock", "var/run", "var/tmp",
)  # fmt: skip
"""Directories that runtimes mount something on, or programs write to."""
_TERMINALS = ("libncurses", "libtinfo", "libreadline", "libedit", "libslang")
_TERMINFO = ("dumb", "linux", "screen", "screen-256color", "vt100", "xterm", "xterm-256color")


def keep(keeper: Keeper, linker: Linker) -> None:
    """Keep the base list. To be called when all programs and libraries are kept."""
    for item in BASE_LIST:
        if item.tree:
            keeper.keep_tree(item.path, item.reason)
        else:
            keeper.keep_link(item.path, item.reason)
    for path in MOUNT_POINTS:
        found = keeper.find(path)
        if found is not None and found.kind is DIRECTORY:
            keeper.keep_link(path, "something is mounted or written there")
    for volume in keeper.root.configuration.volumes:
        keeper.keep_tree(keeper.place(volume), "a volume of the image, with what it starts with")
    _of_environment(keeper)
    _of_account(keeper)
    _of_libraries(keeper, linker)


def _of_environment(keeper: Keeper) -> None:
    variable = keeper.root.configuration.variable
    zone = variable("TZ").lstrip(":")
    if zone:
        keeper.keep(
            keeper.place(zone, "usr/share/zoneinfo"), f"the time zone of TZ, {zone}"
        )  # fmt: skip
    for name in ("LANG", "LC_ALL", "LC_CTYPE", "LANGUAGE"):
        locale = variable(name).partition("@")[0]
        if locale and "/" not in locale and locale not in {"C", "POSIX"}:
            base, _, charset = locale.partition(".")
            spelled = charset.lower().replace("-", "")
            for each in dict.fromkeys((locale, f"{base}.{spelled}", base)):
                keeper.keep_tree(f"usr/lib/locale/{each}", f"the locale of {name}, {locale}")
            if not locale.startswith("C."):
                keeper.keep("usr/lib/locale/locale-archive", f"the locale of {name}, {locale}")
    for name in (
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS", "OPENSSL_CONF",
    ):  # fmt: skip
        if variable(name):
            keeper.keep_named(keeper.place(variable(name)), f"named by {name}")


def _of_account(keeper: Keeper) -> None:
    """The home directory of the user, empty: programs look for their settings there."""
    from seawall.images.accounts import read  # noqa: PLC0415 - needed once

    configuration = keeper.root.configuration
    accounts = read(keeper.text("etc/passwd"), keeper.text("etc/group"), None)
    uid = accounts.user_id(configuration.user)
    for user in accounts.users:
        if user.uid == uid and user.home.strip("/"):
            keeper.keep(keeper.place(user.home), f"the home directory of {user.name}")
            break
    if configuration.directory.strip("/"):
        keeper.keep(keeper.place("."), "the working directory")


def _of_libraries(keeper: Keeper, linker: Linker) -> None:
    for path in list(linker.programs):
        above, _, name = path.rpartition("/")
        if name.startswith(("libc.so.6", "libc-2.")):
            _of_glibc(keeper, path, above)
        elif name.startswith(_TERMINALS):
            for directory in ("lib/terminfo", "usr/share/terminfo", "etc/terminfo"):
                for terminal in _TERMINFO:
                    place = f"{directory}/{terminal[0]}/{terminal}"
                    keeper.keep(place, f"{shown(path)} draws on terminals")
        elif name.startswith(("libnss3.", "libnssutil3.")):
            keeper.keep_tree("etc/pki/nssdb", f"read by {shown(path)}")


def _of_glibc(keeper: Keeper, path: str, above: str) -> None:
    """The modules of the name service switch, and the list of character sets."""
    for name in ("gconv-modules", "gconv-modules.cache", "gconv-modules.d"):
        keeper.keep_tree(f"{above}/gconv/{name}", "read by the C library for character sets")
    found = _GLIBC.search(keeper.root.read(path, 64 << 20) or b"")
    is_old = found is None or (int(found[1]), int(found[2])) < (2, 34)
    services = {
        word
        for line in keeper.text("etc/nsswitch.conf").splitlines()
        for word in line.partition("#")[0].partition(":")[2].split()
        if _SERVICE.fullmatch(word)
    }
    if is_old:
        services |= _BUILT_IN
        keeper.keep(f"{above}/libresolv.so.2", "needed to look up names")
    else:
        services -= _BUILT_IN
    for service in sorted(services):
        keeper.keep(
            f"{above}/libnss_{service}.so.2", f"{service} is a service in /etc/nsswitch.conf"
        )
