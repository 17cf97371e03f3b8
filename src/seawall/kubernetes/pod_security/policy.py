"""Levels, policy versions and the namespace labels that choose them."""

from seawall.core.named_tuple import NamedTuple
from seawall.kubernetes.pod_security.pod import Fields, mapping
from seawall.kubernetes.pod_security.wording import go_quote

PRIVILEGED = "privileged"
BASELINE = "baseline"
RESTRICTED = "restricted"

LEVELS = (PRIVILEGED, BASELINE, RESTRICTED)

NEWEST_MINOR = 37

LATEST = f"v1.{NEWEST_MINOR}"
"""The newest policy version known here; "latest" and every newer version mean this one."""

LABEL_PREFIX = "pod-security.kubernetes.io/"

_LATEST_NAME = "latest"

_INT64_MAX = 2**63 - 1


class LevelVersion(NamedTuple):
    """A level, and a policy version that is "latest" or of the form "v1.N"."""

    level: str
    version: str

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"


class NamespacePolicy(NamedTuple):
    """What the labels of a namespace ask for, and what is wrong with them."""

    enforce: LevelVersion
    audit: LevelVersion
    warn: LevelVersion
    errors: tuple[tuple[str, str], ...]


def version_minor(version: object) -> int | None:
    """N of a policy version "v1.N", the newest for "latest", None for anything else.

    KEP-2579 allows no other form: no patch level, no leading zero, no other major version.
    """
    if not isinstance(version, str):
        return None
    if version == _LATEST_NAME:
        return NEWEST_MINOR
    digits = version[3:]
    if not version.startswith("v1.") or not (digits.isascii() and digits.isdigit()):
        return None
    # The server reads the number as an int64, the longest of which has 19 digits.
    if (digits[0] == "0" and digits != "0") or len(digits) > 19:
        return None
    minor = int(digits)
    return minor if minor <= _INT64_MAX else None


def effective_minor(version: object) -> int:
    """The minor version whose rules apply.

    A version newer than the rules known here gets the newest rules, and an unreadable one too,
    as an unreadable version label does in the API server.
    """
    minor = version_minor(version)
    return NEWEST_MINOR if minor is None else min(minor, NEWEST_MINOR)


def namespace_policy(labels: object) -> NamespacePolicy:
    """The policy that a namespace's labels ask for, in a cluster without other defaults.

    Source: the Pod Security Admission page of the Kubernetes documentation
    (https://kubernetes.io/docs/concepts/security/pod-security-admission/) and KEP-2579, as the
    API server does it since 1.25. An invalid ``enforce`` level means restricted, so that a typing
    error lets nothing in; an invalid ``audit`` or ``warn`` level means privileged, because those
    two protect nothing and would only make noise. An invalid version means "latest". Without a
    ``warn`` label the warnings follow a valid ``enforce`` label.

    The messages in ``errors`` are the server's, except for a value that is not a string: there
    the server refuses the whole namespace, and here the label counts as absent.
    """
    found = mapping(labels)
    errors: list[tuple[str, str]] = []
    enforce, enforce_is_valid = _level(found, "enforce", RESTRICTED, errors)
    enforce_version = _version(found, "enforce", errors)
    audit, _ = _level(found, "audit", PRIVILEGED, errors)
    audit_version = _version(found, "audit", errors)
    warn, _ = _level(found, "warn", PRIVILEGED, errors)
    warn_version = _version(found, "warn", errors)

    if warn is None and enforce_is_valid and enforce != PRIVILEGED:
        warn = enforce
        if warn_version is None:
            warn_version = enforce_version

    return NamespacePolicy(
        LevelVersion(enforce or PRIVILEGED, enforce_version or _LATEST_NAME),
        LevelVersion(audit or PRIVILEGED, audit_version or _LATEST_NAME),
        LevelVersion(warn or PRIVILEGED, warn_version or _LATEST_NAME),
        tuple(errors),
    )


def _level(
    labels: Fields, mode: str, fallback: str, errors: list[tuple[str, str]]
) -> tuple[str | None, bool]:
    key = LABEL_PREFIX + mode
    value = _label(labels, key, errors)
    if value is None or value in LEVELS:
        return value, value is not None
    errors.append((key, f"Invalid value: {go_quote(value)}: must be one of {', '.join(LEVELS)}"))
    return fallback, False


def _version(labels: Fields, mode: str, errors: list[tuple[str, str]]) -> str | None:
    key = f"{LABEL_PREFIX}{mode}-version"
    value = _label(labels, key, errors)
    if value is None or version_minor(value) is not None:
        return value
    errors.append((key, f'Invalid value: {go_quote(value)}: must be "latest" or "v1.x"'))
    return _LATEST_NAME


def _label(labels: Fields, key: str, errors: list[tuple[str, str]]) -> str | None:
    if key not in labels:
        return None
    value = labels[key]
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    errors.append((key, "the value of a label must be a string"))
    return None
