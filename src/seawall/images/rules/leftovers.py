"""Rules about what building and working left in an image, and about its size."""

from collections.abc import Iterator

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.images import leftover_files
from seawall.images.facts import File, Image
from seawall.images.rule import Context, image_rule, in_file

_MIB = 1024 * 1024


def _of_kind(image: Image, kind: str) -> Iterator[File]:
    for file in image.files.notable():
        if not file.is_directory and leftover_files.kind_of(file.path) == kind:
            yield file


@image_rule(
    "image-git-repository",
    severity=Severity.MEDIUM,
    remedy="Write .git into .dockerignore.",
)
def image_git_repository(image: Image, context: Context) -> Hits:
    """Images should hold no git repository.

    Reports each ``.git`` directory.

    Why:

    It holds every version of every file, those with credentials that were taken out again too, and
    often a token in the address of its remote.

    Bad:

        files:
          app/.git/HEAD: {mode: "100644"}

    Good:

        files:
          app/server: {mode: "100555"}
    """
    for file in _of_kind(image, leftover_files.GIT):
        directory = file.path.removesuffix("/HEAD")
        yield Hit(f"holds a git repository, /{directory}", in_file(file), evidence=directory)


@image_rule(
    "image-shell-history",
    severity=Severity.LOW,
    remedy="Delete the file in the step that made it.",
)
def image_shell_history(image: Image, context: Context) -> Hits:
    """Images should hold no history of what somebody typed.

    Reports histories of shells, databases and interpreters that are not empty.

    Why:

    People type passwords, and they tell what was done by hand and is in no Dockerfile.

    Bad:

        files:
          root/.bash_history: {mode: "100600", size: 120}

    Good:

        files:
          root/.bash_history: {mode: "100600", size: 0}
    """
    for file in _of_kind(image, leftover_files.HISTORY):
        if file.size:
            yield Hit(f"holds a history of commands, /{file.path}", in_file(file))


@image_rule(
    "image-core-dump",
    severity=Severity.MEDIUM,
    remedy="Delete the file in the step that made it.",
)
def image_core_dump(image: Image, context: Context) -> Hits:
    """Images must hold no core dump.

    Reports files ``core`` and ``core.123`` in the root directory or one below it.

    Why:

    It is the memory of a program, with all secrets that it held.

    Bad:

        files:
          app/core.731: {mode: "100600", size: 90000}

    Good:

        files:
          app/core: {mode: "040755"}
    """
    for file in _of_kind(image, leftover_files.CORE):
        if file.is_regular and file.size:
            yield Hit(f"holds a core dump, /{file.path}", in_file(file))


@image_rule(
    "image-development-file",
    profile=OPT_IN,
    severity=Severity.INFO,
    remedy="Write these into .dockerignore.",
    aliases=("DKL-LI-0003",),
)
def image_development_file(image: Image, context: Context) -> Hits:
    """Images need no files for development.

    Reports once what is only of use to people who work on the source: ``Dockerfile``,
    ``docker-compose.yml``, ``.vscode``, ``.idea``, ``.vimrc`` and the like.

    Why:

    They tell how an image is made and where its parts are, and grow it.

    Bad:

        files:
          app/docker-compose.yml: {mode: "100644"}

    Good:

        files:
          app/server: {mode: "100555"}
    """
    files = [
        file for file in _of_kind(image, leftover_files.DEVELOPMENT) if not image.is_base(file)
    ]
    if files:
        shown = ", ".join(f"/{file.path}" for file in files[:_MOST_NAMED])
        more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
        yield Hit(f"holds files for development: {shown}{more}", in_file(files[0]))


_MOST_NAMED = 8


@image_rule(
    "image-package-cache",
    profile=RELIABILITY,
    severity=Severity.LOW,
    remedy="Delete it in the step that fills it, or use a cache mount (RUN --mount=type=cache).",
    parameters=(Parameter("least", 1024, "the size in KiB from which a cache is reported"),),
)
def image_package_cache(image: Image, context: Context) -> Hits:
    """Images should hold no caches of package managers.

    Reports each cache of at least 1 MiB (parameter ``least``) with its size: lists and archives of
    apt, apk, dnf, yum, pacman, caches of pip, npm, yarn, Go, Maven and Gradle.

    Why:

    Nobody reads them again: they only make the image larger to store, fetch and scan.

    Bad:

        files:
          var/lib/apt/lists/deb.example.org_main_Packages: {mode: "100644", size: 40000000}

    Good:

        files:
          var/lib/apt/lists/lock: {mode: "100640", size: 0}
    """
    sizes: dict[str, int] = {}
    first: dict[str, File] = {}
    for file in _of_kind(image, leftover_files.CACHE):
        directory = leftover_files.cache_of(file.path)
        sizes[directory] = sizes.get(directory, 0) + file.size
        first.setdefault(directory, file)
    for directory, size in sorted(sizes.items()):
        if size >= context.integer(image_package_cache, "least") * 1024:
            yield Hit(
                f"/{directory} holds {size / _MIB:.1f} MiB of a package manager's cache",
                in_file(first[directory]), evidence=directory,
            )  # fmt: skip


@image_rule(
    "image-wastes-space",
    profile=RELIABILITY,
    severity=Severity.LOW,
    remedy="Delete files in the step that makes them, or squash: seawall harden image --squash",
    parameters=(
        Parameter("efficiency", 90, "the least efficiency in percent"),
        Parameter("share", 10, "the largest part of the bytes above the base that may be wasted"),
        Parameter("least", 1024, "the waste in KiB below which nothing is said"),
    ),
)
def image_wastes_space(image: Image, context: Context) -> Hits:
    """Images should hold their files once.

    Reports an image whose layers hold files that later layers delete or write again: where the
    efficiency is below 90 % or more than 10 % of the bytes above the base are wasted, as dive
    counts them.

    Why:

    A file that a later layer deletes is still in the image, in every place it is stored and
    fetched.

    Bad:

        layers:
          - {size: 50000000}
          - {size: 50000000}
        waste: {efficiency: 0.5, wasted: 100000000, share: 1.0}

    Good:

        layers:
          - {size: 50000000}
        waste: {efficiency: 1.0}

    References:
        https://github.com/wagoodman/dive
    """
    waste, rule = image.waste(), image_wastes_space
    if waste.wasted < context.integer(rule, "least") * 1024:
        return
    low = waste.efficiency * 100 < context.integer(rule, "efficiency")
    much = waste.share * 100 > context.integer(rule, "share")
    if low or much:
        worst = "; ".join(
            f"/{path} {times} times, {size / _MIB:.1f} MiB" for path, times, size in waste.paths[:3]
        )
        yield Hit(
            f"{waste.wasted / _MIB:.1f} MiB are in it more than once or deleted again "
            f"(efficiency {waste.efficiency:.0%}{f'; most: {worst}' if worst else ''})",
            ("layers",),
        )
