"""Rules about ENV, WORKDIR and EXPOSE, and about variables without a value."""

import posixpath
import re
from collections.abc import Iterator

from seawall.core.edit import Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.rule import ANY, RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.ports import Ports
from seawall.dockerfile.problems import instruction_of, problems_for
from seawall.dockerfile.rule import Context, file_rule, step_rule
from seawall.dockerfile.scripts import is_windows
from seawall.dockerfile.stages import Build, Step
from seawall.dockerfile.steps import join
from seawall.text.dockerfile.golang import suggestions
from seawall.text.dockerfile.tree import Dockerfile, Instruction, Word

# Variables ------------------------------------------------------------------------------------


@step_rule(
    "var-undefined",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Set it with ARG or ENV in this stage, before it is used.",
    aliases=("UndefinedVar",),
)
def var_undefined(step: Step, context: Context) -> Hits:
    """Variables of the build must be set before they are used.

    Reports variables that neither ARG nor ENV of the stage, nor of the stages it builds on, gives
    a value.

    Why:

    They are empty: ``COPY app $DIR/`` copies into the root directory.

    Bad:

        FROM alpine:3.22
        COPY app ${TARGET_DIR}/app

    Good:

        FROM alpine:3.22
        ARG TARGET_DIR=/opt
        COPY app ${TARGET_DIR}/app

    Not reported:
    Variables in RUN, CMD and ENTRYPOINT: a shell expands them when they run. ARGs without a value.
    A base image may set the variable, so the confidence is medium unless the base is ``scratch``.

    References:
    https://docs.docker.com/reference/build-checks/undefined-var/
    """
    if not step.undefined:
        return
    confidence = None if step.stage.root.is_scratch else Confidence.MEDIUM
    known = [*step.environment.names(), *step.stage.arguments]
    for name in dict.fromkeys(step.undefined):
        near = suggestions(name, known)
        hint = f"; did you mean {near[0]}?" if near else ""
        at = edits.variable(step.stage.file, step.instruction, name)
        yield Hit(f"{name} has no value here{hint}", at, confidence=confidence)


_USED = pattern(r"\$(?:\{(\w+)[:}+-]|(\w+))", re.ASCII)


@step_rule(
    "env-self-reference",
    instructions=("ENV",),
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Set the variables in two ENV instructions.",
    aliases=("DL3044",),
)
def env_self_reference(step: Step, context: Context) -> Hits:
    """ENV must not use a variable that the same instruction sets.

    Reports variables whose value another pair of the instruction uses and that have none before.

    Why:

    All values of an ENV are worked out before the first is set: the variable is still empty.

    Bad:

        FROM alpine:3.22
        ENV HOME_DIR=/opt APP_DIR=${HOME_DIR}/app

    Good:

        FROM alpine:3.22
        ENV HOME_DIR=/opt
        ENV APP_DIR=${HOME_DIR}/app

    Not reported:
    Variables that have a value before the instruction, and a pair that uses its own name
    (``PATH=/opt:$PATH``).
    """
    pairs = step.instruction.pairs
    if len(pairs) < 2:
        return
    setters = {pair.key.text: number for number, pair in enumerate(pairs)}
    for number, user in enumerate(pairs):
        value = user.value
        if value is None or "$" not in value.text:
            continue
        for name in dict.fromkeys(found[1] or found[2] for found in _USED.finditer(value.text)):
            if setters.get(name, number) == number or name in step.stage.arguments:
                continue
            if step.environment.value(name) is None:
                message = f"uses {name}, which the same ENV sets"
                yield Hit(message, edits.place(value), evidence=f"{user.key.text} {name}")


# WORKDIR --------------------------------------------------------------------------------------

_DRIVE = pattern(r"[A-Za-z]:[\\/]?")


@step_rule(
    "workdir-relative",
    instructions=("WORKDIR",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Write the whole path, from the root directory on.",
    aliases=(
        "WorkdirRelativePath", "DL3000", "DS-0009", "CKV_DOCKER_10", "mint:ID.20015",
        "kics:6b376af8-cfe8-49ab-a08d-f32de23661a4",
    ),
)  # fmt: skip
def workdir_relative(step: Step, context: Context) -> Hits:
    """The first WORKDIR must be an absolute path.

    Reports a relative path where no WORKDIR of the stage, or of the stages it builds on, stands
    before it. Variables are expanded first.

    Why:

    The path goes on from the working directory of the base image. With another version of the
    base the files are elsewhere.

    Bad:

        FROM alpine:3.22
        WORKDIR app

    Good:

        FROM alpine:3.22
        WORKDIR /app

    Not reported:
    Relative paths behind an earlier WORKDIR. Where a variable without a known value begins the
    path, the confidence is low.

    References:
    https://docs.docker.com/reference/build-checks/workdir-relative-path/
    """
    if step.workdir_set or step.problem is not None or not step.arguments:
        return
    path = step.arguments[0]
    if path.text.startswith("/") or (_DRIVE.match(path.text) and is_windows(step)):
        return
    confidence = None if path.known else Confidence.LOW
    word = step.instruction.arguments[0]
    fixes: tuple[Proposal, ...] = ()
    if path.known and path.text and "$" not in word.text and not is_windows(step):
        absolute = join("/", path.text)
        effect = "the base image may have set another working directory than /"
        safety = Safety.SAFE if step.stage.root.is_scratch else Safety.UNSAFE
        change = edits.replace(word, _quoted(absolute))
        fixes = (Proposal("Write the whole path", (change,), safety,
                          "" if safety is Safety.SAFE else effect),)  # fmt: skip
    shown = path.text or "an empty path"
    yield Hit(f"goes to {shown} from the directory of the base image", edits.place(word),
              confidence=confidence, fixes=fixes)  # fmt: skip


def _quoted(path: str) -> str:
    return path if re.fullmatch(r"[\w./@:+-]+", path, re.ASCII) else edits.json_string(path) or path


_SYSTEM = ("/proc", "/sys", "/dev", "/boot", "/initrd", "/lost+found")


@step_rule(
    "workdir-system-dir",
    instructions=("WORKDIR",),
    severity=Severity.HIGH,
    remedy="Use a directory of the application's own, such as /app.",
    aliases=("DS-0030",),
)
def workdir_system_dir(step: Step, context: Context) -> Hits:
    """The working directory must not be one of the kernel's.

    Reports WORKDIR at or below /proc, /sys, /dev, /boot, /initrd and /lost+found.

    Why:

    The container's run time mounts over some of them, so files put there are gone; in others a
    relative path of the program reaches into the kernel.

    Bad:

        FROM alpine:3.22
        WORKDIR /proc/self

    Good:

        FROM alpine:3.22
        WORKDIR /app
    """
    if not step.arguments:
        return
    path = posixpath.normpath(join(step.workdir.text or "/", step.arguments[0].text))
    system = next((one for one in _SYSTEM if path == one or path.startswith(f"{one}/")), "")
    if system:
        yield Hit(f"works in {path}", edits.place(step.instruction.arguments[0]))


# EXPOSE ---------------------------------------------------------------------------------------


def _word_of(step: Step, ports: Ports) -> Word:
    """The word of EXPOSE that a port is from."""
    for word in step.instruction.arguments:
        if word.text == ports.text:
            return word
    return step.instruction.rest


def _literal(file: Dockerfile, instruction: Instruction, ports: Ports) -> Word | None:
    words = [word for word in instruction.arguments if word.text == ports.text]
    if len(words) == 1 and edits.is_contiguous(file, words[0]):
        return words[0]
    return None


@step_rule(
    "expose-format",
    instructions=("EXPOSE",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Write the container's port only; docker run --publish maps it.",
    aliases=("ExposeInvalidFormat",),
)
def expose_format(step: Step, context: Context) -> Hits:
    """EXPOSE must name ports of the container.

    Reports addresses and host ports.

    Why:

    EXPOSE ignores them: ``EXPOSE 127.0.0.1:80:8080`` neither binds an address nor maps a port.

    Bad:

        FROM nginx:1.29
        EXPOSE 127.0.0.1:80:8080

    Good:

        FROM nginx:1.29
        EXPOSE 8080

    References:
    https://docs.docker.com/reference/build-checks/expose-invalid-format/
    """
    for ports in dict.fromkeys(step.ports):
        if ports.address or ports.host:
            word = _literal(step.stage.file, step.instruction, ports)
            fixes: tuple[Proposal, ...] = ()
            if word is not None:
                change = edits.replace(word, ports.text.rpartition(":")[2])
                fixes = (Proposal("Keep the container's port", (change,)),)
            message = f"{ports.text} names more than a port of the container"
            yield Hit(message, edits.place(word or _word_of(step, ports)), fixes=fixes,
                      evidence=ports.text)  # fmt: skip


@step_rule(
    "expose-proto-casing",
    instructions=("EXPOSE",),
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Write the protocol in small letters.",
    aliases=("ExposeProtoCasing",),
)
def expose_proto_casing(step: Step, context: Context) -> Hits:
    """The protocol of a port must be written in small letters.

    Reports ``EXPOSE 80/TCP``.

    Why:

    Tools compare the text of the image's configuration.

    Bad:

        FROM nginx:1.29
        EXPOSE 80/TCP

    Good:

        FROM nginx:1.29
        EXPOSE 80/tcp

    References:
    https://docs.docker.com/reference/build-checks/expose-proto-casing/
    """
    for ports in dict.fromkeys(step.ports):
        protocol = ports.written_protocol
        if protocol != protocol.lower():
            word = _literal(step.stage.file, step.instruction, ports)
            fixes: tuple[Proposal, ...] = ()
            if word is not None:
                text = ports.text[: -len(protocol)] + protocol.lower()
                fixes = (Proposal(f"Write {text}", (edits.replace(word, text),)),)
            yield Hit(f"{ports.text} has capitals", edits.place(word or _word_of(step, ports)),
                      fixes=fixes, evidence=ports.text)  # fmt: skip


@file_rule(
    "expose-range",
    severity=Severity.HIGH,
    profile=ANY,
    remedy="Use a port from 1 to 65535.",
    aliases=("DL3011", "DS-0008", "kics:71bf8cf8-f0a1-42fa-b9d2-d10525e0a38e"),
)
def expose_range(build: Build, context: Context) -> Hits:
    """Ports must be in the range that there is.

    Reports ports above 65535.

    Why:

    There are no such ports: BuildKit refuses the file.

    Bad:

        FROM nginx:1.29
        EXPOSE 80000

    Good:

        FROM nginx:1.29
        EXPOSE 8000
    """
    for problem in problems_for(build, "expose-range"):
        instruction = instruction_of(build, problem)
        number = problem.reason.rpartition(" ")[2]
        at = (problem.start, problem.end)
        if instruction is not None:
            words = [word for word in instruction.arguments if number in word.text]
            at = edits.place(words[0] if words else instruction.keyword)
        yield Hit(f"there is no port {number}", at)


@step_rule(
    "expose-ssh-port",
    instructions=("EXPOSE",),
    severity=Severity.MEDIUM,
    remedy="Leave it out: docker exec and kubectl exec give a shell.",
    aliases=("DS-0004", "CKV_DOCKER_1"),
)
def expose_ssh_port(step: Step, context: Context) -> Hits:
    """A container should offer no SSH.

    Reports ``EXPOSE 22``, in ranges and variables too.

    Why:

    An SSH server is one more way in, with keys and passwords of its own, and it must be patched.

    Bad:

        FROM debian:13
        EXPOSE 22

    Good:

        FROM debian:13
        EXPOSE 8080
    """
    for ports in step.ports:
        if ports.first <= 22 <= ports.last and ports.protocol in {"tcp", "udp"}:
            what = "port 22" if ports.first == ports.last else f"port 22 in {ports.text}"
            yield Hit(f"offers {what}, which is SSH", edits.place(_word_of(step, ports)),
                      evidence=ports.text)  # fmt: skip


@step_rule(
    "expose-privileged-port",
    instructions=("EXPOSE",),
    severity=Severity.INFO,
    profile=RELIABILITY,
    confidence=Confidence.MEDIUM,
    remedy="Let the program listen on a port from 1024 on, such as 8080.",
)
def expose_privileged_port(step: Step, context: Context) -> Hits:
    """A program without root should listen on a port from 1024 on.

    Reports smaller ports in stages whose user is not root.

    Why:

    Docker allows it by default, Kubernetes and Podman do not: there the program fails to start
    without root or CAP_NET_BIND_SERVICE.

    Bad:

        FROM nginx:1.29
        USER 101
        EXPOSE 80

    Good:

        FROM nginx:1.29
        USER 101
        EXPOSE 8080

    Not reported:
    Stages that run as root, and those of which the user is not known.
    """
    user = step.stage.config.user
    name = user.text.partition(":")[0]
    if not name or not user.known or name == "root" or name.strip("+0") == "":
        return
    for ports in _privileged(step):
        message = f"port {ports.first} needs root or a capability, and the user is {name}"
        yield Hit(message, edits.place(_word_of(step, ports)), evidence=ports.text)


def _privileged(step: Step) -> Iterator[Ports]:
    for ports in step.ports:
        if 0 < ports.first < 1024 and ports.first != 22:
            yield ports
