"""Which targets are images, and where they are. Asked in every scan, so it loads nothing."""

import os
from collections.abc import Sequence

PREFIXES = (
    "oci", "oci-archive", "docker-archive", "rootfs", "dir", "containers-storage", "docker",
    "podman", "registry",
)  # fmt: skip
"""As ``sources.images.target`` has them."""
HOST = "host"
"""The machine that seawall runs on."""
_LAYOUT = "oci-layout"
_PARTS = 2
"""Of the name of an image on Docker Hub: ``library/nginx``."""
_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz")


def is_image(target: str) -> bool:
    """Whether a target is an image: by a prefix, by what lies there, or by its form.

    What does not exist is taken for an image only where its name has a tag or a digest, or begins
    with the name of a registry: a slip in a path must not lead to the network.
    """
    if target == HOST and not os.path.exists(target):
        return True
    prefix, colon, rest = target.partition(":")
    if colon and prefix in PREFIXES and rest:
        return True
    if os.path.isdir(target):
        return os.path.isfile(os.path.join(target, _LAYOUT))
    if os.path.exists(target):
        return target.endswith(_ENDINGS) and os.path.isfile(target)
    return _is_reference(target)


def _is_reference(text: str) -> bool:
    """``app:1.2``, ``ghcr.io/org/app``, ``app@sha256:...``; also a layout with a tag."""
    if _is_layout_with_tag(text):
        return True
    path, _, tag = text.rpartition(":")
    if text.startswith((".", "/", "~", "-")) or any(mark in text for mark in " \\*?"):
        return False
    if "@sha256:" in text:
        return True
    host, slash, rest = text.partition("/")
    name, _, port = host.partition(":")
    if slash and rest and ("." in name or port.isdecimal() or host == "localhost"):
        return True
    return bool(path) and bool(tag) and "/" not in tag and not path.endswith("/")


def _is_layout_with_tag(text: str) -> bool:
    """``DIR:TAG``; a tag may be a full name, ``DIR:registry.example.org/app:1.2``."""
    path, colon, rest = text.partition(":")
    while colon:
        if os.path.isfile(os.path.join(path, _LAYOUT)):
            return True
        more, colon, rest = rest.partition(":")
        path = f"{path}:{more}"
    return False


def may_be_name(target: str) -> bool:
    """Whether what does not exist here may be meant as an image, had it a tag: ``nginx``."""
    parts = target.split("/")
    return len(parts) <= _PARTS and all(
        part.isascii() and part.replace("-", "").replace("_", "").isalnum() and part == part.lower()
        for part in parts
    )


def split(targets: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Targets that are files, and those that are images."""
    images = tuple(target for target in targets if is_image(target))
    return tuple(target for target in targets if target not in images), images
