"""What is too large to be judged is told of, never passed over."""

from seawall.core.rule import ANY, Hit, Hits
from seawall.core.severity import Severity
from seawall.dockerfile.delayed import delayed_run
from seawall.dockerfile.rule import Context, file_rule
from seawall.dockerfile.stages import Build

_SPLIT = "Split it into several Dockerfiles that build on each other."


@file_rule(
    "too-large-to-judge",
    severity=Severity.MEDIUM,
    profile=ANY,
    remedy="Put the script into a file of its own, or take it apart into several instructions.",
)
def too_large_to_judge(build: Build, context: Context) -> Hits:
    r"""A Dockerfile and its scripts must be small enough to be judged.

    Reports scripts of RUN with more than 131,072 bytes, with more than 80 constructs or 4 scripts
    inside each other, and with more pipes, substitutions or brackets than the shell's grammar
    copes with; with high severity files with more than 200 stages, 2,000 instructions, 20,000
    comments or 20,000 variables and labels, or with 250,000 characters in one instruction.

    Why:

    Commands that are not read are not judged, and shells inside shells hide what is run. Of a file
    that is too large only the text is judged; no build needs as much, as an image has at most 127
    layers. Nothing was found there is not: nothing is wrong there.

    Bad:

        FROM alpine:3.22.1
        RUN bash <<EOF
        sh -c "sh -c 'sh -c \"sh -c id\"'"
        EOF
        USER 10001

    Good:

        FROM alpine:3.22.1
        RUN id
        USER 10001
    """
    if build.limit:
        word = build.file.instructions[0].keyword
        message = f"there are {build.limit}: only the text was judged"
        yield Hit(message, (word.start, word.end), Severity.HIGH, remedy=_SPLIT)
    for step in build.steps():
        found = delayed_run(step) if step.name == "ONBUILD" else step
        if step.triggered or found is None or found.name != "RUN":
            continue
        for script in found.scripts:
            if script.over_limit:
                word = step.instruction.keyword
                message = f"the script was not read in full: {script.broken}"
                yield Hit(message, (word.start, word.end))
                break
