"""Rules about the processes of a container: how many, and who hands signals on."""

import posixpath
import re
from collections.abc import Iterator

from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.rule import Context, file_rule
from seawall.dockerfile.rules.copying import is_sent
from seawall.dockerfile.stages import Build, Command, Stage, Step
from seawall.text.dockerfile.heredocs import is_heredoc

_SUPERVISORS = frozenset(
    "supervisord s6-svscan runsvdir runit systemd init circusd monit pm2-runtime".split()
)
_DAEMONS = ("sshd", "crond", "cron", "rsyslogd", "syslogd")


@file_rule(
    "multiple-services",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Make a container of each service; Kubernetes starts and watches them.",
)
def multiple_services(build: Build, context: Context) -> Hits:
    """A container should run one service.

    Reports an image that starts a supervisor (supervisord, s6, systemd ...), a daemon for logins or
    timed jobs, or several programs in the background.

    Why:

    Of several services in one container the engine watches only the first: the others may fail
    unseen. They share limits, logs, rights and the day of an update.

    Bad:

        FROM debian:12.11
        CMD ["/usr/bin/supervisord", "-n"]

    Good:

        FROM debian:12.11
        CMD ["/usr/sbin/nginx", "-g", "daemon off;"]

    References:
    https://docs.docker.com/build/building/best-practices/#decouple-applications
    """
    stage = build.final
    for command in _starts(stage):
        step = command.step
        what = ""
        background = 0
        for script in step.scripts:
            for one in script.commands:
                if one.name in _SUPERVISORS and not (one.name == "init" and one.values):
                    what = what or f"starts the supervisor {one.name}"
                elif one.name in _DAEMONS and len(script.commands) > 1:
                    what = what or f"starts {one.name} beside another program"
                background += one.background
        if not what and background:
            what = f"starts {background + 1} programs side by side"
        if what:
            words = step.instruction.arguments
            yield Hit(what, (words[0].start, words[-1].end), container=step.stage.label)


def _starts(stage: Stage | None) -> Iterator[Command]:
    if stage is not None:
        for command in (stage.config.entrypoint, stage.config.command):
            if command is not None:
                yield command


# Entry point scripts --------------------------------------------------------------------------

_SHEBANG = re.compile(r"#![^\n]*\b(?:ba|da|a)?sh\b")
_INTERPRETERS = ("sh", "bash", "dash", "ash")
_EXEC = re.compile(r"(?:^|[;&|(]|\b(?:then|else|do)\b)\s*exec\s+(?![\d<>&])\S", re.MULTILINE)


@file_rule(
    "entrypoint-script-no-exec",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy='End the script with exec "$@", or with exec and the program.',
)
def entrypoint_script_no_exec(build: Build, context: Context) -> Hits:
    """A script that is an entry point must put the program into its own place.

    Reports ENTRYPOINT (and CMD without one) that starts a shell script, copied from the build
    context or from a heredoc, which never calls ``exec``.

    Why:

    The shell stays the first process and hands no signals on: the program never learns that it is
    to stop, and is killed after the time of grace with all that it was doing.

    Bad:

        FROM debian:12.11
        COPY --chmod=755 <<EOF /entrypoint.sh
        #!/bin/sh
        /bin/app --listen 8080
        EOF
        ENTRYPOINT ["/entrypoint.sh"]

    Good:

        FROM debian:12.11
        COPY --chmod=755 <<EOF /entrypoint.sh
        #!/bin/sh
        exec /bin/app --listen 8080
        EOF
        ENTRYPOINT ["/entrypoint.sh"]

    Not reported:
    Scripts from the base image or from another stage, and those that cannot be read.

    References:
    https://docs.docker.com/build/building/best-practices/#entrypoint
    """
    stage = build.final
    command = None if stage is None else stage.config.entrypoint or stage.config.command
    if stage is None or command is None or command.uses_shell:
        return
    step = command.step
    words = [word for word in command.words if not word.startswith("-")]
    if words and posixpath.basename(words[0]) in _INTERPRETERS:
        words = words[1:] if len(words) == len(command.words) else []
    if not words:
        return
    path = posixpath.normpath(posixpath.join(step.workdir.text or "/", words[0]))
    text = _script(stage, path, context)
    if text is not None and _SHEBANG.match(text) and not _EXEC.search(text):
        place = step.instruction.arguments[0]
        yield Hit(
            f"{words[0]} never calls exec: the program gets no signals",
            (place.start, step.instruction.arguments[-1].end),
            confidence=Confidence.MEDIUM,
            container=step.stage.label,
        )


def _script(stage: Stage, path: str, context: Context) -> str | None:
    """The text of a script in the image; ``None`` where it is not from here."""
    found: str | None = None
    for step in stage.chain_steps():
        if is_sent(step) and len(step.arguments) >= 2 and step.arguments[-1].known:
            found = _brought(step, path, context) or found
    return found


def _brought(step: Step, path: str, context: Context) -> str | None:
    """The text that COPY or ADD puts at a path, if it does."""
    target = step.arguments[-1].text
    directory = target.endswith(("/", "/.")) or target == "." or len(step.arguments) > 2
    whole = posixpath.normpath(posixpath.join(step.workdir.text or "/", target))
    documents = iter(step.instruction.heredocs)
    for word, value in zip(step.instruction.arguments[:-1], step.arguments, strict=False):
        document = next(documents, None) if is_heredoc(word.text) else None
        name = document.name if document is not None else posixpath.basename(value.text)
        is_here = (posixpath.join(whole, name) if directory else whole) == path
        if document is not None:
            if is_here:
                data = step.stage.file.data[document.body_start : document.body_end]
                return data.decode("utf-8", "surrogateescape")
        elif is_here:
            return context.read(posixpath.normpath(value.text.lstrip("/") or "."))
        elif path.startswith(f"{whole.rstrip('/')}/"):  # a directory with what is in it
            below = path[len(whole.rstrip("/")) + 1 :]
            source = posixpath.normpath(posixpath.join(value.text.lstrip("/") or ".", below))
            text = context.read(source)
            if text is not None:
                return text
    return None
