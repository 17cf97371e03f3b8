"""Files that are fetched whole when they are other ones than before."""

from collections.abc import Iterator
from itertools import product

from seawall.advisories.update.work import UNCHANGED, Outcome, Work, is_absent, whole
from seawall.core.lazy import pattern
from seawall.sources.http.client import FetchError

_NAMES = {
    "nvd-overrides": "anchore-nvd-data-overrides.tar.gz",
    "debian": "tracker.json",
    "endoflife": "products.json",
    "osv-git-psf": "all.tar.gz",
}
"""Where the last part of the address does not make a name by which its reader knows it."""
VALUES: dict[str, dict[str, tuple[str, ...]]] = {
    "azure-linux": {"name": ("azurelinux-3.0", "cbl-mariner-1.0", "cbl-mariner-2.0")},
    "photon": {"release": ("1.0", "2.0", "3.0", "4.0", "5.0")},
    "photon-oval": {"release": ("1", "2", "3", "4", "5")},
    "redhat-oval": {"release": ("6", "7", "8", "9")},
    "amazon": {"release": ("2/core/latest", "al2023/core/mirrors/latest")},
    "rocky": {"release": ("8", "9", "10"), "repository": ("BaseOS", "AppStream")},
}
"""What stands for the names in braces of an address."""
_LISTED = {
    "suse": (
        r"(?:suse\.linux\.enterprise\.(?:server|desktop|micro)|opensuse\.(?:leap|tumbleweed))"
        r"(?:\.\d+)*\.xml\.(?:gz|bz2)"
    ),
}
"""Where the address is that of a page which lists the files: which of them are wanted."""
_PREFIX = {"redhat-oval": "oval-"}
_MAX_PAGE = 16 << 20


def follow(work: Work) -> Outcome:
    """Fetch what changed. Raises ``FetchError`` when a file cannot be had, or none is there."""
    changed = found = 0
    for address in _addresses(work):
        name = _NAMES.get(work.source.name, address.rpartition("/")[2])
        path = f"{work.directory}/{_PREFIX.get(work.source.name, '')}{name}"
        try:
            changed += whole(work, address, path) is not None
        except FetchError as error:
            if is_absent(error) and "{" in work.source.update.address:
                continue
            raise
        found += 1
    if not found:
        raise FetchError(f"{work.source.update.address}: there is no file; give a mirror")
    return Outcome(changed=True, told=f"{changed} of {found} files") if changed else UNCHANGED


def expanded(work: Work) -> Iterator[tuple[str, dict[str, str]]]:
    """The addresses that the source's own one stands for, and the values of its names."""
    values = VALUES.get(work.source.name, {})
    for each in product(*values.values()):
        named = dict(zip(values, each, strict=True))
        yield work.source.update.address.format(**named), named


def _addresses(work: Work) -> Iterator[str]:
    listed = _LISTED.get(work.source.name)
    if listed is None:
        yield from (address for address, _ in expanded(work))
        return
    base = work.source.update.address
    page = work.client.get(base, _MAX_PAGE).decode("utf-8", "replace")
    names = dict.fromkeys(_REFERENCE.findall(page))
    wanted = pattern(listed)
    yield from (base + name for name in names if wanted.fullmatch(name))


_REFERENCE = pattern(r'href="(?:\./)?([\w.+-]{1,200})"')
