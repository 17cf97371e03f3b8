"""FIRST's EPSS: how likely it is that a vulnerability will be exploited within 30 days.

Source: the daily file of EPSS; a line with the model and the day of the scores, the names of the
columns, then one CVE a line.
"""

from collections.abc import Iterable, Iterator

from seawall.advisories.advisory import Metadata, Record, Unread
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import day, word
from seawall.core.lazy import pattern

_ID = pattern(r"CVE-\d{4}-\d{4,19}")
_SHARE = pattern(r"(?:0|1|0?\.\d{1,20}|0\.\d{1,20}|1\.0{1,20}|\d(?:\.\d{1,20})?[eE]-\d{1,3})")


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The scores of each CVE; ``modified`` is the day they are of."""
    for member in members:
        yield from _scores(member, source)


def _scores(member: Member, source: str) -> Iterator[Record]:
    model = scored = ""
    columns: list[str] = []
    for number, text in enumerate(_lines(member), start=1):
        if text.startswith("#"):
            facts = dict(part.partition(":")[::2] for part in text[1:].split(","))
            model, scored = (
                word(facts.get("model_version")),
                day(facts.get("score_date", "").strip()),
            )
        elif not columns:
            columns = [name.strip().lower() for name in text.split(",")]
            if not {"cve", "epss"} <= set(columns):
                yield Unread(source, member.name, "it has no columns cve and epss")
                return
        elif text:
            row = dict(zip(columns, (value.strip() for value in text.split(",")), strict=False))
            id_, share, rank = row.get("cve", ""), row.get("epss", ""), row.get("percentile", "")
            if not _ID.fullmatch(id_) or not _SHARE.fullmatch(share):
                yield Unread(source, f"{member.name}:{number}", "it is no CVE with a score")
                continue
            yield Metadata(
                id_,
                source,
                modified=scored,
                epss=float(share),
                epss_percentile=float(rank) if _SHARE.fullmatch(rank) else None,
                epss_model=model,
            )
    if not columns:
        yield Unread(source, member.name, "it is empty")


def _lines(member: Member) -> Iterator[str]:
    rest = b""
    for chunk in member.chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        for each in lines:
            yield each.decode("utf-8", "replace").strip()
        if len(rest) > 1 << 20:  # no line of scores is that long
            rest = b""
    if rest:
        yield rest.decode("utf-8", "replace").strip()
