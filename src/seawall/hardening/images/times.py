"""The newest time in a result: it must not depend on when it is made."""

from seawall.hardening.images.subject import Subject
from seawall.sources.images.image import Config
from seawall.sources.images.merging import FileSystem

_FIRST_DAY = 86400
"""Tools that make reproducible images write 1970-01-01 for a time that they do not tell."""


def clock_of(subject: Subject) -> tuple[int, str]:
    """Seconds since 1970, and where that is from."""
    return newest_of(subject.options.epoch, subject.config, subject.edited.tree)


def newest_of(epoch: int | None, config: Config, tree: FileSystem) -> tuple[int, str]:
    """The same of an image that nothing is done with yet."""
    if epoch is not None:
        return epoch, "SOURCE_DATE_EPOCH"
    told = [config.created, *(step.created for step in config.history)]
    newest = max((seconds for text in told if (seconds := _seconds(text)) is not None), default=0)
    if newest >= _FIRST_DAY:
        return newest, "the newest time of its configuration"
    newest = max((node.entry.mtime for node in tree.files()), default=0)
    if newest > 0:
        return newest, "the newest time of its files"
    return 0, "nothing tells one"


def _seconds(text: str) -> int | None:
    """An RFC 3339 time as whole seconds; ``None`` for anything else."""
    from datetime import UTC, datetime  # noqa: PLC0415 - off the scan path

    try:
        moment = datetime.fromisoformat(text[:19])
        offset = datetime.fromisoformat(text).utcoffset()
    except ValueError:
        return None
    seconds = int(moment.replace(tzinfo=UTC).timestamp())
    return seconds - (int(offset.total_seconds()) if offset is not None else 0)


def written(seconds: int) -> str:
    """A time as RFC 3339 has it."""
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
