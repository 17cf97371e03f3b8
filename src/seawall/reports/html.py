"""One page to look at, to mail and to keep: it asks nothing of the network.

The page is complete without its script, which only hides what a filter leaves out. Its Content
Security Policy allows this one script and this one style sheet, by their hashes.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from itertools import chain

from seawall import __version__
from seawall.core.finding import Finding, fingerprint
from seawall.core.portion import HOLE, Piece, Portion, filled, pieces
from seawall.core.report import Report, Summary
from seawall.core.severity import Severity
from seawall.reports import Options, Sources
from seawall.reports.blocks import Block, by_file
from seawall.reports.html_source import escape, source
from seawall.reports.html_tail import suppressed_row, tail
from seawall.reports.redacted import is_sensitive, redacted
from seawall.reports.wording import (
    counted,
    extent,
    nothing_checked,
    place,
    severities,
    statement,
    subject_of,
    verdict,
)


def tell(report: Report, sources: Sources, options: Options) -> Portion:  # noqa: ARG001 - a Form
    """The findings by file, with holes for what is numbered; what is suppressed; rules and paths.

    A hole is the number of a rule, by its id; that of a file, counted within the portion; or the
    end of a fingerprint: its bytes and the how many-eth of these in the portion it is.
    """
    groups = by_file(report.findings)
    rules = {finding.rule.id: finding.rule for finding in report.findings}
    present = tuple(rules)
    for item in report.suppressed:
        rules.setdefault(item.finding.rule.id, item.finding.rule)
    return Portion(
        (
            _files(groups, _marks(report.findings), redacted(sources, report)),
            (Piece(suppressed_row(item)) for item in report.suppressed),
        ),
        tuple(rules.values()),
        (tuple(groups), present),
    )


def join(portions: Sequence[Portion], summary: Summary, options: Options) -> Iterator[str]:
    """Summary, filters, findings by file, coverage, what was suppressed, and the rules."""
    style, script = _asset("html.css"), _asset("html.js")
    yield _head(style, script)
    yield f"<style>{style}</style>\n</head>\n<body>\n"
    yield _top(summary)
    yield "<main>\n"
    by_id = {rule.id: rule for portion in portions for rule in portion.rules}
    rules = [by_id[id_] for id_ in sorted(by_id)]
    if summary.findings:
        numbers = {rule.id: str(number) for number, rule in enumerate(rules)}
        yield from _filters(portions, summary.findings, numbers)
        yield from _filled(portions, numbers)
        yield "</section>\n"
    else:
        yield _nothing(summary)
    yield from tail(summary, (piece.text for piece in pieces(portions, 1)), rules)
    yield f"</main>\n{_foot(summary, options)}<script>{script}</script>\n</body>\n</html>\n"


def _asset(name: str) -> str:
    return files("seawall.reports").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return "'sha256-" + b64encode(sha256(text.encode()).digest()).decode("ascii") + "'"


def _head(style: str, script: str) -> str:
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="seawall {escape(__version__)}">
<title>seawall report</title>
"""


def _top(summary: Summary) -> str:
    tiles = "".join(_tile(severity, count) for severity, count in severities(summary))
    return f"""<a class="skip" href="#main">Skip to the findings</a>
<header class="top">
<p class="brand">seawall</p>
<h1>{escape(verdict(summary))}</h1>
<p class="extent">{escape(extent(summary))}</p>
<div class="tiles" role="group" aria-label="Findings by severity">{tiles}</div>
</header>
"""


def _tile(severity: Severity, count: int) -> str:
    label = severity.label
    look = label if count else "zero"
    return (  # the script enables it: without one it is a number, not a button
        f'<button type="button" class="tile {look}" data-severity="{label}" aria-pressed="true" '
        f'disabled><span class="number">{count}</span>'
        f'<span class="label">{label}</span></button>'
    )


def _nothing(summary: Summary) -> str:
    if nothing_checked(summary):
        text, look = "Nothing was judged, so this report says nothing about safety.", "warn"
    elif summary.coverage.failed or summary.coverage.not_covered or summary.faults:
        text, look = "No rule found anything, but not every input was judged. See below.", "warn"
    else:
        text, look = "No rule found anything to report.", "good"
    return f'<section class="empty {look}" id="main"><p>{text}</p></section>\n'


def _filters(portions: Sequence[Portion], total: int, numbers: Mapping[str, str]) -> Iterator[str]:
    present = sorted({id_ for portion in portions for id_ in portion.facts[1]})
    paths = chain.from_iterable(portion.facts[0] for portion in portions)
    rules = "".join(f'<option value="{numbers[id_]}">{escape(id_)}</option>' for id_ in present)
    files = "".join(f'<option value="{i}">{escape(path)}</option>' for i, path in enumerate(paths))
    yield f"""<form class="filters" role="search" aria-label="Filter the findings" hidden>
<label class="grow">Search<input id="search" type="search" autocomplete="off" \
spellcheck="false" placeholder="message, object, path" aria-keyshortcuts="/"></label>
<label>Rule<select id="rule"><option value="">all rules</option>{rules}</select></label>
<label>File<select id="file"><option value="">all files</option>{files}</select></label>
<button type="button" id="clear">Reset</button>
<p id="shown" role="status" aria-live="polite" data-total="{total}"></p>
</form>
<section id="main" aria-label="Findings">
<p class="none" id="none" hidden>No finding matches these filters.</p>
"""


_Mark = tuple[bytes, int]


def _marks(findings: Iterable[Finding]) -> dict[int, _Mark]:
    """The fingerprint of each finding, by its identity, and the how many-eth of these it is."""
    counts: dict[bytes, int] = {}
    result = {}
    for finding in findings:
        mark = bytes.fromhex(fingerprint(finding))
        counts[mark] = counts.get(mark, 0) + 1
        result[id(finding)] = (mark, counts[mark])
    return result


def _filled(portions: Sequence[Portion], numbers: Mapping[str, str]) -> Iterator[str]:
    """The findings of all portions, each in the numbers that it has in the whole."""
    first, before = 0, dict[bytes, int]()
    for portion in portions:
        own: dict[bytes, int] = {}

        def value(hole: str | int | _Mark, first: int = first, own: dict[bytes, int] = own) -> str:
            if isinstance(hole, str):
                return numbers[hole]
            if isinstance(hole, int):
                return str(first + hole)
            mark, number = hole
            own[mark] = max(number, own.get(mark, 0))
            number += before.get(mark, 0)
            return "" if number == 1 else f"-{number}"

        for text, holes in portion.texts[0]:
            yield filled(text, map(value, holes))
        first += len(portion.facts[0])
        for mark, count in own.items():
            before[mark] = before.get(mark, 0) + count


def _files(
    groups: Mapping[str, list[Block]], marks: Mapping[int, _Mark], sources: Sources
) -> Iterator[Piece]:
    for index, (path, blocks) in enumerate(groups.items()):
        count = sum(len(block.findings) for block in blocks)
        head = (
            f'<section class="file" data-file="{HOLE}" aria-labelledby="file-{HOLE}">\n'
            f'<h2 id="file-{HOLE}"><span class="path">{escape(path)}</span> '
            f'<span class="count">{counted(count, "finding")}</span></h2>\n'
        )
        yield Piece(head, (index,) * 3)
        for block in blocks:
            yield _block(block, sources, [marks[id(finding)] for finding in block.findings])
        yield Piece("</section>\n")


def _block(block: Block, sources: Sources, marks: Sequence[_Mark]) -> Piece:
    label = block.severity.label
    own = " ".join(HOLE for _ in block.rules)
    rules = ", ".join(
        f'<a class="rule" href="#rule-{HOLE}">{escape(rule)}</a>' for rule in block.rules
    )
    subject = subject_of(block.subject)
    named = f'<span class="subject">{escape(subject)}</span>' if subject else ""
    text = (
        f'<article class="finding {label}" data-severity="{label}" data-rules="{own}" '
        f'data-count="{len(block.findings)}">\n'
        f'<h3><span class="badge {label}">{label}</span> {rules} {named}</h3>\n'
        f"{''.join(_said(block, sources))}"
        f'<p class="remedy"><span class="word">Remedy</span> {escape(block.remedies[0])}</p>\n'
        f"{_details(block.findings, marks)}</article>\n"
    )
    return Piece(text, (*block.rules, *block.rules, *marks))


def _said(block: Block, sources: Sources) -> Iterator[str]:
    private = block.subject.kind == "Secret" or any(map(is_sensitive, block.findings))
    for said in block.statements():
        yield f'<p class="message">{escape(statement(said.message, said.containers))}</p>\n'
        for where in said.places:
            several = len(said.places) > 1 and where.containers
            holders = f" ({', '.join(where.containers)})" if several else ""
            yield source(where.location, sources, holders, private=private)


def _details(findings: tuple[Finding, ...], marks: Sequence[_Mark]) -> str:
    rows = [("Confidence", ", ".join(sorted({f.confidence.label for f in findings})))]
    related = dict.fromkeys(r for finding in findings for r in finding.related)
    rows += [("See also", f"{place(r.location)}: {r.message}") for r in related]
    fixes = dict.fromkeys(fix for finding in findings for fix in finding.fixes)
    rows += [("Fix", f"{fix.title} ({fix.safety.value})") for fix in fixes]
    aliases = dict.fromkeys(alias for finding in findings for alias in finding.rule.aliases)
    if aliases:
        rows.append(("Known elsewhere as", ", ".join(aliases)))
    body = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows)
    shown = ", ".join(f"{mark.hex()}{HOLE}" for mark, _ in marks)
    body += f"<dt>Fingerprint</dt><dd>{shown}</dd>"
    return f"<details><summary>Details</summary><dl>{body}</dl></details>\n"


def _foot(summary: Summary, options: Options) -> str:
    facts = [("seawall", __version__), ("rule set", summary.ruleset)]
    facts += [(str(name), str(value)) for name, value in (options.meta or {}).items()]
    shown = "".join(f"<span>{escape(name)} {escape(value)}</span>" for name, value in facts)
    return f'<footer class="foot">{shown}</footer>\n'
