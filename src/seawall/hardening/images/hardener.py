"""``seawall harden image``: from a name to a name, all platforms of it."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.errors import InputError, UsageError
from seawall.engine import Options as EngineOptions
from seawall.engine.containers.asked import Places
from seawall.engine.containers.named import platform_of, shown
from seawall.hardening.images.options import Options, Told, named_texts
from seawall.hardening.images.rewriting import Plan, make, plan
from seawall.hardening.images.verification.checks import NO_CHECKS, Checks, Verdict
from seawall.sources.images.target import (
    DOCKER_ARCHIVE,
    Resolved,
    attached_to,
    resolve,
    resolve_every,
    split,
)
from seawall.sources.images.writing import files, workshop
from seawall.sources.images.writing.image import Output, Written
from seawall.sources.images.writing.place import REGISTRY, Place

if TYPE_CHECKING:
    from seawall.sources.images.registry.access import Access
    from seawall.tracing.record import Observation

_REGISTRY = "the registry"


class Size(NamedTuple):
    """What an image takes."""

    layers: int
    stored: int
    """Bytes of its layers as they are stored; -1 where that is not known."""
    unpacked: int
    """Bytes of the files of its merged file system."""
    files: int


class One(NamedTuple):
    """What was done with an image of one platform."""

    platform: str
    told: Told
    before: Size
    after: Size
    """Of a plan that was not carried out, ``stored`` is not known."""
    digest: str
    """Of the manifest; empty where nothing was made."""
    explained: tuple[str, ...]
    """Why paths that were asked about are kept or not."""


class Done(NamedTuple):
    """What was done with an image."""

    images: tuple[One, ...]
    digest: str
    """What its name stands for now; empty where nothing was made."""
    notes: tuple[str, ...]
    attached: int
    """How many manifests are attached."""
    verdicts: tuple[Verdict, ...] = ()
    """What came of the checks; where they refuse the result, nothing is written."""


def harden_image(
    name: str,
    place: Place,
    options: Options,
    *,
    platform: str = "",
    force: bool = False,
    dry_run: bool = False,
    explain: Sequence[str] = (),
    checks: Checks = NO_CHECKS,
) -> Done:
    """Harden an image and put it to a place; with ``dry_run`` only tell what would be done.

    What does not pass its checks is put nowhere. ``explain``: see ``rewriting.plan``. Raises
    ``UsageError`` for what cannot be asked for, ``InputError`` for what cannot be read or written.
    """
    found, others = _of_linux(name, _found(name, platform, options))
    if place.kind == DOCKER_ARCHIVE and len(found) > 1:
        raise UsageError(
            "a docker archive holds one platform of an image; choose it with --platform, or write "
            "a layout"
        )
    if not dry_run:
        _refuse_what_is_there(place, options, force=force)
        _refuse_profiles_that_are_there(options, force=force)
    if place.kind == DOCKER_ARCHIVE:
        options = options._replace(sbom=False)
    notes = [*others, *_notes(name, found, place, options)]
    images = [each.image._replace(name=shown(name)) for each in found]
    ones: list[One] = []
    if dry_run:
        for image in images:
            with plan(image, options, explain=explain) as planned:
                ones.append(_one(planned, None))
        return Done(tuple(ones), "", tuple(notes), 0)
    made: list[Written] = []
    verdicts: list[Verdict] = []
    seen: list[Observation] = []
    user = ""
    with workshop.Workshop(place) as shop:
        for image in images:
            with plan(image, options, explain=explain, directory=shop.directory) as planned:
                made.append(make(planned, shop))
                ones.append(_one(planned, made[-1]))
                seen += [planned.seen] if planned.seen is not None else []
                user = planned.user
                verdicts += _verified(planned, made[-1], checks)
        output = Output(tuple(made))
        is_refused = checks.refuse(verdicts)
        if not is_refused:
            _put(output, place, shop, options)
            notes += _profiled(seen, options, place, user)
    attached = sum(len(each.attached) for each in made)
    digest = "" if is_refused else output.top.digest
    return Done(tuple(ones), digest, tuple(notes), attached, tuple(verdicts))


def _verified(planned: Plan, made: Written, checks: Checks) -> tuple[Verdict, ...]:
    if not checks.wanted:
        return ()
    from seawall.hardening.images.verification.verifying import (  # noqa: PLC0415 - few ask for it
        verify,
    )

    return verify(planned, made, checks)


def _found(name: str, platform: str, options: Options) -> list[Resolved]:
    own = EngineOptions(
        insecure_registries=options.insecure_registries, registry_mirrors=options.registry_mirrors
    )
    sources = [*Places(own)]
    wanted = platform_of(platform)
    if wanted is not None:
        return [resolve(name, sources, wanted)]
    return resolve_every(name, sources)


def _of_linux(name: str, found: list[Resolved]) -> tuple[list[Resolved], list[str]]:
    """Those that are for Linux, and what is told of others: no user of theirs has a number."""
    others = sorted({str(each.image.platform) for each in found if not _is_linux(each)})
    kept = [each for each in found if _is_linux(each)]
    if not kept:
        raise UsageError(
            f"{name}: is for {', '.join(others)}; only images for Linux are rewritten: name another"
        )
    return kept, [f"left out what is not for Linux: {named_texts(others)}"] if others else []


def _is_linux(each: Resolved) -> bool:
    return each.image.platform.os in ("", "linux")


def _reach(options: Options) -> "Access":
    """How registries are reached."""
    from seawall.sources.images.registry import access  # noqa: PLC0415 - only for a registry

    own = access.Options(options.insecure_registries, options.registry_mirrors)
    return access.from_environment(os.environ, own)


def _refuse_what_is_there(place: Place, options: Options, *, force: bool) -> None:
    if place.kind != REGISTRY:
        workshop.refuse_what_is_there(place, force=force)
    elif not force:
        from seawall.sources.images.writing import registry  # noqa: PLC0415 - only for a registry

        registry.refuse_what_is_there(place, _reach(options))


def _profiled(seen: list["Observation"], options: Options, place: Place, user: str) -> list[str]:
    if not seen:
        return []
    from seawall.hardening.images import seccomp_files  # noqa: PLC0415 - only for --observe

    return seccomp_files.write_profile(seen, options.watched.seccomp, place, user)


def _refuse_profiles_that_are_there(options: Options, *, force: bool) -> None:
    for each in options.watched.files:
        if os.path.lexists(each) and not force:
            raise InputError(
                f"{each}: is there already; name another place with --seccomp, or say --force"
            )


def _put(output: Output, place: Place, shop: workshop.Workshop, options: Options) -> None:
    if place.kind != REGISTRY:
        files.write(output, place, shop)
        return
    from seawall.sources.images.writing import registry  # noqa: PLC0415 - only for a registry

    registry.push(output, place, _reach(options))


# What is told ---------------------------------------------------------------------------------


def _notes(name: str, found: Sequence[Resolved], place: Place, options: Options) -> list[str]:
    """What is about the image as it was, and so not about the result."""
    images = [each.image for each in found]
    notes = []
    attestations = sorted(
        {each.digest for image in images for each in image.others if each.attests}
    )  # fmt: skip
    if attestations:
        notes.append(f"dropped attestations of the image as it was: {named_texts(attestations)}")
    digests = {digest for image in images for digest in (image.manifest_digest, *image.digests)}
    about = _attached(name, found, digests - {""}, options)
    about = [each for each in about if not any(digest in each for digest in attestations)]
    if about:
        notes.append(
            f"signatures and other things about the image as it was do not match the result: "
            f"{named_texts(about)}; sign it anew"
        )
    if place.kind == DOCKER_ARCHIVE:
        notes.append("a docker archive has no room for a bill of materials: none is attached")
    return notes


def _is_of_registry(found: Sequence[Resolved]) -> bool:
    return found[0].tried[-1].where == _REGISTRY and bool(found[0].image.digests)


def _attached(
    name: str, found: Sequence[Resolved], digests: set[str], options: Options
) -> list[str]:
    if not _is_of_registry(found):
        return attached_to(name, digests)
    from seawall.core.image_reference import parse_image  # noqa: PLC0415 - only for a registry
    from seawall.sources.images.registry.referrers import referrers  # noqa: PLC0415 - as above

    reach = _reach(options)
    where = reach.places(parse_image(split(name)[1]))[-1]
    registry = reach.registry(where)
    about = []
    for digest in sorted(digests):
        found_there = referrers(registry, where.repository, digest)
        about += [each.tag or f"{each.artifact_type} {each.digest}" for each in found_there]
    return about


def _one(planned: Plan, made: Written | None) -> One:
    subject = planned.subject
    return One(
        planned.platform, subject.told, _before(planned), _after(planned, made),
        made.manifest.digest if made is not None else "", planned.explained,
    )  # fmt: skip


def _before(planned: Plan) -> Size:
    image = planned.subject.image
    own = len(image.layers) - planned.subject.added_layers
    sizes = [layer.size for layer in image.layers[:own]]
    stored = sum(sizes) if all(size >= 0 for size in sizes) else -1
    return Size(len(sizes), stored, planned.unpacked_before, planned.files_before)


def _after(planned: Plan, made: Written | None) -> Size:
    nodes = list(planned.subject.edited.tree.files())
    unpacked = sum(node.entry.size for node in nodes)
    if made is None:
        return Size(planned.kept + bool(planned.members), -1, unpacked, len(nodes))
    stored = sum(layer.blob.size for layer in made.layers)
    return Size(len(made.layers), stored, unpacked, len(nodes))
