"""The Ruby advisory database: one YAML file for each advisory of a gem or of a Ruby.

Source: rubysec/ruby-advisory-db, its schema of advisories. What is affected is not said; what is
mended (``patched_versions``) and what never was (``unaffected_versions``) is.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import Advisory, Affected, Events, Record, Score, Unread
from seawall.advisories.cvss import band
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    day,
    ids,
    items,
    line,
    prose,
    table,
    word,
    words,
    yaml_document,
)

ENGINES = "Ruby"
"""Stands for an ecosystem of the interpreters: ``ruby``, ``jruby``, ``rubinius``."""


_DIRECTORIES = {"gems", "rubies", "libraries"}


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories in ``gems/`` and ``rubies/``; other files are none."""
    for member in members:
        *directories, base = member.name.split("/")
        if not base.endswith((".yml", ".yaml")) or not _DIRECTORIES.intersection(directories):
            continue
        try:
            yield _advisory(table(yaml_document(member.read())), source, member.name)
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


def _advisory(value: dict[str, Any], source: str, path: str) -> Advisory:
    engine = word(value.get("engine"))
    name = engine or word(value.get("gem")) or word(value.get("library"))
    if not name:
        raise Malformed("it names no gem and no engine")
    cve, ghsa = word(value.get("cve")), word(value.get("ghsa"))
    stem = path.rpartition("/")[2].partition(".")[0]
    related = table(value.get("related"))
    unaffected = (
        *words(value.get("patched_versions")), *words(value.get("unaffected_versions")),
    )  # fmt: skip
    affected = Affected(
        ENGINES if engine else "RubyGems",
        name,
        () if unaffected else (Events(),),
        unaffected=unaffected,
    )
    return Advisory(
        f"RUBYSEC-{name}-{stem}",
        source,
        (affected,),
        aliases=tuple(
            each
            for each in (cve and f"CVE-{cve}", ghsa and f"GHSA-{ghsa}")
            if " " not in each and each
        ),
        related=tuple(f"CVE-{each}" for each in ids(related.get("cve"))),
        summary=line(value.get("title")),
        details=prose(value.get("description")),
        scores=tuple(_scores(value)),
        references=addresses([value.get("url"), *items(related.get("url"))]),
        published=day(value.get("date")),
    )


def _scores(value: dict[str, Any]) -> Iterator[Score]:
    """The word for the newest score there is: vectors are not given."""
    for key in ("cvss_v4", "cvss_v3", "cvss_v2"):
        number = value.get(key)
        if isinstance(number, (int, float)) and not isinstance(number, bool) and 0 <= number <= 10:
            yield Score("rubysec", word=band(number, "2.0" if key == "cvss_v2" else "3.1"))
            return
