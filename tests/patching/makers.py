"""Packages, archives and images of tests: made by hand, byte by byte where it matters."""

import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import zstandard

from seawall.patching.apk_package import file_sum, hex_of, parts_of, sum_of
from tests.patching.rsa_keys import Pair
from tests.sources.images.tars import Layout

CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")


class Link(NamedTuple):
    """A symbolic link."""

    to: str


class HardLink(NamedTuple):
    """Another name of a file."""

    to: str
    mode: int = 0o644


class File(NamedTuple):
    """A file with rights."""

    data: bytes
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    capability: bytes = b""


Content = bytes | str | Link | HardLink | File
Tree = Mapping[str, Content | None]
"""Files by paths; ``None`` is a directory."""


def tar(tree: Tree, *, start: str = "./", sums: bool = False, end: bool = True) -> bytes:
    """A tar, the directories above each file in it first."""
    stream = io.BytesIO()
    told: set[str] = set()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in tree.items():
            parts = path.split("/")
            for count in range(1, len(parts)):
                above = "/".join(parts[:count])
                if above not in told and above not in tree:
                    told.add(above)
                    archive.addfile(_info(f"{start}{above}/", None, sums=False))
            data = _data(content)
            info = _info(start + path, content, sums=sums)
            archive.addfile(info, io.BytesIO(data) if info.isreg() else None)
    made = stream.getvalue()
    return made if end else made.rstrip(b"\0") + bytes(-len(made.rstrip(b"\0")) % 512)


def _data(content: Content | None) -> bytes:
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, File):
        return content.data
    return content if isinstance(content, bytes) else b""


def _info(path: str, content: Content | None, *, sums: bool) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.mode = 0o644
    if content is None:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    elif isinstance(content, Link):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, content.to, 0o777
    elif isinstance(content, HardLink):
        info.type, info.linkname, info.mode = tarfile.LNKTYPE, content.to, content.mode
    elif isinstance(content, File):
        info.mode, info.uid, info.gid = content.mode, content.uid, content.gid
        if content.capability:
            key = "SCHILY.xattr.security.capability"
            info.pax_headers = {key: content.capability.decode("latin-1")}
    info.size = len(_data(content)) if info.type == tarfile.REGTYPE else 0
    if sums and not isinstance(content, HardLink | None):
        data = content.to.encode() if isinstance(content, Link) else _data(content)
        own = {"APK-TOOLS.checksum.SHA1": hashlib.sha1(data).hexdigest()}
        info.pax_headers = {**info.pax_headers, **own}
    return info


# Debian ---------------------------------------------------------------------------------------


class Deb(NamedTuple):
    """A Debian package to be."""

    name: str
    version: str
    files: Tree = MappingProxyType({})
    architecture: str = "amd64"
    fields: Mapping[str, str] = MappingProxyType({})
    """``Depends``, ``Source`` ..."""
    conffiles: Sequence[str] = ()
    scripts: Mapping[str, str] = MappingProxyType({})
    packed: str = "xz"

    @property
    def control(self) -> str:
        own = {
            "Package": self.name,
            "Version": self.version,
            "Architecture": self.architecture,
            "Maintainer": "Some Body <some@example.org>",
            **self.fields,
            "Description": f"the package {self.name}\n A longer text.\n .\n Of two parts.",
        }
        return "".join(f"{key}: {value}\n" for key, value in own.items())

    @property
    def sums(self) -> str:
        return "".join(
            f"{hashlib.md5(_data(content)).hexdigest()}  {path}\n"
            for path, content in self.files.items()
            if isinstance(content, bytes | str | File) and path not in self.conffiles
        )

    @property
    def info(self) -> dict[str, Content | None]:
        """The control archive."""
        found: dict[str, Content | None] = {"control": self.control, "md5sums": self.sums}
        if self.conffiles:
            found["conffiles"] = "".join(f"/{path}\n" for path in self.conffiles)
        return found | {name: File(text.encode(), 0o755) for name, text in self.scripts.items()}

    @property
    def file_name(self) -> str:
        name = self.name.replace("/", "-")
        return f"{name}_{self.version.replace(':', '%3a')}_{self.architecture}.deb"

    def bytes(self) -> bytes:
        return ar({
            "debian-binary": b"2.0\n",
            f"control.tar{ENDINGS[self.packed]}": pack(tar(self.info), self.packed),
            f"data.tar{ENDINGS[self.packed]}": pack(tar(self.files), self.packed),
        })  # fmt: skip

    @property
    def paragraph(self) -> str:
        """What an index says of it."""
        data = self.bytes()
        return (
            f"{self.control}Filename: pool/{self.file_name}\nSize: {len(data)}\n"
            f"SHA256: {hashlib.sha256(data).hexdigest()}\n"
        )

    def installed(self, status: str = "install ok installed") -> str:
        """What dpkg's status says of it."""
        sums = "".join(f"\n /{path} {hashlib.md5(_data(self.files[path])).hexdigest()}"
                       for path in self.conffiles)  # fmt: skip
        conffiles = f"Conffiles:{sums}\n" if sums else ""
        head, found, rest = self.control.partition("Description:")
        return f"{head}Status: {status}\n{conffiles}{found}{rest}"

    @property
    def info_name(self) -> str:
        same = self.fields.get("Multi-Arch") == "same"
        return f"var/lib/dpkg/info/{self.name}" + (f":{self.architecture}" if same else "")

    @property
    def database(self) -> dict[str, Content | None]:
        """What lies in ``info``."""
        listed = ["/."]
        for path in self.files:
            parts = path.split("/")
            listed += ["/" + "/".join(parts[: count + 1]) for count in range(len(parts))]
        found = {f"{self.info_name}.{key}": value for key, value in self.info.items()
                 if key != "control"}  # fmt: skip
        return {**found, f"{self.info_name}.list": "\n".join(dict.fromkeys(listed)) + "\n"}


ENDINGS = {"xz": ".xz", "gz": ".gz", "zst": ".zst", "none": ""}


def pack(data: bytes, how: str) -> bytes:
    if how == "xz":
        return lzma.compress(data)
    if how == "gz":
        return gzip.compress(data, mtime=0)
    return zstandard.ZstdCompressor().compress(data) if how == "zst" else data


def ar(members: Mapping[str, bytes]) -> bytes:
    parts = [b"!<arch>\n"]
    for name, data in members.items():
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode())
        parts.append(data + b"\n" * (len(data) % 2))
    return b"".join(parts)


OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'


def debian(
    *packages: Deb, extra: Tree | None = None, usr_merged: bool = True
) -> dict[str, Content | None]:
    """A file system with packages installed."""
    files: dict[str, Content | None] = {"etc/os-release": OS_RELEASE}
    if usr_merged:
        files |= {"usr/lib": None, "usr/bin": None, "lib": Link("usr/lib"), "bin": Link("usr/bin")}
    for package in packages:
        for path, content in package.files.items():
            head, slash, rest = path.partition("/")
            merged = usr_merged and head in ("lib", "bin") and slash
            files[f"usr/{head}/{rest}" if merged else path] = content
        files |= package.database
    files["var/lib/dpkg/status"] = "\n".join(each.installed() for each in packages) + "\n"
    return files | dict(extra or {})


def image(where: Path, files: Tree, **config: Any) -> str:
    """A layout of one layer."""
    made = Layout()
    own = {"created": "2024-05-01T00:00:00Z", "config": config}
    descriptor = made.image([tar(files)], "gzip", own)
    descriptor["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    made.index(descriptor)
    where.mkdir(parents=True)
    return made.write(where)


# Alpine ---------------------------------------------------------------------------------------


class Apk(NamedTuple):
    """A package of apk to be."""

    name: str
    version: str
    files: Tree = MappingProxyType({})
    architecture: str = "x86_64"
    depends: Sequence[str] = ()
    provides: Sequence[str] = ()
    origin: str = ""
    scripts: Mapping[str, str] = MappingProxyType({})
    triggers: str = ""
    datahash: str = ""
    """What is said of the data in place of the truth."""

    @property
    def data(self) -> bytes:
        return gzip.compress(tar(self.files, start="", sums=True), mtime=0)

    @property
    def signed(self) -> bytes:
        """The control part as it is stored."""
        rows = [
            ("pkgname", self.name), ("pkgver", self.version),
            ("pkgdesc", f"the package {self.name}"), ("url", "https://example.org"),
            ("builddate", "1700000000"),
            ("size", str(sum(len(_data(each)) for each in self.files.values()))),
            ("arch", self.architecture), ("license", "MIT"), ("origin", self.origin or self.name),
            *(("depend", each) for each in self.depends),
            *(("provides", each) for each in self.provides),
        ]  # fmt: skip
        if self.triggers:
            rows.append(("triggers", self.triggers))
        rows.append(("datahash", self.datahash or hashlib.sha256(self.data).hexdigest()))
        info = "".join(f"{key} = {value}\n" for key, value in rows)
        tree: dict[str, Content | None] = {".PKGINFO": info}
        tree |= {f".{name}": File(text.encode(), 0o755) for name, text in self.scripts.items()}
        return gzip.compress(tar(tree, start="", end=False), mtime=0)

    def bytes(
        self, pair: Pair | None = None, key: str = "a.rsa.pub", algorithm: str = "RSA"
    ) -> bytes:
        own = self.signed
        return signature(own, pair, key, algorithm) + own + self.data

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version}.apk"

    @property
    def sum(self) -> str:
        return sum_of(parts_of(self.bytes(), self.name))

    @property
    def entry(self) -> str:
        """What the database of an image says of it, without its directories' rights."""
        lines = [self.listed()]
        for path, content in self.files.items():
            above, _, name = path.rpartition("/")
            lines.append(f"F:{above}\nR:{name}\n")
            if isinstance(content, bytes | str | File):
                lines.append(f"Z:{file_sum(_data(content))}\n")
        return "".join(lines)

    def listed(self) -> str:
        """What an index says of it."""
        data = self.bytes()
        lines = [f"C:{self.sum}", f"P:{self.name}", f"V:{self.version}", f"A:{self.architecture}",
                 f"S:{len(data)}", "I:1", f"T:the package {self.name}", "U:https://example.org",
                 "L:MIT", f"o:{self.origin or self.name}", "t:1700000000"]  # fmt: skip
        if self.depends:
            lines.append(f"D:{' '.join(self.depends)}")
        if self.provides:
            lines.append(f"p:{' '.join(self.provides)}")
        return "\n".join(lines) + "\n"


def alpine(*packages: Apk, extra: Tree | None = None) -> dict[str, Content | None]:
    """A file system with packages installed, as apk 2 writes its database."""
    files: dict[str, Content | None] = {"etc/os-release": "ID=alpine\nVERSION_ID=3.20.1\n"}
    scripts: dict[str, Content | None] = {}
    entries, triggers = [], ""
    for package in packages:
        files |= package.files
        entries.append(package.entry)
        sum_ = package.sum
        for name, text in package.scripts.items():
            path = f"{package.name}-{package.version}.{hex_of(sum_)}.{name}"
            scripts[path] = File(text.encode(), 0o755)
        if package.triggers:
            triggers += f"{sum_} {package.triggers}\n"
    files["lib/apk/db/installed"] = "".join(f"{each}\n" for each in entries)
    files["lib/apk/db/scripts.tar"] = tar(scripts, start="")
    files["lib/apk/db/triggers"] = triggers
    return files | dict(extra or {})


def signature(data: bytes, pair: Pair | None, key: str, algorithm: str = "RSA") -> bytes:
    """The stream that stands before what is signed; nothing without a key."""
    if pair is None:
        return b""
    digest = {"RSA": "sha1", "RSA256": "sha256", "RSA512": "sha512"}[algorithm]
    tree = {f".SIGN.{algorithm}.{key}": pair.sign(data, digest)}
    return gzip.compress(tar(tree, start="", end=False), mtime=0)


def index(packages: Sequence[Apk], pair: Pair | None, key: str = "a.rsa.pub") -> bytes:
    """An APKINDEX.tar.gz."""
    text = "\n".join(each.listed() for each in packages) + "\n"
    data = gzip.compress(tar({"DESCRIPTION": "test", "APKINDEX": text}, start=""), mtime=0)
    return signature(data, pair, key) + data
