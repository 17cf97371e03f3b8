"""One page to look at, to mail and to keep: it asks nothing of the network.

The page is complete without its script, which only hides what a filter leaves out. Its Content
Security Policy allows this one script and this one style sheet, by their hashes.
"""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files

from seawall import __version__
from seawall.core.finding import Finding, fingerprints
from seawall.core.report import Report
from seawall.core.severity import Severity
from seawall.reports import Options, Sources
from seawall.reports.blocks import Block, by_file
from seawall.reports.html_source import escape, source
from seawall.reports.html_tail import tail
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


def write(report: Report, sources: Sources, options: Options) -> Iterator[str]:
    """Summary, filters, findings by file, coverage, what was suppressed, and the rules."""
    sources = redacted(sources, report)
    style, script = _asset("html.css"), _asset("html.js")
    yield _head(style, script)
    yield f"<style>{style}</style>\n</head>\n<body>\n"
    yield _top(report)
    yield "<main>\n"
    suppressed = [item.finding for item in report.suppressed]
    rules = {finding.rule.id: finding.rule for finding in [*report.findings, *suppressed]}
    numbers = {id_: number for number, id_ in enumerate(sorted(rules))}
    if report.findings:
        yield from _findings(report, sources, numbers)
    else:
        yield _nothing(report)
    yield from tail(report, [rules[id_] for id_ in numbers])
    yield f"</main>\n{_foot(report, options)}<script>{script}</script>\n</body>\n</html>\n"


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


def _top(report: Report) -> str:
    summary = report.summary()
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


def _nothing(report: Report) -> str:
    if nothing_checked(report.summary()):
        text, look = "Nothing was judged, so this report says nothing about safety.", "warn"
    elif report.coverage.failed or report.coverage.not_covered or report.faults:
        text, look = "No rule found anything, but not every input was judged. See below.", "warn"
    else:
        text, look = "No rule found anything to report.", "good"
    return f'<section class="empty {look}" id="main"><p>{text}</p></section>\n'


def _findings(report: Report, sources: Sources, numbers: dict[str, int]) -> Iterator[str]:
    groups = by_file(report.findings)
    present = sorted({finding.rule.id for finding in report.findings})
    rules = "".join(f'<option value="{numbers[id_]}">{escape(id_)}</option>' for id_ in present)
    paths = "".join(f'<option value="{i}">{escape(path)}</option>' for i, path in enumerate(groups))
    total = len(report.findings)
    yield f"""<form class="filters" role="search" aria-label="Filter the findings" hidden>
<label class="grow">Search<input id="search" type="search" autocomplete="off" \
spellcheck="false" placeholder="message, object, path" aria-keyshortcuts="/"></label>
<label>Rule<select id="rule"><option value="">all rules</option>{rules}</select></label>
<label>File<select id="file"><option value="">all files</option>{paths}</select></label>
<button type="button" id="clear">Reset</button>
<p id="shown" role="status" aria-live="polite" data-total="{total}"></p>
</form>
<section id="main" aria-label="Findings">
<p class="none" id="none" hidden>No finding matches these filters.</p>
"""
    marks = dict(
        zip(map(id, report.findings), fingerprints(list(report.findings)), strict=True)
    )  # fmt: skip
    for index, (path, blocks) in enumerate(groups.items()):
        count = sum(len(block.findings) for block in blocks)
        yield (
            f'<section class="file" data-file="{index}" aria-labelledby="file-{index}">\n'
            f'<h2 id="file-{index}"><span class="path">{escape(path)}</span> '
            f'<span class="count">{counted(count, "finding")}</span></h2>\n'
        )
        for block in blocks:
            yield _block(block, sources, numbers, [marks[id(f)] for f in block.findings])
        yield "</section>\n"
    yield "</section>\n"


def _block(block: Block, sources: Sources, numbers: dict[str, int], marks: list[str]) -> str:
    label = block.severity.label
    own = " ".join(str(numbers[rule]) for rule in block.rules)
    rules = ", ".join(
        f'<a class="rule" href="#rule-{numbers[rule]}">{escape(rule)}</a>' for rule in block.rules
    )
    subject = subject_of(block.subject)
    named = f'<span class="subject">{escape(subject)}</span>' if subject else ""
    return (
        f'<article class="finding {label}" data-severity="{label}" data-rules="{own}" '
        f'data-count="{len(block.findings)}">\n'
        f'<h3><span class="badge {label}">{label}</span> {rules} {named}</h3>\n'
        f"{''.join(_said(block, sources))}"
        f'<p class="remedy"><span class="word">Remedy</span> {escape(block.remedies[0])}</p>\n'
        f"{_details(block.findings, marks)}</article>\n"
    )


def _said(block: Block, sources: Sources) -> Iterator[str]:
    private = block.subject.kind == "Secret" or any(map(is_sensitive, block.findings))
    for said in block.statements():
        yield f'<p class="message">{escape(statement(said.message, said.containers))}</p>\n'
        for where in said.places:
            several = len(said.places) > 1 and where.containers
            holders = f" ({', '.join(where.containers)})" if several else ""
            yield source(where.location, sources, holders, private=private)


def _details(findings: tuple[Finding, ...], marks: list[str]) -> str:
    rows = [("Confidence", ", ".join(sorted({f.confidence.label for f in findings})))]
    related = dict.fromkeys(r for finding in findings for r in finding.related)
    rows += [("See also", f"{place(r.location)}: {r.message}") for r in related]
    fixes = dict.fromkeys(fix for finding in findings for fix in finding.fixes)
    rows += [("Fix", f"{fix.title} ({fix.safety.value})") for fix in fixes]
    aliases = dict.fromkeys(alias for finding in findings for alias in finding.rule.aliases)
    if aliases:
        rows.append(("Known elsewhere as", ", ".join(aliases)))
    rows.append(("Fingerprint", ", ".join(marks)))
    body = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows)
    return f"<details><summary>Details</summary><dl>{body}</dl></details>\n"


def _foot(report: Report, options: Options) -> str:
    facts = [("seawall", __version__), ("rule set", report.ruleset)]
    facts += [(str(name), str(value)) for name, value in (options.meta or {}).items()]
    shown = "".join(f"<span>{escape(name)} {escape(value)}</span>" for name, value in facts)
    return f'<footer class="foot">{shown}</footer>\n'
