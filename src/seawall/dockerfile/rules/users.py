"""Rules about users and privileges."""

import re
from collections.abc import Iterator

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.lazy import pattern
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.base_systems import ALPINE, BUSYBOX, DEBIAN, system_of
from seawall.dockerfile.fixes.options import copied_closed, owner_writes
from seawall.dockerfile.fixes.users import NUMBER as USER
from seawall.dockerfile.fixes.users import numbered
from seawall.dockerfile.instruction_edits import cased_like
from seawall.dockerfile.lines import line_end
from seawall.dockerfile.rule import Context, RunCommand, command_rule, file_rule, step_rule
from seawall.dockerfile.stages import Build, Stage, Step, Value
from seawall.text.shell.script import Command

_ROOT = pattern(r"(?:root|\+?0+)(?::.*)?\Z")
_NUMERIC = pattern(r"\d+(?::\d+)?\Z")
_NOT_ROOT_TAGS = pattern(r"(?:^|-)nonroot(?:$|-)")
_NOT_ROOT_IMAGES = pattern(
    r"(?:^|/)(?:chainguard|cgr\.dev)/|nginx-unprivileged$|^bitnami/|^grafana/|^prom/|^jenkins/"
)
"""Images whose own last USER is not root."""


def is_root(user: str) -> bool:
    """Whether a USER is root, by name or by number in any spelling."""
    return _ROOT.match(user) is not None


def last_user(stage: Stage) -> tuple[Value, Step] | None:
    """The USER that counts in a stage's image, as far as its chain tells."""
    last = None
    for step in stage.chain_steps():
        if step.name == "USER" and step.arguments:
            last = step.arguments[0], step
    return last


def _base_is_safe(stage: Stage) -> bool:
    image = stage.root.image
    if image is None:
        return False
    return bool(
        _NOT_ROOT_TAGS.search(image.tag)
        or _NOT_ROOT_IMAGES.search(f"{image.domain}/{image.path}".removeprefix("docker.io/"))
    )


@file_rule(
    "user-missing",
    severity=Severity.HIGH,
    remedy="End the last stage with USER and the number of a user without rights.",
    aliases=(
        "DS-0002",
        "CKV_DOCKER_3",
        "CIS-DI-0001",
        "docker-bench:4.1",
        "kics:missing_user_instruction",
        "kics:fd54f200-402c-4333-a5a4-36ef6709af2f",
    ),
)
def user_missing(build: Build, context: Context) -> Hits:
    """Images must not run as root.

    Reports a final image without USER: neither the last stage nor one that it builds on sets it.

    Why:

    Root in a container is root of the kernel, but for what the container's limits take away. A
    break-out is worth most where the program runs as root, and Kubernetes' ``runAsNonRoot``
    refuses to start it.

    Bad:

        FROM debian:12.11
        CMD ["/bin/app"]

    Good:

        FROM debian:12.11
        USER 10001
        CMD ["/bin/app"]

    Not reported:
    Bases that are known to set a user of their own (distroless nonroot, Chainguard and others).
    Bases whose user nobody knows are reported with medium confidence.
    """
    for stage in build.images:
        if last_user(stage) is not None or _base_is_safe(stage):
            continue
        known = stage.root.is_scratch or system_of(stage) != ""
        place = stage.instruction
        yield Hit(
            f"{_image(build, stage)} runs as root: nothing sets USER",
            (place.start, place.end),
            confidence=Confidence.HIGH if known else Confidence.MEDIUM,
            container=stage.label,
            fixes=tuple(_add_user(build, stage)),
            evidence="no USER",
        )


def _image(build: Build, stage: Stage) -> str:
    """What a message calls the image of a stage."""
    return "the final image" if stage is build.final else f"the image of target {stage.label}"


def _add_user(build: Build, stage: Stage) -> Iterator[Proposal]:
    """Make a user in the base's own idiom, before CMD and ENTRYPOINT."""
    file = build.file
    last = [step for step in stage.steps if not step.triggered]
    before = next((s for s in last if s.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK")), None)
    end = line_end(file)
    keyword = cased_like(stage.instruction.keyword, "USER")
    if before is not None:
        later = [s for s in last if s.number > before.number and s.name in ("RUN", "COPY", "ADD")]
        if later:
            return
        start = file.data.rfind(b"\n", 0, before.instruction.start) + 1
        lead = ""
    elif stage is not build.final:
        return
    else:
        start = len(file.data)
        lead = "" if not file.data or file.data.endswith(b"\n") else end
    system = system_of(stage)
    made = ""
    run = cased_like(stage.instruction.keyword, "RUN")
    if system in (ALPINE, BUSYBOX):
        made = f"{run} addgroup -S -g {USER} app && adduser -S -D -H -u {USER} -G app app{end}"
    elif system == DEBIAN:
        made = (
            f"{run} groupadd --system --gid {USER} app \\{end}"
            f"    && useradd --system --no-log-init --no-create-home --uid {USER} --gid app"
            f" --shell /usr/sbin/nologin app{end}"
        )
    yield Proposal(
        f"Run as user {USER}",
        (Change(start, start, f"{lead}{made}{keyword} {USER}:{USER}{end}"),),
        Safety.UNSAFE,
        "files that belong to root can no longer be written, nor ports below 1024 be opened on "
        "old kernels",
    )


@file_rule(
    "user-root",
    severity=Severity.HIGH,
    remedy="End the last stage with the number of a user without rights.",
    aliases=(
        "DL3002",
        "DS-0002",
        "CKV_DOCKER_8",
        "CIS-DI-0001",
        "docker-bench:4.1",
        "mint:ID.20017",
        "kics:last_user_is_root",
        "kics:67fd0c4a-68cf-46d7-8c41-bc9fba7e40ae",
    ),
)
def user_root(build: Build, context: Context) -> Hits:
    """The last user of an image must not be root.

    Reports a final image whose last USER is root: by name, by number in any spelling, or by the
    default of a variable. Root in builder stages is no matter.

    Why:

    Root in a container is root of the kernel, but for what the container's limits take away.

    Bad:

        FROM debian:12.11
        USER root
        CMD ["/bin/app"]

    Good:

        FROM debian:12.11
        USER root
        RUN install -d -o 10001 /data
        USER 10001
        CMD ["/bin/app"]
    """
    for stage in build.images:
        last = last_user(stage)
        if last is None or not is_root(last[0].text):
            continue
        value, step = last
        if stage is not build.final and step in _last_steps(build.final):
            continue  # reported of the final image
        word = step.instruction.arguments[0]
        yield Hit(
            f"{_image(build, stage)} runs as {value.text}",
            (word.start, word.end),
            confidence=Confidence.HIGH if value.known else Confidence.LOW,
            container=step.stage.label,
        )


def _last_steps(stage: Stage | None) -> list[Step]:
    last = None if stage is None else last_user(stage)
    return [] if last is None else [last[1]]


@file_rule(
    "user-not-numeric",
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Name the user by number: USER 10001:10001.",
    aliases=("DL3066",),
)
def user_not_numeric(build: Build, context: Context) -> Hits:
    """The last user of an image should be a number.

    Reports a final USER that is a name.

    Why:

    The kubelet cannot tell that a name is not root: with ``runAsNonRoot`` and no ``runAsUser`` it
    refuses to start the container.

    Bad:

        FROM debian:12.11
        USER app

    Good:

        FROM debian:12.11
        USER 10001
    """
    stage = build.final
    last = None if stage is None else last_user(stage)
    if last is None:
        return
    value, step = last
    if (
        value.known
        and value.text
        and not _NUMERIC.match(value.text)
        and not _ROOT.match(value.text)
    ):
        word = step.instruction.arguments[0]
        fixes = () if stage is None else tuple(numbered(step.stage, step, value.text))
        message = f"user {value.text} is no number"
        yield Hit(message, (word.start, word.end), fixes=fixes)


@file_rule(
    "group-root",
    severity=Severity.LOW,
    remedy="Name a group of its own: USER 10001:10001.",
)
def group_root(build: Build, context: Context) -> Hits:
    """The last user of an image should not be in the group of root.

    Reports a final USER with group 0, and a number without a group that nothing in the file makes.

    Why:

    A user that the image does not know is in group 0, to which many files belong.

    Bad:

        FROM debian:12.11
        USER 10001:0

    Good:

        FROM debian:12.11
        USER 10001:10001

    Not reported:
    Numbers without a group where the file makes a user.
    """
    stage = build.final
    last = None if stage is None else last_user(stage)
    if last is None or stage is None:
        return
    value, step = last
    user, colon, group = value.text.partition(":")
    word = step.instruction.arguments[0]
    if colon and _ROOT.match(group) and not _ROOT.match(user):
        yield Hit(f"user {user} is in the group of root", (word.start, word.end))
    elif not colon and user.isdigit() and int(user) and not _makes_users(stage):
        yield Hit(
            f"user {user} without a group is in the group of root",
            (word.start, word.end),
            confidence=Confidence.LOW,
        )


def _makes_users(stage: Stage) -> bool:
    names = ("useradd", "adduser", "groupadd", "addgroup")
    return any(
        script.named(*names) for step in stage.chain_steps() if step.name == "RUN"
        for script in step.scripts
    )  # fmt: skip


@command_rule(
    "sudo-used",
    names=("sudo", "doas"),
    severity=Severity.HIGH,
    remedy="Call the command itself while the user is root; switch the user with USER.",
    aliases=(
        "DL3004",
        "DS-0010",
        "CKV2_DOCKER_1",
        "DKL-DI-0001",
        "kics:run_using_sudo",
        "kics:8ada6e80-0ade-439e-b176-0b28f6bce35a",
    ),
)
def sudo_used(found: RunCommand, context: Context) -> Hits:
    """sudo has no place in a build.

    Reports calls of sudo and doas in RUN.

    Why:

    The build is root already, or can be by USER. What sudo needs, a way back to root, stays in the
    image for whoever breaks into it.

    Bad:

        FROM debian:12.11
        RUN sudo apt-get update
        USER 10001

    Good:

        FROM debian:12.11
        RUN apt-get update
        USER 10001
    """
    command = found.command
    word = command.words[0]
    is_root = not found.step.user.text or _ROOT.match(found.step.user.text)
    fixes: tuple[Proposal, ...] = ()
    arguments = command.arguments
    if is_root and arguments and word.editable and not arguments[0].text.startswith("-"):
        change = Change(word.start, arguments[0].start, "")
        fixes = (Proposal(f"Call {arguments[0].text} itself", (change,)),)
    yield Hit(f"calls {command.name}", (word.start, word.end), fixes=fixes, evidence=_text(command))


def _text(command: Command) -> str:
    return " ".join(word.text for word in command.words)


@command_rule(
    "useradd-large-uid",
    names=("useradd",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Add --no-log-init.",
    aliases=("DL3046",),
)
def useradd_large_uid(found: RunCommand, context: Context) -> Hits:
    """A user with a large number must not fill the login logs.

    Reports useradd with a uid of six digits or more and without ``--no-log-init``.

    Why:

    useradd writes to /var/log/lastlog and faillog at the place of the number: sparse files that
    image layers store in full.

    Bad:

        FROM debian:12.11
        RUN useradd -u 1234567 app
        USER 1234567

    Good:

        FROM debian:12.11
        RUN useradd --no-log-init -u 1234567 app
        USER 1234567
    """
    command = found.command
    if command.option("-l", "--no-log-init"):
        return
    values = command.values
    for number, value in enumerate(values):
        uid = ""
        if value in ("-u", "--uid") and number + 1 < len(values):
            uid = values[number + 1]
        elif value.startswith("--uid="):
            uid = value.removeprefix("--uid=")
        elif re.fullmatch(r"-u\d+", value):
            uid = value[2:]
        if uid.isdigit() and int(uid) > 99_999:
            word = command.words[0]
            change = Change(word.end, word.end, " --no-log-init")
            fixes = (Proposal("Write no login logs", (change,)),) if word.editable else ()
            yield Hit(
                f"makes user {uid} with login logs", (command.start, command.end), fixes=fixes
            )


@step_rule(
    "password-set",
    instructions=("RUN",),
    severity=Severity.HIGH,
    remedy="Set no password: nobody has to log in to a container.",
    aliases=("CKV2_DOCKER_17",),
)
def password_set(step: Step, context: Context) -> Hits:
    """Images must hold no passwords of users.

    Reports chpasswd, ``passwd -d``, ``passwd --stdin`` and ``useradd -p``.

    Why:

    Everybody who has the image has the password, or its hash.

    Bad:

        FROM debian:12.11
        RUN echo "app:app" | chpasswd
        USER 10001

    Good:

        FROM debian:12.11
        RUN useradd --no-log-init app
        USER 10001
    """
    for script in step.scripts:
        for command in script.named("chpasswd", "passwd", "useradd", "usermod"):
            sets = (
                command.name == "chpasswd"
                or (command.name == "passwd" and command.option("-d", "--delete", "--stdin"))
                or (command.name in ("useradd", "usermod") and command.option("-p", "--password"))
            )
            if sets:
                yield Hit(
                    f"sets a password with {command.name}", (command.start, command.end),
                    evidence=command.name,
                )  # fmt: skip


_SPECIAL_BITS = pattern(r"0?[2-7][0-7]{3}")
_SPECIAL_SYMBOLS = pattern(r"[ug]*\+[rwxXt]*s")


@step_rule(
    "setuid-set",
    instructions=("RUN", "COPY", "ADD"),
    severity=Severity.HIGH,
    remedy="Leave the setuid and setgid bits off; give the one capability that is needed.",
    aliases=("CIS-DI-0008", "docker-bench:4.8"),
)
def setuid_set(step: Step, context: Context) -> Hits:
    """Programs must not get the rights of their owner.

    Reports chmod, install and ``--chmod`` that set the setuid or setgid bit, and setcap with a
    capability that amounts to root.

    Why:

    Whoever breaks into the container as an ordinary user becomes root by such a program, unless
    ``allowPrivilegeEscalation`` is false.

    Bad:

        FROM debian:12.11
        RUN chmod 4755 /usr/local/bin/tool
        USER 10001

    Good:

        FROM debian:12.11
        RUN chmod 0755 /usr/local/bin/tool
        USER 10001
    """
    flag = step.instruction.flag("chmod")
    if flag is not None and _is_special(flag.value or ""):
        yield Hit(
            f"sets mode {flag.value}",
            (flag.start, flag.end),
            fixes=_plain_mode(flag.value or "", flag.value_start, flag.end),
        )
    for script in step.scripts if step.name == "RUN" else ():
        for command in script.named("chmod", "install", "setcap"):
            values = command.values
            mode = ""
            if command.name == "chmod":
                mode = next((value for value in values if _is_special(value)), "")
            elif command.name == "install" and command.option("-m", "--mode"):
                mode = next((v for v in values if _is_special(v.removeprefix("--mode="))), "")
            elif command.name == "setcap" and re.search(
                r"cap_(?:sys_admin|setuid|dac_override)", " ".join(values)
            ):
                mode = next(iter(values), "")
            if mode:
                yield Hit(f"{command.name} sets {mode}", (command.start, command.end))


def _is_special(mode: str) -> bool:
    if _SPECIAL_BITS.fullmatch(mode):
        return int(mode, 8) & 0o6000 != 0
    return bool(_SPECIAL_SYMBOLS.search(mode)) and not mode.startswith("/")


def _plain_mode(mode: str, start: int, end: int) -> tuple[Proposal, ...]:
    if not mode.isdigit() or end - start != len(mode):
        return ()
    change = Change(start, end, f"0{mode[-3:]}")
    effect = "who calls it no longer gets the rights of its owner"
    return (Proposal("Leave the special bits off", (change,), Safety.UNSAFE, effect),)


@step_rule(
    "world-writable",
    instructions=("RUN", "COPY", "ADD"),
    severity=Severity.MEDIUM,
    remedy="Give write permission to the owner only: 755 or 644.",
)
def world_writable(step: Step, context: Context) -> Hits:
    """Files must not be writable for everybody.

    Reports chmod and ``--chmod`` that give everybody the right to write.

    Why:

    Whoever breaks into any process of the container changes the program or its data.

    Bad:

        FROM debian:12.11
        COPY --chmod=777 app /bin/app
        USER 10001

    Good:

        FROM debian:12.11
        COPY --chmod=755 app /bin/app
        USER 10001

    Not reported:
    Modes with the sticky bit, as of /tmp.
    """
    flag = step.instruction.flag("chmod")
    if flag is not None and flag.value and _is_open(flag.value):
        at = (flag.start, flag.end)
        yield Hit(f"copies with mode {flag.value}", at, fixes=tuple(copied_closed(step)))
    for script in step.scripts if step.name == "RUN" else ():
        for command in script.named("chmod"):
            mode = next((word for word in command.operands), None)
            if mode is not None and mode.value and _is_open(mode.value):
                yield Hit(
                    f"lets everybody write (chmod {mode.value})", (command.start, command.end),
                    fixes=tuple(owner_writes(command, mode)),
                )  # fmt: skip


def _is_open(mode: str) -> bool:
    if re.fullmatch(r"[0-7]{3,4}", mode):
        number = int(mode, 8)
        return bool(number & 0o002) and not number & 0o1000
    return any(
        re.fullmatch(r"(?:[ug]*[ao][ugao]*|)[+=][rxX]*w[rwxX]*", part) and "t" not in mode
        and not part.startswith(("+", "=")) for part in mode.split(",")
    )  # fmt: skip


@step_rule(
    "run-insecure",
    instructions=("RUN",),
    severity=Severity.HIGH,
    remedy="Remove --security=insecure.",
)
def run_insecure(step: Step, context: Context) -> Hits:
    """A build step must not run with all rights.

    Reports RUN with ``--security=insecure``.

    Why:

    The step can do on the builder whatever root can.

    Bad:

        FROM debian:12.11
        RUN --security=insecure mount -t tmpfs none /mnt
        USER 10001

    Good:

        FROM debian:12.11
        RUN ls /mnt
        USER 10001
    """
    flag = step.instruction.flag("security")
    if flag is not None and flag.value == "insecure":
        yield Hit("runs with all rights on the builder", (flag.start, flag.end))


@step_rule(
    "run-network-host",
    instructions=("RUN",),
    severity=Severity.MEDIUM,
    remedy="Remove --network=host.",
)
def run_network_host(step: Step, context: Context) -> Hits:
    """A build step must not use the builder's network.

    Reports RUN with ``--network=host``.

    Why:

    The step reaches everything that listens on the builder itself.

    Bad:

        FROM debian:12.11
        RUN --network=host curl -o /tmp/a https://localhost/a
        USER 10001

    Good:

        FROM debian:12.11
        RUN --network=none make -C /src
        USER 10001
    """
    flag = step.instruction.flag("network")
    if flag is not None and flag.value == "host":
        yield Hit("runs in the builder's network", (flag.start, flag.end))


_SENSITIVE = frozenset(
    "/ /etc /usr /bin /sbin /lib /dev /proc /sys /boot /root /var/run/docker.sock /run/docker.sock".split()  # noqa: E501
)


@step_rule(
    "volume-sensitive",
    instructions=("VOLUME",),
    severity=Severity.HIGH,
    remedy="Name a directory of the program's own data.",
    aliases=("DKL-DI-0002",),
)
def volume_sensitive(step: Step, context: Context) -> Hits:
    """Directories of the system must not be volumes.

    Reports VOLUME of the root directory, of /etc, /usr, /bin, /dev, /proc, /sys, /boot and of the
    engine's socket.

    Why:

    What is in a volume outlives the container and can be changed by others who mount it.

    Bad:

        FROM debian:12.11
        VOLUME /etc
        USER 10001

    Good:

        FROM debian:12.11
        VOLUME /var/lib/app
        USER 10001
    """
    for word, value in zip(step.instruction.arguments, step.arguments, strict=False):
        path = value.text.rstrip("/") or "/"
        if value.known and path in _SENSITIVE:
            yield Hit(f"makes {path} a volume", (word.start, word.end))


@step_rule(
    "docker-socket",
    instructions=("ENV", "VOLUME", "RUN"),
    severity=Severity.HIGH,
    remedy="Leave the engine's socket out of containers.",
)
def docker_socket(step: Step, context: Context) -> Hits:
    """An image must not count on the container engine's socket.

    Reports docker.sock in ENV DOCKER_HOST and in VOLUME.

    Why:

    Whoever can write to the socket is root of the node.

    Bad:

        FROM debian:12.11
        ENV DOCKER_HOST=unix:///var/run/docker.sock
        USER 10001

    Good:

        FROM debian:12.11
        ENV DOCKER_HOST=tcp://builder.example.org:2376
        USER 10001
    """
    if step.name == "ENV":
        for pair, setting in zip(step.instruction.pairs, step.settings, strict=False):
            value = setting.value.text if setting.value else ""
            if setting.key.text == "DOCKER_HOST" and value.endswith(".sock"):
                yield Hit(
                    "points at the engine's socket", (pair.key.start, (pair.value or pair.key).end)
                )
    elif step.name == "VOLUME":
        for word, value_ in zip(step.instruction.arguments, step.arguments, strict=False):
            if value_.text.endswith("docker.sock"):
                yield Hit("makes the engine's socket a volume", (word.start, word.end))
