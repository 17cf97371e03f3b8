"""What each instruction must look like, as BuildKit's second phase checks it, in its words."""

from collections.abc import Callable
from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.text.dockerfile.golang import (
    SPACES,
    did_you_mean,
    parse_duration,
    parse_int,
    quote,
    suggestions,
    valid,
)
from seawall.text.dockerfile.heredocs import is_heredoc
from seawall.text.dockerfile.mounts import MountError, check_mount, parse_device
from seawall.text.dockerfile.tree import Flag, Instruction, Word

Refusal = tuple[str, int, int]
"""The reason, and the range that it is about."""

_BOOLEAN, _TEXT, _LIST = "boolean", "text", "list"

FLAGS: dict[str, dict[str, str]] = {
    "ADD": {
        "chown": _TEXT, "chmod": _TEXT, "link": _BOOLEAN, "keep-git-dir": _BOOLEAN,
        "checksum": _TEXT, "unpack": _BOOLEAN, "exclude": _LIST,
    },
    "COPY": {
        "chown": _TEXT, "from": _TEXT, "chmod": _TEXT, "link": _BOOLEAN, "exclude": _LIST,
        "parents": _BOOLEAN,
    },
    "FROM": {"platform": _TEXT},
    "HEALTHCHECK": {
        "interval": _TEXT, "timeout": _TEXT, "start-period": _TEXT, "start-interval": _TEXT,
        "retries": _TEXT,
    },
    "RUN": {"device": _LIST, "mount": _LIST, "network": _TEXT, "security": _TEXT},
}  # fmt: skip
"""The flags that instructions take; other instructions take none."""

_STAGE_NAME = pattern(r"[a-z][a-z0-9-_.]*")
_MILLISECOND = 10**6


def check(instruction: Instruction) -> Refusal | None:
    """Why BuildKit refuses an instruction that its line parser accepted."""
    checker = _CHECKERS.get(instruction.name)
    if checker is not None:
        return checker(instruction)
    name = instruction.keyword.text
    found = _suggestions(name.lower())
    reason = f"unknown instruction: {name}"
    if found:
        reason += f" (did you mean {_case_of(name, found[0])}?)"
    return reason, instruction.keyword.start, instruction.keyword.end


@lru_cache(maxsize=256)
def _suggestions(name: str) -> list[str]:
    return suggestions(name, _NAMES_LOWER)


def _case_of(written: str, name: str) -> str:
    if written == written.lower():
        return name
    return name.upper() if written == written.upper() else name


def _all(instruction: Instruction, reason: str) -> Refusal:
    return reason, instruction.start, instruction.end


def _at(place: Word | Flag, reason: str) -> Refusal:
    return reason, place.start, place.end


def check_flags(instruction: Instruction) -> Refusal | None:
    """Why BuildKit refuses the flags of an instruction."""
    if not instruction.flags:
        return None
    known = FLAGS.get(instruction.name, {})
    used: set[str] = set()
    for flag in instruction.flags:
        kind = known.get(flag.name)
        name = f"--{flag.name}"
        if kind is None:
            reason = did_you_mean(f"unknown flag: {name}", flag.name, list(known))
            return _at(flag, reason)
        if flag.name in used and kind != _LIST:
            return _at(flag, f"duplicate flag specified: {name}")
        used.add(flag.name)
        if kind == _BOOLEAN:
            if flag.value == "":
                return _at(flag, f"missing a value on flag: {name}")
            if flag.value is not None and flag.value.lower() not in {"true", "false"}:
                reason = f"expecting boolean value for flag {name}, not: {flag.value}"
                return _at(flag, reason)
        elif flag.value is None:
            return _at(flag, f"missing a value on flag: {name}")
    return None


def _exactly_one(instruction: Instruction) -> Refusal | None:
    if not instruction.arguments:
        return _all(instruction, f"{instruction.name} requires exactly one argument")
    return check_flags(instruction)


def _stop_signal(instruction: Instruction) -> Refusal | None:
    if not instruction.arguments:
        return _all(instruction, "STOPSIGNAL requires exactly one argument")
    return None  # its flags are ignored, as are those of ARG


def _at_least_one(instruction: Instruction) -> Refusal | None:
    if not instruction.arguments:
        return _all(instruction, f"{instruction.name} requires at least one argument")
    return check_flags(instruction)


def _key_values(instruction: Instruction) -> Refusal | None:
    refused = check_flags(instruction)
    if refused is not None:
        return refused
    if not instruction.pairs:
        return _all(instruction, f"{instruction.name} requires at least one argument")
    for pair in instruction.pairs:
        if not pair.key.text:
            return _at(pair.key, f"{instruction.name} names can not be blank")
    return None


def _arg(instruction: Instruction) -> Refusal | None:
    if not instruction.pairs:
        return _all(instruction, "ARG requires at least one argument")
    for pair in instruction.pairs:
        if not pair.key.text and pair.value is not None:
            return _at(pair.key, "ARG names can not be blank")
    return None


def _copy(instruction: Instruction) -> Refusal | None:
    words = instruction.arguments
    name = instruction.name
    if len(words) < 2:
        reason = f"{name} requires at least two arguments, but only one was provided. "
        return _all(instruction, reason + "Destination could not be determined")
    refused = check_flags(instruction)
    if refused is not None:
        return refused
    if is_heredoc(words[-1].text):
        return _at(words[-1], f"{name} cannot accept a heredoc as a destination")
    return None


def _from(instruction: Instruction) -> Refusal | None:
    words = instruction.arguments
    if len(words) == 3 and words[1].text.casefold() == "as":
        if not _STAGE_NAME.fullmatch(words[2].text.lower()):
            reason = f"invalid name for build stage: {quote(words[2].text)}, "
            return _at(words[2], reason + "name can't start with a number or contain symbols")
    elif len(words) != 1:
        return _all(instruction, "FROM requires either one or three arguments")
    return check_flags(instruction)


def _onbuild(instruction: Instruction) -> Refusal | None:
    if instruction.inner is None:
        return _all(instruction, "ONBUILD requires at least one argument")
    refused = check_flags(instruction)
    if refused is not None:
        return refused
    trigger = instruction.inner.keyword
    name = trigger.text.strip(SPACES).upper()
    if name == "ONBUILD":
        return _at(trigger, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if name in {"MAINTAINER", "FROM"}:
        return _at(trigger, f"{name} isn't allowed as an ONBUILD trigger")
    return None


def _run(instruction: Instruction) -> Refusal | None:
    refused = check_flags(instruction)
    if refused is not None:
        return refused
    for name in ("device", "mount"):
        for flag in instruction.flags:
            if flag.name == name:
                try:
                    parse = parse_device if name == "device" else check_mount
                    parse(flag.value or "")
                except MountError as error:
                    return _at(flag, str(error))
    for name, values, reason in _RUN_CHOICES:
        flag_found = instruction.flag(name)
        if flag_found is not None and flag_found.value not in values:
            return _at(flag_found, reason.format(quote(flag_found.value or "")))
    return None


_RUN_CHOICES = (
    ("network", ("default", "none", "host"), "invalid network mode {}"),
    ("security", ("insecure", "sandbox"), "security {} is not valid"),
)


def _shell(instruction: Instruction) -> Refusal | None:
    refused = check_flags(instruction)
    if refused is not None:
        return refused
    if not instruction.arguments:
        return _all(instruction, "SHELL requires at least one argument")
    if not instruction.is_json:
        return _at(instruction.rest, "SHELL requires the arguments to be in JSON form")
    return None


def _volume(instruction: Instruction) -> Refusal | None:
    refused = _at_least_one(instruction)
    if refused is not None:
        return refused
    for word in instruction.arguments:
        if not word.text.strip(SPACES):
            return _at(word, "VOLUME specified can not be an empty string")
    return None


def _health_check(instruction: Instruction) -> Refusal | None:  # noqa: C901 - a list of checks
    if not instruction.arguments:
        return _all(instruction, "HEALTHCHECK requires at least one argument")
    kind, *command = instruction.arguments
    name = valid(kind.text.upper())
    if name == "NONE":
        if command:
            return _at(command[0], "HEALTHCHECK NONE takes no arguments")
        return None
    refused = check_flags(instruction)
    if refused is not None:
        return refused
    if name != "CMD":
        return _at(kind, f"Unknown type {quote(name)} in HEALTHCHECK (try CMD)")
    if not command:
        return _all(instruction, "Missing command after HEALTHCHECK CMD")
    for option in ("interval", "timeout", "start-period", "start-interval"):
        flag = instruction.flag(option)
        problem = _interval(option, flag.value or "") if flag else ""
        if flag and problem:
            return _at(flag, problem)
    flag = instruction.flag("retries")
    if flag and flag.value:
        retries = parse_int(flag.value, 32)
        if isinstance(retries, str):
            return _at(flag, retries)
        if retries < 0:
            return _at(flag, f"--retries cannot be negative ({retries})")
    return None


def _interval(name: str, value: str) -> str:
    if not value:
        return ""
    duration = parse_duration(value)
    if isinstance(duration, str):
        return duration
    if duration and duration < _MILLISECOND:
        return f"Interval {quote(name)} cannot be less than 1ms"
    return ""


_CHECKERS: dict[str, Callable[[Instruction], Refusal | None]] = {
    "ADD": _copy,
    "ARG": _arg,
    "CMD": check_flags,
    "COPY": _copy,
    "ENTRYPOINT": check_flags,
    "ENV": _key_values,
    "EXPOSE": _at_least_one,
    "FROM": _from,
    "HEALTHCHECK": _health_check,
    "LABEL": _key_values,
    "MAINTAINER": _exactly_one,
    "ONBUILD": _onbuild,
    "RUN": _run,
    "SHELL": _shell,
    "STOPSIGNAL": _stop_signal,
    "USER": _exactly_one,
    "VOLUME": _volume,
    "WORKDIR": _exactly_one,
}

INSTRUCTIONS = frozenset(_CHECKERS)
"""The names of all instructions."""

_NAMES_LOWER = tuple(name.lower() for name in sorted(INSTRUCTIONS))
