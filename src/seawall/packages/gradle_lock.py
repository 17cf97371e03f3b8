"""Lock files of Gradle: ``gradle.lockfile``, ``buildscript-gradle.lockfile`` and the older ones.

Each line is ``group:name:version=configuration,configuration``. Until Gradle 6.8 there was one file
for each configuration, ``gradle/dependency-locks/compileClasspath.lockfile``, without the last
part. Source: Gradle User Manual, "Locking Versions", section "Lock state location and format".
"""

import os

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package
from seawall.packages.reading import Notes, text_of
from seawall.text.lines import split_lines

_BUILD_ONLY = pattern(
    r"(?i).*test.*|annotationProcessor|kapt.*|ksp.*|classpath|checkstyle|pmd.*|codenarc|jacoco.*"
    r"|detekt.*|ktlint.*|spotbugs.*|spotless.*|errorprone.*|jmh.*|zinc|scalaCompilerPlugins"
    r"|kotlin(?:Compiler|BuildTools|Klib|Native|Script|InternalAbi).*|_?internal.*|asciidoctor.*"
    r"|lint(?:Checks|Publish).*|dokka.*|protobufToolsLocator.*|incrementalScalaAnalysis.*"
)
"""Configurations of Gradle and its well-known plugins that reach no product. ``classpath`` is that
of the build script."""


def read(file: File) -> Contents:
    """The packages of a lock file of Gradle."""
    notes = Notes()
    base = os.path.basename(file.path).removesuffix(".lockfile")
    only = "" if base.endswith("gradle") else base
    packages = []
    for number, text in enumerate(split_lines(text_of(file.data)), 1):
        line = text.strip()
        if not line or line.startswith(("#", "empty=")):
            continue
        coordinates, equals, configurations = line.partition("=")
        parts = coordinates.split(":")
        if len(parts) != 3 or not all(parts) or not (equals or only):
            notes.add(line, "group:name:version=configurations is expected", number)
            continue
        group, name, version = parts
        if notes.fits(f"{group}:{name}", version, number):
            packages.append(
                Package(
                    "maven", f"{group}:{name}", version, number,
                    development=_is_development(configurations.split(",") if equals else [only]),
                )
            )  # fmt: skip
    return Contents(tuple(packages), notes.problems)


def _is_development(configurations: list[str]) -> bool:
    return all(_BUILD_ONLY.fullmatch(name.strip()) for name in configurations)
