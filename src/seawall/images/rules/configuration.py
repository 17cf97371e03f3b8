"""Rules about what an image is configured to do."""

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.images.facts import Image
from seawall.images.names import SHELLS
from seawall.images.rule import Context, image_rule, in_config


@image_rule(
    "image-without-healthcheck",
    profile=OPT_IN,
    severity=Severity.INFO,
    remedy="Add a HEALTHCHECK where the image runs in Docker; Kubernetes has probes of its own.",
    aliases=("CIS-DI-0006", "DS-0026", "docker-bench:4.6"),
)
def image_without_healthcheck(image: Image, context: Context) -> Hits:
    """An image should tell how to see that it works.

    Reports an image without HEALTHCHECK.

    Why:

    Docker and Swarm take a container that hangs for one that works, unless it says how to tell.

    Bad:

        config: {}

    Good:

        config:
          Healthcheck:
            Test: ["CMD", "/app", "health"]

    Not reported:
    By default; Kubernetes does not look at it.
    """
    if image.configuration.is_known and not image.configuration.has_healthcheck:
        yield Hit("tells no way to see that it works", in_config("Healthcheck"))


@image_rule(
    "image-offers-ssh",
    severity=Severity.MEDIUM,
    remedy="Leave the SSH server out: docker exec and kubectl exec need none.",
    aliases=("DS-0004",),
)
def image_offers_ssh(image: Image, context: Context) -> Hits:
    """Images should not offer a login by SSH.

    Reports an image that exposes port 22.

    Why:

    An SSH server is a second way in, with keys and passwords of its own that nobody rotates and
    logins that no audit of the cluster sees.

    Bad:

        config:
          ExposedPorts: {"22/tcp": {}}

    Good:

        config:
          ExposedPorts: {"8080/tcp": {}}
    """
    for port in image.configuration.ports:
        number, _, protocol = port.partition("/")
        if number == "22" and protocol in ("", "tcp"):
            yield Hit("exposes port 22 (SSH)", in_config("ExposedPorts", port), evidence=port)


@image_rule(
    "image-sensitive-volume",
    severity=Severity.MEDIUM,
    remedy="Remove the volume: mount what is needed when the container is started.",
    aliases=("DKL-DI-0002",),
)
def image_sensitive_volume(image: Image, context: Context) -> Hits:
    """Images must not declare directories of the system as volumes.

    Reports the volumes ``/``, ``/etc``, ``/usr``, ``/bin``, ``/sbin``, ``/lib``, ``/dev``,
    ``/proc``, ``/sys``, ``/boot``, ``/root`` and Docker's socket.

    Why:

    A volume is writable and outlives the container, even where the root file system is read-only:
    what an attacker puts there runs again.

    Bad:

        config:
          Volumes: {"/etc": {}}

    Good:

        config:
          Volumes: {"/data": {}}
    """
    for volume in image.configuration.volumes:
        if f"/{volume.strip('/')}" in _SENSITIVE:
            yield Hit(
                f"declares {volume} as a volume", in_config("Volumes", volume), evidence=volume
            )


_SENSITIVE = frozenset(
    "/ /bin /boot /dev /etc /lib /lib64 /proc /root /run/docker.sock /sbin /sys /usr "
    "/var/run/docker.sock".split()
)


@image_rule(
    "image-starts-a-shell",
    profile=RELIABILITY,
    severity=Severity.LOW,
    remedy='Write CMD and ENTRYPOINT in the form of a list: ["/app", "--serve"].',
)
def image_starts_a_shell(image: Image, context: Context) -> Hits:
    """An image should start its program itself, not by a shell.

    Reports an image whose process is ``/bin/sh -c`` (what the form without brackets becomes).

    Why:

    The shell is process 1 then, and does not pass on the signals that ask to stop: the program is
    killed after ten seconds in the middle of its work. And the image needs a shell.

    Bad:

        config:
          Cmd: ["/bin/sh", "-c", "/app --serve"]

    Good:

        config:
          Cmd: ["/app", "--serve"]

    Not reported:
    Commands that hand over by ``exec``.
    """
    words = image.configuration.process
    if len(words) < _SHELL_FORM or words[1] not in ("-c", "-ec", "-lc"):
        return
    name = words[0].rpartition("/")[2]
    if name in SHELLS and "exec " not in words[2]:
        part = "Entrypoint" if image.configuration.entrypoint else "Cmd"
        yield Hit(f"starts its program by {words[0]} -c", in_config(part), evidence=words[0])


_SHELL_FORM = 3


@image_rule(
    "image-missing-label",
    severity=Severity.LOW,
    remedy="Add the label.",
    parameters=(Parameter("labels", (), "labels that every image must have"),),
)
def image_missing_label(image: Image, context: Context) -> Hits:
    """An image must have the labels that the team asks for.

    Reports each label of the parameter ``labels`` that an image has not. Off without one.

    Why:

    Labels tell who to ask, where the source is and of which commit an image was made
    (``org.opencontainers.image.source``, ``.revision``).

    Bad:

        config:
          Labels: {}

    Good:

        config:
          Labels: {org.opencontainers.image.source: "https://git.example.org/shop"}

    Parameters:

        labels = ["org.opencontainers.image.source"]
    """
    for label in context.texts(image_missing_label, "labels"):
        if image.configuration.is_known and not image.configuration.labels.get(label):
            yield Hit(f"has no label {label}", in_config("Labels", label), evidence=label)


@image_rule(
    "image-old",
    profile=OPT_IN,
    severity=Severity.LOW,
    remedy="Build it anew, on the newest base.",
    parameters=(Parameter("days", 180, "the age in days from which an image is old"),),
)
def image_old(image: Image, context: Context) -> Hits:
    """An image should be built anew from time to time.

    Reports an image that was made more than 180 days before the run (parameter ``days``).

    Why:

    What its distribution mended since is not in it.

    Bad:

        created: 2020-01-01T00:00:00Z
        config: {}

    Good:

        created: 2026-11-01T00:00:00Z
        config: {}

    Not reported:
    Images without a time, and those with the time 0 that reproducible builds use.
    """
    days = _age(image.configuration.created, context.today)
    limit = context.integer(image_old, "days")
    if days is not None and days > limit:
        day = image.configuration.created[:10]
        yield Hit(f"was made on {day}, {days} days ago", in_config("created"))


def _age(created: str, today: str) -> int | None:
    """Days between two days; ``None`` where one of them is none, or is before 1981."""
    from datetime import date  # noqa: PLC0415 - only for this rule

    try:
        made, now = date.fromisoformat(created[:10]), date.fromisoformat(today[:10])
    except ValueError:
        return None
    return None if made.year <= _NO_TIME else (now - made).days


_NO_TIME = 1980
"""Reproducible builds write 0001, 1970 or 1980 (the first year that zip archives know)."""


@image_rule(
    "image-has-triggers",
    profile=OPT_IN,
    severity=Severity.INFO,
    remedy="Know that images built on it run these instructions, or drop ONBUILD.",
)
def image_has_triggers(image: Image, context: Context) -> Hits:
    """Images should not do things in the builds of others.

    Reports ONBUILD instructions in an image.

    Why:

    They run in every build on top of it, and nothing in that Dockerfile shows them.

    Bad:

        config:
          OnBuild: ["COPY . /app"]

    Good:

        config:
          OnBuild: []
    """
    for trigger in image.configuration.on_build:
        yield Hit(f"has the trigger {trigger[:80]}", in_config("OnBuild"), evidence=trigger)


@image_rule(
    "image-unsafe-path",
    severity=Severity.MEDIUM,
    remedy="Name only absolute directories in PATH.",
)
def image_unsafe_path(image: Image, context: Context) -> Hits:
    """PATH must hold absolute directories only.

    Reports an empty part of PATH, ``.``, and parts that do not begin with ``/``.

    Why:

    Commands are looked up in the current directory then: whoever may write there decides what runs.

    Bad:

        config:
          Env: ["PATH=.:/usr/bin"]

    Good:

        config:
          Env: ["PATH=/usr/local/bin:/usr/bin"]
    """
    value = image.configuration.variable("PATH")
    for part in value.split(":") if value else ():
        if not part.startswith("/"):
            yield Hit(
                f"PATH holds {part or 'an empty part'!r}", in_config("Env", "PATH"), evidence=part
            )
