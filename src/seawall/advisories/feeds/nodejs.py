"""The Node.js security working group: Node.js itself, its dependencies, npm packages until 2019.

Source: nodejs/security-wg, ``vuln/core``, ``vuln/npm`` and ``vuln/deps``.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seawall.advisories.advisory import (
    NOT_AFFECTED,
    Advisory,
    Affected,
    Events,
    Record,
    Score,
    Unread,
)
from seawall.advisories.feeds.archive import Member
from seawall.advisories.feeds.values import (
    Malformed,
    addresses,
    cves,
    day,
    items,
    line,
    prose,
    record,
    word,
)

RUNTIME = "Node.js"
"""Stands for an ecosystem of the runtime itself; its only package is ``node``."""
_NEVER = {"", "<0.0.0", "none", "n/a"}


def read(members: Iterable[Member], source: str) -> Iterator[Record]:
    """The advisories; ``index.json`` has them all again."""
    for member in members:
        directory, _, base = member.name.rpartition("/")
        if not base.endswith(".json") or base == "index.json":
            continue
        kind = directory.rpartition("/")[2]
        if kind not in {"core", "npm", "deps"}:
            continue
        try:
            value = record(member)
            if kind == "npm":
                yield _package(value, source)
            else:
                yield _runtime(value, source, kind, base.removesuffix(".json"))
        except Malformed as problem:
            yield Unread(source, member.name, str(problem))


def _package(value: dict[str, Any], source: str) -> Advisory:
    name, number = word(value.get("module_name")), value.get("id")
    vulnerable = line(value.get("vulnerable_versions"), 1_000)
    if not name or not isinstance(number, int):
        raise Malformed("it has no id or names no package")
    if vulnerable in _NEVER:
        raise Malformed("it has no affected versions")
    vector = word(value.get("cvss_vector"))
    references = value.get("references")
    return Advisory(
        f"NSWG-ECO-{number}",
        source,
        (
            Affected(
                "npm", name, native=(vulnerable,), unaffected=_patched(value, "patched_versions")
            ),
        ),
        aliases=cves(" ".join(line(each, 40) for each in items(value.get("cves")))),
        summary=line(value.get("title")),
        details=prose(value.get("overview")),
        scores=(Score("nodejs", vector=vector),) if vector.startswith("CVSS:") else (),
        references=addresses(
            references.split() if isinstance(references, str) else items(references)
        ),
        published=day(value.get("publish_date")),
        modified=day(value.get("updated_at")),
    )


def _runtime(value: dict[str, Any], source: str, kind: str, number: str) -> Advisory:
    vulnerable = line(value.get("vulnerable"), 1_000)
    if kind == "deps" and word(value.get("reason")):
        affected = Affected(RUNTIME, "node", (Events(),), status=NOT_AFFECTED)
    elif vulnerable in _NEVER:
        raise Malformed("it has no affected versions")
    else:
        affected = Affected(
            RUNTIME, "node", native=(vulnerable,), unaffected=_patched(value, "patched")
        )
    severity = word(value.get("severity")).lower()
    vector = word(value.get("cvss"))
    scores = [Score("nodejs", vector=vector)] if vector.startswith("CVSS:") else []
    if severity and severity != "unknown":
        scores.append(Score("nodejs", word=severity))
    return Advisory(
        f"NSWG-{kind.upper()}-{number}",
        source,
        (affected,),
        aliases=cves(" ".join(line(each, 40) for each in items(value.get("cve")))),
        summary=line(value.get("description")) or line(value.get("overview")),
        details=prose(value.get("overview")),
        scores=tuple(scores),
        references=addresses([value.get("ref")]),
        published=day(value.get("publish_date")),
    )


def _patched(value: dict[str, Any], key: str) -> tuple[str, ...]:
    patched = line(value.get(key), 1_000)
    return () if patched in _NEVER else (patched,)
