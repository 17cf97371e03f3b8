"""Repositories of RPM packages: ``repomd.xml`` tells where their ``updateinfo`` is."""

from seawall.advisories.update.methods.etag import expanded
from seawall.advisories.update.work import UNCHANGED, Outcome, Work, is_absent, whole
from seawall.core.lazy import pattern
from seawall.sources.http.client import FetchError
from seawall.text.xml import XmlError, iterate

_MAX_PAGE = 4 << 20
_LOCATION = pattern(r"[\w.+/-]{1,300}?(\.xml(?:\.(?:gz|xz|bz2|zst))?)")
_NOT_IN_A_NAME = pattern(r"[^\w.-]+")


def follow(work: Work) -> Outcome:
    """Fetch what changed. Raises ``FetchError``."""
    changed = found = 0
    for address, values in expanded(work):
        base = _base(work, address)
        told = _update_info(work, f"{base}repodata/repomd.xml")
        if told is None:
            continue
        location, checksum = told
        name = _NOT_IN_A_NAME.sub("-", "-".join(values.values()))
        ending = location[location.rindex(".xml") :]  # as _LOCATION has it: without a slash
        path = f"{work.directory}/{name}-updateinfo{ending}"
        known = work.state.files.get(path)
        found += 1
        if known and work.has(path) and known.sha256 == checksum:
            continue
        work.state.files.pop(path, None)
        changed += whole(work, base + location, path, checksum=checksum) is not None
    if not found:
        raise FetchError(f"{work.source.update.address}: no repository has an updateinfo.xml; "
                         "give a mirror")  # fmt: skip
    return Outcome(changed=True, told=f"{changed} of {found} files") if changed else UNCHANGED


def _base(work: Work, address: str) -> str:
    """The address of a repository: the first of a list of mirrors, where it is one."""
    if address.endswith("/"):
        return address
    lines = work.client.lines(address, _MAX_PAGE, lambda _: True, most=1)
    if not lines or not lines[0].startswith(("https://", "http://")):
        raise FetchError(f"{address}: it lists no mirror; try again later")
    return lines[0].rstrip("/") + "/"


def _update_info(work: Work, address: str) -> tuple[str, str] | None:
    """Where a repository's ``updateinfo`` is and its SHA-256; ``None`` when it has none."""
    try:
        page = work.client.get(address, _MAX_PAGE)
    except FetchError as error:
        if is_absent(error):
            return None
        raise
    try:
        for data in iterate(iter((page,)), ("data",)):
            place, checksum = data.child("location"), data.child("checksum")
            location = place.get("href") if place is not None else ""
            if data.get("type") != "updateinfo" or not _LOCATION.fullmatch(location):
                continue
            is_sha256 = checksum is not None and checksum.get("type") == "sha256"
            return location, data.value("checksum").strip().lower() if is_sha256 else ""
    except XmlError as error:
        raise FetchError(f"{address}: it is no XML: {error}; try again later") from None
    return None
