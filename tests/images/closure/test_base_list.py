"""What is kept although nothing names it."""

from tests.images.closure.elves import elf
from tests.images.closure.trees import LOADER, Content, closed

LIBRARIES = "usr/lib/x86_64-linux-gnu"
FILES: dict[str, Content] = {
    LOADER: elf(), "usr/bin/app": elf(["libc.so.6"], interpreter=f"/{LOADER}"),
    f"{LIBRARIES}/libc.so.6": elf(strings=["GNU C Library stable release version 2.31."]),
    f"{LIBRARIES}/libnss_files.so.2": elf(), f"{LIBRARIES}/libnss_dns.so.2": elf(["libq.so"]),
    f"{LIBRARIES}/libnss_ldap.so.2": elf(), f"{LIBRARIES}/libnss_nis.so.2": elf(),
    f"{LIBRARIES}/libq.so": elf(), f"{LIBRARIES}/gconv/gconv-modules.cache": "x",
    f"{LIBRARIES}/gconv/BIG5.so": elf(),
    "etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:10:10::/home/app:/bin/false\n",
    "etc/shadow": "x", "etc/nsswitch.conf": "hosts: files dns # nis\npasswd: files ldap\n",
    "etc/resolv.conf": "-> ../run/resolv.conf", "etc/localtime": "-> /usr/share/zoneinfo/Etc/UTC",
    "usr/share/zoneinfo/Etc/UTC": "x", "usr/share/zoneinfo/Europe/Bern": "x",
    "usr/share/zoneinfo/Asia/Baku": "x", "tmp": None, "var/tmp": None, "proc": None,
    "home/app/.config": "x", "data/seed": "x", "usr/lib/locale/C.utf8/LC_CTYPE": "x",
    "usr/lib/locale/de_DE.utf8/LC_CTYPE": "x", "usr/lib/locale/fr_FR.utf8/LC_CTYPE": "x",
    "etc/own.pem": "x",
}  # fmt: skip


def test_base_list() -> None:
    found = closed(
        FILES, "app", user="app", volumes=["/data"],
        environment={"TZ": "Europe/Bern", "LANG": "de_DE.UTF-8", "SSL_CERT_FILE": "/etc/own.pem"},
    )  # fmt: skip
    unwanted = {
        f"{LIBRARIES}/libnss_nis.so.2", f"{LIBRARIES}/gconv/BIG5.so", "etc/shadow",
        "usr/share/zoneinfo/Asia/Baku", "home/app/.config", "usr/lib/locale/fr_FR.utf8/LC_CTYPE",
    }  # fmt: skip
    assert set(FILES) - unwanted <= found.paths
    assert not unwanted & found.paths
    assert "home/app" in found.paths
    assert not found.warnings
    assert "ldap" in found.reasons[f"{LIBRARIES}/libnss_ldap.so.2"]


def test_a_newer_c_library_has_its_services_itself() -> None:
    files = {
        **FILES,
        f"{LIBRARIES}/libc.so.6": elf(strings=["GNU C Library stable release version 2.36."]),
    }
    paths = closed(files, "app").paths
    assert f"{LIBRARIES}/libnss_ldap.so.2" in paths
    assert f"{LIBRARIES}/libnss_dns.so.2" not in paths


def test_terminals() -> None:
    files: dict[str, Content] = {
        LOADER: elf(), "usr/bin/app": elf(["libtinfo.so.6"], interpreter=f"/{LOADER}"),
        "usr/lib/libtinfo.so.6": elf(), "lib/terminfo/x/xterm": "x", "lib/terminfo/a/ansi": "x",
    }  # fmt: skip
    paths = closed(files, "app").paths
    assert "lib/terminfo/x/xterm" in paths
    assert "lib/terminfo/a/ansi" not in paths
