"""Who talks to whom, as a picture of its own, for graphviz, and for programs.

The picture has no script and fetches nothing; every text in it is escaped.
"""

import json
import math
from collections.abc import Iterator
from html import escape

from seawall.mesh.watching.graph import Edge, Graph

_COLOURS = {
    "encrypted": "#187a3c", "partly refused": "#b45f06", "refused": "#b3261e", "silent": "#8a8f98"
}  # fmt: skip
_STYLE = """
:root{color-scheme:light dark}
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.25rem .8rem .25rem 0;text-align:left;border-bottom:1px solid #8884}
td.n{text-align:right;font-variant-numeric:tabular-nums}
svg{width:100%;height:auto;max-height:75vh}
svg text{font:13px system-ui,sans-serif;fill:currentColor}
circle{fill:#8882;stroke:currentColor}circle.gone{stroke-dasharray:4 3}
path{fill:none;stroke-width:1.8}path.silent{stroke-dasharray:4 4}path.refused{stroke-dasharray:1 4}
"""
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
_SIZE, _RADIUS, _NODE = 900.0, 330.0, 34.0


def as_json(graph: Graph) -> str:
    """Nodes and edges, with each edge's state in words."""
    plain = {
        "trust_domain": graph.trust_domain,
        "nodes": [node._asdict() for node in graph.nodes],
        "edges": [{**edge._asdict(), "state": edge.state} for edge in graph.edges],
    }
    return json.dumps(plain, indent=2) + "\n"


def as_dot(graph: Graph) -> str:
    """For graphviz."""
    lines = ["digraph mesh {", "  rankdir=LR; node [shape=box, style=rounded];"]
    lines += [
        f"  {_quoted(name)} [style={'rounded' if is_there else 'dashed'}];"
        for name, is_there in _names(graph).items()
    ]
    lines += [
        f"  {_quoted(edge.caller)} -> {_quoted(edge.callee)} "
        f'[label={_quoted(_label(edge))}, color="{_COLOURS[edge.state]}"'
        f"{'' if edge.encrypted else ', style=dashed'}];"
        for edge in graph.edges
    ]
    return "\n".join([*lines, "}", ""])


def as_html(graph: Graph) -> str:
    """One page: a picture, then the same as a table."""
    title = f"Who talks to whom in {graph.trust_domain}"
    return "\n".join(
        [
            "<!doctype html>", '<html lang="en"><head><meta charset="utf-8">',
            # Nothing may be fetched or run, even if some text got through.
            _POLICY,
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>", *_legend(), *_picture(graph), *_table(graph),
            "</body></html>", "",
        ]
    )  # fmt: skip


def _names(graph: Graph) -> dict[str, bool]:
    """All that an edge or a node names, with whether it is there."""
    found = {node.name: node.is_connected for node in graph.nodes}
    for edge in graph.edges:
        found.setdefault(edge.caller, True)
        found.setdefault(edge.callee, True)
    return found


def _label(edge: Edge) -> str:
    ports = ", ".join(map(str, edge.ports))
    what = f"{edge.protocol} {ports}".strip()
    numbers = [f"{edge.encrypted} encrypted"] if edge.encrypted else []
    numbers += [f"{edge.requests} requests"] if edge.requests else []
    numbers += [f"{edge.refused} refused"] if edge.refused else []
    return "; ".join(part for part in (what, ", ".join(numbers) or edge.state) if part)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _legend() -> Iterator[str]:
    parts = " ".join(
        f'<b style="color:{colour}">&#9679;</b> {escape(state)}&nbsp;'
        for state, colour in _COLOURS.items()
    )
    yield f"<p>{parts}</p>"


def _picture(graph: Graph) -> Iterator[str]:
    names = _names(graph)
    places = _places(list(names))
    yield f'<svg viewBox="0 0 {_SIZE:g} {_SIZE:g}" role="img" aria-label="connections">'
    for state, colour in _COLOURS.items():
        yield (
            f'<defs><marker id="{_id(state)}" viewBox="0 0 8 8" refX="7" refY="4" '
            'markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0 0L8 4L0 8z" style="fill:{colour};stroke:none"/></marker></defs>'
        )
    for edge in graph.edges:
        yield _drawn(edge, places)
    for name, is_there in names.items():
        x, y = places[name]
        kind = "" if is_there else ' class="gone"'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_NODE:g}"{kind}/>'
        yield f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{escape(name)}</text>'
    yield "</svg>"


def _places(names: list[str]) -> dict[str, tuple[float, float]]:
    """On a circle, in their order: the same graph always looks the same."""
    middle = _SIZE / 2
    found = {}
    for number, name in enumerate(names):
        turn = 2 * math.pi * number / len(names) - math.pi / 2
        found[name] = middle + _RADIUS * math.cos(turn), middle + _RADIUS * math.sin(turn)
    return found


def _drawn(edge: Edge, places: dict[str, tuple[float, float]]) -> str:
    """A bent line, so that two ways between the same two do not lie on each other."""
    (x1, y1), (x2, y2) = places[edge.caller], places[edge.callee]
    length = math.hypot(x2 - x1, y2 - y1) or 1.0
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    bend = min(60.0, length / 6)
    mx, my = (x1 + x2) / 2 - dy * bend, (y1 + y2) / 2 + dx * bend
    start, end = _rim(x1, y1, mx, my), _rim(x2, y2, mx, my)
    return (
        f'<path class="{_id(edge.state)}" style="stroke:{_COLOURS[edge.state]}" '
        f'marker-end="url(#{_id(edge.state)})" '
        f'd="M{start[0]:.1f} {start[1]:.1f}Q{mx:.1f} {my:.1f} {end[0]:.1f} {end[1]:.1f}">'
        f"<title>{escape(f'{edge.caller} to {edge.callee}: {_label(edge)}')}</title></path>"
    )


def _rim(x: float, y: float, towards_x: float, towards_y: float) -> tuple[float, float]:
    """Where a line leaves the circle of a node."""
    length = math.hypot(towards_x - x, towards_y - y) or 1.0
    return (
        x + (towards_x - x) / length * (_NODE + 3),
        y + (towards_y - y) / length * (_NODE + 3),
    )  # fmt: skip


def _id(state: str) -> str:
    return state.replace(" ", "-")


def _table(graph: Graph) -> Iterator[str]:
    yield "<table><tr><th>from</th><th>to</th><th>port</th><th>state</th><th>encrypted</th>"
    yield "<th>open now</th><th>requests</th><th>refused</th></tr>"
    for edge in graph.edges:
        ports = ", ".join(map(str, edge.ports))
        cells = "".join(
            f"<td>{escape(text)}</td>"
            for text in (edge.caller, edge.callee, f"{edge.protocol} {ports}".strip())
        )
        colour = _COLOURS[edge.state]
        numbers = "".join(
            f'<td class="n">{number}</td>'
            for number in (edge.encrypted, edge.active, edge.requests, edge.refused)
        )
        state = f'<td style="color:{colour}">{escape(edge.state)}</td>'
        yield f"<tr>{cells}{state}{numbers}</tr>"
    yield "</table>"
