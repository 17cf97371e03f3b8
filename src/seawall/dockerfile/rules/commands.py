"""Rules about what a container runs: CMD, ENTRYPOINT, HEALTHCHECK and the JSON form."""

from itertools import pairwise

from seawall.core.edit import Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.copied_files import program_text
from seawall.dockerfile.rule import Context, file_rule, stage_rule, step_rule
from seawall.dockerfile.stages import Build, Stage, Step
from seawall.text.dockerfile.tree import Word

_SHELL_WORDS = frozenset(
    ". : [ alias bg break case cd command continue do done elif else esac eval exit export fc fg "
    "fi for getopts hash if in jobs local read readonly return set shift source test then time "
    "times trap type ulimit umask unalias unset until wait while { } ! [[".split()
)
"""Builtins and reserved words: not all of them are programs as well."""
_NOT_PLAIN = pattern(r"[*?\[\]~{}!#]|^=")


# Several of them ------------------------------------------------------------------------------


def _dead(stage: Stage, name: str, effect: str) -> Hits:
    own = [step for step in stage.steps if step.name == name and not step.triggered]
    for step, later in pairwise(own):
        instruction = step.instruction
        change = edits.delete_lines(stage.file, instruction)
        yield Hit(
            f"the {name} on line {later.instruction.line} {effect}",
            edits.place(instruction.keyword),
            evidence=f"{name} {instruction.rest.text[:80]}",
            fixes=(Proposal(f"Delete the {name} without effect", (change,)),),
        )


@stage_rule(
    "multiple-cmd",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Delete all but the last CMD.",
    aliases=(
        "MultipleInstructionsDisallowed", "DL4003", "DS-0016", "mint:ID.20010",
        "kics:41c195f4-fc31-4a5c-8a1b-90605538d49f",
    ),
)  # fmt: skip
def multiple_cmd(stage: Stage, context: Context) -> Hits:
    """A stage must have one CMD.

    Reports each CMD that a later one of the same stage replaces.

    Why:

    Only the last one counts. Who reads the first is misled.

    Bad:

        FROM alpine:3.22
        CMD ["one"]
        CMD ["two"]

    Good:

        FROM alpine:3.22
        CMD ["two"]

    Not reported:
    A CMD that replaces the one of the stage or image it builds on: that is what bases are for.

    References:
    https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/
    """
    yield from _dead(stage, "CMD", "replaces this one")


@stage_rule(
    "multiple-entrypoint",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Delete all but the last ENTRYPOINT.",
    aliases=(
        "MultipleInstructionsDisallowed", "DL4004", "DS-0007", "mint:ID.20010",
        "kics:6938958b-3f1a-451c-909b-baeee14bdc97",
    ),
)  # fmt: skip
def multiple_entrypoint(stage: Stage, context: Context) -> Hits:
    """A stage must have one ENTRYPOINT.

    Reports each ENTRYPOINT that a later one of the same stage replaces.

    Why:

    Only the last one counts. Who reads the first is misled.

    Bad:

        FROM alpine:3.22
        ENTRYPOINT ["one"]
        ENTRYPOINT ["two"]

    Good:

        FROM alpine:3.22
        ENTRYPOINT ["two"]

    References:
    https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/
    """
    yield from _dead(stage, "ENTRYPOINT", "replaces this one")


@stage_rule(
    "multiple-healthcheck",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Delete all but the last HEALTHCHECK.",
    aliases=("MultipleInstructionsDisallowed", "DL3012", "DS-0023", "mint:ID.20010"),
)
def multiple_healthcheck(stage: Stage, context: Context) -> Hits:
    """A stage must have one HEALTHCHECK.

    Reports each HEALTHCHECK that a later one of the same stage replaces.

    Why:

    Only the last one counts. Who reads the first is misled.

    Bad:

        FROM alpine:3.22
        HEALTHCHECK CMD ["one"]
        HEALTHCHECK NONE

    Good:

        FROM alpine:3.22
        HEALTHCHECK NONE

    References:
    https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/
    """
    yield from _dead(stage, "HEALTHCHECK", "replaces this one")


# The exec form --------------------------------------------------------------------------------


@step_rule(
    "cmd-exec-form",
    instructions=("CMD", "ENTRYPOINT"),
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy='Write it as a JSON list: CMD ["program", "argument"].',
    aliases=(
        "JSONArgsRecommended", "DL3025", "mint:ID.20012",
        "kics:b86987e1-6397-4619-81d5-8807f2387c79",
    ),
)  # fmt: skip
def cmd_exec_form(step: Step, context: Context) -> Hits:
    """CMD and ENTRYPOINT should be JSON lists.

    Reports the form that a shell runs. In stages that are no part of the final image the severity
    is info.

    Why:

    The shell is process 1 and passes no signals on: ``docker stop`` waits ten seconds and kills. A
    shell form of ENTRYPOINT also ignores CMD and the arguments of ``docker run``.

    Bad:

        FROM node:24
        CMD node server.js

    Good:

        FROM node:24
        CMD ["node", "server.js"]

    Not reported:
    Stages with a SHELL of their own: they say that they want it.

    References:
    https://docs.docker.com/reference/build-checks/json-args-recommended/
    """
    instruction = step.instruction
    if instruction.is_json or step.shell is not None:
        return
    severity = None if context.is_in_final_image(step.stage) else Severity.INFO
    fixes: tuple[Proposal, ...] = ()
    if instruction.arguments:
        fixes = _exec_form(step, instruction.arguments[0], context, _effect_on_the_other(step))
    at = edits.place(instruction.keyword)
    text = instruction.rest.text[:80]
    yield Hit(f"{instruction.name} is run by a shell", at, severity, evidence=text, fixes=fixes)


def _effect_on_the_other(step: Step) -> str:
    """How ENTRYPOINT and CMD of a stage meet otherwise when one of them becomes a list."""
    config = step.stage.config
    if step.name == "ENTRYPOINT":
        if config.command is not None:
            return "CMD becomes its arguments; the shell form ignored it"
        return ""
    if config.entrypoint is not None and not config.entrypoint.uses_shell:
        return "ENTRYPOINT gets the words themselves; it got /bin/sh, -c and the command"
    return ""


@step_rule(
    "healthcheck-exec-form",
    instructions=("HEALTHCHECK",),
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy='Write it as a JSON list: HEALTHCHECK CMD ["program", "argument"].',
    aliases=("DL3025",),
)
def healthcheck_exec_form(step: Step, context: Context) -> Hits:
    """The command of HEALTHCHECK should be a JSON list where it needs no shell.

    Reports single commands without shell syntax that a shell runs.

    Why:

    A shell is started for each check, and must be in the image.

    Bad:

        FROM node:24
        HEALTHCHECK CMD node health.js

    Good:

        FROM node:24
        HEALTHCHECK CMD ["node", "health.js"]

    Not reported:
    Commands that need a shell: ``curl ... || exit 1``. Stages with a SHELL of their own.
    """
    words = step.instruction.arguments
    if step.instruction.is_json or step.shell is not None or len(words) < 2:
        return
    fixes = _exec_form(step, words[1], context)
    if fixes and fixes[0].safety is Safety.SAFE:
        yield Hit("the check is run by a shell", edits.place(words[1]), fixes=fixes)


def _exec_form(step: Step, word: Word, context: Context, effect: str = "") -> tuple[Proposal, ...]:
    """A shell form as a JSON list, where the script is one simple command.

    With an ``effect`` that is not safe.
    """
    scripts = step.scripts
    if step.instruction.inner_comments or len(scripts) != 1:
        return ()
    script = scripts[0]
    commands = [command for command in script.commands if command.parent is None]
    if not script.is_shell or script.broken or script.comments or len(commands) != 1:
        return ()
    command = commands[0]
    simple = command.top_level and not (
        command.assignments or command.redirections or command.background or command.negated
    )
    if not simple or not command.words or command.pipeline.length != 1:
        return ()
    words = command.words[1:] if command.name == "exec" else command.words
    values = [item.value for item in words if item.value is not None]
    plain = len(values) == len(words) and not any(_NOT_PLAIN.search(item.text) for item in words)
    if words and plain and values[0] not in _SHELL_WORDS and not values[0].startswith("-"):
        text = edits.json_list(values)
        if text is not None and not _needs_shell(step, values[0], context):
            safety = Safety.UNSAFE if effect else Safety.SAFE
            change = edits.replace(word, text)
            return (Proposal("Write a JSON list", (change,), safety, effect),)
    return _through_shell(word, command.name)


def _needs_shell(step: Step, program: str, context: Context) -> bool:
    """Whether a program is a script that does not say what runs it: the kernel refuses those."""
    text = program_text(step, program, context)
    return text is not None and not text.startswith(("#!", "\x7fELF"))


def _through_shell(word: Word, name: str) -> tuple[Proposal, ...]:
    if not name or name in _SHELL_WORDS:
        return ()
    script = word.text if name == "exec" else f"exec {word.text}"
    text = edits.json_list(["/bin/sh", "-c", script])
    if text is None:
        return ()
    effect = "the program replaces the shell as process 1 and gets the signals"
    change = edits.replace(word, text)
    return (Proposal("Let the shell make way with exec", (change,), Safety.UNSAFE, effect),)


_STRING = r"""(?:'[^']*'|"[^"]*"|\u201c[^\u201d]*\u201d)"""
_LIST = pattern(rf"\[\s*{_STRING}(?:\s*,\s*{_STRING})*\s*,?\s*\]")
_SINGLE = pattern(r"\[\s*'[^'\"\\]*'(?:\s*,\s*'[^'\"\\]*')*\s*\]")
_WITH_LISTS = ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "VOLUME", "COPY", "ADD")


@step_rule(
    "exec-form-malformed",
    instructions=_WITH_LISTS,
    severity=Severity.HIGH,
    profile=RELIABILITY,
    remedy="Write a JSON list: double quotes, commas between, nothing behind the bracket.",
    aliases=("mint:ID.20013",),
)
def exec_form_malformed(step: Step, context: Context) -> Hits:
    """What looks like a JSON list must be one.

    Reports arguments that begin with a bracket and are no JSON list of texts: with single quotes, a
    comma too many or too few, or a comment behind it.

    Why:

    BuildKit takes them for the shell form without a word: the container runs a program named
    ``[node,`` and does not start. VOLUME and COPY take the brackets for parts of names.

    Bad:

        FROM node:24
        CMD ['node', 'server.js']

    Good:

        FROM node:24
        CMD ["node", "server.js"]

    Not reported:
    The test command: ``RUN [ -f /a ] && ...``.
    """
    instruction = step.instruction
    words = instruction.arguments
    if instruction.is_json or not words:
        return
    word = instruction.rest
    if instruction.name == "HEALTHCHECK":
        if len(words) < 2:
            return
        word = words[1]
    text = word.text
    if not text.startswith("[") or not _is_meant_as_list(text):
        return
    fixes: tuple[Proposal, ...] = ()
    if _SINGLE.fullmatch(text) and edits.is_contiguous(step.stage.file, word):
        change = edits.replace(word, text.replace("'", '"'))
        fixes = (Proposal("Use double quotes", (change,)),)
    end = step.stage.file.data.find(b"\n", word.start, word.end)
    at = (word.start, word.end if end < 0 else end)
    yield Hit(f"{text.split(chr(10))[0][:60]} is no JSON list", at, fixes=fixes)


def _is_meant_as_list(text: str) -> bool:
    if len(text) > 1 and not text[1].isspace():
        return True
    found = _LIST.match(text)
    return found is not None and ("," in found[0] or found.end() == len(text.rstrip()))


# Together -------------------------------------------------------------------------------------

_NO_ENTRYPOINT = frozenset(
    "almalinux alpine amazonlinux archlinux busybox centos debian fedora opensuse/leap "
    "oraclelinux rockylinux ubuntu".split()
)
"""Images of Docker Hub that set no ENTRYPOINT."""


@file_rule(
    "entrypoint-cmd-mix",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Write ENTRYPOINT as a JSON list, and CMD as its arguments.",
)
def entrypoint_cmd_mix(build: Build, context: Context) -> Hits:
    """ENTRYPOINT and CMD must go together.

    Reports a CMD beside an ENTRYPOINT in the shell form, which ignores it, and a CMD that begins
    with an option although nothing sets an ENTRYPOINT.

    Why:

    The arguments are lost, or the container looks for a program named ``--port``.

    Bad:

        FROM node:24
        ENTRYPOINT node server.js
        CMD ["--port", "80"]

    Good:

        FROM node:24
        ENTRYPOINT ["node", "server.js"]
        CMD ["--port", "80"]

    Not reported:
    Options as CMD where the base image may have an ENTRYPOINT.
    """
    bases = {stage.base.number for stage in build.stages if stage.base is not None}
    seen: set[int] = set()
    for stage in build.stages:
        command, entrypoint = stage.config.command, stage.config.entrypoint
        if stage.number in bases or command is None:
            continue
        instruction = command.step.instruction
        message = ""
        if entrypoint is not None and entrypoint.uses_shell:
            message = "CMD is ignored: ENTRYPOINT is run by a shell"
        elif entrypoint is None and not command.uses_shell and _has_no_entrypoint(stage):
            first = command.words[0] if command.words else ""
            message = f"runs a program named {first}" if first.startswith("-") else ""
        if message and instruction.start not in seen:
            seen.add(instruction.start)
            yield Hit(message, edits.place(instruction.keyword), container=stage.label,
                      evidence=instruction.rest.text[:80])  # fmt: skip


def _has_no_entrypoint(stage: Stage) -> bool:
    root = stage.root
    return root.is_scratch or (root.image is not None and root.image.name in _NO_ENTRYPOINT)


@file_rule(
    "healthcheck-missing",
    severity=Severity.INFO,
    profile=OPT_IN,
    confidence=Confidence.MEDIUM,
    remedy="Add HEALTHCHECK with a command that is in the image, or HEALTHCHECK NONE.",
    aliases=(
        "DL3057", "DS-0026", "CKV_DOCKER_2", "CIS-DI-0006", "docker-bench:4.6",
        "kics:b03a748a-542d-44f4-bb86-9199ab4fd2d5",
    ),
    compliance=("cis-docker-1.6:4.6",),
)  # fmt: skip
def healthcheck_missing(build: Build, context: Context) -> Hits:
    """An image should say how its health is checked.

    Reports a final stage without HEALTHCHECK.

    Why:

    Docker and Swarm replace containers that hang only if they can tell. Kubernetes ignores
    HEALTHCHECK, so the rule is off by default.

    Bad:

        FROM nginx:1.29
        CMD ["nginx", "-g", "daemon off;"]

    Good:

        FROM nginx:1.29
        HEALTHCHECK CMD ["curl", "--fail", "http://localhost/"]
        CMD ["nginx", "-g", "daemon off;"]

    Not reported:
    Stages that are no part of the final image. The base image may have a HEALTHCHECK, so the
    confidence is medium.
    """
    final = build.final
    if final is not None and final.config.health_check is None and final.problem is None:
        confidence = Confidence.HIGH if final.root.is_scratch else None
        at = edits.place(final.instruction.keyword)
        yield Hit("has no HEALTHCHECK", at, confidence=confidence, container=final.label)
