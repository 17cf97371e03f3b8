"""What update-ca-certificates would make of Debian's ca-certificates: a bundle, and links.

Sources: Debian's ``update-ca-certificates`` (the bundle is the chosen certificates one after the
other, in the order of ``ca-certificates.conf``, then those of ``/usr/local/share``) and its
postinst (new certificates are trusted unless the administrator said otherwise); openssl-rehash(1)
and OpenSSL's ``crypto/x509/x_name.c`` on the hash of a name that the links are called by.
"""

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from itertools import count

from seawall.core.lazy import pattern
from seawall.patching import der
from seawall.patching.paragraphs import bytes_of, text_of
from seawall.patching.tree import Tree
from seawall.sources.images.entry import FILE, SYMLINK, Entry

PACKAGE = "ca-certificates"
_CONF = "etc/ca-certificates.conf"
_SHARE, _LOCAL, _CERTS = (
    "usr/share/ca-certificates",
    "usr/local/share/ca-certificates",
    "etc/ssl/certs",
)
_BUNDLE = f"{_CERTS}/ca-certificates.crt"
_PEM = pattern(rb"-----BEGIN CERTIFICATE-----\s+(.*?)-----END CERTIFICATE-----", 16)
_HASHED = pattern(r"[0-9a-f]{8}\.\d+")
_LINK_MODE = 0o777


def refresh(tree: Tree) -> list[str]:
    """Make the bundle and the links of the certificates that are there now; gives notes."""
    if tree.data(_BUNDLE) is None:
        return []
    there = sorted(_files(tree, _SHARE))
    chosen, conf = _chosen(text_of(tree.data(_CONF) or b""), there)
    if conf:
        tree.put(_CONF, bytes_of(conf))
    own = [f"{_SHARE}/{name}" for name in chosen]
    own += [f"{_LOCAL}/{name}" for name in sorted(_files(tree, _LOCAL))]
    parts = [data if data.endswith(b"\n") else data + b"\n"
             for path in own if (data := tree.data(path))]  # fmt: skip
    tree.put(_BUNDLE, b"".join(parts))
    _link(tree, own)
    return [f"/{_BUNDLE} was made of {len(parts)} certificates"]


def _files(tree: Tree, directory: str, below: str = "") -> Iterator[str]:
    for name in tree.names(f"{directory}/{below}".rstrip("/")):
        path = f"{below}/{name}" if below else name
        if tree.is_directory(f"{directory}/{path}"):
            yield from _files(tree, directory, path)
        elif name.endswith(".crt"):
            yield path


def _chosen(conf: str, there: list[str]) -> tuple[list[str], str]:
    """The certificates that are trusted, in their order, and the list with what is new."""
    lines = [line for line in conf.split("\n") if line]
    named = {line.lstrip("!").strip() for line in lines if not line.startswith("#")}
    kept = [line if line.startswith(("#", "!")) or line.strip() in there else f"!{line}"
            for line in lines]  # fmt: skip
    kept += [name for name in there if name not in named]
    chosen = [line.strip() for line in kept if not line.startswith(("#", "!"))]
    return chosen, "\n".join(kept) + "\n" if conf else ""


def _link(tree: Tree, paths: list[str]) -> None:
    """The links of ``/etc/ssl/certs``: each certificate by its name, and by the hash of its own.

    What else is there, and what leads to it, stays.
    """
    links = {name: node.entry.link for name in tree.names(_CERTS)
             if (node := tree.edited.tree.get(f"{_CERTS}/{name}")) is not None
             and node.entry.kind is SYMLINK}  # fmt: skip
    managed = (_SHARE, _LOCAL)
    ours = {name for name, target in links.items()
            if name.endswith(".pem") and target.lstrip("/").startswith(managed)}  # fmt: skip
    hashed = {name for name, target in links.items() if _HASHED.fullmatch(name) and target in ours}
    for name in ours | hashed:
        tree.remove(f"{_CERTS}/{name}")
    for path in paths:
        data = tree.data(path)
        if data is None:
            continue
        base = path.rpartition("/")[2].removesuffix(".crt").replace(" ", "_")
        base = f"{base.replace(',', '_').replace('(', '=').replace(')', '=')}.pem"
        _symlink(tree, base, f"/{path}")
        found = subject_hash(data)
        if found:
            there = set(tree.names(_CERTS))
            number = next(each for each in count() if f"{found}.{each}" not in there)
            _symlink(tree, f"{found}.{number}", base)


def _symlink(tree: Tree, name: str, target: str) -> None:
    path = f"{_CERTS}/{name}"
    node = tree.edited.tree.get(path)
    if node is None or node.entry.kind is not FILE:
        tree.place(Entry(path, SYMLINK, _LINK_MODE, 0, 0, 0, 0, target, -1))


def subject_hash(data: bytes) -> str:
    """What OpenSSL calls the subject of a certificate (``X509_NAME_hash``); empty where unknown."""
    found = _PEM.search(data)
    if found is None:
        return ""
    try:
        certificate = der.children(b64decode(found[1]))[0]
        fields = der.children(der.children(certificate.data)[0].data)
        subject = fields[5 if fields[0].tag == der.CONTEXT_0 else 4]
        canonical = b"".join(_canonical(each) for each in der.children(subject.data))
    except (ValueError, IndexError):
        return ""
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return digest[3::-1].hex()


def _canonical(name: der.Value) -> bytes:
    """A set of attributes with their texts in small letters, blanks in them one each."""
    rows = []
    for attribute in der.children(name.data):
        kind, value = der.children(attribute.data)
        text = der.text(value)
        if text is None:
            made = der.encoded(value.tag, value.data)
        else:
            plain = " ".join(text.strip(" \t\n\v\f\r").split())
            lower = "".join(c.lower() if c.isascii() else c for c in plain)
            made = der.encoded(der.UTF8, lower.encode("utf-8"))
        rows.append(der.encoded(der.SEQUENCE, der.encoded(kind.tag, kind.data) + made))
    return der.encoded(der.SET, b"".join(sorted(rows)))
