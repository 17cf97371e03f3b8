"""The files that a seccomp profile is written to, for a runtime and for Kubernetes."""

import json
import os
from collections.abc import Sequence

from seawall.core.errors import InputError
from seawall.hardening.images.options import counted, named_texts
from seawall.hardening.images.seccomp import Profile, profile
from seawall.hardening.images.seccomp_wiring import manifest, name_for
from seawall.hardening.images.watched import wiring_of
from seawall.sources.files import reason_of
from seawall.sources.images.target import DOCKER_ARCHIVE
from seawall.sources.images.writing.place import REGISTRY, Place
from seawall.tracing import calls
from seawall.tracing.record import CALLS_SEEN, Observation


def write_profile(seen: Sequence[Observation], path: str, place: Place, user: str) -> list[str]:
    """Write the profile of what was observed, and its wiring; gives what is told of them.

    ``user`` is whom the image is set to, as ``UID:GID`` where that is known. Nothing is written
    where no calls were seen: that was told already. Raises ``InputError``.
    """
    found = [each for each in seen if CALLS_SEEN in each.means]
    if not found:
        return []
    united = found[0]
    for each in found[1:]:
        united = united.united(each)
    machine = os.uname().machine
    made = profile(united, machine)
    place_name = place.name if place.kind in (REGISTRY, DOCKER_ARCHIVE) else ""
    name = name_for(place_name or place.path.removesuffix(".tar"))
    wiring = wiring_of(path)
    _write(path, json.dumps(made.document, indent=2) + "\n")
    image = place_name or f"registry.example.org/{name}"
    _write(wiring, manifest(name, image, _numbers(user)))
    return [
        (
            f"wrote {path}: of {counted(len(calls.numbers(machine)), 'system call')} of {machine} "
            f"it lets {len(made.seen) + len(made.margin)} through: {len(made.seen)} that were "
            f"seen, {len(made.margin)} as a margin, each with its reason"
        ),
        f"wrote {wiring}: how Kubernetes is told of it, and where it goes on nodes",
        *_doubts(made),
    ]


def _doubts(made: Profile) -> list[str]:
    told = []
    if made.dangerous:
        told.append(
            "the profile lets calls through that few programs need and intruders like, for they "
            f"were seen: {named_texts(made.dangerous)}"
        )
    if made.unnamed:
        told.append(
            "these calls were seen and have no name here, so the profile does not let them "
            f"through: {named_texts(made.unnamed)}"
        )
    return told


def _numbers(user: str) -> tuple[int, int] | None:
    uid, _, gid = user.partition(":")
    if not uid.isdigit() or not (gid or uid).isdigit():
        return None
    return int(uid), int(gid or uid)


def _write(path: str, text: str) -> None:
    """At once or not at all."""
    unfinished = f"{path}.part"
    try:
        with open(unfinished, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(unfinished, path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written: {reason_of(error)}; name another place with --seccomp"
        ) from None
