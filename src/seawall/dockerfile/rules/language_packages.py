"""Rules about how pip, npm, yarn and go are used in a build, their versions apart."""

from functools import lru_cache

from seawall.core.edit import Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import editing
from seawall.dockerfile.package_commands import (
    PackageCommand,
    package_command,
    package_commands,
    step_package_commands,
)
from seawall.dockerfile.package_leftovers import is_cacheless_pip, leftovers
from seawall.dockerfile.package_managers import names_of
from seawall.dockerfile.rule import Context, RunCommand, command_rule, step_rule
from seawall.dockerfile.stages import Stage, Step
from seawall.text.shell.script import Script

_PIP = names_of("pip")


# Caches ---------------------------------------------------------------------------------------


@step_rule(
    "pip-cache",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Add --no-cache-dir, or set PIP_NO_CACHE_DIR=1.",
    aliases=(
        "DL3042",
        "kics:pip_install_keeping_cached_packages",
        "kics:f2f903fb-b977-461e-98d7-b3e2185c6118",
    ),
)
def pip_cache(step: Step, context: Context) -> Hits:
    """Pip must not leave its cache in the layer.

    Reports ``pip install`` without ``--no-cache-dir`` in the stages of the final image.

    Why:

    The cache holds every package that was fetched once more, for a second installation that does
    not happen in an image.

    Bad:

        FROM python:3.13
        RUN pip install -r requirements.txt

    Good:

        FROM python:3.13
        RUN pip install --no-cache-dir -r requirements.txt

    Not reported:

    Calls with ``PIP_NO_CACHE_DIR`` set or unknown, with a cache on a mount or deleted in the same
    RUN, and stages whose layers are not part of the final image.
    """
    if not context.is_in_final_image(step.stage):
        return
    for leftover in leftovers(step):
        if leftover.call.family == "pip":
            yield from _pip_hits(leftover.call, leftover.script, step)


def _pip_hits(first: PackageCommand, script: Script, step: Step) -> Hits:
    behind = script.commands[script.commands.index(first.command) :]
    for call in package_commands(behind):
        if call.family != "pip" or call.verb != "install" or call.subcommand is None:
            continue
        if not call.definition.caches or is_cacheless_pip(call, step):
            continue
        change = editing.insert_after(step, script, call.subcommand, "--no-cache-dir")
        yield Hit(
            f"{call.description} leaves its cache in the layer",
            (call.command.start, call.subcommand.end),
            fixes=(Proposal("Add --no-cache-dir", (change,)),),
        )


def _left(step: Step, context: Context, family: str, verbs: tuple[str, ...], clean: str) -> Hits:
    if not context.is_in_final_image(step.stage):
        return
    for leftover in leftovers(step):
        call = leftover.call
        if call.family != family or call.verb not in verbs:
            continue
        change = editing.append_command(step, leftover.script, clean) if clean else None
        word = call.subcommand or call.command.words[0]
        yield Hit(
            f"{call.description} leaves its cache in the layer",
            (call.command.start, word.end),
            fixes=() if change is None else (Proposal(f"Add {clean}", (change,)),),
        )


@step_rule(
    "npm-cache",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Run npm cache clean --force at the end of the same RUN.",
)
def npm_cache(step: Step, context: Context) -> Hits:
    """Npm must not leave its cache in the layer.

    Reports ``npm install`` and ``npm ci`` in the stages of the final image when no ``npm cache
    clean`` follows in the same RUN.

    Why:

    The cache holds every package that was fetched once more, for a second installation that does
    not happen in an image.

    Bad:

        FROM node:24
        RUN npm ci

    Good:

        FROM node:24
        RUN npm ci && npm cache clean --force

    Not reported:

    Calls behind which ``/root/.npm`` is deleted, caches on a mount, and stages whose layers are
    not part of the final image.
    """
    return _left(step, context, "npm", tuple(_NPM_INSTALLS), "npm cache clean --force")


_NPM_INSTALLS = frozenset(("install", "i", "add", "ci", "clean-install", "install-test"))


@step_rule(
    "yarn-cache",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Run yarn cache clean at the end of the same RUN.",
    aliases=("DL3060",),
)
def yarn_cache(step: Step, context: Context) -> Hits:
    """Yarn must not leave its cache in the layer.

    Reports ``yarn install``, ``yarn add`` and a bare ``yarn`` in the stages of the final image when
    no ``yarn cache clean`` follows in the same RUN.

    Why:

    The cache holds every package that was fetched once more, for a second installation that does
    not happen in an image.

    Bad:

        FROM node:24
        RUN yarn install --frozen-lockfile

    Good:

        FROM node:24
        RUN yarn install --frozen-lockfile && yarn cache clean

    Not reported:

    Calls behind which the cache is deleted, caches on a mount, and stages whose layers are not
    part of the final image.
    """
    verbs = ("", "install", "add", "global add")
    return _left(step, context, "yarn", verbs, "yarn cache clean")


@step_rule(
    "go-cache",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Build in an earlier stage and copy the program, or put the caches on a cache mount.",
)
def go_cache(step: Step, context: Context) -> Hits:
    r"""Go must not leave its caches in the final image.

    Reports ``go install``, ``go get`` and ``go build`` in the stages of the final image with the
    caches of modules and of the build in the layer.

    Why:

    The caches hold the source of every module and every compiled package: often a gigabyte beside
    a program of a few megabytes.

    Bad:

        FROM golang:1.25
        RUN go install example.com/tool@v1.4.2

    Good:

        FROM golang:1.25
        RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
            go install example.com/tool@v1.4.2

    Not reported:

    Calls behind which ``go clean`` follows or the caches are deleted, and stages whose layers are
    not part of the final image.
    """
    return _left(step, context, "go", ("install", "get", "build"), "")


# Where packages go ----------------------------------------------------------------------------


_MANAGED = {
    "debian": (12, frozenset("bookworm trixie forky sid testing stable latest".split())),
    "ubuntu": (23.04, frozenset("lunar mantic noble oracular plucky questing latest".split())),
    "alpine": (3.19, frozenset(("latest", "edge"))),
}
"""From which release on a distribution's Python is managed by it alone (PEP 668)."""
_RELEASE = pattern(r"(\d+(?:\.\d+)?)")


@command_rule(
    "pip-root-no-venv",
    names=_PIP,
    severity=Severity.INFO,
    profile=RELIABILITY,
    confidence=Confidence.MEDIUM,
    remedy="Make a virtual environment, and call the pip in it.",
)
def pip_root_no_venv(found: RunCommand, context: Context) -> Hits:
    """Pip should not install into the Python that belongs to the system.

    Reports ``pip install`` by root, outside of a virtual environment, in images of Debian from 12,
    Ubuntu from 23.04 and Alpine from 3.19 on.

    Why:

    The system's own programs use the same directory: pip replaces what they need, and an upgrade
    of the system replaces what the application needs. So pip refuses there, unless it is told
    ``--break-system-packages``.

    Bad:

        FROM debian:12
        RUN apt-get update && apt-get install -y python3-pip
        RUN pip3 install --no-cache-dir --break-system-packages flask==3.1.2

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y python3-venv
        RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir flask==3.1.2

    Not reported:

    Stages that install no Python with the system's package manager: theirs is another one. Calls
    with ``--target``, ``--prefix``, ``--root`` or ``--user``, and RUNs or stages that activate an
    environment.

    References:
    https://peps.python.org/pep-0668/
    """
    call = package_command(found.command)
    if call is None or call.family != "pip" or call.verb != "install":
        return
    word = found.command.words[0]
    if "/" in word.text or call.option("-t", "--target", "--prefix", "--root", "--user"):
        return
    step = found.step
    if step.user.text not in {"", "root", "0"} or not _is_managed(step) or _has_venv(found):
        return
    end = (call.subcommand or word).end
    message = f"{call.description} writes into the Python of the system"
    yield Hit(message, (found.command.start, end))


def _is_managed(step: Step) -> bool:
    image = step.stage.root.image
    if image is None or not step.stage.root.base_name.known or (image.digest and not image.tag):
        return False
    rule = _MANAGED.get(image.name)
    if rule is None or not _has_system_python(step.stage):
        return False
    first, names = rule
    tag = image.tag or "latest"
    number = _RELEASE.match(tag)
    if number is None:
        return tag.partition("-")[0] in names
    if image.name == "debian":
        return float(number[1].partition(".")[0]) >= first
    return _release(number[1]) >= _release(str(first))


@lru_cache(maxsize=8)  # every pip of a stage asks
def _has_system_python(stage: Stage) -> bool:
    """Whether a package manager of the system installs Python or pip; the images hold neither."""
    return any(
        package.name.startswith(("python", "py3-"))
        for step in stage.chain_steps()
        if step.name == "RUN"
        for call in step_package_commands(step)
        if call.family in {"apt", "apk"}
        for package in call.packages
    )


def _release(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major[:6]), int((minor or "99")[:6])


def _has_venv(found: RunCommand) -> bool:
    environment = found.step.environment
    if environment.get("VIRTUAL_ENV") is not None:
        return True
    path = environment.get("PATH") or ""
    if "env" in path or "$" in path.partition(":")[0]:
        return True
    return _activates(found.script)


@lru_cache(maxsize=8)  # every pip of a script asks
def _activates(script: Script) -> bool:
    return any(
        "activate" in value
        for command in script.commands
        if command.name in {".", "source"}
        for value in command.values
    )


@command_rule(
    "npm-install-not-ci",
    names=("npm",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Run npm ci: it installs what the lock file says, or fails.",
)
def npm_install_not_ci(found: RunCommand, context: Context) -> Hits:
    """A lock file that is there must decide what npm installs.

    Reports ``npm install`` without packages in a stage into which ``package-lock.json`` or
    ``npm-shrinkwrap.json`` was copied.

    Why:

    ``npm install`` changes the lock file where package.json does not fit it, without a word, so
    the image holds versions that nobody has tested. ``npm ci`` fails instead.

    Bad:

        FROM node:24
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm install

    Good:

        FROM node:24
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci

    Not reported:

    Stages that copy whole directories, unless the build context is known to hold the lock file.
    """
    call = package_command(found.command)
    if call is None or call.verb not in {"install", "i"} or call.packages:
        return
    if call.subcommand is None or call.option("-g", "--global", "--package-lock-only"):
        return
    if not _has_lock(found.step, context):
        return
    change = editing.replace_word(call.subcommand, "ci")
    effect = "Fails where package.json and the lock file differ; deletes node_modules first."
    fixes: tuple[Proposal, ...] = ()
    if change is not None:
        fixes = (Proposal("Call npm ci", (change,), Safety.UNSAFE, effect),)
    yield Hit(
        "npm install may change what the lock file says",
        (found.command.start, call.subcommand.end),
        fixes=fixes,
    )


_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")


def _has_lock(step: Step, context: Context) -> bool:
    return _lock_copied(step.stage, context) < step.number


@lru_cache(maxsize=8)  # every npm of a stage asks
def _lock_copied(stage: Stage, context: Context) -> int:
    """The number of the step that brings the lock file; that of none without one."""
    for step in stage.steps:
        if step.name not in {"COPY", "ADD"} or step.instruction.flag("from"):
            continue
        sources = [value.text for value in step.arguments[:-1]]
        if any(_may_name_lock(source) for source in sources):
            return step.number
        files = context.files if any(source in {".", "./", "/"} for source in sources) else None
        if files is not None and any(lock in files.files for lock in _LOCKS):
            return step.number
    return len(stage.steps)


def _may_name_lock(source: str) -> bool:
    name = source.rpartition("/")[2]
    return name in _LOCKS or name in {"package*.json", "package-*.json", "package-lock*"}
