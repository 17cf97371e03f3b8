"""What is installed beside seawall: distributions, extras, programs. No network, nothing loaded."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seawall.core.lazy import pattern

_REQUIREMENT = pattern(r"([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*\(?([^;()]*)\)?\s*(?:;(.*))?")
_EXTRA = pattern(r"""extra\s*==\s*["']([^"']+)["']""")
_AT_LEAST = pattern(r">=\s*([0-9.]+)")
_VERSION = pattern(r"[0-9]+(?:\.[0-9A-Za-z-]+)+")
_PATIENCE = 10.0
"""Seconds in which a program must tell its version."""


class Distribution(NamedTuple):
    """Something seawall depends on; ``version`` is empty where it is not installed."""

    name: str
    needs: str
    version: str
    extra: str = ""
    """The extra that brings it; empty for what is always needed."""

    @property
    def problem(self) -> str:
        """What is wrong with it; empty when nothing is."""
        if not self.version:
            return "is not installed"
        least = _AT_LEAST.search(self.needs)
        if least and _numbers(self.version) < _numbers(least[1]):
            return f"is older than {least[1]}"
        return ""


class Program(NamedTuple):
    """A program of others; ``path`` is empty where there is none, ``version`` where it is mute."""

    name: str
    path: str
    version: str


def distributions(requirements: Sequence[str]) -> list[Distribution]:
    """Each requirement (PEP 508) with what is installed of it."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - only here

    found = []
    for requirement in requirements:
        match = _REQUIREMENT.fullmatch(requirement.strip())
        if match is None:
            continue
        name, needs, marker = match[1], match[2].strip(), match[3] or ""
        extra = _EXTRA.search(marker)
        try:
            present = version(name)
        except PackageNotFoundError:
            present = ""
        found.append(Distribution(name, needs, present, extra[1] if extra else ""))
    return found


def program(name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Program:
    """The first program of a name in PATH; relative entries are left out, as they may be anybody's.

    It is asked for its version with these arguments, without input and with little patience.
    """
    path = ""
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        candidate = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            path = candidate
            break
    if not path:
        return Program(name, "", "")
    try:
        done = subprocess.run(  # noqa: S603 - an absolute path, no shell
            [path, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return Program(name, path, "")
    match = _VERSION.search((done.stdout + done.stderr)[:4096].decode("utf-8", "replace"))
    return Program(name, path, match[0] if match and done.returncode == 0 else "")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
