"""Rules about apk, yum, dnf, zypper and pacman, and about upgrades with any manager."""

from functools import lru_cache

from seawall.core.edit import Change, Proposal
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.dockerfile import editing
from seawall.dockerfile.package_commands import (
    PackageCommand,
    package_command,
    package_commands,
    step_package_commands,
)
from seawall.dockerfile.package_leftovers import Leftover, leftovers
from seawall.dockerfile.package_managers import INSTALL, REMOVE, UPDATE, UPGRADE
from seawall.dockerfile.rule import Context, RunCommand, command_rule, step_rule
from seawall.dockerfile.rules.packages import configures, is_answered
from seawall.dockerfile.stages import Stage, Step
from seawall.text.shell.script import Script

_MANY = 20
_ASKING = frozenset((INSTALL, UPGRADE, REMOVE))
_DNF = ("dnf", "dnf5", "microdnf", "tdnf")


# Questions ------------------------------------------------------------------------------------


@command_rule(
    "apk-no-yes",
    names=("apk",),
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="Drop --interactive.",
)
def apk_no_yes(found: RunCommand, context: Context) -> Hits:
    """Apk must not be told to ask.

    Reports ``apk`` with ``-i`` or ``--interactive``.

    Why:

    apk asks nothing unless it is told to. In a build nobody answers, so it stops.

    Bad:

        FROM alpine:3.22
        RUN apk add --no-cache --interactive curl

    Good:

        FROM alpine:3.22
        RUN apk add --no-cache curl
    """
    call = package_command(found.command)
    if call is None or call.action not in _ASKING:
        return
    option = call.option("-i", "--interactive")
    if option is not None:
        change = None
        if option.word.text in {"-i", "--interactive"}:
            words = found.command.words
            before = words[words.index(option.word) - 1]
            change = editing.remove_word(found.step, before, option.word)
        yield Hit(
            f"{call.description} asks before it changes anything",
            (option.word.start, option.word.end),
            fixes=() if change is None else (Proposal("Drop the option", (change,)),),
        )


def _asks(found: RunCommand) -> PackageCommand | None:
    """A call that may ask and gets no answer."""
    call = package_command(found.command)
    if call is None or call.action not in _ASKING or call.subcommand is None:
        return None
    if call.option("-y", "--assumeyes", "--yes", "--assumeno", "-n", "--non-interactive"):
        return None
    if call.option("--no-confirm", "--noconfirm", "--dry-run", "-D", "--downloadonly"):
        return None
    settings = " ".join(call.values("--setopt")).lower()
    if "assumeyes" in settings or is_answered(found):
        return None
    return None if configures(found.step.stage, "assumeyes") else call


def _unanswered(found: RunCommand, call: PackageCommand, title: str, change: Change) -> Hit:
    at = (found.command.start, call.subcommand.end if call.subcommand else found.command.end)
    message = f"{call.description} asks a question that nobody answers"
    return Hit(message, at, fixes=(Proposal(title, (change,)),))


def _add_yes(found: RunCommand, call: PackageCommand) -> Change:
    word = call.subcommand or found.command.words[0]
    return editing.insert_after(found.step, found.script, word, "-y")


@command_rule(
    "yum-no-yes",
    names=("yum",),
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="Add -y: nobody is there to answer.",
    aliases=(
        "DL3030",
        "kics:yum_install_allows_manual_input",
        "kics:6e19193a-8753-436d-8a09-76dcff91bb03",
    ),
)
def yum_no_yes(found: RunCommand, context: Context) -> Hits:
    """Yum must not wait for an answer.

    Reports ``install``, ``update``, ``remove`` and their kin of yum without ``-y``.

    Why:

    yum asks before it changes anything. In a build there is no terminal, so it stops.

    Bad:

        FROM centos:7
        RUN yum install httpd && yum clean all

    Good:

        FROM centos:7
        RUN yum install -y httpd && yum clean all

    Not reported:

    Calls that get their answer from ``yes |``, or from ``assumeyes`` in yum's configuration as
    far as the stage writes it.
    """
    call = _asks(found)
    if call is not None:
        yield _unanswered(found, call, "Add -y", _add_yes(found, call))


@command_rule(
    "dnf-no-yes",
    names=_DNF,
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="Add -y: nobody is there to answer.",
    aliases=("DL3038", "kics:missing_flag_from_dnf_install"),
)
def dnf_no_yes(found: RunCommand, context: Context) -> Hits:
    """Dnf must not wait for an answer.

    Reports ``install``, ``upgrade``, ``remove`` and their kin of dnf, microdnf and tdnf without
    ``-y``.

    Why:

    dnf asks before it changes anything. In a build there is no terminal, so it stops.

    Bad:

        FROM fedora:43
        RUN dnf install httpd && dnf clean all

    Good:

        FROM fedora:43
        RUN dnf install -y httpd && dnf clean all

    Not reported:

    Calls that get their answer from ``yes |``, or from ``assumeyes`` in dnf's configuration as
    far as the stage writes it.
    """
    call = _asks(found)
    if call is not None:
        yield _unanswered(found, call, "Add -y", _add_yes(found, call))


@command_rule(
    "zypper-no-yes",
    names=("zypper",),
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="Call zypper --non-interactive: nobody is there to answer.",
    aliases=(
        "DL3034",
        "kics:missing_zypper_non_interactive_switch",
        "kics:45e1fca5-f90e-465d-825f-c2cb63fa3944",
    ),
)
def zypper_no_yes(found: RunCommand, context: Context) -> Hits:
    """Zypper must not wait for an answer.

    Reports ``install``, ``update``, ``patch``, ``remove`` and their kin of zypper without
    ``--non-interactive`` (``-n``) or ``--no-confirm`` (``-y``).

    Why:

    zypper asks before it changes anything, and about licences. In a build it stops.

    Bad:

        FROM opensuse/leap:16.0
        RUN zypper install httpd && zypper clean --all

    Good:

        FROM opensuse/leap:16.0
        RUN zypper --non-interactive install httpd && zypper clean --all
    """
    call = _asks(found)
    if call is not None:
        name = found.command.words[0]
        change = editing.insert_after(found.step, found.script, name, "--non-interactive")
        yield _unanswered(found, call, "Add --non-interactive", change)


@command_rule(
    "pacman-no-yes",
    names=("pacman",),
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="Add --noconfirm: nobody is there to answer.",
)
def pacman_no_yes(found: RunCommand, context: Context) -> Hits:
    """Pacman must not wait for an answer.

    Reports ``pacman`` that installs, upgrades or removes without ``--noconfirm``.

    Why:

    pacman asks before it changes anything. In a build there is no terminal, so it stops.

    Bad:

        FROM archlinux:latest
        RUN pacman -Syu curl

    Good:

        FROM archlinux:latest
        RUN pacman -Syu --noconfirm curl
    """
    call = package_command(found.command)
    if call is None or call.action not in _ASKING or call.subcommand is None:
        return
    if call.option("--noconfirm", "-p", "--print") or is_answered(found):
        return
    change = editing.insert_after(found.step, found.script, call.subcommand, "--noconfirm")
    yield _unanswered(found, call, "Add --noconfirm", change)


# Caches ---------------------------------------------------------------------------------------


def _left(step: Step, context: Context, families: tuple[str, ...], clean: str | None) -> Hits:
    """What managers of some families leave in the final image, with the command that cleans."""
    if not context.is_in_final_image(step.stage):
        return
    for leftover in leftovers(step):
        call = leftover.call
        if call.family not in families:
            continue
        fixes: tuple[Proposal, ...] = ()
        if clean is not None:
            text = f"{call.manager} {clean}"
            change = editing.append_command(step, leftover.script, text)
            fixes = () if change is None else (Proposal(f"Add {text}", (change,)),)
        word = call.subcommand or call.command.words[0]
        message = f"{call.description} leaves its cache in the layer"
        yield Hit(message, (call.command.start, word.end), fixes=fixes)


@step_rule(
    "apk-cache",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Add --no-cache.",
    aliases=(
        "DL3019",
        "DS-0025",
        "DKL-DI-0004",
        "kics:apk_add_using_local_cache_path",
        "kics:ae9c56a6-3ed1-4ac0-9b54-31267f51151d",
    ),
)
def apk_cache(step: Step, context: Context) -> Hits:
    """Apk must not leave its index in the layer.

    Reports ``apk add`` and ``apk upgrade`` without ``--no-cache`` in the stages of the final
    image, and ``apk update`` beside such that have it.

    Why:

    ``--no-cache`` fetches a new index and keeps none. Without it the index stays in the layer, or
    an old one that an earlier layer left is used.

    Bad:

        FROM alpine:3.22
        RUN apk update && apk add curl

    Good:

        FROM alpine:3.22
        RUN apk add --no-cache curl

    Not reported:

    Calls behind which ``rm -rf /var/cache/apk/*`` follows in the same RUN, caches on a mount, and
    stages whose layers are not part of the final image.
    """
    if not context.is_in_final_image(step.stage):
        return
    for leftover in leftovers(step):
        if leftover.call.family == "apk":
            yield from _apk_hits(leftover, step)


def _apk_hits(leftover: Leftover, step: Step) -> Hits:
    script = leftover.script
    behind = script.commands[script.commands.index(leftover.call.command) :]
    calls = [call for call in package_commands(behind) if call.family == "apk" and call.subcommand]
    users = [call for call in calls if call.action in {INSTALL, UPGRADE}]
    keeping = [call for call in users if not call.option("--no-cache", "--no-network")]
    if not users:
        return  # see apt-update-alone
    updates = [call for call in calls if call.action == UPDATE]
    dropped = () if _needs_index(step) else _without(updates, script, step)
    shown = keeping or updates[:1]
    for call in shown:
        word = call.subcommand or call.command.words[0]
        changes = dropped if call is shown[0] else ()
        title = "Drop apk update"
        if keeping:
            title = "Add --no-cache"
            changes = (*changes, editing.insert_after(step, script, word, "--no-cache"))
        yield Hit(
            f"{call.description} without --no-cache leaves the index in the layer",
            (call.command.start, word.end),
            fixes=(Proposal(title, changes),) if changes else (),
        )


def _needs_index(step: Step) -> bool:
    """Whether a later RUN of the stage may install from the index that this one leaves."""
    return _last_use_of_index(step.stage) > step.number


@lru_cache(maxsize=8)  # every RUN of a stage asks
def _last_use_of_index(stage: Stage) -> int:
    """The number of the last step that calls apk without ``--no-cache``; -1 without one."""
    for step in reversed(stage.steps):
        if step.name == "RUN":
            for call in step_package_commands(step):
                if call.family == "apk" and not call.option("--no-cache"):
                    return step.number
    return -1


def _without(updates: list[PackageCommand], script: Script, step: Step) -> tuple[Change, ...]:
    """Drop each ``apk update`` that can be: with ``--no-cache`` it has no use."""
    changes = (editing.drop_command(step, script, call.command) for call in updates[:_MANY])
    return tuple(change for change in changes if change is not None)


@step_rule(
    "yum-clean",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Run yum clean all at the end of the same RUN.",
    aliases=(
        "DL3032",
        "DS-0015",
        "kics:yum_clean_all_missing",
        "kics:00481784-25aa-4a55-8633-3136dfcf4f37",
    ),
)
def yum_clean(step: Step, context: Context) -> Hits:
    """Yum must not leave its cache in the layer.

    Reports yum that installs or updates in the stages of the final image when no ``yum clean all``
    follows in the same RUN.

    Why:

    The cache holds the metadata of every repository and the packages: often more than a hundred
    megabytes that nobody uses again.

    Bad:

        FROM centos:7
        RUN yum install -y httpd

    Good:

        FROM centos:7
        RUN yum install -y httpd && yum clean all

    Not reported:

    Calls behind which ``/var/cache/yum`` or ``/var/cache/dnf`` is deleted, caches on a mount, and
    stages whose layers are not part of the final image.
    """
    return _left(step, context, ("yum",), "clean all")


@step_rule(
    "dnf-clean",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Run dnf clean all at the end of the same RUN.",
    aliases=(
        "DL3040",
        "DS-0019",
        "DS-0027",
        "kics:missing_dnf_clean_all",
        "kics:295acb63-9246-4b21-b441-7c1f1fb62dc0",
    ),
)
def dnf_clean(step: Step, context: Context) -> Hits:
    """Dnf must not leave its cache in the layer.

    Reports dnf, microdnf and tdnf that install or upgrade in the stages of the final image when no
    ``clean all`` follows in the same RUN.

    Why:

    The cache holds the metadata of every repository and the packages: often more than a hundred
    megabytes that nobody uses again.

    Bad:

        FROM fedora:43
        RUN dnf install -y httpd

    Good:

        FROM fedora:43
        RUN dnf install -y httpd && dnf clean all

    Not reported:

    Calls behind which ``/var/cache/dnf`` is deleted, caches on a mount, and stages whose layers
    are not part of the final image.
    """
    return _left(step, context, ("dnf",), "clean all")


@step_rule(
    "zypper-clean",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Run zypper clean --all at the end of the same RUN.",
    aliases=(
        "DL3036",
        "DS-0020",
        "kics:missing_zypper_clean",
        "kics:38300d1a-feb2-4a48-936a-d1ef1cd24313",
    ),
)
def zypper_clean(step: Step, context: Context) -> Hits:
    """Zypper must not leave its cache in the layer.

    Reports zypper that installs or updates in the stages of the final image when no ``zypper
    clean`` follows in the same RUN.

    Why:

    The cache holds the metadata of every repository and the packages, which nobody uses again.

    Bad:

        FROM opensuse/leap:16.0
        RUN zypper -n install httpd

    Good:

        FROM opensuse/leap:16.0
        RUN zypper -n install httpd && zypper clean --all

    Not reported:

    Calls behind which ``/var/cache/zypp`` is deleted, caches on a mount, and stages whose layers
    are not part of the final image.
    """
    return _left(step, context, ("zypper",), "clean --all")


# Upgrades -------------------------------------------------------------------------------------


@command_rule(
    "pkg-upgrade",
    names=("apt-get", "apt", "aptitude", "apk", "yum", *_DNF, "zypper", "pacman"),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Build on a newer base image, and upgrade only packages that are named.",
    aliases=(
        "DL3035",
        "DS-0024",
        "DKL-DI-0003",
        "kics:run_using_upgrade_commands",
        "kics:682fe378-c180-4bd5-8a14-95fc285fb269",
        "kics:use_of_apk_upgrade",
        "kics:989ab888-7d1e-410f-9dde-c64a1d367bf2",
        "kics:yum_update_disabled",
        "kics:8f6456be-0018-46db-9ce6-b3b6dc8d34d2",
    ),
)
def pkg_upgrade(found: RunCommand, context: Context) -> Hits:
    """A build must not upgrade everything that the base image brings.

    Reports upgrades that name no package: ``apt-get upgrade`` and ``dist-upgrade``, ``apk
    upgrade``, ``yum update``, ``dnf upgrade``, ``zypper update``, ``dup`` and ``patch``, ``pacman
    -Syu``.

    Why:

    What is built depends on the day: a RUN that is cached upgrades nothing, one that is not brings
    whatever is new. Each upgraded file is in the image twice. A newer digest of the base image
    has the same updates, tested together.

    Bad:

        FROM debian:12
        RUN apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*

    Good:

        FROM debian:12.11
        RUN apt-get update && apt-get install -y openssl && rm -rf /var/lib/apt/lists/*

    Not reported:

    Upgrades of packages that are named, ``apk upgrade`` with ``--available`` among them.
    """
    call = package_command(found.command)
    if call is None or call.action != UPGRADE or call.packages or call.subcommand is None:
        return
    if call.option("-s", "--simulate", "--dry-run", "-D", "--downloadonly", "--download-only"):
        return
    if found.command.name == "zypper" and call.verb == "patch" and call.option("--cve", "-g"):
        return
    yield Hit(
        f"{call.description} upgrades everything that the base image brings",
        (found.command.start, call.subcommand.end),
    )
