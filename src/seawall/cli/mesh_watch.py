"""``seawall mesh top``, ``graph`` and ``metrics``: what the proxies of a mesh have counted."""

import argparse
import sys
import time

from seawall.cli.arguments import Help, Parser
from seawall.cli.mesh_named import add_mesh
from seawall.core.errors import UsageError

CLEAR = "\x1b[H\x1b[2J"
_FORMATS = ("html", "dot", "json")


def add_parsers(actions: "argparse._SubParsersAction[Parser]") -> None:
    """The options of all three."""
    top = actions.add_parser(
        "top", help="what happens now, a line for each workload", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    add_mesh(top)
    top.add_argument(
        "--interval", metavar="SECONDS", type=float, default=5.0,
        help="between two looks (default: 5, as often as proxies tell)",
    )  # fmt: skip
    top.add_argument(
        "--count", metavar="NUMBER", type=int, default=0, help="looks (default: until Ctrl-C)"
    )
    graph = actions.add_parser(
        "graph", help="who talks to whom, encrypted or refused", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    add_mesh(graph)
    graph.add_argument(
        "--format", choices=_FORMATS, default="html",
        help="a page with a picture (default), graphviz, or for programs",
    )  # fmt: skip
    metrics = actions.add_parser(
        "metrics", help="all counts in Prometheus's text format", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    add_mesh(metrics)


def run(options: argparse.Namespace, operator: str) -> int:
    """Ask the controller behind a socket; gives the exit code."""
    if options.action == "graph":
        return _graph(options, operator)
    if options.action == "metrics":
        return _metrics(operator)
    if not options.interval > 0 or options.count < 0:
        raise UsageError("--interval is more than 0 seconds, --count none or more: say others")
    return _top(options, operator)


def _graph(options: argparse.Namespace, operator: str) -> int:
    from seawall.mesh.control.operating import ask  # noqa: PLC0415 - the extra
    from seawall.mesh.watching.graph import graph_of  # noqa: PLC0415 - only here
    from seawall.reports import mesh_graph  # noqa: PLC0415 - only here

    found = graph_of(ask(operator, "Status"), ask(operator, "Edges")["edges"])
    write = {"html": mesh_graph.as_html, "dot": mesh_graph.as_dot, "json": mesh_graph.as_json}
    sys.stdout.write(write[options.format](found))
    return 0


def _metrics(operator: str) -> int:
    from seawall.mesh.control.operating import ask  # noqa: PLC0415 - the extra
    from seawall.mesh.watching.metrics import families_of  # noqa: PLC0415 - only here
    from seawall.mesh.watching.prometheus import text_of  # noqa: PLC0415 - only here

    sys.stdout.write(text_of(families_of(ask(operator, "Status"))))
    return 0


def _top(options: argparse.Namespace, operator: str) -> int:
    from seawall.mesh.control.operating import ask  # noqa: PLC0415 - the extra
    from seawall.mesh.watching.rates import look_at, rates  # noqa: PLC0415 - only here
    from seawall.reports.mesh_top import table  # noqa: PLC0415 - only here

    before = look_at(ask(operator, "Status"), time.monotonic())
    looks = 0
    try:
        while not options.count or looks < options.count:
            time.sleep(options.interval)
            status = ask(operator, "Status")
            now = look_at(status, time.monotonic())
            text = table(rates(status, before, now))
            sys.stdout.write(CLEAR + text if sys.stdout.isatty() else f"{text}\n")
            sys.stdout.flush()
            before, looks = now, looks + 1
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    return 0
