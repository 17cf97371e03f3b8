"""What libraries and programs load or run by names that stand in no list of theirs.

Each is from the manual of what it is about: pam.conf(5), openssl's provider(7), Cyrus SASL's
``options``, krb5.conf(5) (``plugin_base_dir``), p11-kit(8), git(1) (``--exec-path``), curl(1).
"""

from typing import NamedTuple


class Plugin(NamedTuple):
    """Files that come with a library."""

    library: str
    """How the name of its file begins."""
    what: str
    places: tuple[str, ...]
    """Directories and files: with ``/`` before them from the root, else beside the library."""


PLUGINS = (
    Plugin("libcrypto.so.3", "the providers", ("ossl-modules",)),
    Plugin("libpam.so", "the modules and configuration", (
        "security", "/etc/pam.d", "/etc/pam.conf", "/etc/security", "/usr/lib/pam.d",
    )),
    Plugin("libsasl2.so", "the mechanisms", ("sasl2", "/etc/sasl2")),
    Plugin("libkrb5.so", "the plugins", ("krb5/plugins", "/etc/krb5.conf", "/etc/krb5.conf.d")),
    Plugin("libp11-kit.so", "the modules", (
        "pkcs11", "/etc/pkcs11", "/usr/share/p11-kit/modules",
    )),
    Plugin("libgcrypt.so", "the configuration", ("/etc/gcrypt",)),
    Plugin("libmagic.so", "the data", (
        "/etc/magic", "/usr/lib/file/magic.mgc", "/usr/share/misc/magic.mgc",
    )),
    Plugin("libfontconfig.so", "the configuration", ("/etc/fonts", "/usr/share/fontconfig")),
    Plugin("libgdk_pixbuf-2", "the loaders", ("gdk-pixbuf-2.0",)),
    Plugin("libMagickCore-", "the coders", ("/etc/ImageMagick-6", "/etc/ImageMagick-7")),
)  # fmt: skip


class Companion(NamedTuple):
    """Files that a program needs and no list of its own names."""

    program: str
    what: str
    places: tuple[str, ...]
    """From the root. Trees are kept whole."""


COMPANIONS = (
    Companion("git", "the commands", (
        "/usr/lib/git-core", "/usr/libexec/git-core", "/usr/share/git-core/templates/info",
        "/usr/share/git-core/templates/description", "/usr/share/git-core/templates/branches",
        "/etc/gitconfig",
    )),
    Companion("ssh", "the configuration", ("/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d")),
    Companion("postgres", "the files", (
        "/usr/lib/postgresql", "/usr/share/postgresql", "/usr/local/lib/postgresql",
        "/usr/local/share/postgresql",
    )),
    Companion("mariadbd", "the messages", (
        "/usr/share/mariadb", "/usr/share/mysql", "/usr/lib/mysql/plugin", "/etc/mysql",
    )),
    Companion("mysqld", "the messages", ("/usr/share/mysql", "/etc/mysql")),
    Companion("haproxy", "the configuration", ("/etc/haproxy", "/usr/local/etc/haproxy")),
    Companion("apache2", "the configuration and modules", (
        "/etc/apache2", "/usr/lib/apache2/modules", "/usr/share/apache2", "/etc/mime.types",
    )),
    Companion("lighttpd", "the configuration and modules", (
        "/etc/lighttpd", "/usr/lib/lighttpd", "/usr/lib64/lighttpd", "/usr/share/lighttpd",
        "/etc/mime.types",
    )),
    Companion("httpd", "the configuration and modules", (
        "/etc/httpd", "/usr/local/apache2", "/usr/lib64/httpd/modules",
    )),
    Companion("memcached", "the configuration", ("/etc/memcached.conf",)),
    Companion("dotnet", "the runtime", ("/usr/share/dotnet", "/usr/lib/dotnet")),
)  # fmt: skip
