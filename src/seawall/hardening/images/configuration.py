"""The configuration of the result (OCI image-spec, config.md), and its annotations."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from seawall.hardening.images.secrets import in_variable, without_secrets
from seawall.hardening.images.subject import Subject
from seawall.sources.images.image import BASE_DIGEST, BASE_NAME, mapping
from seawall.sources.images.platforms import Platform, of_host
from seawall.text.credentials import in_setting

Json = dict[str, Any]
_OF_THE_BUILD = ("container", "container_config", "id", "parent", "throwaway")
"""What Docker noted of the container that a step ran in (image spec v1.2): not of this image."""
_STEP = "seawall harden image"
_CREATED = "org.opencontainers.image.created"


class Facts(NamedTuple):
    """What the result is to say of itself."""

    user: str
    diff_ids: tuple[str, ...]
    created: str
    kept: int
    """How many layers stay as they were."""
    has_new: bool
    """Whether a layer was made."""


def configuration(subject: Subject, facts: Facts) -> Json:
    """The document of the result's configuration."""
    old = subject.config.document
    made = {key: value for key, value in old.items() if key not in _OF_THE_BUILD}
    platform = platform_of(subject)
    made["architecture"], made["os"] = platform.architecture, platform.os
    made["config"] = {**mapping(old.get("config")), **({"User": facts.user} if facts.user else {})}
    made["created"] = facts.created
    made["rootfs"] = {"type": "layers", "diff_ids": list(facts.diff_ids)}
    made["history"] = _history(subject, facts)
    return made


def platform_of(subject: Subject) -> Platform:
    """What it runs on; a root file system does not say, so it is what this machine runs."""
    known = subject.image.platform
    host = of_host()
    if known.os and known.architecture:
        return known
    return Platform(known.os or host.os, known.architecture or host.architecture, known.variant)


def _history(subject: Subject, facts: Facts) -> list[Json]:
    """One step for each layer; steps whose layers are gone stay as steps without."""
    steps = []
    found = mapping(subject.config.document).get("history")
    made = 0
    known = [dict(mapping(step)) for step in found] if isinstance(found, list) else []
    layers = sum(step.get("empty_layer") is not True for step in known)
    if layers != len(subject.image.layers):
        known = [{"created_by": f"layer {number + 1}"} for number in range(facts.kept)]
    for step in known:
        if step.get("empty_layer") is not True:
            made += 1
            if made > facts.kept:
                step["empty_layer"] = True
        created_by = step.get("created_by")
        if isinstance(created_by, str):
            step["created_by"] = without_secrets(subject.search, created_by)
        steps.append(step)
    own: Json = {"created": facts.created, "created_by": f"{_STEP} --{subject.options.mode}"}
    if not facts.has_new:
        own["empty_layer"] = True
    return [*steps, own]


def tell_of_configuration(subject: Subject) -> None:
    """Tell of credentials in history (taken out) and environment (left: they may be needed)."""
    told = subject.told
    steps = [
        number + 1 for number, step in enumerate(subject.config.history)
        if without_secrets(subject.search, step.created_by) != step.created_by
    ]  # fmt: skip
    if steps:
        told.done.append(f"took credentials from the history, {_listed('step', steps)}")
    names = [
        name
        for name, value in subject.config.environment
        if in_setting(name, value) is not None or in_variable(subject.search, name, value)
    ]  # fmt: skip
    if names:
        told.left.append(
            f"the environment still holds credentials ({', '.join(names)}): the program may need "
            "them; give them at run time"
        )


def _listed(noun: str, numbers: Iterable[int]) -> str:
    shown = [str(number) for number in numbers]
    return f"{noun}{'s' if len(shown) > 1 else ''} {', '.join(shown)}"


def annotations(subject: Subject, created: str) -> Mapping[str, str]:
    """The annotations of the manifest: what it had, what it is made from, and when it is from.

    Of a squashed image the base is what it was made from as well: nothing of it can be pulled.
    """
    image = subject.image
    found = {**image.annotations, _CREATED: created}
    if image.manifest_digest:
        found[BASE_DIGEST] = image.manifest_digest
        found.pop(BASE_NAME, None)
        if "/" in image.reference:  # what a layout calls an image is no name that can be pulled
            found[BASE_NAME] = image.reference
    return found
