"""Rules about the shell commands of RUN."""

from collections.abc import Iterator
from functools import lru_cache

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import editing
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.base_systems import ASH, DASH, shell_of
from seawall.dockerfile.delayed import delayed_run
from seawall.dockerfile.lines import indentation, line_end, line_start
from seawall.dockerfile.package_commands import step_package_commands
from seawall.dockerfile.package_managers import INSTALL
from seawall.dockerfile.rule import Context, RunCommand, command_rule, stage_rule, step_rule
from seawall.dockerfile.stages import Stage, Step
from seawall.text.dockerfile.tree import Heredoc
from seawall.text.shell.script import Command, Script

# Commands -------------------------------------------------------------------------------------


@step_rule(
    "run-cd",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Set the directory with WORKDIR.",
    aliases=(
        "DL3003",
        "DS-0013",
        "kics:run_command_cd_instead_of_workdir",
        "kics:f4a6bcd3-e231-4acf-993c-aa027be50d2e",
    ),
)
def run_cd(step: Step, context: Context) -> Hits:
    """A RUN that works in a directory should say so with WORKDIR.

    Reports RUNs whose first command is ``cd``.

    Why:

    What ``cd`` does ends with its RUN. The next one begins somewhere else, which is easily missed,
    and every RUN repeats it. WORKDIR also makes the directory where it is missing.

    Bad:

        FROM debian:12
        RUN cd /src && make

    Good:

        FROM debian:12
        WORKDIR /src
        RUN make

    Not reported:

    ``cd`` in a subshell, in a function, or behind other commands: that is how one moves within a
    script. Nor a RUN that does nothing else.
    """
    for script in step.scripts:
        tops = editing.top_commands(script)
        if len(tops) < 2 or tops[0].name != "cd" or tops[0].pipeline.length > 1:
            continue
        first = tops[0]
        yield Hit(
            f"begins in another directory with {' '.join(word.text for word in first.words)}",
            (first.start, first.end),
            fixes=tuple(_as_workdir(step, script, tops)),
        )


def _as_workdir(step: Step, script: Script, tops: list[Command]) -> Iterator[Proposal]:
    first, second = tops[0], tops[1]
    words = first.arguments
    if len(words) != 1 or second.operator not in {"&&", ";"} or first.redirections:
        return
    path = words[0].value
    if not path or path.startswith(("-", "~")) or " " in path or step.instruction.heredocs:
        return
    if step.instruction.is_json or first.assignments or script.start != first.start:
        return
    if any(first.start < one.start < second.start for one in step.instruction.inner_comments):
        return
    file = step.stage.file
    workdir = edits.cased_like(step.instruction.keyword, "WORKDIR")
    changes = (
        edits.insert_before(file, step.instruction, f"{workdir} {path}"),
        Change(first.start, second.start, ""),
    )
    effect = f"What follows in the stage, and the container, begins in {path} too."
    yield Proposal(f"Set WORKDIR {path}", changes, Safety.UNSAFE, effect)


_POINTLESS = {
    "free": "shows the memory of the machine that builds",
    "kill": "can end nothing but what this RUN has started",
    "mount": "needs privileges that a build has not",
    "ps": "shows only this RUN",
    "service": "starts what ends with this RUN",
    "shutdown": "cannot shut anything down",
    "ssh": "takes a key or a person into the build",
    "top": "waits for a person",
    "vim": "waits for a person",
}


@command_rule(
    "pointless-command",
    names=tuple(_POINTLESS),
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Drop the command.",
    aliases=(
        "DL3001",
        "mint:ID.20022",
        "kics:run_utilities_and_posix_commands",
        "kics:9b6b0f38-92a2-41f9-b881-3a1083d99f1b",
    ),
)
def pointless_command(found: RunCommand, context: Context) -> Hits:
    """Commands for a running machine have no use in a build.

    Reports ``free``, ``kill``, ``mount``, ``ps``, ``service``, ``shutdown``, ``ssh``, ``top`` and
    ``vim`` in RUN.

    Why:

    A RUN keeps files and nothing else: no process, no mount, no service outlives it. Whoever wrote
    the command expects something that does not happen.

    Bad:

        FROM debian:12
        RUN service nginx start

    Good:

        FROM debian:12
        CMD ["nginx", "-g", "daemon off;"]

    Not reported:

    ``mount`` in a RUN with ``--security=insecure``, ``ssh`` in one with ``--mount=type=ssh`` or a
    secret, and ``--version`` or ``--help`` of any.
    """
    command, step = found.command, found.step
    if command.option("--version", "--help", "-V"):
        return
    if command.name == "mount" and step.instruction.flag("security"):
        return
    if command.name == "ssh" and any(mount.type in {"ssh", "secret"} for mount in step.mounts):
        return
    word = command.words[0]
    yield Hit(f"{command.name} {_POINTLESS[command.name]}", (word.start, word.end))


@stage_rule(
    "wget-and-curl",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Use one of them.",
    aliases=(
        "DL4001",
        "DS-0014",
        "kics:run_using_wget_and_curl",
        "kics:fc775e75-fcfb-4c98-b2f2-910c5858b359",
    ),
)
def wget_and_curl(stage: Stage, context: Context) -> Hits:
    """A stage should use wget or curl, not both.

    Reports the first call of the second one in a stage.

    Why:

    Two tools for one purpose are two to install, to update and to configure for a proxy.

    Bad:

        FROM debian:12
        RUN wget https://example.com/a && curl -O https://example.com/b

    Good:

        FROM debian:12
        RUN curl -O https://example.com/a && curl -O https://example.com/b
    """
    seen = ""
    for step in stage.steps:
        found = delayed_run(step) if step.name == "ONBUILD" else step
        if found is None or found.name != "RUN" or step.triggered:
            continue
        for script in found.scripts:
            for command in script.commands:
                if command.name not in {"wget", "curl"} or command.name == seen:
                    continue
                if seen:
                    word = command.words[0]
                    message = f"uses {command.name} where the stage has used {seen}"
                    yield Hit(message, (word.start, word.end))
                    return
                seen = command.name


@command_rule(
    "wget-progress",
    names=("wget",),
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Add -nv, or --progress=dot:giga.",
    aliases=("DL3047",),
)
def wget_progress(found: RunCommand, context: Context) -> Hits:
    """Wget should not draw a progress bar into the build's log.

    Reports ``wget`` without ``-q``, ``-nv``, ``--progress`` or a log file.

    Why:

    Without a terminal wget writes a line for every 50 kilobytes. A large download makes a log in
    which nobody finds anything.

    Bad:

        FROM debian:12
        RUN wget https://example.com/a.tar.gz

    Good:

        FROM debian:12
        RUN wget -nv https://example.com/a.tar.gz
    """
    command = found.command
    values = command.values
    if any(value.startswith(("-nv", "--progress", "--no-verbose")) for value in values):
        return
    quiet = ("-q", "--quiet", "-o", "--output-file", "-a", "--append-output", "--report-speed")
    if command.option(*quiet) or not values or command.option("--version", "--help"):
        return
    if shell_of(found.step) == ASH and not _installs_wget(found.step.stage):
        return  # BusyBox's draws one line
    word = command.words[0]
    change = editing.insert_after(found.step, found.script, word, "-nv")
    yield Hit(
        "wget writes its progress into the log",
        (word.start, word.end),
        fixes=(Proposal("Add -nv", (change,)),),
    )


@lru_cache(maxsize=4)  # every wget of a stage asks
def _installs_wget(stage: Stage) -> bool:
    """Whether a stage, or one below it, puts GNU's wget in the place of BusyBox's."""
    return any(
        package.name == "wget"
        for step in stage.chain_steps()
        if step.name == "RUN"
        for call in step_package_commands(step)
        if call.action == INSTALL
        for package in call.packages
    )


@command_rule(
    "shell-relinked",
    names=("ln", "dpkg-divert", "update-alternatives"),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Choose the shell of RUN with SHELL.",
    aliases=(
        "DL4005",
        "kics:changing_default_shell_using_run_command",
        "kics:8a301064-c291-4b20-adcb-403fe7fd95fd",
    ),
)
def shell_relinked(found: RunCommand, context: Context) -> Hits:
    """The system's /bin/sh must not be replaced.

    Reports ``ln`` whose arguments name ``/bin/sh`` as the link to make.

    Why:

    Every script of the system that begins with ``#!/bin/sh`` is then run by another shell, in the
    image and in all images made from it. SHELL changes it for RUN only.

    Bad:

        FROM debian:12
        RUN ln -sf /bin/bash /bin/sh

    Good:

        FROM debian:12
        SHELL ["/bin/bash", "-c"]
    """
    command = found.command
    shells = {"/bin/sh", "/usr/bin/sh"}
    words = command.operands
    if command.name == "ln":
        hit = next((word for word in words[1:] if word.value in shells), None)
        target = command.option("-t", "--target-directory")
        if hit is None and target is None:
            return
    else:
        hit = next((word for word in words if word.value in shells), None)
        if command.name == "dpkg-divert" and not command.option("--local", "--rename"):
            return
    if hit is not None:
        yield Hit(f"replaces {hit.value}", (hit.start, hit.end))


# Failures that are not seen -------------------------------------------------------------------


_NEVER_FAIL = frozenset(
    "echo printf yes true : date uname arch nproc id whoami hostname env pwd set".split()
)
_HARDLY_FAILS = frozenset(
    "dpkg dpkg-query dpkg-architecture apt-mark apt-cache apk rpm locale find grep egrep fgrep sed "
    "awk sort tr cut cat ls ldd scanelf uniq basename dirname head tail tee xargs pip npm".split()
)
"""Commands that are seldom wrong in a way that matters, or whose failure is no news: low."""
_DOWNLOADS = frozenset(("curl", "wget", "fetch", "git", "aws", "gsutil", "aria2c"))
_STOPS_READING = frozenset(("head", "sed", "awk", "gawk", "mawk", "less", "more"))


@step_rule(
    "pipefail-missing",
    instructions=("RUN",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy='Begin with set -o pipefail, or set SHELL ["/bin/bash", "-o", "pipefail", "-c"].',
    aliases=(
        "DL4006",
        "kics:shell_running_a_pipe_without_pipefail_flag",
        "kics:efbf148a-67e9-42d2-ac47-02fa1c0d0b22",
    ),
)
def pipefail_missing(step: Step, context: Context) -> Hits:
    """A pipeline must fail when its first command does.

    Reports pipelines with a command before the last that may fail, in a RUN without ``pipefail``:
    with high confidence downloads, with low confidence filters and queries (``grep``, ``dpkg``).

    Why:

    The status of a pipeline is that of its last command. When a download breaks off, ``tar`` or
    ``sh`` reads half of it or nothing, and the build goes on as if all were well.

    Bad:

        FROM debian:12
        SHELL ["/bin/bash", "-c"]
        RUN curl -fsSL https://example.com/a.tar.gz | tar -xz

    Good:

        FROM debian:12
        SHELL ["/bin/bash", "-o", "pipefail", "-c"]
        RUN curl -fsSL https://example.com/a.tar.gz | tar -xz

    Not reported:

    Pipelines that begin with ``echo``, ``printf``, ``yes`` and the like; conditions of ``if`` and
    ``while``; negated ones; ``$( )`` other than in an assignment, whose status nobody looks at; and
    scripts that are not a shell's.
    """
    for script in step.scripts:
        if not (script.is_shell or script.language == "exec") or _has_pipefail(step, script):
            continue
        reported: set[int] = set()
        for command in sorted(_producers(script), key=lambda one: -_confidence(one.name)):
            number = command.pipeline.number
            if number not in reported:
                reported.add(number)
                yield _pipe_hit(step, script, command)


def _has_pipefail(step: Step, script: Script) -> bool:
    if script.language != "exec" and "pipefail" in " ".join(step.shell or ()):
        return True
    return any(
        "pipefail" in value
        for command in script.commands
        if command.name in {"set", "bash", "sh", "zsh", "ash", "busybox"}
        for value in command.values
        if len(value) < 64
    )


def _producers(script: Script) -> Iterator[Command]:
    """The commands of pipelines, but for the last of each, whose failure should count."""
    assigned: list[tuple[int, int]] = [
        (assignment.start, assignment.end)
        for command in script.commands
        if not command.words or command.name in {"export", "local", "declare", "readonly"}
        for assignment in command.assignments
    ]
    for command in script.commands:
        pipeline = command.pipeline
        if pipeline.place + 1 >= pipeline.length or command.condition or command.negated:
            continue
        if not command.words or command.name in _NEVER_FAIL:
            continue
        if command.name == "cat" and any(
            one.operator.startswith("<<") for one in command.redirections
        ):
            continue
        if command.parent is not None and command.parent.pipeline == pipeline:
            continue  # sudo curl: reported for sudo
        if "substitution" in command.inside and not any(
            start <= command.start and command.end <= end for start, end in assigned
        ):
            continue
        yield command


def _pipe_hit(step: Step, script: Script, command: Command) -> Hit:
    name = command.name or command.words[0].text
    words = command.words[0]
    return Hit(
        f"the failure of {name} in a pipeline is not seen",
        (words.start, words.end),
        confidence=_confidence(name),
        fixes=tuple(_pipefail_fixes(step, script, command)),
    )


def _confidence(name: str) -> Confidence:
    if name in _DOWNLOADS:
        return Confidence.HIGH
    return Confidence.LOW if name in _HARDLY_FAILS else Confidence.MEDIUM


def _pipefail_fixes(step: Step, script: Script, command: Command) -> Iterator[Proposal]:
    if command.parent is not None:
        return  # in a script of its own
    shell = shell_of(step)
    consumers = {
        other.name
        for other in script.commands
        if other.pipeline.number == command.pipeline.number and other.pipeline.place
    }
    if shell == DASH:
        keyword = edits.cased_like(step.instruction.keyword, "SHELL")
        text = f'{keyword} ["/bin/bash", "-o", "pipefail", "-c"]'
        change: Change | None = edits.insert_before(step.stage.file, step.instruction, text)
        effect = "This RUN and those behind it are read by bash, which has to be there."
        if (
            step.instruction.start != line_start(step.stage.file.data, step.instruction.start)
            or step.shell is not None
        ):
            change = None
    else:
        change = editing.prepend_command(step, script, "set -o pipefail")
        effect = "The RUN fails where an earlier command of a pipeline does, or has no pipefail."
    if change is None:
        return
    is_safe = (
        shell in {"bash", "ash", "zsh", "ksh"}
        and not consumers & _STOPS_READING
        and "grep" not in consumers
    )
    if is_safe:
        yield Proposal("Set pipefail", (change,))
    else:
        yield Proposal("Set pipefail", (change,), Safety.UNSAFE, effect)


@step_rule(
    "heredoc-no-errexit",
    instructions=("RUN",),
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Begin the script with set -e.",
)
def heredoc_no_errexit(step: Step, context: Context) -> Hits:
    """A script in a heredoc must stop where a command fails.

    Reports heredocs of RUN with several commands that a shell runs without ``-e``.

    Why:

    The commands of a heredoc are not joined by ``&&``. When one fails the shell goes on, and the
    build sees the status of the last one only.

    Bad:

        FROM debian:12
        RUN <<EOF
        apt-get update
        apt-get install -y curl
        rm -rf /var/lib/apt/lists/*
        EOF

    Good:

        FROM debian:12
        RUN <<EOF
        set -e
        apt-get update
        apt-get install -y curl
        rm -rf /var/lib/apt/lists/*
        EOF

    Not reported:

    Scripts with ``set -e`` anywhere, with ``-e`` in ``#!`` or in SHELL, with a ``trap`` for errors,
    and heredocs that another command reads.
    """
    file = step.stage.file
    for heredoc in step.instruction.heredocs:
        for script in step.scripts:
            commands, runner = _document_commands(script, heredoc)
            if len(commands) < 2 or _stops(commands, runner, step):
                continue
            first_line = file.data[heredoc.body_start : heredoc.body_end].split(b"\n", 1)[0]
            if (
                first_line.startswith(b"#!")
                and b" -" in first_line
                and b"e" in (first_line.partition(b" -")[2])
            ):
                continue
            start = commands[0].start
            at = line_start(file.data, start)
            indent = indentation(file.data, start)
            fixes: tuple[Proposal, ...] = ()
            if at >= heredoc.body_start and not script.broken:
                text = f"{indent}set -e{line_end(file, start)}"
                effect = "the build stops where a command fails that it went on behind"
                change = Change(at, at, text)
                fixes = (Proposal("Add set -e", (change,), Safety.UNSAFE, effect),)
            message = f"goes on when one of its {len(commands)} commands fails"
            yield Hit(message, (heredoc.start, heredoc.end), fixes=fixes)


def _document_commands(script: Script, heredoc: Heredoc) -> tuple[list[Command], Command | None]:
    """The commands that a shell reads from a heredoc one after another, and the command that is
    that shell; those joined by ``&&`` or in a pipeline count as one.
    """
    found = [
        command
        for command in script.commands
        if heredoc.body_start <= command.start < heredoc.body_end
    ]
    if not found:
        return [], None
    runner = found[0].parent
    parts = [
        command
        for command in found
        if command.parent is runner
        and not command.inside
        and command.operator not in {"&&", "||"}
        and command.pipeline.place == 0
    ]
    return parts, runner


def _stops(commands: list[Command], runner: Command | None, step: Step) -> bool:
    if runner is not None:
        if runner.option("-e") or "errexit" in runner.values:
            return True
    elif any(_has_e(word) for word in (step.shell or ())[1:]):
        return True
    return any(
        (
            command.name == "set"
            and any(_has_e(value) or value == "errexit" for value in command.values)
        )
        or (command.name == "trap" and "ERR" in command.values)
        for command in commands
    )


def _has_e(word: str) -> bool:
    return word.startswith("-") and not word.startswith("--") and "e" in word
