"""Maintainer scripts: they are not run, so a package whose scripts would matter is left alone.

A script that is the same as the one that ran when the old version was installed has done its work,
unless what it makes is made of the package's own files. One that has changed must do nothing in its
new lines but what means nothing in an image: caches that are rewritten here, services that do not
run. Source: deb-postinst(5) and the like; debhelper's ``autoscripts``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from seawall.core.lazy import pattern

_REFUSED = (
    (r"linux-(?:image|headers|modules)-.*|.*-dkms|dkms|initramfs-tools.*|grub-.*|shim-signed.*",
     "a kernel and how it starts is made by its scripts"),
    (r"postgresql-\d+|mysql-server.*|mariadb-server.*|slapd|redis-sentinel-migrate",
     "its scripts bring databases to its version"),
    (r"ca-certificates-java", "its scripts make the certificates of Java"),
    (r"emacs.*|dictionaries-common|texlive-.*|tex-common", "its scripts compile what it brings"),
)  # fmt: skip
"""Packages that are refused by their names, and why."""
_MAKES = {
    "locale-gen": "locales", "update-initramfs": "the initramfs", "update-grub": "the boot menu",
    "grub-install": "the boot loader", "dkms": "kernel modules",
    "update-mime-database": "the MIME database", "glib-compile-schemas": "settings schemas",
    "emacs-package-install": "compiled Lisp", "fmtutil": "TeX formats",
    "fmtutil-sys": "TeX formats",
    "mysql_upgrade": "databases", "pg_upgradecluster": "databases", "update-fonts-dir": "fonts",
    "update-dictcommon-aspell": "dictionaries", "aspell-autobuildhash": "dictionaries",
    "newaliases": "mail aliases", "update-xmlcatalog": "XML catalogues",
    "pam-auth-update": "the PAM configuration",
}  # fmt: skip
"""Commands that make something of a package's files, and what."""
_COMMAND = pattern(
    r"(?m)(?:^|[;&|({`]|\bthen|\bdo|\belse|\bexec)\s*(?:/usr/s?bin/|/s?bin/)?([\w.-]+)"
)
_BLOCK = pattern(
    r"(?ms)^# Automatically added by (dh_[\w]+)[^\n]*\n(.*?)^# End automatically added section\n?"
)
_MEANINGLESS = frozenset((
    "dh_installsystemd", "dh_systemd_enable", "dh_systemd_start", "dh_installinit", "dh_makeshlibs",
    "dh_python3", "dh_python2", "dh_installmenu", "dh_installtmpfiles", "dh_strip",
    "dh_installinfo", "dh_installman",
))  # fmt: skip
"""Sections of debhelper that mean nothing here, or are done here: services, caches, byte code."""
_NAMES = ("preinst", "postinst")
_HARMLESS = pattern(
    r"(?:set\s+-[eu]+|(?:if|elif)\b[^;`(]*(?:;\s*then)?|then|else|fi|case\b[^;`(]*|esac|;;"
    r"|exit\s+0|:|true|\}|done"
    r"|[\w*|.\-\s\"'\\]*\)(?:\s*;;)?|ldconfig\b.*|deb-systemd-\w+\b.*|systemctl\b.*|echo\b.*"
    r"|invoke-rc\.d\b.*|update-rc\.d\b.*|dpkg-trigger\s+(?:--no-await\s+)?ldconfig"
    r"|(?:py3compile|py3clean|pycompile|pyclean)\b.*|\.\s+/usr/share/debconf/confmodule|db_stop"
    r"|#DEBHELPER#|return(?:\s+\d)?|local\b[\w\s]*)"
)
"""Lines that do nothing to the files of an image."""


def refused_by_name(package: str) -> str:
    """Why a package is never patched without its scripts; empty where it may be."""
    for names, reason in _REFUSED:
        if pattern(names).fullmatch(package):
            return reason
    return ""


def obstacle(new: Mapping[str, str], old: Mapping[str, str], names: Iterable[str] = _NAMES) -> str:
    """Why scripts would matter; empty where they would not.

    Both are texts by names; ``old`` are those that ran when the old version came. Only the scripts
    of ``names`` run when a package is upgraded.
    """
    for name in names:
        text = _meaningful(new.get(name, ""))
        for command in _COMMAND.findall(text):
            if command in _MAKES:
                return f"its {name} makes {_MAKES[command]} ({command}), and no script is run"
        for line in _added(text, _meaningful(old.get(name, ""))):
            return f"its {name} does what the old one did not: {_shown(line)}; no script is run"
    return ""


def touches(scripts: Mapping[str, str], path: str) -> bool:
    """Whether scripts change rights or owner of a file: what it has in the image is kept then."""
    name = pattern(rf"(?<![\w.-]){re.escape(path.rpartition('/')[2])}(?![\w.-])")
    texts = scripts.values()
    return any(map(_RIGHTS.search, texts)) and any(map(name.search, texts))


_RIGHTS = pattern(r"\b(?:chmod|chown|chgrp|setcap|install|dpkg-statoverride)\b")


def _meaningful(text: str) -> str:
    """A script without comments, empty lines, and sections that mean nothing here."""
    text = _BLOCK.sub(lambda found: "" if found[1] in _MEANINGLESS else found[2], text)
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def _added(new: str, old: str) -> Iterator[str]:
    """The lines of a script that another one has not, without those that do nothing."""
    known = set(old.split("\n"))
    for line in new.split("\n"):
        if line and line not in known and not _HARMLESS.fullmatch(line):
            yield line


def _shown(line: str) -> str:
    return repr(line if len(line) <= 60 else f"{line[:59]}…")
