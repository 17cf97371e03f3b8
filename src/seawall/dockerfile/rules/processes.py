"""Rules about the processes of a container: how many, and who hands signals on."""

import posixpath
import re
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.copied_files import text_at
from seawall.dockerfile.rule import Context, file_rule
from seawall.dockerfile.stages import Build, Command, Stage

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

_SHEBANG = pattern(r"#![^\n]*\b(?:ba|da|a)?sh\b")
_INTERPRETERS = ("sh", "bash", "dash", "ash")
_EXEC = pattern(r"(?:^|[;&|(]|\b(?:then|else|do)\b)\s*exec\s+(?![\d<>&])\S", re.MULTILINE)


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
    text = text_at(stage, path, context)
    if text is not None and _SHEBANG.match(text) and not _EXEC.search(text):
        place = step.instruction.arguments[0]
        yield Hit(
            f"{words[0]} never calls exec: the program gets no signals",
            (place.start, step.instruction.arguments[-1].end),
            confidence=Confidence.MEDIUM,
            container=step.stage.label,
        )
