"""Source lines for the HTML page, with the marked spot and the lines around it."""

from collections.abc import Iterator

from seawall.core.location import Location, Span, render_key_path
from seawall.reports import Sources
from seawall.reports.visible import excerpt, visible
from seawall.reports.wording import place

CONTEXT = 2
"""Lines shown before and after the marked ones."""
MOST = 8
"""Marked lines shown; the rest of a long stretch is left out."""
ROOM = 300
"""Columns of a line; what is longer is cut, around the spot."""


def escape(text: str) -> str:
    """Hostile text for an element or a quoted attribute; what does not print is visible."""
    return _references(visible(text))


def _references(text: str) -> str:
    for mark, reference in (
        ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")
    ):  # fmt: skip
        text = text.replace(mark, reference)
    return text.replace("##", "#&#35;")  # see visible.harmless


def source(location: Location, sources: Sources, holders: str, *, private: bool) -> str:
    """A figure: the place, the path of keys, and the lines if they can be had.

    Of a private place only its first line is shown: around a credential there are others, which
    no finding need have marked.
    """
    key_path = render_key_path(location.key_path)
    keys = f'<code class="keys">{escape(key_path)}</code>' if key_path else ""
    caption = f"<code>{escape(place(location))}</code>{escape(holders)} {keys}".rstrip()
    span = location.span
    lines = "".join(_lines(location.path, span, sources, private=private)) if span else ""
    # A box that scrolls has to be reachable by keyboard, and then wants a role and a name.
    label = escape(f"Source of {place(location)}")
    body = f'<pre tabindex="0" role="group" aria-label="{label}">{lines}</pre>' if lines else ""
    return f'<figure class="source"><figcaption>{caption}</figcaption>{body}</figure>\n'


def _lines(path: str, span: Span, sources: Sources, *, private: bool) -> Iterator[str]:
    most, context = (1, 0) if private else (MOST, CONTEXT)
    last = min(max(span.end_line, span.line), span.line + most - 1)
    if span.end_column <= 1 and span.end_line > span.line:  # ends with the line before
        last = max(span.line, min(last, span.end_line - 1))
    texts = {
        number: sources.line(path, number)
        for number in range(max(1, span.line - context), last + context + 1)
    }
    first = _edge(texts, range(span.line - 1, span.line - context - 1, -1)) or span.line
    final = _edge(texts, range(last + 1, last + context + 1)) or last
    for number in range(first, final + 1):
        text = texts[number]
        if text is None:
            continue
        marked = span.line <= number <= last
        shown = _marked(text, span, number) if marked else _references(_plain(text))
        look = "line hit" if marked else "line"
        yield f'<span class="{look}"><span class="no">{number}</span><code>{shown}</code></span>\n'


def _edge(texts: dict[int, str | None], numbers: range) -> int:
    """The outermost line of the context: no blank one, and none of another YAML document."""
    edge = 0
    for number in numbers:
        text = texts.get(number)
        if text is None or text.startswith("---"):
            break
        if text.strip():
            edge = number
    return edge


def _plain(text: str) -> str:
    return excerpt(text, 0, 0, ROOM).text


def _marked(text: str, span: Span, number: int) -> str:
    indent = len(text) - len(text.lstrip())
    start = span.column - 1 if number == span.line else indent
    end = span.end_column - 1 if number == span.end_line else len(text.rstrip())
    part = excerpt(text, start, end, ROOM)
    look = "" if part.spot else ' class="point"'
    return (
        f"{_references(part.before)}<mark{look}>{_references(part.spot)}</mark>"
        f"{_references(part.after)}"
    )
