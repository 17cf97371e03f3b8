"""Which system a stage builds on, and so which shell its ``/bin/sh`` is.

The image's name and tag tell it, else the package managers that its RUNs call.
"""

import re
from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.dockerfile.package_commands import managers_used
from seawall.dockerfile.scripts import shell_language
from seawall.dockerfile.stages import Stage, Step

DEBIAN, ALPINE, RED_HAT, SUSE, ARCH, BUSYBOX = (
    "debian", "alpine", "red hat", "suse", "arch", "busybox",
)  # fmt: skip
DASH, ASH, BASH = "dash", "ash", "bash"

_BY_IMAGE = {
    "debian": DEBIAN, "ubuntu": DEBIAN, "buildpack-deps": DEBIAN, "alpine": ALPINE,
    "busybox": BUSYBOX, "fedora": RED_HAT, "centos": RED_HAT, "rockylinux": RED_HAT,
    "rockylinux/rockylinux": RED_HAT, "almalinux": RED_HAT, "amazonlinux": RED_HAT,
    "oraclelinux": RED_HAT, "photon": RED_HAT, "archlinux": ARCH,
}  # fmt: skip
"""Docker's official images of systems, and their closest kin."""
_DEBIAN_BY_DEFAULT = frozenset(
    "python node ruby golang php rust perl nginx httpd redis postgres mysql mariadb mongo tomcat "
    "gcc openjdk maven gradle erlang elixir haskell julia drupal wordpress rabbitmq memcached "
    "haproxy jetty groovy pypy eclipse-temurin r-base swift cassandra elasticsearch kibana "
    "logstash neo4j solr telegraf influxdb".split()
)
"""Official images whose tags without a system's name are Debian or Ubuntu."""
_NOT_DEBIAN = {"mysql": RED_HAT}  # Oracle Linux since 8.0
_DEBIAN_TAG = pattern(
    r"(?:^|[-.])(?:slim|debian|ubuntu|jessie|stretch|buster|bullseye|bookworm|trixie|sid|xenial"
    r"|bionic|focal|jammy|noble)(?:$|[-.\d])"
)
_RED_HAT_IMAGE = pattern(r"(?:^|[/-])(?:ubi\d*|ubi\d+-[a-z]+|rhel\d*|centos)(?:$|[/-])")
_SUSE_IMAGE = pattern(r"(?:^|/)(?:opensuse|suse|bci)(?:$|/)")
_SHELLS = {
    DEBIAN: DASH, ALPINE: ASH, BUSYBOX: ASH, RED_HAT: BASH, SUSE: BASH, ARCH: BASH
}  # fmt: skip
_BY_MANAGER = {
    "apt": DEBIAN, "apk": ALPINE, "yum": RED_HAT, "dnf": RED_HAT, "zypper": SUSE, "pacman": ARCH
}  # fmt: skip


@lru_cache(maxsize=16)  # the stages of the file at hand: several rules ask
def system_of(stage: Stage) -> str:
    """The system of a stage, empty where nothing tells it."""
    image = stage.root.image
    if image is not None and stage.root.base_name.known:
        found = _by_image(image.name, image.tag)
        if found:
            return found
    systems = {_BY_MANAGER[name] for name in managers_used(stage) if name in _BY_MANAGER}
    return systems.pop() if len(systems) == 1 else ""


def _by_image(name: str, tag: str) -> str:
    short = name.rpartition("/")[2]
    if name in _BY_IMAGE:
        return _BY_IMAGE[name]
    if "alpine" in tag or short.startswith("alpine"):
        return ALPINE
    if _DEBIAN_TAG.search(tag):
        return DEBIAN
    if _RED_HAT_IMAGE.search(name) or re.search(r"(?:^|[-.])(?:ubi|el|oracle)\d*", tag):
        return RED_HAT
    if _SUSE_IMAGE.search(name):
        return SUSE
    if name in _NOT_DEBIAN:
        return _NOT_DEBIAN[name]
    return DEBIAN if name in _DEBIAN_BY_DEFAULT else ""


def shell_of(step: Step) -> str:
    """The shell that reads a step's shell form: as SHELL names it, ``bash``, ``zsh`` ...

    For ``sh`` it is the one of the base system, empty where that is not known.
    """
    language = shell_language(step)
    if language != "sh":
        return language
    return _SHELLS.get(system_of(step.stage), "")
