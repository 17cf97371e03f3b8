"""``seawall lock``: write down the digests of images, and the versions of packages."""

import argparse
import os
import sys

from seawall.cli.arguments import Parser, add_registry_options
from seawall.cli.output import write_text
from seawall.core.errors import InputError, UsageError
from seawall.core.image_reference import is_valid_image, parse_image
from seawall.engine import Options
from seawall.engine.images import Named, named
from seawall.locking.file import NAME, Lock, Pin, full_name, read, rendered
from seawall.locking.layouts import pins_of
from seawall.locking.packages import PackagePin, chosen, packages_of
from seawall.sources.images.platforms import Platform, parse


def parser() -> Parser:
    """The options of ``seawall lock``."""
    result = Parser(
        prog="seawall lock",
        description="Write the digests of the images that manifests and Dockerfiles name into a "
        "lock file, and the versions of the packages that Dockerfiles install, for seawall harden "
        "--lock. What is known stays until --update.",
        allow_abbrev=False,
        epilog="exit codes: 0 every image has a digest, 2 wrong usage, 3 some have none or some "
        "input could not be read",
    )
    result.add_argument(
        "targets", nargs="*", default=[], metavar="TARGET", help="files or directories (default: .)"
    )
    result.add_argument("--image", action="append", default=[], metavar="NAME",
                        help="also this image (may be given several times)")  # fmt: skip
    result.add_argument(
        "--from", dest="layouts", action="append", default=[], metavar="[NAME=]PATH",
        help="take digests from an OCI layout, a directory or a tar file; NAME is the repository "
        "of images of which it knows only the tag",
    )  # fmt: skip
    result.add_argument(
        "--packages", action="append", default=[], metavar="FILE",
        help="take versions from an SBOM of the built image (CycloneDX, SPDX), from an archive's "
        "Packages or APKINDEX, or from a requirements file of pip",
    )  # fmt: skip
    add_registry_options(result)
    result.add_argument(
        "--platform", action="append", default=[], metavar="OS/ARCH",
        help="also write down what the layers of this platform are known by, so that scans of "
        "images built on it know where the base ends (may be given several times; default: this "
        "machine's)",
    )  # fmt: skip
    result.add_argument("--offline", action="store_true", help="ask no registry")
    result.add_argument("--update", action="store_true", help="look up known digests again")
    result.add_argument("--file", default=NAME, metavar="FILE", help=f"default: {NAME}")
    result.add_argument("--quiet", "-q", action="store_true", help="no summary")
    return result


def run(arguments: list[str]) -> int:
    """Fill the lock file; gives the exit code."""
    options = parser().parse_args(arguments)
    platforms = [parse(text) for text in options.platform]
    there, code = _named(options)
    wanted = _wanted(options, there)
    lock = read(options.file) if os.path.exists(options.file) else Lock((), ())
    known = {pin.name: pin for pin in lock.images}
    found = {} if options.update else {name: known[name] for name in wanted if name in known}
    for layout in options.layouts:
        for pin in pins_of(*_layout(layout)):
            if pin.name in wanted:
                found[pin.name] = pin
    missing = [name for name in wanted if name not in found]
    problems: list[str] = []
    if missing and not options.offline:
        problems = _ask(missing, found, options, platforms)
    elif missing:
        problems = [f"{name}: no layout has it" for name in missing]
    packages, more = _packages(options, there.packages, lock.packages)
    problems += more
    write_text([rendered(found.values(), packages)], options.file)
    if not options.quiet:
        sys.stderr.writelines(f"seawall: {problem}\n" for problem in problems)
        sys.stderr.write(_summary(found, known, options.file))
        if packages:
            sys.stderr.write(f"{options.file}: {len(packages)} packages with a version.\n")
    return 3 if problems else code


def _named(options: argparse.Namespace) -> tuple[Named, int]:
    """What the targets name; 3 where some input could not be read."""
    targets = tuple(options.targets) or (() if options.image else (".",))
    there = named(Options(targets=targets)) if targets else Named((), (), ())
    for item in there.failed:
        sys.stderr.write(f"seawall: {item.path}:{item.line}: {item.reason}\n")
    return there, 3 if there.failed else 0


def _packages(
    options: argparse.Namespace, wanted: tuple[str, ...], known: tuple[PackagePin, ...]
) -> tuple[list[PackagePin], list[str]]:
    """The packages to write down, and which have several versions."""
    kept = {pin.key: pin for pin in known if pin.key in wanted}
    pins = [pin for path in options.packages for pin in packages_of(path)]
    single, several = chosen(wanted, pins)
    for key, pin in single.items():
        kept[key] = pin._replace(name=key.partition("/")[2])
    problems = [
        f"{key}: has the versions {', '.join(versions[:5])}; name a document of one image or suite"
        for key, versions in several.items()
        if key not in kept
    ]
    return list(kept.values()), problems


def _wanted(options: argparse.Namespace, there: Named) -> list[str]:
    """The whole names of the images to lock."""
    for name in options.image:
        if not is_valid_image(name):
            raise UsageError(
                f"--image: {name!r} is no name of an image; give one such as nginx:1.27"
            )
    valid = [name for name in (*there.images, *options.image) if is_valid_image(name)]
    return sorted({full_name(name) for name in valid if not parse_image(name).digest})


def _layout(text: str) -> tuple[str, str]:
    """The path and the repository of ``--from``."""
    name, equals, path = text.partition("=")
    if not equals:
        return text, ""
    if not is_valid_image(name) or parse_image(name).tag:
        raise UsageError(f"--from: {name!r} is no name of a repository; give it as NAME=LAYOUT")
    return path, name


def _ask(
    missing: list[str], found: dict[str, Pin], options: argparse.Namespace,
    platforms: list[Platform],
) -> list[str]:  # fmt: skip
    """Ask the registries; gives what went wrong."""
    from seawall.locking.registry import pins  # noqa: PLC0415 - urllib
    from seawall.sources.images.registry import access  # noqa: PLC0415 - subprocess
    from seawall.sources.images.registry.resolving import Images  # noqa: PLC0415 - as above

    chosen = access.Options(tuple(options.insecure_registry), tuple(options.registry_mirror))
    problems = []
    answers = pins(missing, Images(access.from_environment(os.environ, chosen)), platforms)
    for name, answer in zip(missing, answers, strict=True):
        if isinstance(answer, InputError):
            problems.append(str(answer))
        else:
            found[name] = answer
    return problems


def _summary(found: dict[str, Pin], known: dict[str, Pin], path: str) -> str:
    new = sum(name not in known for name in found)
    changed = sum(name in known and known[name].digest != pin.digest for name, pin in found.items())
    return f"{path}: {len(found)} images, {new} of them new, {changed} with another digest.\n"
