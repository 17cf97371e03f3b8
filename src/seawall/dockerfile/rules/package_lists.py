"""Rules about what is installed, and how the list of it is written."""

from collections.abc import Iterator

from seawall.core.edit import Change, Proposal
from seawall.core.rule import RELIABILITY, SECURITY, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.dockerfile import editing
from seawall.dockerfile.fixes.packages import not_installed
from seawall.dockerfile.package_commands import (
    Installed,
    Package,
    installed,
    package_command,
    step_package_commands,
)
from seawall.dockerfile.package_managers import INSTALL, REMOVE
from seawall.dockerfile.rule import Context, RunCommand, command_rule, stage_rule
from seawall.dockerfile.stages import Stage, Step

_SYSTEM = frozenset(("apt", "apk", "yum", "dnf", "zypper", "pacman"))
_OS_NAMES = ("apt-get", "apt", "aptitude", "apk", "yum", "dnf", "dnf5", "microdnf", "tdnf",
             "zypper", "pacman")  # fmt: skip

_WEAPONS = tuple(
    "nmap nmap-ncat netcat netcat-openbsd netcat-traditional ncat nc socat telnet inetutils-telnet "
    "tcpdump tshark wireshark hping3 masscan strace ltrace gdb gdbserver lsof ssh openssh "
    "openssh-server sshpass rsh-client ftp lftp tftp dropbear sudo doas".split()
)
"""What helps an intruder most: medium."""
_TOOLS = tuple(
    "vim vim-tiny vim-nox vim-minimal vim-enhanced neovim nano emacs emacs-nox joe mc htop atop "
    "iotop screen tmux man man-db curl wget git git-core subversion mercurial iputils "
    "iputils-ping inetutils-ping bind-tools bind-utils bind9-dnsutils dnsutils net-tools "
    "traceroute mtr tree zsh fish openssh-client openssh-clients busybox-extras".split()
)
"""What people add to look around, and what an application itself may call: info."""


@stage_rule(
    "debug-package-installed",
    severity=Severity.MEDIUM,
    profile=SECURITY,
    remedy="Install it in an earlier stage, delete it in the same RUN, or list it as allowed.",
    aliases=("docker-bench:4.3",),
    compliance=("cis-docker-1.6:4.3",),
    parameters=(Parameter("allowed", (), "packages that an image may hold"),),
)
def debug_package_installed(stage: Stage, context: Context) -> Hits:
    """An image must not hold tools for looking around.

    Reports packages that the final image's own stages install by name: scanners, packet sniffers,
    debuggers, netcat and its kin, an ssh server, sudo (medium); editors, curl, wget, git, ping and
    other tools, which the application may need (info).

    Why:

    Whoever gets into a container needs tools to go on. curl fetches more, netcat opens a way back,
    a debugger reads the memory of the application. What is not there cannot be used, and needs no
    updates either.

    Bad:

        FROM debian:12
        RUN apt-get update && apt-get install -y nmap
        CMD ["/usr/local/bin/app"]

    Good:

        FROM debian:12 AS check
        RUN apt-get update && apt-get install -y nmap
        FROM debian:12
        COPY --from=check /report /report
        CMD ["/usr/local/bin/app"]

    Not reported:

    Packages that a later command removes, tools that HEALTHCHECK, CMD or ENTRYPOINT of the image
    call, and what the parameter ``allowed`` names.
    """
    if stage is not context.build.final:
        return
    rule = debug_package_installed
    allowed = {*context.texts(rule, "allowed"), *_called(stage)}
    for one in installed(stage):
        name = one.package.name
        if one.call.family not in _SYSTEM or one.step.triggered or name in allowed:
            continue
        if name in _WEAPONS or name in _TOOLS:
            word = one.package.word
            severity = Severity.MEDIUM if name in _WEAPONS else Severity.INFO
            fixes = tuple(not_installed(one)) if severity == Severity.MEDIUM else ()
            yield Hit(f"{name} is in the final image", (word.start, word.end), severity=severity,
                      fixes=fixes)  # fmt: skip


def _called(stage: Stage) -> Iterator[str]:
    """The commands that containers of a stage are told to run."""
    for step in stage.chain_steps():
        if step.name in {"CMD", "ENTRYPOINT", "HEALTHCHECK"}:
            for script in step.scripts:
                for command in script.commands:
                    yield command.name
                    if command.name in {"nc", "ncat"}:
                        yield from ("netcat", "netcat-openbsd", "netcat-traditional", "nmap-ncat")
                    elif command.name == "sshd":
                        yield from ("openssh-server", "openssh", "ssh")
                    elif command.name in {"ssh", "scp", "sftp"}:
                        yield from ("openssh-client", "openssh-clients", "ssh")


_BUILD_TOOLS = frozenset(
    "build-essential build-base base-devel gcc g++ gcc-c++ clang llvm make cmake automake autoconf "
    "libtool ninja ninja-build meson bison flex golang golang-go go rust cargo rustc ghc "
    "default-jdk default-jdk-headless maven mvn gradle ant sbt node-gyp linux-headers "
    "musl-dev libc-dev libc6-dev python3-dev python-dev python3-devel python-devel kernel-headers "
    "dpkg-dev devscripts rpm-build rpmdevtools patchelf binutils nasm yasm swig".split()
)
_BUILDS = {
    "go": ("build",), "mvn": ("package", "install", "verify"), "gradle": ("build",),
    "cargo": ("build",), "dotnet": ("publish", "build"), "gcc": (), "g++": (), "cc": (),
    "clang": (), "make": (), "cmake": (), "javac": (), "rustc": (),
}  # fmt: skip
"""Commands that compile, with the arguments that make them do so; none: whatever they get."""


@stage_rule(
    "build-tools-in-final-stage",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Build in a stage of its own, and copy the result into a stage that has no tools.",
)
def build_tools_in_final_stage(stage: Stage, context: Context) -> Hits:
    """Compilers and headers must not be in the final image.

    Reports compilers, build tools and ``-dev`` packages that the final image's own stages install
    and keep, and commands there that compile (``go build``, ``mvn package``, ``make`` ...) where
    no such package was named.

    Why:

    A compiler lets an intruder build what the image does not hold. With its headers it is often
    most of the image's size, and most of the holes that a scanner finds.

    Bad:

        FROM golang:1.25
        COPY . /src
        RUN cd /src && go build -o /app
        CMD ["/app"]

    Good:

        FROM golang:1.25 AS build
        COPY . /src
        RUN cd /src && go build -o /app
        FROM debian:12-slim
        COPY --from=build /app /app
        CMD ["/app"]

    Not reported:

    Packages that a later command of the same RUN removes, by name or by their ``apk --virtual``
    group.
    """
    if stage is not context.build.final:
        return
    by_step: dict[Step, list[Installed]] = {}
    for one in installed(stage):
        if one.call.family in _SYSTEM and _is_build_tool(one.package.name):
            by_step.setdefault(one.step, []).append(one)
    for step, found in by_step.items():
        if not step.triggered:
            names = sorted({one.package.name for one in found})
            shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            verb = "is" if len(names) == 1 else "are"
            word = found[0].package.word
            yield Hit(f"{shown} {verb} in the final image", (word.start, word.end))
    if not by_step:
        yield from _building(stage)


def _is_build_tool(name: str) -> bool:
    if name in _BUILD_TOOLS or name.endswith(("-dev", "-devel", "-headers")):
        return True
    if name.startswith("openjdk"):
        return name.endswith(("-jdk", "-jdk-headless"))
    return name.startswith(("gcc-", "g++-", "clang-")) and name[-1].isdigit()


def _removes(step: Step) -> bool:
    return any(call.action == REMOVE for call in step_package_commands(step))


def _building(stage: Stage) -> Hits:
    """The first command of a stage that compiles with what is not removed again."""
    for step in stage.chain_steps():
        if step.name != "RUN" or step.triggered or _removes(step):
            continue
        for script in step.scripts:
            for command in script.commands:
                wanted = _BUILDS.get(command.name)
                values = command.values
                if wanted is None or "--version" in values or "-version" in values:
                    continue
                if not wanted or any(value in wanted for value in values):
                    words = [value for value in values if value in wanted][:1]
                    message = f"{' '.join([command.name, *words])} runs in the final image's stage"
                    yield Hit(message, (command.words[0].start, command.words[0].end))
                    return


# How lists are written ------------------------------------------------------------------------


@command_rule(
    "package-list-unsorted",
    names=_OS_NAMES,
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Sort the packages.",
)
def package_list_unsorted(found: RunCommand, context: Context) -> Hits:
    r"""A list of packages over several lines should be sorted.

    Reports packages of an operating system's manager that stand one on a line, but not in the
    order of their names.

    Why:

    In a sorted list a package is found, a second mention is seen, and a review shows one line for
    one change.

    Bad:

        FROM debian:12
        RUN apt-get update && apt-get install -y \
            git \
            curl \
            bzip2

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y \
            bzip2 \
            curl \
            git

    Not reported:

    Lists with words that are no plain names, and those parted by comments or blank lines, where
    each part is sorted.

    References:
    https://docs.docker.com/build/building/best-practices/#sort-multi-line-arguments
    """
    for packages in _runs_of_lines(found):
        order = sorted(packages, key=lambda package: package.name.lower())
        if _is_sorted(packages):
            continue
        first = next(a for a, b in zip(packages, order, strict=True) if a is not b)
        changes = tuple(
            Change(old.word.start, old.word.end, new.word.text)
            for old, new in zip(packages, order, strict=True)
            if old.word.text != new.word.text
        )
        yield Hit(
            f"{first.name} is out of order",
            (packages[0].word.start, packages[-1].word.end),
            evidence=first.name,
            fixes=(Proposal("Sort the packages", changes),),
        )


def _runs_of_lines(found: RunCommand) -> Iterator[list[Package]]:
    """The packages of a call that stand one on a line, line after line; at least two."""
    call = package_command(found.command)
    if call is None or call.action != INSTALL or not call.packages:
        return
    if not all(package.name and package.word.editable for package in call.packages):
        return
    file = found.step.stage.file
    words = found.command.words
    before = {word: words[at] for at, word in enumerate(words[1:])}
    run: list[Package] = []
    runs: list[list[Package]] = [run]
    for package in call.packages:
        gap = file.data[before[package.word].end : package.word.start]
        follows = bool(run) and before[package.word] == run[-1].word
        if follows and b"\n" not in gap:
            return  # several on a line
        is_plain = gap.count(b"\n") == 1 and not gap.strip(b" \t\r\n" + file.escape.encode())
        if not (is_plain and (follows or not run)):
            run = []
            runs.append(run)
        if b"\n" in gap:
            run.append(package)
    yield from (one for one in runs if len(one) > 1)


_PUNCTUATION = str.maketrans("", "", "-_.+")


def _is_sorted(packages: list[Package]) -> bool:
    """Whether some names are in the order of ``sort``, with or without regard to punctuation."""
    names = [package.name.lower() for package in packages]
    texts = [package.word.text.lower() for package in packages]
    bare = [name.translate(_PUNCTUATION) for name in names]
    return any(order == sorted(order) for order in (names, texts, bare))


@command_rule(
    "package-list-duplicate",
    names=_OS_NAMES,
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Drop the second mention.",
)
def package_list_duplicate(found: RunCommand, context: Context) -> Hits:
    """A package should be named once.

    Reports packages that one call of a package manager names twice.

    Why:

    Whoever drops a package that is no longer needed finds one mention, and the package stays.

    Bad:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl git curl

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl git

    Not reported:

    The same package with two versions: that is no slip, but a contradiction that the manager
    reports itself.
    """
    call = package_command(found.command)
    seen: set[str] = set()
    words = found.command.words
    before = {word: words[at] for at, word in enumerate(words[1:])}
    for package in call.packages if call and call.action == INSTALL else ():
        text = package.word.text
        if package.name and text in seen:
            change = editing.remove_word(found.step, before[package.word], package.word)
            yield Hit(
                f"{package.name} is named twice",
                (package.word.start, package.word.end),
                fixes=() if change is None else (Proposal("Drop the word", (change,)),),
            )
        seen.add(text)
