"""``seawall mesh verify``: the whole list of attacks on the workloads of this host."""

import argparse
import sys
from typing import TYPE_CHECKING

from seawall.cli.arguments import Help, Parser
from seawall.cli.mesh_named import add_mesh

if TYPE_CHECKING:
    from seawall.mesh.hosting.layout import Layout


def add_parser(actions: "argparse._SubParsersAction[Parser]") -> None:
    """The options."""
    verify = actions.add_parser(
        "verify", help="attack the workloads of this host and see that nothing gets through",
        formatter_class=Help, allow_abbrev=False,
    )  # fmt: skip
    add_mesh(verify)
    verify.add_argument(
        "--workload", metavar="WORKLOAD", action="append", default=[],
        help="attack this one only (may be given several times)",
    )  # fmt: skip
    verify.add_argument(
        "--disturb", action="store_true",
        help="kill proxy, agent and controller, stop the controller, flush rules; all of it is "
        "put right again. A request for /a-word-of-seawall-mesh-verify goes to one application",
    )  # fmt: skip
    verify.add_argument(
        "--patience", metavar="SECONDS", type=float, default=20.0,
        help="how long one attack may take: ends of certificates are waited for (default: 20)",
    )  # fmt: skip
    verify.add_argument("--json", action="store_true", help="for programs")


def run(options: argparse.Namespace, layout: "Layout") -> int:
    """Attack; 1 where something came out as it should not."""
    from seawall.mesh.hosting import running as hosting  # noqa: PLC0415 - the extra
    from seawall.mesh.verifying.running import Choice, verify  # noqa: PLC0415
    from seawall.reports import mesh_verify  # noqa: PLC0415 - only here

    hosting.check_host()
    choice = Choice(tuple(options.workload), options.disturb, options.patience)
    verdict = verify(layout, choice)
    write = mesh_verify.as_json if options.json else mesh_verify.text
    sys.stdout.write(write(verdict))
    return 1 if verdict.failed else 0
