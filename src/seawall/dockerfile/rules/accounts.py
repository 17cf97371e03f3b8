"""Rules about the accounts that a build names and switches between."""

from seawall.core.lazy import pattern
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.base_systems import ALPINE, BUSYBOX, DEBIAN, RED_HAT, system_of
from seawall.dockerfile.package_commands import step_package_commands
from seawall.dockerfile.package_managers import INSTALL
from seawall.dockerfile.rule import Context, stage_rule, step_rule
from seawall.dockerfile.stages import Stage, Step

_DEBIAN_ACCOUNTS = (
    "root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats "
    "nobody _apt"
)
_ALPINE_ACCOUNTS = (
    "root bin daemon adm lp sync shutdown halt mail news uucp operator man postmaster cron ftp "
    "sshd at squid xfs games cyrus vpopmail ntp smmsp guest nobody"
)
_RED_HAT_ACCOUNTS = (
    "root bin daemon adm lp sync shutdown halt mail operator games ftp nobody dbus tss polkitd "
    "systemd-coredump systemd-network systemd-resolve systemd-oom"
)
_OF_SYSTEMS = {
    DEBIAN: frozenset(_DEBIAN_ACCOUNTS.split()),
    ALPINE: frozenset(_ALPINE_ACCOUNTS.split()),
    RED_HAT: frozenset(_RED_HAT_ACCOUNTS.split()),
    BUSYBOX: frozenset("root daemon bin sys sync mail www-data operator nobody".split()),
}
"""The accounts of the systems' own ``/etc/passwd``: base-passwd, alpine-baselayout, setup."""
_OF_IMAGES = {
    "almalinux": (), "alpine": (), "amazonlinux": (), "buildpack-deps": (), "busybox": (),
    "debian": (), "fedora": (), "gcc": (), "golang": (), "httpd": (), "nginx": ("nginx",),
    "node": ("node",), "openjdk": (), "perl": (), "php": (), "postgres": ("postgres",),
    "python": (), "redis": ("redis",), "rockylinux": (), "ruby": (), "rust": (),
    "ubuntu": ("ubuntu",),
}  # fmt: skip
"""Docker's official images whose Dockerfiles make these accounts and no others."""
_NAME = pattern(r"[A-Za-z_][\w.-]*")


@stage_rule(
    "user-undefined",
    severity=Severity.MEDIUM,
    profile=RELIABILITY,
    remedy="Make the user before USER names it, or name it by number.",
)
def user_undefined(stage: Stage, context: Context) -> Hits:
    """USER must name a user that the image has.

    Reports USER with a name that the base image does not have and that nothing in the stage, or in
    those it builds on, makes or even mentions.

    Why:

    The engine looks the name up in the image's ``/etc/passwd``. Where it is not there the next RUN
    fails, or the container does not start.

    Bad:

        FROM debian:12.11
        USER app

    Good:

        FROM debian:12.11
        RUN useradd --system --no-log-init --uid 10001 app
        USER app

    Not reported:
    Bases whose accounts are not known here: all but the official images of systems and a few more.
    Where files are copied into ``/``, ``/etc`` or unpacked. After packages are installed or scripts
    of the project are run the confidence is low: they may make users.

    References:
    https://docs.docker.com/reference/dockerfile/#user
    """
    known = _accounts(stage)
    if known is None:
        return
    before: list[Step] = []
    unknown: dict[str, bool] = {}
    opaque, seen = False, 0
    for step in stage.chain_steps():
        if step.name == "USER" and step.stage is stage and not step.triggered and step.arguments:
            value = step.arguments[0]
            name = value.text.partition(":")[0]
            if (
                value.known
                and _NAME.fullmatch(name)
                and name != "root"  # the engine knows it without a look into the image
                and name not in known
                and _is_new(name, before, unknown)
            ):
                word = step.instruction.arguments[0]
                opaque = opaque or any(_is_opaque(one) for one in before[seen:])
                seen = len(before)
                yield Hit(
                    f"user {name} is neither in the base image nor made here",
                    (word.start, word.end),
                    confidence=Confidence.LOW if opaque else Confidence.MEDIUM,
                )
        before.append(step)


_MANY_NAMES = 50
"""Names that are looked for in what stands before; more are no build that somebody wrote."""


def _is_new(name: str, before: list[Step], unknown: dict[str, bool]) -> bool:
    """Whether nothing before makes a user or says his name; each name is looked for once."""
    if name not in unknown and len(unknown) < _MANY_NAMES:
        unknown[name] = not any(_may_bring(one, name) for one in before)
    return unknown.get(name, False)


def _accounts(stage: Stage) -> frozenset[str] | None:
    """The accounts that a stage begins with; ``None`` where nobody knows."""
    root = stage.root
    if root.is_scratch:
        return frozenset()
    image = root.image
    if image is None or image.domain != "docker.io" or not root.base_name.known:
        return None
    own = _OF_IMAGES.get(image.name)
    system = _OF_SYSTEMS.get(system_of(stage))
    return None if own is None or system is None else system.union(own)


def _may_bring(step: Step, name: str) -> bool:
    """Whether a step may make a user: it says the name, or puts whole directories into place."""
    if step.name in ("RUN", "ARG", "ENV", "ONBUILD"):
        return _mentions(step, name)
    if step.name not in ("COPY", "ADD") or not step.arguments:
        return False
    target = step.arguments[-1].text.rstrip("/")
    trees = [one for one in step.arguments[:-1] if "." not in one.text.rpartition("/")[2]]
    passwd = target in ("/etc", "/etc/passwd") or (not target and bool(trees))
    return passwd or step.name == "ADD" or f"--chown={name}" in step.instruction.source.text


def _mentions(step: Step, name: str) -> bool:
    data = step.stage.file.data[step.instruction.start : step.instruction.end]
    return name.encode() in data or b"/etc/passwd" in data


_SCRIPT = pattern(r"(?:\.{1,2}|/[\w.-]+)*/[\w./-]+\.(?:sh|bash|py|pl|rb)|\./\S+")


def _is_opaque(step: Step) -> bool:
    """Whether a step may make users that its text does not name."""
    if step.name != "RUN":
        return False
    if any(call.action == INSTALL for call in step_package_commands(step)):
        return True
    return any(
        not script.is_shell
        or any(_SCRIPT.match(word.text) for c in script.commands for word in c.words)
        for script in step.scripts
    )


_MANY = 2


@stage_rule(
    "user-flapping",
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Do the work of root first, then switch once.",
)
def user_flapping(stage: Stage, context: Context) -> Hits:
    """A stage should not go back and forth between users.

    Reports a USER that is the third switch of its stage or a later one.

    Why:

    Each switch is a layer, and it takes a look through the whole file to tell as whom a step runs
    and whom its files belong to. That is how a last USER root is overlooked.

    Bad:

        FROM node:24
        USER node
        RUN npm ci
        USER root
        RUN apt-get update
        USER node

    Good:

        FROM node:24
        RUN apt-get update
        USER node
        RUN npm ci

    References:
    https://docs.docker.com/build/building/best-practices/#user
    """
    switches = 0
    for step in stage.steps:
        if step.name != "USER" or step.triggered or not step.arguments:
            continue
        if step.arguments[0].text == (step.user.text or "root"):
            continue
        switches += 1
        if switches > _MANY:
            word = step.instruction.arguments[0]
            yield Hit(
                f"switches the user for the {_ordinal(switches)} time", (word.start, word.end),
                evidence=f"switch {switches}",
            )  # fmt: skip


def _ordinal(number: int) -> str:
    words = {3: "third", 4: "fourth", 5: "fifth"}
    return words.get(number, f"{number}th")


@step_rule(
    "su-used",
    instructions=("RUN", "CMD", "ENTRYPOINT"),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Switch the user with USER; in an entry point that has to begin as root, use setpriv.",
)
def su_used(step: Step, context: Context) -> Hits:
    """The user of a container is not to be switched with su.

    Reports su and runuser in RUN and, with medium severity, in CMD and ENTRYPOINT.

    Why:

    su is made for terminals. It stays in front of the program, so that signals do not arrive and
    zombies stay, and the container has to begin as root. In a build USER says the same, for every
    reader of the file to see.

    Bad:

        FROM debian:12.11
        CMD ["su", "app", "-c", "/bin/app"]

    Good:

        FROM debian:12.11
        USER 10001
        CMD ["/bin/app"]

    Not reported:
    gosu, su-exec and setpriv: they put the program into their own place.
    """
    for script in step.scripts:
        for command in script.commands:
            if command.name in ("su", "runuser"):
                word = command.words[0]
                at_run_time = step.name != "RUN"
                yield Hit(
                    f"calls {command.name}",
                    (word.start, word.end),
                    severity=Severity.MEDIUM if at_run_time else None,
                    evidence=" ".join(one.text for one in command.words),
                )
