"""Packages of languages, installed by their own tools, for images to be made of.

They are fetched: pip's and npm's settings are the machine's own.
"""

import json
import shutil
import sys
import zipfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

from tests.builds.machine import CommandError, run

WHEELS = (
    "Jinja2==3.1.3", "MarkupSafe==2.1.5", "backports.tarfile==1.1.1", "certifi==2024.2.2",
    "idna==3.6", "requests==2.31.0", "ruamel.yaml==0.18.6", "typing_extensions==4.9.0",
    "urllib3==2.0.7", "zope.interface==6.2",
)  # fmt: skip
NEWER = ("idna==3.7",)
"""What a later layer installs over an older one."""
NODE = {"express": "4.18.2", "debug": "4.3.4", "@babel/code-frame": "7.23.5"}
"""``express`` brings another ``debug``, which is installed below it."""
GO_MODULE = "rsc.io/quote@v1.5.2"
GO_FILES = {
    "go.mod": "module example.org/tool\n\ngo 1.21\n",
    "main.go": (
        'package main\n\nimport (\n\t"fmt"\n\t"rsc.io/quote"\n)\n\n'
        "func main() { fmt.Println(quote.Hello()) }\n"
    ),
}
JAVA = {
    "org.example:app": "1.4.0",
    "org.example:library": "2.0.1",
    "com.example.deep:inner": "0.9",
}
"""An archive, one that is packed into it, and one that was merged into that."""


class NotFetchedError(Exception):
    """What cannot be had: there is no network, or a tool is missing."""


def _fetch(arguments: list[str | Path], environment: Mapping[str, str] | None = None) -> None:
    try:
        run(arguments, environment=environment)
    except CommandError as error:
        raise NotFetchedError(str(error)) from None


def wheels(directory: Path, names: Iterable[str] = WHEELS) -> None:
    """Packages of Python in a directory, by pip."""
    _fetch([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--only-binary", ":all:", "--no-compile", "--target", directory,
            *names])  # fmt: skip


def listed_by_pip(directory: Path) -> dict[str, str]:
    """What pip sees in a directory: versions by names."""
    text = run([sys.executable, "-m", "pip", "list", "--disable-pip-version-check", "--path",
                directory, "--format", "json"])  # fmt: skip
    return {item["name"]: item["version"] for item in json.loads(text)}


def node_modules(directory: Path) -> bool:
    """Packages of Node in a directory, by npm; not where there is none."""
    directory.mkdir()
    if not shutil.which("npm"):
        return False
    document = {"name": "app", "version": "1.0.0", "dependencies": NODE}
    (directory / "package.json").write_text(json.dumps(document))
    _fetch(["npm", "install", "--prefix", directory, "--ignore-scripts", "--no-audit",
            "--no-fund", "--loglevel", "error"])  # fmt: skip
    return True


def listed_by_npm(directory: Path) -> dict[str, list[str]]:
    """What npm sees in a directory: the versions of each name."""
    found: dict[str, set[str]] = {}
    waiting = [json.loads(run(["npm", "ls", "--all", "--json", "--prefix", directory]))]
    while waiting:
        for name, item in waiting.pop().get("dependencies", {}).items():
            if "version" in item:  # else it is an optional one that is not there
                found.setdefault(name, set()).add(item["version"])
                waiting.append(item)
    return {name: sorted(versions) for name, versions in found.items()}


def go_program(directory: Path, program: Path) -> bool:
    """A program in Go with modules; not where there is no Go."""
    if not shutil.which("go"):
        return False
    directory.mkdir()
    for name, text in GO_FILES.items():
        (directory / name).write_text(text)
    own = {"GOFLAGS": "-mod=mod -buildvcs=false", "CGO_ENABLED": "0", "GOWORK": "off"}
    go = ["go", "-C", str(directory)]
    _fetch([*go, "get", GO_MODULE], own)
    run([*go, "build", "-trimpath", "-ldflags=-s -w", "-o", program, "."], environment=own)
    return True


def listed_by_go(program: Path) -> dict[str, str]:
    """The modules that Go sees in a program, and Go itself (``stdlib``)."""
    head, *lines = run(["go", "version", "-m", program]).splitlines()
    found = {"stdlib": head.rpartition(": go")[2].partition(" ")[0]}
    for line in lines:
        kind, *words = line.split("\t")[1:]
        if kind == "dep":
            found[words[0]] = words[1].removeprefix("v")
    return found


def java_archive(path: Path) -> None:
    """An archive of Java with another one in it, as build tools for one-file programs make them."""
    app, library, inner = JAVA
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        _coordinates(archive, library)
        _coordinates(archive, inner)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nMain-Class: App\n")
        _coordinates(archive, app)
        archive.writestr("BOOT-INF/lib/library-2.0.1.jar", packed.getvalue())


def _coordinates(archive: zipfile.ZipFile, name: str) -> None:
    group, _, artifact = name.partition(":")
    text = f"artifactId={artifact}\ngroupId={group}\nversion={JAVA[name]}\n"
    archive.writestr(f"META-INF/maven/{group}/{artifact}/pom.properties", text)
