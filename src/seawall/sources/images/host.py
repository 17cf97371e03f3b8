"""The machine that this runs on as an image of one layer: what belongs to its system.

Left out are what the kernel shows, what is gone with the next start, what others share, the
storages of containers (their images are targets of their own), caches and the remains of work. All
that is left out is told.
"""

import os
from collections.abc import Iterator

from seawall.sources.images.image import Config, Image, Layer
from seawall.sources.images.platforms import Platform
from seawall.sources.mounts import MOUNTS, Foreign, foreign, mounts

_IMAGES = "scan the images by their names"
_CONTAINERS = "keeps containers and their images"
_PLACES = (
    *(Foreign(path, "is what the running kernel shows") for path in ("/proc", "/sys", "/dev")),
    *(
        Foreign(path, "is temporary")
        for path in ("/run", "/tmp", "/var/tmp", "/var/cache", "/lost+found")  # noqa: S108 - a name
    ),
    *(
        Foreign(path, "is for other file systems", "name what is in it: rootfs:DIR")
        for path in ("/media", "/mnt")
    ),
    *(
        Foreign(path, _CONTAINERS, _IMAGES)
        for path in (
            "/var/lib/docker", "/var/lib/containers", "/var/lib/containerd", "/var/lib/kubelet",
            "/var/lib/rancher/k3s/agent/containerd", "/var/lib/lxc", "/var/lib/lxd",
            "/var/lib/incus", "/var/lib/machines", "/var/lib/libvirt", "/snap", "/var/lib/snapd",
        )
    ),
)  # fmt: skip
"""The first four by the Filesystem Hierarchy Standard 3.0, the others by those who made them."""
_HOMES = ("/home", "/root")
_IN_A_HOME = (
    *(
        (name, "is a cache of what was downloaded", "")
        for name in (
            ".bun/install/cache", ".cache", ".cargo/git", ".cargo/registry", ".gradle",
            ".local/share/pnpm/store", ".m2/repository", ".npm/_cacache", ".nuget/packages",
            "go/pkg",
        )
    ),
    (".local/share/Trash", "is thrown away", ""),
    (".local/share/containers", _CONTAINERS, _IMAGES),
    (".local/share/docker", _CONTAINERS, _IMAGES),
)  # fmt: skip


def host_image(root: str = "/", mountinfo: str = MOUNTS) -> Image:
    """This machine; ``root`` and ``mountinfo`` are others in tests."""
    apart = tuple(_apart(root, mountinfo))
    layer = Layer(0, "", "", "", -1, directory=root, apart=apart)
    return Image(root, "", "", "", Platform(), Config({}), (layer,))


def _apart(root: str, mountinfo: str) -> Iterator[Foreign]:
    """What is left out, the outermost of each, in the order of their paths."""
    found = {each.path: each for each in foreign(mounts(mountinfo))}
    found |= {each.path: each for each in (*_PLACES, *_in_homes(root))}
    last = ""
    for path in sorted(found, key=lambda path: path.split("/")):
        if last and path.startswith(f"{last}/"):
            continue
        if _holds_something(f"{root.rstrip('/')}{path}"):
            last = path
            yield found[path]


def _in_homes(root: str) -> Iterator[Foreign]:
    for above in _HOMES:
        homes = [above]
        if above == "/home":
            try:
                homes = [f"{above}/{name}" for name in os.listdir(f"{root.rstrip('/')}{above}")]
            except OSError:  # none, or not ours to read: the walk tells
                continue
        for home in homes:
            for name, reason, remedy in _IN_A_HOME:
                yield Foreign(f"{home}/{name}", reason, remedy)


def _holds_something(path: str) -> bool:
    try:
        return bool(os.listdir(path))
    except OSError:  # no directory, or not ours to read
        return os.path.lexists(path)
