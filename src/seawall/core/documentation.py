"""A rule's docstring, read into its parts: the one source of docs, explain, SARIF and tests."""

from textwrap import dedent
from typing import NamedTuple

from seawall.core.rule import Rule

HEADINGS = ("Why:", "Bad:", "Good:", "Parameters:", "Not reported:", "References:")


class Documentation(NamedTuple):
    """The parts of a rule's docstring.

    ``bad`` and ``good`` are example inputs; ``parameters`` is the TOML they are judged with.
    """

    summary: str
    what: str
    why: str
    bad: str
    good: str
    parameters: str
    not_reported: str
    references: tuple[str, ...]


def documentation(rule: Rule) -> Documentation:
    """Read the docstring of a rule.

    Its form: a one-line summary; paragraphs that say what is checked; then sections under a
    heading line of its own: ``Why:``, ``Bad:`` and ``Good:`` (each an indented example),
    and optionally ``Parameters:`` (indented TOML), ``Not reported:``, ``References:`` (a line
    each). Raises ``ValueError`` when the summary, the reason or an example is missing.
    """
    head, *sections = _sections(rule.docstring)
    summary, _, what = head[1].partition("\n")
    by_name = dict(sections)
    if len(by_name) != len(sections):
        raise ValueError(f"rule {rule.id}: a heading stands twice in its docstring")
    result = Documentation(
        summary=summary.strip(),
        what=what.strip(),
        why=by_name.get("Why:", "").strip(),
        bad=_example(by_name.get("Bad:", "")),
        good=_example(by_name.get("Good:", "")),
        parameters=_example(by_name.get("Parameters:", "")),
        not_reported=by_name.get("Not reported:", "").strip(),
        references=tuple(by_name.get("References:", "").split()),
    )
    for part in ("summary", "why", "bad", "good"):
        if not getattr(result, part):
            raise ValueError(f"rule {rule.id}: its docstring has no {part}")
    return result


def _sections(docstring: str) -> list[tuple[str, str]]:
    first, _, rest = docstring.partition("\n")
    lines = [first.strip(), *dedent(rest).splitlines()]
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        if line in HEADINGS:
            sections.append((line, []))
        else:
            sections[-1][1].append(line)
    return [(name, "\n".join(body)) for name, body in sections]


def _example(text: str) -> str:
    body = dedent(text).strip("\n")
    return f"{body}\n" if body else ""
