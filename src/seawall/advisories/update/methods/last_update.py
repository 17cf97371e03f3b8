"""Alpine's database: one time for all of it, a directory for each release."""

from seawall.advisories.update.work import UNCHANGED, Outcome, Work, is_absent, whole
from seawall.core.lazy import pattern
from seawall.sources.http.client import FetchError

_REPOSITORIES = ("main", "community")
_RELEASE = pattern(r'href="(?:\./|/)?(v\d{1,3}\.\d{1,3}|edge)/?"')
_MAX_PAGE = 4 << 20


def follow(work: Work) -> Outcome:
    """Fetch what changed. Raises ``FetchError``."""
    update = work.source.update
    time = work.client.get(update.changes, 4096).decode("ascii", "replace").strip()
    if (
        time
        and work.state.marks.get("last-update") == time
        and any(map(work.has, work.state.files))
    ):
        return UNCHANGED
    root = update.changes.rpartition("/")[0] + "/"
    page = work.client.get(root, _MAX_PAGE).decode("utf-8", "replace")
    releases = list(dict.fromkeys(_RELEASE.findall(page)))
    if not releases:
        raise FetchError(f"{root}: the page lists no releases; give a mirror that does")
    changed = sum(_release(work, release) for release in releases)
    work.state.mark(**{"last-update": time})
    return Outcome(changed=True, told=f"{changed} files") if changed else UNCHANGED


def _release(work: Work, release: str) -> int:
    changed = 0
    for repository in _REPOSITORIES:
        address = work.source.update.address.format(release=release, repository=repository)
        try:
            path = f"alpine/{release}/{repository}.json"
            changed += whole(work, address, path) is not None
        except FetchError as error:
            # The first releases have no community, and edge is not told of everywhere.
            if not is_absent(error):
                raise
    return changed
