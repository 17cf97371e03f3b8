"""Where an image is to go, by its name.

``oci:DIR[:TAG]``, ``oci-archive:FILE[:TAG]``, ``docker-archive:FILE[:NAME[:TAG]]`` and
``registry:NAME``, as other tools have them; without a prefix ``FILE.tar`` is an OCI layout in a
tar, and all else a layout in a directory.
"""

import os
from typing import NamedTuple

from seawall.core.errors import UsageError
from seawall.core.image_reference import is_valid_image
from seawall.core.lazy import pattern
from seawall.sources.images.target import DOCKER_ARCHIVE, OCI, OCI_ARCHIVE, split

REGISTRY = "registry"
LATEST = "latest"
_TAG = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HOST = pattern(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?|localhost(?::[0-9]+)?|[^/]+:[0-9]+")


class Place(NamedTuple):
    """Where an image is to go."""

    kind: str
    """``oci``, ``oci-archive``, ``docker-archive`` or ``registry``."""
    path: str
    """Empty for a registry."""
    name: str
    """The tag, the ``NAME:TAG`` of a docker archive, or the name in a registry."""


def place_of(text: str) -> Place:
    """The place that a name means; raises UsageError for one that images cannot be written to."""
    prefix, rest = split(text)
    if text.startswith(f"{REGISTRY}:"):  # also before 127.0.0.1:5000/app: OUT is no registry:2
        rest = text.removeprefix(f"{REGISTRY}:").removeprefix("//")
        if not is_valid_image(rest) or "@" in rest:
            raise UsageError(f"{text}: is no name for an image; write registry:HOST/NAME:TAG")
        return Place(REGISTRY, "", rest)
    if prefix == DOCKER_ARCHIVE:
        path, _, name = rest.partition(":")
        if not path or (name and not is_valid_image(name)):
            raise UsageError(f"{text}: write docker-archive:FILE:NAME:TAG")
        return Place(prefix, path, name)
    if prefix in (OCI, OCI_ARCHIVE):
        return _with_tag(prefix, rest, text)
    if prefix:
        writable = f"{OCI}, {OCI_ARCHIVE}, {DOCKER_ARCHIVE} and {REGISTRY}"
        raise UsageError(f"{text}: nothing is written to {prefix}; name one of {writable}")
    _refuse_a_reference(text)
    kind = OCI_ARCHIVE if _is_archive(text) else OCI
    return _with_tag(kind, text, text)


def _is_archive(text: str) -> bool:
    path, colon, tag = text.rpartition(":")
    bare = path if colon and "/" not in tag else text
    return bare.endswith(".tar")


def _refuse_a_reference(text: str) -> None:
    """A slip must not make a directory ``registry.example.org``."""
    host, slash, _ = text.partition("/")
    if slash and _HOST.fullmatch(host) and not os.path.isdir(host):
        raise UsageError(
            f"{text}: may be a name in a registry; say {REGISTRY}:{text}, or {OCI}:{text} for a "
            "directory"
        )


def _with_tag(kind: str, rest: str, text: str) -> Place:
    path, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        path, tag = rest, LATEST
    if not path or not _TAG.fullmatch(tag):
        raise UsageError(f"{text}: {tag[:140]!r} is no tag; write {kind}:PATH:TAG")
    return Place(kind, path, tag)
