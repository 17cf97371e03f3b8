"""Rules about labels: the form of their keys, and values that a schema describes."""

import re
from collections.abc import Callable, Iterator

from seawall.core.lazy import pattern
from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits, Parameter, Rule
from seawall.core.severity import Confidence, Severity
from seawall.dockerfile import instruction_edits as edits
from seawall.dockerfile.rule import Context, file_rule, step_rule
from seawall.dockerfile.stages import Build, Setting, Step
from seawall.text.dockerfile.tree import Pair

_RESERVED = ("com.docker.", "io.docker.", "org.dockerproject.")
_SCHEMA_HELP = "labels and the types of their values, as name:type"

_URL = pattern(
    r"([A-Za-z][A-Za-z0-9+.-]*):(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
)
_TIME = pattern(
    r"(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)"
)
_HASH = pattern(r"[0-9a-f]{7,40}|[0-9a-f]{64}")
_NUMBER = r"(?:0|[1-9]\d*)"
_IDENTIFIER = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = pattern(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_EMAIL = pattern(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


def _is_url(text: str) -> bool:
    found = _URL.fullmatch(text)
    return found is not None and (
        found[1].lower() not in {"http", "https"} or re.match(r"\w+://[^/?#]", text) is not None
    )


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    from datetime import date  # noqa: PLC0415 - 2 ms, only where there is a date

    try:
        date.fromisoformat(found[1])
    except ValueError:
        return False
    return True


def _is_license(text: str) -> bool:
    from seawall.dockerfile.spdx import unknown_license  # noqa: PLC0415 - a long list

    return not unknown_license(text)


TYPES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "email": ("e-mail address", lambda text: _EMAIL.fullmatch(text) is not None),
    "hash": ("git commit", lambda text: _HASH.fullmatch(text) is not None),
    "rawtext": ("text", lambda _: True),
    "rfc3339": ("time as RFC 3339 has it", _is_time),
    "semver": ("semantic version", lambda text: _VERSION.fullmatch(text) is not None),
    "spdx": ("SPDX licence expression", _is_license),
    "text": ("text", bool),
    "url": ("address", _is_url),
}
"""The types of a schema: what each is called, and whether a value is one."""

_OCI = "org.opencontainers.image."
_STANDARD = {
    f"{_OCI}created": "rfc3339",
    f"{_OCI}documentation": "url",
    f"{_OCI}licenses": "spdx",
    f"{_OCI}source": "url",
    f"{_OCI}url": "url",
}
"""What the OCI image specification says of its own keys (annotations.md)."""


def schema_of(rule: Rule, context: Context) -> dict[str, str]:
    """The schema that a team set for a rule; an item without a type means ``text``."""
    result = {}
    for item in context.texts(rule, "schema"):
        name, _, kind = item.rpartition(":")
        result[name or kind] = kind if name and kind in TYPES else "text"
    return result


def _labels(step: Step) -> Iterator[tuple[Pair, Setting]]:
    for pair, setting in zip(step.instruction.pairs, step.settings, strict=False):
        if setting.key.known:
            yield pair, setting


@step_rule(
    "label-key-format",
    instructions=("LABEL",),
    severity=Severity.INFO,
    profile=RELIABILITY,
    remedy="Use small letters, digits, dots and hyphens, with a domain of your own in front.",
    aliases=("DL3048",),
)
def label_key_format(step: Step, context: Context) -> Hits:
    """The keys of labels must have the form that Docker's guidelines ask for.

    Reports keys that do not begin with a small letter and end with one or a digit, that hold other
    characters than those and ``.``, ``-``, ``_`` and ``/``, or ``..`` or ``--``, and keys in
    namespaces that Docker keeps for itself.

    Why:

    Tools look labels up by exact keys, and filters on the command line stumble over odd ones.

    Bad:

        FROM alpine:3.22
        LABEL "Vendor Name"="Example"

    Good:

        FROM alpine:3.22
        LABEL org.example.vendor="Example"

    References:
    https://docs.docker.com/engine/manage-resources/labels/
    """
    for pair, setting in _labels(step):
        key = setting.key.text
        problem = _key_problem(key)
        if problem:
            yield Hit(f"the key {key} {problem}", edits.place(pair.key))


def _key_problem(key: str) -> str:
    if key.startswith(_RESERVED):
        return "is in a namespace of Docker's own"
    if not re.fullmatch(r"[a-z0-9._/-]*", key):
        return "holds other characters than small letters, digits and . - _ /"
    if ".." in key or "--" in key:
        return "repeats a separator"
    if not re.fullmatch(r"[a-z](?:.*[a-z0-9])?", key):
        return "does not begin with a letter and end with a letter or digit"
    return ""


@step_rule(
    "label-type",
    instructions=("LABEL",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Give the label a value of its type.",
    aliases=("DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"),
    parameters=(Parameter("schema", (), _SCHEMA_HELP),),
)
def label_type(step: Step, context: Context) -> Hits:
    """The value of a label must be of the label's type.

    Reports values that are not what the schema says: ``url``, ``rfc3339``, ``spdx``, ``hash``,
    ``semver``, ``email``, ``text`` (not empty) or ``rawtext`` (anything). Without a schema it knows
    the keys of the OCI image specification that have a type.

    Why:

    Registries and scanners read these labels: a time that is none is left out, a licence that is
    none is unknown.

    Bad:

        FROM alpine:3.22
        LABEL org.opencontainers.image.created="yesterday"

    Good:

        FROM alpine:3.22
        LABEL org.opencontainers.image.created="2026-01-31T12:00:00Z"

    Parameters:

        schema = ["version:semver", "contact:email"]

    Not reported:
    Values with variables without a known value.

    References:
    https://github.com/opencontainers/image-spec/blob/main/annotations.md
    """
    schema = {**_STANDARD, **schema_of(label_type, context)}
    for pair, setting in _labels(step):
        kind = schema.get(setting.key.text, "rawtext")
        value = setting.value
        name, accepts = TYPES[kind]
        if value is None or not value.known or kind == "rawtext":
            continue
        key = setting.key.text
        at = edits.place(pair.value or pair.key)
        if not value.text:
            yield Hit(f"the label {key} is empty", at, evidence=f"{key}=")
        elif not accepts(value.text):
            message = f"the label {key} is {value.text[:80]}, which is no {name}"
            yield Hit(message, at, evidence=f"{key}={value.text[:80]}")


@file_rule(
    "label-required",
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Set the label with LABEL in the final stage.",
    aliases=("DL3049",),
    parameters=(Parameter("schema", (), _SCHEMA_HELP),),
)
def label_required(build: Build, context: Context) -> Hits:
    """An image must have the labels that the team requires.

    Reports labels of the schema that neither the final stage nor one it builds on sets.

    Why:

    Who runs the image wants to know whose it is and what it was built from.

    Bad:

        FROM alpine:3.22
        LABEL title="shop"

    Good:

        FROM alpine:3.22
        LABEL contact="team@example.org"

    Parameters:

        schema = ["contact:email"]

    Not reported:
    Other stages. The base image may have the label, so the confidence is medium.
    """
    final = build.final
    if final is None:
        return
    confidence = Confidence.HIGH if final.root.is_scratch else Confidence.MEDIUM
    for name in schema_of(label_required, context):
        if name not in final.config.labels:
            at = edits.place(final.instruction.keyword)
            yield Hit(f"has no label {name}", at, confidence=confidence, container=final.label,
                      evidence=name)  # fmt: skip


@step_rule(
    "label-strict",
    instructions=("LABEL",),
    severity=Severity.INFO,
    profile=OPT_IN,
    remedy="Delete the label, or add it to the schema.",
    aliases=("DL3050",),
    parameters=(Parameter("schema", (), _SCHEMA_HELP),),
)
def label_strict(step: Step, context: Context) -> Hits:
    """An image must have no other labels than those of the schema.

    Reports labels that the schema does not name. Without a schema it reports nothing.

    Why:

    A typing error in a key makes a label that nobody reads.

    Bad:

        FROM alpine:3.22
        LABEL conatct="team@example.org"

    Good:

        FROM alpine:3.22
        LABEL contact="team@example.org"

    Parameters:

        schema = ["contact:email"]
    """
    schema = schema_of(label_strict, context)
    for pair, setting in _labels(step):
        if schema and setting.key.text not in schema:
            message = f"the label {setting.key.text} is not in the schema"
            yield Hit(message, edits.place(pair.key))
