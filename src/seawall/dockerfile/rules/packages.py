"""Rules about apt."""

import posixpath
from collections.abc import Iterator
from functools import lru_cache

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import editing
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.copied_files import text_at
from seawall.dockerfile.package_commands import (
    PackageCommand,
    calls_of,
    installed_names,
    package_command,
)
from seawall.dockerfile.package_leftovers import (
    covers,
    is_mounted,
    leftovers,
    removed_paths,
    updates_first,
)
from seawall.dockerfile.package_managers import INSTALL, OTHER, REMOVE, UPDATE, UPGRADE
from seawall.dockerfile.rule import Context, RunCommand, command_rule, stage_rule, step_rule
from seawall.dockerfile.stages import Stage, Step
from seawall.text.shell.script import SHELLS, Command, Script, ShellWord

LISTS = "/var/lib/apt/lists"
_APT = ("apt-get", "apt", "aptitude")
_CACHE_COMMANDS = frozenset(("search", "show", "policy", "depends", "rdepends", "madison"))
_SAME = frozenset(
    ("update", "install", "reinstall", "upgrade", "remove", "purge", "autoremove", "clean")
)


@command_rule(
    "apt-cli",
    names=("apt",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Call apt-get or apt-cache: their options and output do not change between versions.",
    aliases=(
        "DL3027",
        "CKV_DOCKER_9",
        "kics:run_using_apt",
        "kics:b84a0b47-2e99-4c9f-8933-98bcabe2b94d",
    ),
)
def apt_cli(found: RunCommand, context: Context) -> Hits:
    """Apt is for people at a terminal, not for scripts.

    Reports calls of ``apt`` in RUN.

    Why:

    The manual of apt says that its command line may change between versions. A build that passes
    today fails, or does something else, after the next release of the base image.

    Bad:

        FROM debian:12
        RUN apt update && apt install -y curl

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl

    References:
    https://manpages.debian.org/bookworm/apt/apt.8.en.html#SCRIPT_USAGE_AND_DIFFERENCES_FROM_OTHER_APT_TOOLS
    """
    word = found.command.words[0]
    verb = next((item.value for item in found.command.operands if item.value), "")
    name = "apt-get" if verb in _SAME else "apt-cache" if verb in _CACHE_COMMANDS else ""
    fixes: tuple[Proposal, ...] = ()
    if name and word.editable and word.value == "apt":
        start = word.end - 1 - len("apt") if _is_quoted(found, word.start) else word.start
        fixes = (Proposal(f"Call {name}", (Change(start, start + len("apt"), name),)),)
    yield Hit("calls apt, whose command line is not stable", (word.start, word.end), fixes=fixes)


def _is_quoted(found: RunCommand, start: int) -> bool:
    return found.step.stage.file.data[start : start + 1] in {b'"', b"'"}


# Updates --------------------------------------------------------------------------------------


@stage_rule(
    "apt-update-alone",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Update the lists in the same RUN that installs from them.",
    aliases=(
        "DS-0017",
        "CKV_DOCKER_5",
        "CIS-DI-0007",
        "docker-bench:4.7",
        "kics:update_instruction_alone",
        "kics:9bae49be-0aa3-4de5-bab2-4c3a069e40cd",
    ),
    compliance=("cis-docker-1.6:4.7",),
)
def apt_update_alone(stage: Stage, context: Context) -> Hits:
    """Package lists must be fetched in the RUN that uses them.

    Reports ``apt-get update``, ``apk update``, ``zypper refresh``, ``dnf makecache`` and ``pacman
    -Sy`` with nothing behind them in the same RUN that installs or upgrades packages.

    Why:

    Each RUN is cached by its text. The update is taken from the cache for as long as its line
    does not change, and the next RUN installs from lists that may be months old: versions with
    known holes, or addresses that are gone.

    Bad:

        FROM debian:12
        RUN apt-get update
        RUN apt-get install -y curl

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl

    Not reported:

    Updates whose lists are on a cache mount, and RUNs that call a script of their own behind the
    update, which may install.

    References:
    https://docs.docker.com/build/building/best-practices/#apt-get
    """
    steps = [step for step in stage.steps if not step.triggered]
    for place, step in enumerate(steps):
        if step.name != "RUN":
            continue
        for script in step.scripts:
            call = _lonely_update(script, step)
            if call is not None:
                following = steps[place + 1] if place + 1 < len(steps) else None
                word = call.subcommand or call.command.words[0]
                yield Hit(
                    f"{call.description} stands in a RUN that installs nothing",
                    (call.command.start, word.end),
                    fixes=_merged(step, script, following),
                )


def _lonely_update(script: Script, step: Step) -> PackageCommand | None:
    """The first update of a script behind which nothing uses the lists."""
    waiting: PackageCommand | None = None
    for command in script.commands:
        call = package_command(command)
        if call is None:
            if waiting and _may_install(command):
                waiting = None
        elif call.action in {INSTALL, UPGRADE, REMOVE} or _searches(call):
            waiting = None
        elif call.action == UPDATE and waiting is None and not _on_mount(call, step):
            waiting = call
    return waiting


def _on_mount(call: PackageCommand, step: Step) -> bool:
    return any(is_mounted(step, directory) for directory in call.definition.lists)


def _searches(call: PackageCommand) -> bool:
    return call.verb in {"search", "show", "policy", "download", "source", "fetch", "info"}


def _may_install(command: Command) -> bool:
    """Whether a command runs a script that is not seen, or installs by other means."""
    words = command.words
    if not words:
        return False
    if command.name in {"apt-file", "mk-build-deps", "gdebi", "apt-cache", "rosdep", "tasksel"}:
        return True
    text = words[0].value
    if text is None or ("/" in text and not text.startswith(("/bin/", "/usr/bin/", "/sbin/"))):
        return True
    if command.name in SHELLS or command.name in {"source", ".", "make", "ansible-playbook"}:
        return True
    return command.name.endswith(".sh")


_STATEFUL = frozenset(
    "cd export set umask source . pushd popd exec exit return trap shopt alias unset ulimit "
    "declare readonly".split()
)
"""Commands whose effect ends with their RUN."""


def _merged(step: Step, script: Script, following: Step | None) -> tuple[Proposal, ...]:
    """Join a RUN with the next one, if that installs and both can be one script."""
    if following is None or following.name != "RUN" or len(following.scripts) != 1:
        return ()
    other = following.scripts[0]
    if not any(call.action == INSTALL for call in calls_of(other)):
        return ()
    if [flag.text for flag in step.instruction.flags] != [
        flag.text for flag in following.instruction.flags
    ]:
        return ()
    if not _can_join(step, script) or not _can_join(following, other):
        return ()
    if any(command.operator not in {"", "&&"} for command in editing.top_commands(other)):
        return ()
    change = editing.join(step, script, following, other)
    if change is None:
        return ()
    changes = (change, *_without_lists(following, other))
    return (Proposal("Merge with the RUN that installs", changes),)


def _without_lists(step: Step, script: Script) -> Iterator[Change]:
    """Delete apt's lists behind the install, where no later step counts on them."""
    calls = calls_of(script)
    later = [other for other in step.stage.steps if other.number > step.number]
    uses = any(
        call.family == "apt"
        for other in later if other.name == "RUN"
        for found in other.scripts
        for call in calls_of(found)
    )  # fmt: skip
    is_last = calls[-1].family == "apt" and not any(
        covers(path, LISTS) for command in script.commands for path in removed_paths(command, step)
    )
    if uses or not is_last or step.user.text not in {"", "root", "0"}:
        return
    change = editing.append_command(step, script, f"rm -rf {LISTS}/*")
    if change is not None:
        yield change


def _can_join(step: Step, script: Script) -> bool:
    tops = editing.top_commands(script)
    return (
        bool(tops)
        and all(command.words and command.name not in _STATEFUL for command in tops)
        and not step.instruction.heredocs
    )


@step_rule(
    "apt-install-without-update",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    confidence=Confidence.MEDIUM,
    remedy="Run apt-get update before the install, in the same RUN.",
)
def apt_install_without_update(step: Step, context: Context) -> Hits:
    """Packages must be installed from lists that are fetched in the same RUN.

    Reports ``apt-get install`` of packages by name when neither this RUN nor an earlier one of the
    stage has fetched lists.

    Why:

    Images of Debian and Ubuntu hold no lists, so the install fails; in an image that does hold
    some it takes what was current when that image was made.

    Bad:

        FROM debian:12
        RUN apt-get install -y curl

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl

    Not reported:

    Lists on a mount, lists that a COPY brings, scripts that run before the install and may fetch
    them (``curl ... | bash``, ``add-apt-repository``), and lists of an earlier RUN: for those see
    apt-update-alone.
    """
    if is_mounted(step, LISTS) or _has_lists_before(step):
        return
    for script in step.scripts:
        for command in script.commands:
            call = package_command(command)
            if call is None:
                if _may_install(command) or command.name in {"add-apt-repository", "extrepo"}:
                    return
            elif call.family == "apt" and (call.action == UPDATE or updates_first(call)):
                return
            elif call.family == "apt" and call.action == INSTALL and _from_lists(call):
                fixes: tuple[Proposal, ...] = ()
                if command.top_level and command.pipeline.place == 0:
                    change = editing.prepend_command(step, script, f"{call.manager} update")
                    if change is not None:
                        fixes = (Proposal("Fetch the lists first", (change,)),)
                word = call.subcommand or command.words[0]
                message = f"{call.description} without {call.manager} update in the same RUN"
                yield Hit(message, (command.start, word.end), fixes=fixes)
                return


def _from_lists(call: PackageCommand) -> bool:
    simulated = call.option("-s", "--simulate", "--dry-run", "--print-uris", "--no-download")
    return not simulated and any(package.name and not package.local for package in call.packages)


def _has_lists_before(step: Step) -> bool:
    """Whether an earlier step may have brought lists."""
    return _lists_brought(step.stage) < step.number


@lru_cache(maxsize=8)  # every RUN of a stage asks
def _lists_brought(stage: Stage) -> int:
    """The number of the first step that may bring lists; -1 for one of a stage below."""
    for step in stage.chain_steps():
        if (step.name in {"COPY", "ADD"} and "apt" in step.instruction.rest.text) or (
            step.name == "RUN" and _brings_lists(step)
        ):
            return step.number if step.stage is stage else -1
    return len(stage.steps)


def _brings_lists(step: Step) -> bool:
    if any(leftover.directory == LISTS for leftover in leftovers(step)):
        return True
    return any(_may_install(command) for script in step.scripts for command in script.commands)


# Options --------------------------------------------------------------------------------------


@command_rule(
    "apt-no-yes",
    names=_APT,
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="Add -y: nobody is there to answer.",
    aliases=(
        "DL3014",
        "DS-0021",
        "kics:apt_get_missing_flags_to_avoid_manual_input",
        "kics:77783205-c4ca-4f80-bb80-c777f267c547",
    ),
)
def apt_no_yes(found: RunCommand, context: Context) -> Hits:
    """Apt must not wait for an answer.

    Reports ``install``, ``upgrade``, ``remove`` and their kin of apt without ``-y``, ``--yes``,
    ``--assume-yes`` or ``-qq``.

    Why:

    apt-get asks before it installs more than what was named. In a build there is no terminal, so
    it aborts as soon as a package gets a new dependency.

    Bad:

        FROM debian:12
        RUN apt-get update && apt-get install curl

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl

    Not reported:

    Calls that get their answer from ``yes |`` or from ``APT::Get::Assume-Yes``, given with ``-o``
    or written into apt's configuration anywhere in the stage.
    """
    call = package_command(found.command)
    if call is None or call.action not in {INSTALL, UPGRADE, REMOVE} or call.subcommand is None:
        return
    if _answers(call) or is_answered(found) or configures(found.step.stage, "apt::get::assume-yes"):
        return
    change = editing.insert_after(found.step, found.script, call.subcommand, "-y")
    yield Hit(
        f"{call.description} may ask a question that nobody answers",
        (found.command.start, call.subcommand.end),
        fixes=(Proposal("Add -y", (change,)),),
    )


def _answers(call: PackageCommand) -> bool:
    if call.option("-y", "--yes", "--assume-yes", "--force-yes", "-s", "--simulate", "--dry-run"):
        return True
    quiet = call.count("-q", "--quiet")
    if quiet > 1 or "2" in call.values("-q", "--quiet"):
        return True
    settings = " ".join(call.values("-o", "--option")).lower()
    return "assume-yes" in settings or call.option("--assume-no", "--print-uris") is not None


def is_answered(found: RunCommand) -> bool:
    """Whether a pipeline gives answers: ``yes |``, ``echo y |``."""
    pipeline = found.command.pipeline
    return pipeline.place > 0 and any(
        command.pipeline.number == pipeline.number and command.name in {"yes", "echo", "printf"}
        for command in found.script.commands
    )


@lru_cache(maxsize=64)  # every call in a stage asks
def configures(stage: Stage, setting: str) -> bool:
    """Whether a stage, or one below it, writes a setting into some file.

    That is: a command that is no package manager's, or a document, holds its name.
    """
    return any(setting in text.lower() for step in stage.chain_steps() for text in _written(step))


def _written(step: Step) -> Iterator[str]:
    if step.name in {"COPY", "ADD", "RUN"}:
        for heredoc in step.instruction.heredocs:
            yield step.stage.file.text(heredoc.body_start, heredoc.body_end)
    for script in step.scripts if step.name == "RUN" else ():
        for command in script.commands:
            call = package_command(command)
            if call is None or call.action == OTHER:
                yield " ".join(word.text for word in command.words)


@command_rule(
    "apt-recommends",
    names=_APT,
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Add --no-install-recommends, and name what is really needed of the recommended.",
    aliases=(
        "DL3015",
        "DS-0029",
        "kics:apt_get_not_avoiding_additional_packages",
        "kics:7384dfb2-fcd1-4fbf-91cd-6c44c318c33c",
    ),
)
def apt_recommends(found: RunCommand, context: Context) -> Hits:
    """Recommended packages must not come along unasked.

    Reports ``apt-get install`` without ``--no-install-recommends``.

    Why:

    Recommended packages are what a person at a desktop would want too. In an image they are weight
    and more code in which holes are found: often more than what was asked for.

    Bad:

        FROM debian:12
        RUN apt-get update && apt-get install -y git

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y --no-install-recommends git

    Not reported:

    Installs with ``APT::Install-Recommends`` given by ``-o`` or written into apt's configuration
    anywhere in the stage, and ``build-dep``, which takes no recommended packages.
    """
    call = package_command(found.command)
    if call is None or call.verb not in {"install", "reinstall"} or call.subcommand is None:
        return
    if call.option("--no-install-recommends", "--without-recommends", "-R"):
        return
    settings = " ".join(call.values("-o", "--option")).lower()
    if "install-recommends" in settings:
        return
    if configures(found.step.stage, "apt::install-recommends"):
        return
    yield Hit(
        f"{call.description} brings recommended packages along",
        (found.command.start, call.subcommand.end),
        fixes=(_without_recommended(found, call, call.subcommand),),
    )


_COMPANIONS = {
    "autoconf": ("automake",), "cmake": ("gcc", "libc6-dev", "make"), "composer": ("git", "unzip"),
    "flex": ("gcc", "libc6-dev", "libfl-dev"), "gcc": ("libc6-dev",),
    "protobuf-compiler": ("libprotobuf-dev",), "rustc": ("cargo",), "tcc": ("libc6-dev",),
}  # fmt: skip
"""What Debian only recommends and what is hardly ever meant to be left out: headers, and the tools
that the package is called for. From the control fields of bookworm."""
_CERTIFICATES = "ca-certificates"
_ASK_WITH_TLS = frozenset(
    "curl git golang golang-go libcurl4 nodejs npm php-cli python3-pip ruby subversion wget".split()
)
"""Packages whose programs fetch over TLS: they, or what they depend on, recommend or suggest the
certificates."""
_VERSION = pattern(r"-[\d.]+(?=-|$)")


def _companions(name: str, stage: Stage) -> Iterator[str]:
    name = _VERSION.sub("", name)
    yield from _COMPANIONS.get(name, ())
    root = stage.root.image
    if name in _ASK_WITH_TLS and root is not None and root.name in {"debian", "ubuntu"}:
        yield _CERTIFICATES


def _without_recommended(found: RunCommand, call: PackageCommand, behind: ShellWord) -> Proposal:
    """Leave the recommended packages out, but for those that are hardly ever meant to be."""
    yes = call.option("-y", "--yes", "--assume-yes")
    if yes is not None and yes.word.start > behind.start:
        behind = yes.word
    option = editing.insert_after(found.step, found.script, behind, "--no-install-recommends")
    present = installed_names(found.step.stage)
    added: set[str] = set()
    changes, words = [option], []
    for package in call.packages:
        own = _companions(package.name, found.step.stage)
        missing = [name for name in own if name not in present and name not in added]
        if missing and package.word.start >= behind.end:
            added.update(missing)
            words += missing
            changes.append(
                editing.insert_after_item(found.step, found.script, package.word, missing)
            )
    title = "Add --no-install-recommends"
    if words:
        title += f", and {', '.join(words)}"
    effect = "packages that are only recommended are no longer there, in the build nor in the image"
    return Proposal(title, tuple(changes), Safety.UNSAFE, effect)


@step_rule(
    "apt-lists-left",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Delete /var/lib/apt/lists/* at the end of the RUN that fetched them.",
    aliases=(
        "DL3009",
        "DKL-DI-0005",
        "kics:apt_get_install_lists_were_not_deleted",
        "kics:df746b39-6564-4fed-bf85-e9c44382303c",
    ),
)
def apt_lists_left(step: Step, context: Context) -> Hits:
    """Package lists must not stay in the layer.

    Reports ``apt-get update`` in the stages of the final image when no later command of the same
    RUN deletes ``/var/lib/apt/lists``.

    Why:

    The lists weigh tens of megabytes and are old by the time somebody uses the image. Deleting
    them in a later RUN hides them and frees nothing.

    Bad:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*

    Not reported:

    Lists on a mount, and stages whose layers are not part of the final image.
    """
    if not context.is_in_final_image(step.stage):
        return
    for leftover in leftovers(step):
        if leftover.directory == LISTS:
            yield _left(leftover.call, leftover.script, step, context)


def _left(call: PackageCommand, script: Script, step: Step, context: Context) -> Hit:
    fixes: tuple[Proposal, ...] = ()
    change = editing.append_command(step, script, f"rm -rf {LISTS}/*")
    if change is not None and step.user.text in {"", "root", "0"}:
        reader = _script_behind(step, context)
        effect = f"where {reader} installs packages, it has to fetch the lists first"
        proposal = Proposal("Delete the lists", (change,))
        if reader:
            proposal = proposal._replace(safety=Safety.UNSAFE, effect=effect)
        fixes = (proposal,)
    word = call.subcommand or call.command.words[0]
    message = f"{call.description} leaves its lists in the layer"
    return Hit(message, (call.command.start, word.end), fixes=fixes)


_MAY_INSTALL = pattern(r"apt|\.sh\b|\bsource\b")
"""What in a script tells that it installs packages, or runs another script."""


def _script_behind(step: Step, context: Context) -> str:
    """A script that a later RUN of the final image runs, and that may install from the lists.

    What RUN itself installs without fetching them is mended by ``apt-install-without-update``.
    """
    final = context.build.final
    if final is None:
        return ""
    places = _places_of_steps(final)
    own = places.get(id(step))
    if own is None:
        return ""
    for later, name in _scripts_run(final):
        if places[id(later)] <= own:
            continue
        path = posixpath.normpath(posixpath.join(later.workdir.text or "/", name))
        text = text_at(later.stage, path, context)
        if text is None or _MAY_INSTALL.search(text):
            return name
    return ""


@lru_cache(maxsize=4)  # each RUN that leaves lists asks
def _places_of_steps(stage: Stage) -> dict[int, int]:
    return {id(step): place for place, step in enumerate(stage.chain_steps())}


@lru_cache(maxsize=4)
def _scripts_run(stage: Stage) -> tuple[tuple[Step, str], ...]:
    """The RUNs of a stage and of those below it that run a script, with its name, in order."""
    return tuple(
        (step, name)
        for step in stage.chain_steps()
        if step.name == "RUN"
        for script in step.scripts
        for command in script.commands
        if (name := _script_run(command))
    )


def _script_run(command: Command) -> str:
    """The script that a command runs, where it runs one."""
    if command.name in {*SHELLS, ".", "source"}:
        operand = next((word.value for word in command.operands), None) or ""
        return "" if len(operand.split()) > 1 else operand  # several words are the text of -c
    return command.name if command.name.endswith(".sh") else ""


@step_rule(
    "debian-frontend-env",
    instructions=("ENV",),
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Set DEBIAN_FRONTEND with ARG, or before the command that needs it.",
)
def debian_frontend_env(step: Step, context: Context) -> Hits:
    """DEBIAN_FRONTEND must not stay set in the image.

    Reports ENV instructions that set ``DEBIAN_FRONTEND``.

    Why:

    What ENV sets stays set in every container. Whoever installs a package in one gets none of its
    questions asked, and the answers that they did not give.

    Bad:

        FROM debian:12
        ENV DEBIAN_FRONTEND=noninteractive
        RUN apt-get update && apt-get install -y tzdata

    Good:

        FROM debian:12
        ARG DEBIAN_FRONTEND=noninteractive
        RUN apt-get update && apt-get install -y tzdata

    Not reported:

    A value that is empty or ``dialog``, which undoes an earlier one.

    References:
    https://docs.docker.com/reference/dockerfile/#env
    """
    for pair in step.instruction.pairs:
        value = pair.value.text.strip("\"'") if pair.value else ""
        if pair.key.text == "DEBIAN_FRONTEND" and value not in {"", "dialog"}:
            yield Hit(
                f"DEBIAN_FRONTEND={value} stays set in the image",
                (pair.key.start, pair.value.end if pair.value else pair.key.end),
                fixes=tuple(_as_argument(step)),
            )


def _as_argument(step: Step) -> Iterator[Proposal]:
    instruction = step.instruction
    if len(instruction.pairs) != 1:
        return
    pair = instruction.pairs[0]
    keyword = instruction.keyword
    name = edits.cased_like(instruction.keyword, "ARG")
    changes = [Change(keyword.start, keyword.end, name)]
    if pair.legacy and pair.value is not None:
        if " " in pair.value.text:
            return
        changes.append(Change(pair.key.end, pair.value.start, "="))
    later = step.stage.steps[step.number + 1 :]
    if any(
        other.name == "ENV" and "DEBIAN_FRONTEND" in other.instruction.rest.text for other in later
    ):
        return
    yield Proposal("Set it with ARG", tuple(changes))
