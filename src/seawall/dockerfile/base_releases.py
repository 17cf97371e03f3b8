"""Which release of a distribution an image is of, as its name and tag tell."""

from seawall.core.lazy import pattern
from seawall.dockerfile.references import ImageReference

_SYSTEMS = {
    "almalinux": "almalinux", "alpine": "alpine", "amazonlinux": "amzn", "centos": "centos",
    "debian": "debian", "fedora": "fedora", "oraclelinux": "ol", "photon": "photon",
    "rockylinux": "rocky", "ubuntu": "ubuntu",
}  # fmt: skip
"""Docker's official images of systems, and the ``ID`` of os-release(5) in them."""
_OTHERS = {
    "docker.io/opensuse/leap": "opensuse-leap",
    "docker.io/rockylinux/rockylinux": "rocky",
    "mcr.microsoft.com/azurelinux/base/core": "azurelinux",
    "mcr.microsoft.com/cbl-mariner/base/core": "mariner",
    "public.ecr.aws/amazonlinux/amazonlinux": "amzn",
    "quay.io/centos/centos": "centos",
    "registry.fedoraproject.org/fedora": "fedora",
    "registry.opensuse.org/opensuse/leap": "opensuse-leap",
    "registry.suse.com/bci/bci-base": "sles",
    "registry.suse.com/suse/sle15": "sles",
}
"""The same of their publishers' own registries."""
_OFFICIAL = ("docker.io/library/", "public.ecr.aws/docker/library/", "public.ecr.aws/ubuntu/")
_RED_HAT = pattern(
    r"(?:registry(?:\.access)?\.redhat\.io|registry\.access\.redhat\.com|docker\.io/redhat)/"
    r"(?:.*/)?(?:ubi|rhel)(\d+)(?:[-/].*)?"
)
_NUMBER = pattern(r"v?(\d+(?:\.\d+)*)(?:-.*)?$")
_SUITE = pattern(
    r"(?:^|[-.])(?:(buster|bullseye|bookworm|trixie|forky|stretch|jessie|wheezy"
    r"|trusty|xenial|bionic|focal|jammy|noble)|alpine-?(\d+\.\d+)(?:\.\d+)?)(?:$|[-.])"
)
"""Systems in the tags of other images: ``3.12-slim-bookworm``, ``20-alpine3.19``."""


def release_named(image: ImageReference) -> str:
    """The release, as the ``distro`` of package URLs: ``alpine-3.19``; empty if nothing tells.

    Debian and Ubuntu may go by their code names: ``bookworm``.
    """
    whole, tag = f"{image.domain}/{image.path}", image.tag
    if image.domain == "cgr.dev":
        return "wolfi" if image.path.endswith("wolfi-base") else "chainguard"
    system = _OTHERS.get(whole, "")
    for prefix in _OFFICIAL:
        system = system or _SYSTEMS.get(whole.removeprefix(prefix), "")
    if system:
        return _of_system(system, tag)
    red_hat = _RED_HAT.fullmatch(whole)
    if red_hat is not None:
        return f"rhel-{red_hat[1]}"
    found = _SUITE.search(tag)
    if found is None:
        return ""
    return found[1] or f"alpine-{found[2]}"


def _of_system(system: str, tag: str) -> str:
    number = _NUMBER.match(tag)
    if number is not None:
        return f"{system}-{number[1]}"
    if system == "alpine":
        return "alpine-edge" if tag.startswith("edge") else ""
    found = _SUITE.search(tag) if system in {"debian", "ubuntu"} else None
    return found[1] or "" if found is not None else ""
