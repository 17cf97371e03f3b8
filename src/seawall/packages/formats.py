"""Every format packages are read from: its files' names and the module that reads it.

A format is one module with ``read(file: File) -> Contents``, which raises ``Unreadable``; it is
imported when the first such file is met. To add one, write the module and a line here.
"""

import os
import re
from collections.abc import Callable
from fnmatch import fnmatchcase, translate
from functools import cache, lru_cache
from importlib import import_module

from seawall.core.named_tuple import NamedTuple
from seawall.packages.package import Contents, File

TREE, IMAGE, BOTH = "tree", "image", "both"
"""Where a format applies: to a tree of sources, to a root file system (``image_formats``), or to
both."""


class Format(NamedTuple):
    """One format."""

    name: str
    """What reports call it: ``package-lock.json``, ``Cargo.lock``, ``wheel metadata``."""
    module: str
    """The module of ``seawall.packages`` that reads it."""
    names: tuple[str, ...]
    """Globs of file names; with ``/`` in them, of the end of the path."""
    installed: bool = False
    """Whether it tells what is installed, not what a project asks for."""
    large: bool = False
    """Whether its files are archives or programs: large, and only their packages are kept."""

    def claims(self, path: str) -> bool:
        """Whether a file of this path is one of this format."""
        base = os.path.basename(path)
        return any(
            fnmatchcase(f"/{path}", f"*/{name}") if "/" in name else fnmatchcase(base, name)
            for name in self.names
        )

    @property
    def where(self) -> str:
        """``TREE`` or ``BOTH``: lock files say nothing of what an image holds."""
        return BOTH if self.installed else TREE

    @property
    def read(self) -> Callable[[File], Contents]:
        """The format's reader."""
        return _reader(self.module)


@cache
def _reader(module: str) -> Callable[[File], Contents]:
    read: Callable[[File], Contents] = import_module(f"seawall.packages.{module}").read
    return read


SBOM = Format(
    "SBOM", "sbom",
    (
        "*.cdx.json", "*.cdx.xml", "*.cdx", "bom.json", "bom.xml", "sbom.json", "sbom.xml",
        "*.sbom.json", "*.bom.json", "*.spdx", "*.spdx.json", "*.spdx.yaml", "*.spdx.yml",
        "*.spdx3.json", "*.cyclonedx.json", "*.cyclonedx.xml",
    ),
    installed=True,
)  # fmt: skip
"""Bills of materials, which are also known by their content."""
FORMATS: tuple[Format, ...] = (
    # Bills of materials
    SBOM,
    # C and C++
    Format("conan.lock", "conan_lock", ("conan.lock",)),
    Format("conanfile.txt", "conanfile_txt", ("conanfile.txt",)),
    Format("vcpkg.json", "vcpkg_json", ("vcpkg.json",)),
    # Dart
    Format("pubspec.lock", "pubspec_lock", ("pubspec.lock",)),
    # .NET
    Format("packages.lock.json", "nuget_lock", ("packages.lock.json", "packages.*.lock.json")),
    Format("packages.config", "nuget_config", ("packages.config", "packages.*.config")),
    Format("project.assets.json", "nuget_assets", ("project.assets.json",)),
    Format("deps.json", "dotnet_deps", ("*.deps.json",), installed=True),
    Format("project of .NET", "dotnet_project", ("*.csproj", "*.fsproj", "*.vbproj")),
    # Elixir
    Format("mix.lock", "mix_lock", ("mix.lock",)),
    # GitHub Actions
    Format(
        "GitHub Actions", "github_actions",
        (
            ".github/workflows/*.yml", ".github/workflows/*.yaml",
            ".gitea/workflows/*.yml", ".gitea/workflows/*.yaml",
            ".forgejo/workflows/*.yml", ".forgejo/workflows/*.yaml",
            "action.yml", "action.yaml",
        ),
    ),
    # Go
    Format("go.mod", "go_module", ("go.mod",)),
    Format("go.sum", "go_sums", ("go.sum",)),
    Format("go.work", "go_work", ("go.work",)),
    # Haskell
    Format("cabal.project.freeze", "cabal_freeze", ("cabal.project.freeze", "*.project.freeze")),
    Format("stack.yaml.lock", "stack_lock", ("stack*.yaml.lock",)),
    # Java
    Format("pom.xml", "maven_pom", ("pom.xml", "*.pom")),
    Format(
        "lock file of Gradle", "gradle_lock",
        ("*gradle.lockfile", "gradle/dependency-locks/*.lockfile"),
    ),
    Format(
        "version catalogue of Gradle", "gradle_catalogue",
        ("libs.versions.toml", "gradle/*.versions.toml"),
    ),
    Format("build.sbt.lock", "sbt_lock", ("build.sbt.lock",)),
    Format(
        "archive of Java", "jar",
        ("*.jar", "*.war", "*.ear", "*.par", "*.hpi", "*.jpi"),
        installed=True,
        large=True,
    ),
    # JavaScript
    Format("bun.lock", "bun_lock", ("bun.lock",)),
    Format("package-lock.json", "npm_lock", ("package-lock.json", "npm-shrinkwrap.json")),
    Format("package.json", "package_json", ("package.json",)),
    Format("npm package", "package_json", ("package.json",), installed=True),
    Format("pnpm-lock.yaml", "pnpm_lock", ("pnpm-lock.yaml",)),
    Format("yarn.lock", "yarn_lock", ("yarn.lock",)),
    # Julia
    Format(
        "Manifest.toml", "julia_manifest",
        ("Manifest.toml", "JuliaManifest.toml", "Manifest-v*.toml"),
    ),
    # OCaml
    Format("lock file of opam", "opam_locked", ("*.opam.locked", "opam.locked")),
    # PHP
    Format("composer.json", "composer_json", ("composer.json",)),
    Format("composer.lock", "composer_lock", ("composer.lock",)),
    Format("installed.json", "composer_installed", ("composer/installed.json",), installed=True),
    # Python
    Format("Pipfile.lock", "pipfile_lock", ("Pipfile.lock",)),
    Format("pdm.lock", "pdm_lock", ("pdm.lock",)),
    Format("poetry.lock", "poetry_lock", ("poetry.lock",)),
    Format("pylock.toml", "pylock", ("pylock.toml", "pylock.*.toml")),
    Format("pyproject.toml", "pyproject", ("pyproject.toml",)),
    Format(
        "Python package",
        "dist_info",
        ("*.dist-info/METADATA", "*.egg-info/PKG-INFO", "EGG-INFO/PKG-INFO", "*.egg-info"),
        installed=True,
    ),
    Format(
        "requirements.txt",
        "requirements",
        ("*requirements*.txt", "requirements*.in", "requirements/*.txt", "requirements/*.in"),
    ),
    Format("setup.cfg", "setup_cfg", ("setup.cfg",)),
    Format("uv.lock", "uv_lock", ("uv.lock",)),
    # R
    Format("renv.lock", "renv_lock", ("renv.lock",)),
    # Ruby
    Format("Gemfile.lock", "gemfile_lock", ("Gemfile.lock", "gems.locked")),
    Format("gem specification", "gemspec", ("specifications/*.gemspec",), installed=True),
    # Rust
    Format("Cargo.lock", "cargo_lock", ("Cargo.lock",)),
    Format("Cargo.toml", "cargo_toml", ("Cargo.toml",)),
    # Swift and Objective-C
    Format("Package.resolved", "swift_resolved", ("Package.resolved",)),
    Format("Podfile.lock", "podfile_lock", ("Podfile.lock",)),
    # Runtimes
    Format(
        "runtime version", "runtime_versions",
        (
            ".python-version", ".nvmrc", ".node-version", ".ruby-version", ".java-version",
            ".go-version", ".php-version", ".tool-versions", "runtime.txt",
        ),
    ),
)  # fmt: skip

EXECUTABLE = Format("executable", "executables", (), installed=True, large=True)
"""Executables have no names of their own: ``executables.is_executable`` tells by their first bytes.
"""


_OF_OTHERS = ("node_modules", "site-packages", "dist-packages")
"""Directories of installed packages: the lock files that some bring along say nothing of them."""


class _Group:
    """Formats of which one may claim a file, and one pattern that tells whether any does."""

    def __init__(self) -> None:
        self._formats: list[Format] = []
        self._bases: list[str] = []
        self._paths: list[str] = []
        self._of_bases: re.Pattern[str] | None = None
        self._of_paths: re.Pattern[str] | None = None

    def add(self, name: str, format_: Format) -> None:
        """One glob of a format."""
        if format_ not in self._formats:
            self._formats.append(format_)
        if "/" in name:
            self._paths.append(translate(f"*/{name}"))
        else:
            self._bases.append(translate(name))

    def find(self, path: str, base: str) -> Format | None:
        """The format of a file."""
        if not self._formats:
            return None
        if self._bases and self._of_bases is None:
            self._of_bases = re.compile("|".join(self._bases))
        if self._paths and self._of_paths is None:
            self._of_paths = re.compile("|".join(self._paths))
        if (self._of_bases is not None and self._of_bases.match(base)) or (
            self._of_paths is not None and self._of_paths.match(f"/{path}")
        ):
            return next((item for item in self._formats if item.claims(path)), None)
        return None


class _Index:
    """The formats by what their globs begin or end with: a tree has more files than formats."""

    def __init__(self, formats: tuple[Format, ...]) -> None:
        self._exact: dict[str, Format] = {}
        self._suffixes: dict[str, _Group] = {}
        self._bases: dict[str, _Group] = {}
        self._others = _Group()
        for format_ in formats:
            for name in format_.names:
                self._add(name, format_)

    def _add(self, name: str, format_: Format) -> None:
        base = name.rpartition("/")[2]
        extension = base.rpartition(".")[2]
        if not any(mark in name for mark in "*?[/"):
            self._exact.setdefault(name, format_)
        elif "." in base and not any(mark in extension for mark in "*?["):
            self._suffixes.setdefault(extension, _Group()).add(name, format_)
        elif not any(mark in base for mark in "*?["):
            self._bases.setdefault(base, _Group()).add(name, format_)
        else:
            self._others.add(name, format_)

    def find(self, path: str) -> Format | None:
        """The format of a file, going by its path."""
        base = path.rpartition("/")[2]
        found = self._exact.get(base)
        if found is not None:
            return found
        near = self._suffixes.get(base.rpartition(".")[2]) if "." in base else None
        found = None if near is None else near.find(path, base)
        same = self._bases.get(base)
        if found is None and same is not None:
            found = same.find(path, base)
        return found or self._others.find(path, base)


@cache
def _index(*, installed: bool) -> _Index:
    return _Index(tuple(item for item in FORMATS if item.installed or not installed))


@lru_cache(maxsize=8192)  # a scan asks more than once of each file: in the walk, and later
def format_of(path: str) -> Format | None:
    """The format of a file, going by its path."""
    installed = any(map(path.__contains__, _OF_OTHERS)) and not set(_OF_OTHERS).isdisjoint(
        path.split("/")
    )
    return _index(installed=installed).find(path)
