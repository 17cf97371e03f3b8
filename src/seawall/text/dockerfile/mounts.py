"""The values of ``RUN --mount`` and ``RUN --device``: comma-separated fields."""

import re
from collections.abc import Callable

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.text.dockerfile.golang import did_you_mean, parse_bool, parse_unsigned, quote

_TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
_SHARING = ("shared", "private", "locked")
_KEYS = (
    "type", "from", "source", "target", "readonly", "id", "sharing", "required", "size", "mode",
    "uid", "gid", "src", "dst", "destination", "ro", "rw", "readwrite", "env",
)  # fmt: skip
_ALIASES = {
    "src": "source",
    "dst": "target",
    "destination": "target",
    "ro": "readonly",
    "rw": "readwrite",
}


class MountError(Exception):
    """A value that BuildKit refuses; the message is its own."""


class Mount(NamedTuple):
    """``RUN --mount=...`` with BuildKit's defaults; ``size`` in bytes, 0 without a limit."""

    type: str = "bind"
    source_stage: str = ""
    source: str = ""
    target: str = ""
    readonly: bool = False
    size: int = 0
    id: str = ""
    sharing: str = ""
    required: bool = False
    environment: str | None = None
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None


def fields(value: str, what: str) -> list[str]:
    """The fields of one line of CSV.

    Raises:
        MountError: quotes are not as CSV wants them.
    """
    if '"' not in value and value[-1:] not in {"\n", ""}:
        return value.split(",")
    try:
        return _quoted_fields(value)
    except MountError as error:
        raise MountError(f"failed to parse csv {what}: {error}") from None


def _quoted_fields(value: str) -> list[str]:
    value = value.removesuffix("\n").removesuffix("\r") if value.endswith("\n") else value
    if not value:
        raise MountError("EOF")
    result: list[str] = []
    at = 0
    while True:
        if not value.startswith('"', at):
            end = value.find(",", at)
            field = value[at:] if end < 0 else value[at:end]
            if '"' in field:
                raise _csv(value, at + field.index('"'), 'bare " in non-quoted-field')
            result.append(field)
            if end < 0:
                return result
            at = end + 1
            continue
        text, at = _quoted_field(value, at + 1)
        result.append(text)
        if at >= len(value):
            return result
        at += 1


def _quoted_field(value: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    while True:
        end = value.find('"', at)
        if end < 0:
            raise _csv(value, at, 'extraneous or missing " in quoted-field')
        parts.append(value[at:end])
        at = end + 1
        if value.startswith('"', at):
            parts.append('"')
            at += 1
        elif at == len(value) or value[at] == ",":
            return "".join(parts), at
        else:
            raise _csv(value, at - 1, 'extraneous or missing " in quoted-field')


def _csv(value: str, at: int, problem: str) -> MountError:
    column = len(value[:at].encode("utf-8", "surrogateescape")) + 1
    return MountError(f"parse error on line 1, column {column}: {problem}")


def check_mount(value: str) -> None:
    """What BuildKit checks of a mount before it knows any variable.

    Raises:
        MountError: no CSV, or a variable in ``from``.
    """
    for field in fields(value, "mounts"):
        key, mark, text = field.partition("=")
        dollar = text.find("$")
        if mark and key.lower() == "from" and 0 <= dollar < len(text) - 1:
            reason = "doesn't support variable expansion, define alias stage instead"
            raise MountError(f"'from' {reason}")


def parse_mount(value: str, expand: Callable[[str], str] = str) -> Mount:
    """A mount with its variables expanded.

    Raises:
        MountError: a key, a value or a combination of them that BuildKit refuses.
    """
    mount = Mount()
    readonly_set = False
    for field in fields(value, "mounts"):
        key, mark, text = field.partition("=")
        key = key.lower()
        if not mark:
            mount, readonly_set = _bare(mount, key, field, readonly_set=readonly_set)
            continue
        key_name = _ALIASES.get(key, key)
        readonly_set = readonly_set or key_name in {"readonly", "readwrite"}
        mount = _set(mount, key, key_name, expand(text), field)
    if mount.type not in {"secret", "ssh", "cache"}:
        for name in ("mode", "uid", "gid"):
            if getattr(mount, name) is not None:
                raise MountError(f"{name} not allowed for {quote(mount.type)} type mounts")
    if not readonly_set:
        mount = mount._replace(readonly=mount.type not in {"cache", "tmpfs"})
    _check_combination(mount)
    return mount


def _bare(mount: Mount, key: str, field: str, *, readonly_set: bool) -> tuple[Mount, bool]:
    if key in {"readonly", "ro"}:
        return mount._replace(readonly=True), True
    if key in {"readwrite", "rw"}:
        return mount._replace(readonly=False), True
    if key == "required":
        if mount.type in {"secret", "ssh"}:
            return mount._replace(required=True), readonly_set
        raise MountError(f"unexpected key '{key}' for mount type '{mount.type}'")
    raise MountError(f"invalid field '{field}' must be a key=value pair")


def _set(mount: Mount, key: str, name: str, value: str, field: str) -> Mount:  # noqa: C901, PLR0912 - one branch for each key
    if name == "type":
        if value.lower() not in _TYPES:
            reason = f"unsupported mount type {quote(value)}"
            raise MountError(did_you_mean(reason, value, _TYPES))
        return mount._replace(type=value.lower())
    if name == "from":
        return mount._replace(source_stage=value)
    if name == "source":
        return mount._replace(source=value)
    if name == "target":
        return mount._replace(target=value)
    if name == "readonly":
        return mount._replace(readonly=_boolean(key, value))
    if name == "readwrite":
        return mount._replace(readonly=not _boolean(key, value))
    if name == "required" and mount.type in {"secret", "ssh"}:
        return mount._replace(required=_boolean(key, value))
    if name == "size" and mount.type == "tmpfs":
        return mount._replace(size=_size(key, value))
    if name in {"required", "size"}:
        raise MountError(f"unexpected key '{key}' for mount type '{mount.type}'")
    if name == "id":
        return mount._replace(id=value)
    if name == "sharing":
        if value.lower() not in _SHARING:
            reason = f"unsupported sharing value {quote(value)}"
            raise MountError(did_you_mean(reason, value, _SHARING))
        return mount._replace(sharing=value.lower())
    if name in {"mode", "uid", "gid"}:
        number = parse_unsigned(value, 8 if name == "mode" else 10)
        if number is None:
            raise MountError(f"invalid value {value} for {name}")
        if name == "mode":
            return mount._replace(mode=number)
        return mount._replace(uid=number) if name == "uid" else mount._replace(gid=number)
    if name == "env":
        return mount._replace(environment=value)
    raise MountError(did_you_mean(f"unexpected key '{key}' in '{field}'", key, _KEYS))


def _boolean(key: str, value: str) -> bool:
    result = parse_bool(value)
    if result is None:
        raise MountError(f"invalid value for {key}: {value}")
    return result


_NUMBER = pattern(r"(.*[0-9. ])?([^0-9. ]*)", re.DOTALL)
_FLOAT = pattern(r"\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_UNIT = pattern(r"b|([kmgtp])(?:i?b)?", re.IGNORECASE)


def _size(key: str, value: str) -> int:
    """Bytes of ``64m``, ``1.5GiB``, ``100 b``: powers of 1024 (docker/go-units)."""
    found = _NUMBER.fullmatch(value)
    number = (found[1] or "").removesuffix(" ") if found else ""
    unit = _UNIT.fullmatch(found[2]) if found and found[2] else None
    if not _FLOAT.fullmatch(number) or (found and found[2] and unit is None):
        raise MountError(f"invalid value for {key}: {value}")
    power = " kmgtp".index((unit[1] or " ").lower()) if unit else 0
    return int(min(float(number) * 1024**power, 2.0**63 - 1024))


def _check_combination(mount: Mount) -> None:
    if mount.type == "secret":
        if mount.source_stage:
            raise MountError("secret mount should not have a from")
        if mount.sharing:
            raise MountError("secret mount should not define sharing")
        if not mount.source and not mount.target and not mount.id:
            raise MountError("invalid secret mount. one of source, target required")
        if mount.source and mount.id:
            raise MountError("both source and id can't be set")
    if mount.sharing and mount.type != "cache":
        raise MountError(f"invalid cache sharing set for {mount.type} mount")


class Device(NamedTuple):
    """``RUN --device=...``: a CDI device."""

    name: str = ""
    required: bool = False


def parse_device(value: str) -> Device:
    """A device.

    Raises:
        MountError: what BuildKit refuses.
    """
    device = Device()
    for field in fields(value, "devices"):
        key, mark, text = field.partition("=")
        key = key.lower()
        if key == "required":
            device = device._replace(required=_boolean(key, text) if mark else True)
        elif key == "name" and mark:
            if device.name:
                raise MountError(f"device name already set to {device.name}")
            device = device._replace(name=text)
        elif not device.name:
            device = device._replace(name=field)
        elif mark:
            reason = f"unexpected key '{key}' in '{field}'"
            raise MountError(did_you_mean(reason, key, ("name", "required")))
        else:
            raise MountError(f"invalid field '{field}' must be a key=value pair")
    return device
