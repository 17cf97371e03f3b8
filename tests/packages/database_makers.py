"""Package databases made by the tools themselves, and what those say of them.

Each function needs the tool it names and takes an empty directory; ``tests/data/databases`` holds
what they made once (its README says how).
"""

import io
import json
import os
import sqlite3
import struct
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

RPMS = 120
FILES_OF_DATABASE = "/var/lib/rpm"


class Row(NamedTuple):
    """A package as its own tool tells of it; ``None`` for an epoch that is not there."""

    name: str
    epoch: str | None
    version: str
    architecture: str
    source: str
    supplier: str


Files = list[tuple[str, str]]
"""Name of a package and a path of it, sorted."""


class Answer(NamedTuple):
    """What a tool says of a database."""

    rows: list[Row]
    files: Files


def run(*command: str, stdin: bytes = b"", cwd: Path | None = None) -> str:
    """The standard output of a command that must succeed."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, input=stdin, capture_output=True, check=False, cwd=cwd, env=environment
    )
    assert done.returncode == 0, (command, done.stderr.decode()[-2000:])
    return done.stdout.decode()


# RPM -------------------------------------------------------------------------------------------


def specification() -> str:
    """Many packages with epochs, odd versions, other languages and some files each."""
    packages = []
    for n in range(RPMS):
        mark = "~rc1" if n % 11 == 0 else "^git1" if n % 13 == 0 else ""
        epoch = f"Epoch: {n % 4}\n" if n % 3 == 0 else ""
        vendor = "" if n % 10 else "Vendor: Red Hat, Inc.\n"
        packages.append(
            f"%package -n pkg{n:03d}\nSummary: Package {n} äö\nVersion: {n % 7}.{n}{mark}\n"
            f"{epoch}{vendor}%description -n pkg{n:03d}\nText.\n%files -n pkg{n:03d}\n"
            + "".join(f"/usr/share/pkg{n:03d}/f{i}\n" for i in range(n % 9))
            + f"/usr/lib/python3/site-packages/pkg{n:03d}-1.dist-info/METADATA\n"
        )
    return (
        "Name: many\nVersion: 1.0\nRelease: 1\nSummary: Many\nLicense: MIT\n"
        "Vendor: Example Project\nBuildArch: noarch\n%description\nMany.\n%install\n"
        f"for n in $(seq -f %03g 0 {RPMS - 1}); do\n"
        "  s=%{buildroot}/usr/lib/python3/site-packages/pkg$n-1.dist-info\n"
        "  mkdir -p %{buildroot}/usr/share/pkg$n $s; echo M > $s/METADATA\n"
        "  for i in 0 1 2 3 4 5 6 7 8; do echo $i > %{buildroot}/usr/share/pkg$n/f$i; done\n"
        "done\n" + "\n".join(packages)
    )


def rpm_packages(directory: Path) -> list[str]:
    """Package files, built by rpmbuild."""
    spec = directory / "many.spec"
    spec.write_text(specification(), encoding="utf-8")
    options = {
        "_topdir": str(directory / "top"), "_unpackaged_files_terminate_build": "0",
        "_build_id_links": "none", "__os_install_post": "%{nil}", "__check_files": "%{nil}",
        "_buildhost": "build.example.org", "_binary_payload": "w1.gzdio",
    }  # fmt: skip
    defines = [word for item in options.items() for word in ("--define", " ".join(item))]
    run("rpmbuild", "-bb", "--quiet", *defines, str(spec))
    return sorted(map(str, (directory / "top" / "RPMS").rglob("*.rpm")))


def rpm_installed(directory: Path, packages: list[str], backend: str) -> Path | None:
    """The database of a backend with these packages; ``None`` where rpm has no such backend."""
    root = directory / backend
    root.mkdir()
    command = _rpm(root, backend)
    done = subprocess.run(
        [*command, "--justdb", "--nodeps", "--noscripts", "--nosignature", "-i", *packages],
        capture_output=True, check=False,
    )  # fmt: skip
    if b"invalid %_db_backend" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr
    names = {"sqlite": "rpmdb.sqlite", "ndb": "Packages.db", "bdb": "Packages"}
    return root / "var/lib/rpm" / names[backend]


def _rpm(root: Path, backend: str) -> list[str]:
    return [
        "rpm", "--root", str(root), "--define", f"_dbpath {FILES_OF_DATABASE}",
        "--define", f"_db_backend {backend}",
    ]  # fmt: skip


def rpm_answer(root: Path, backend: str) -> Answer:
    """What ``rpm -qa`` says."""
    tags = "%{NAME}\t%{EPOCH}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{VENDOR}\n"
    rows = []
    for line in run(*_rpm(root, backend), "-qa", "--qf", tags).splitlines():
        name, epoch, version, architecture, source, vendor = line.split("\t")
        rows.append(
            Row(name, None if epoch == "(none)" else epoch, version, architecture, source, vendor)
        )
    listed = run(*_rpm(root, backend), "-qa", "--qf", "[%{=NAME}\t%{FILENAMES}\n]").splitlines()
    return Answer(sorted(rows, key=str), sorted(_pair(line) for line in listed))


def _pair(line: str) -> tuple[str, str]:
    name, _, path = line.partition("\t")
    return name, path.strip("/")


def headers_of(database: Path) -> list[bytes]:
    """The headers in a database of SQLite."""
    connection = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    try:
        return [row[0] for row in connection.execute("SELECT blob FROM Packages ORDER BY hnum")]
    finally:
        connection.close()


def berkeley_loaded(path: Path, headers: list[bytes], order: str) -> None:
    """A hash table in the byte order ``<`` or ``>``, written by Berkeley DB's own ``db_load``."""
    rows = ["VERSION=3", "format=bytevalue", "type=hash", "db_pagesize=4096"]
    rows += [f"db_lorder={'1234' if order == '<' else '4321'}", "HEADER=END"]
    rows += [" " + struct.pack(f"{order}I", n).hex() for n in (0, len(headers))]
    for number, blob in enumerate(headers, 1):
        rows += [" " + struct.pack(f"{order}I", number).hex(), f" {blob.hex()}"]
    run("db5.3_load", str(path), stdin="\n".join([*rows, "DATA=END", ""]).encode())


# pacman ----------------------------------------------------------------------------------------


def pacman_installed(directory: Path) -> tuple[dict[str, bytes], Answer]:
    """The files of pacman's database after it has installed 110 packages, and what it says."""
    root, store = directory / "root", directory / "packages"
    database = root / "var/lib/pacman"
    database.mkdir(parents=True)
    store.mkdir()
    config = directory / "pacman.conf"
    config.write_text(
        "[options]\nArchitecture = x86_64\nSigLevel = Never\nLocalFileSigLevel = Never\n"
    )
    packages = [_pacman_package(store, n) for n in range(110)]
    command = [
        "pacman", "--root", str(root), "--dbpath", str(database), "--config", str(config),
        "--logfile", str(directory / "log"), "--cachedir", str(directory / "cache"),
    ]  # fmt: skip
    run(*command, "--noconfirm", "-U", *packages)
    files = {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(database.rglob("*"))
        if path.name in ("desc", "files")
    }
    rows = [
        Row(name, None, version, "", "", "")
        for name, version in map(str.split, run(*command, "-Q").splitlines())
    ]
    owned = [line.split(" ", 1) for line in run(*command, "-Ql").splitlines()]
    paths = sorted((name, path.removeprefix(f"{root}/").strip("/")) for name, path in owned)
    return files, Answer(sorted(rows, key=str), paths)


def _pacman_package(store: Path, n: int) -> str:
    name, version = f"pkg{n}", f"{'1:' if n % 7 == 0 else ''}{n % 5}.{n}.r{n}-{1 + n % 3}"
    info = (
        f"pkgname = {name}\npkgbase = base{n // 3}\npkgver = {version}\npkgdesc = Package {n}\n"
        "url = https://example.org\nbuilddate = 1700000000\nsize = 10\nlicense = MIT\n"
        f"packager = Some Body <some@example.org>\narch = {'any' if n % 2 else 'x86_64'}\n"
    )
    path = store / f"{name}-{version.replace(':', '_')}-x86_64.pkg.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        members = [(".PKGINFO", info.encode()), ("usr", None), ("usr/share", None)]
        members += [(f"usr/share/{name}", None)]
        members += [(f"usr/share/{name}/f{k}", b"x") for k in range(n % 4)]
        for member, data in members:
            entry = tarfile.TarInfo(member)
            entry.mode = 0o755 if data is None else 0o644
            entry.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
            entry.size = len(data or b"")
            archive.addfile(entry, None if data is None else io.BytesIO(data))
    return str(path)


# apk -------------------------------------------------------------------------------------------


def apk_installed(directory: Path) -> tuple[bytes, Answer]:
    """apk's database after it has installed 110 packages, and what ``apk query`` says (apk 3)."""
    root = directory / "root"
    run("apk", "--root", str(root), "add", "--initdb")
    packages = []
    for n in range(110):
        tree = directory / f"tree{n}"
        for path in (
            f"usr/share/pkg{n}/data", f"etc/pkg{n}.conf", f"usr/bin/pkg{n}",
            f"usr/lib/python3.12/site-packages/pkg{n}-1.0.dist-info/METADATA",
        ):  # fmt: skip
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(path)
        suffix = ("", "_rc2", "b", "_git20240102")[n % 4]
        info = {
            "name": f"pkg{n}", "version": f"{n % 5}.{n}{suffix}-r{n % 3}", "arch": "x86_64",
            "origin": f"origin{n // 3}", "maintainer": "Some Body <some@example.org>",
            "license": "MIT", "description": f"Package {n}",
        }  # fmt: skip
        words = [word for item in info.items() for word in ("-I", ":".join(item))]
        packages.append(str(directory / f"pkg{n}.apk"))
        run("apk", "mkpkg", *words, "-F", str(tree), "-o", packages[-1])
    add = ["apk", "--root", str(root), "--allow-untrusted", "--no-network",
           "--repositories-file", os.devnull, "add"]  # fmt: skip
    run(*add, "--arch", "x86_64", *packages)
    run(*add, "-t", ".build", "pkg1", "pkg2")
    told = json.loads(
        run("apk", "--root", str(root), "--no-network", "--repositories-file", os.devnull, "query",
            "--installed", "--format", "json",
            "--fields", "name,version,arch,origin,maintainer,contents", "*")
    )  # fmt: skip
    real = [item for item in told if not item["name"].startswith(".")]
    rows = [
        Row(item["name"], None, item["version"], item["arch"], item["origin"], item["maintainer"])
        for item in real
    ]
    files = sorted((item["name"], path) for item in real for path in item["contents"])
    return (root / "lib/apk/db/installed").read_bytes(), Answer(sorted(rows, key=str), files)
