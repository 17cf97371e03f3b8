"""``seawall mesh policy``: what a policy comes to, before anything runs."""

import argparse
import sys
from typing import TYPE_CHECKING

from seawall.cli.arguments import Help, Parser
from seawall.core.errors import UsageError

if TYPE_CHECKING:
    from seawall.mesh.plan.reading import Plan


def add_parser(actions: "argparse._SubParsersAction[Parser]") -> None:
    """The options of ``seawall mesh policy``."""
    policy = actions.add_parser(
        "policy", help="check, explain and test the rules of a description", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    policy.add_argument(
        "what", choices=("check", "explain", "test"), metavar="check|explain|test",
        help="whether it can be carried out; who reaches what; whether its tests come out right",
    )  # fmt: skip
    policy.add_argument("file", metavar="FILE", help="the description of the mesh, in YAML")
    policy.add_argument("--from", dest="caller", metavar="ID", help="test: who asks, or a workload")
    policy.add_argument("--to", metavar="WORKLOAD", help="test: whom it asks")
    policy.add_argument("--port", type=int, metavar="PORT", help="test: on which port")
    policy.add_argument("--method", metavar="NAME", default="", help="test: of an HTTP request")
    policy.add_argument("--path", metavar="PATH", default="", help="test: of an HTTP request")


def run(options: argparse.Namespace) -> int:
    """Run one of the three; gives the exit code."""
    from seawall.mesh.plan import reading, trying  # noqa: PLC0415 - only here

    plan = reading.load(options.file)
    if options.what == "check":
        rules = f"{len(plan.rules)} rule{'s' * (len(plan.rules) != 1)}"
        sys.stdout.write(f"{options.file}: {rules} for {len(plan.members)} workloads\n")
        sys.stdout.writelines(f"{line}\n" for line in trying.openings(plan))
        return 0
    if options.what == "explain":
        from seawall.reports.mesh import lines_of  # noqa: PLC0415 - only here

        rows = [("FROM", "TO", "PORT", "ANSWER", "BECAUSE")]
        rows += [
            (row.caller, row.to, f"{row.port.number}/{row.port.protocol}", row.answer, row.because)
            for row in trying.table(plan)
        ]
        sys.stdout.write("\n".join([*lines_of(rows), *trying.openings(plan), ""]))
        return 0
    return _one(options, plan) if options.caller or options.to else _all(plan)


def _all(plan: "Plan") -> int:
    from seawall.mesh.plan import trying  # noqa: PLC0415 - only here

    if not plan.expectations:
        raise UsageError(f"{plan.path} has no tests; write some, or give --from, --to and --port")
    failed = trying.failures(plan)
    sys.stdout.write("".join(f"{line}\n" for line in failed))
    passed = len(plan.expectations) - len(failed)
    sys.stdout.write(f"{passed} as expected, {len(failed)} not\n")
    return 1 if failed else 0


def _one(options: argparse.Namespace, plan: "Plan") -> int:
    from seawall.mesh.identity.spiffe_id import parse  # noqa: PLC0415 - only here
    from seawall.mesh.plan import trying  # noqa: PLC0415
    from seawall.mesh.plan.deciding import Request  # noqa: PLC0415

    if not (options.caller and options.to and options.port):
        raise UsageError("one question needs --from, --to and --port: give all three")
    names = {member.name: member.id for member in plan.members}
    text = options.caller
    name = names.get(text) or parse(f"{plan.trust_domain}{text}" if text.startswith("/") else text)
    request = Request(name, options.method, options.path)
    decision = trying.asked(plan, options.to, options.port, request)
    answer = "allowed" if decision.is_allowed else "refused"
    sys.stdout.write(f"{answer}: {decision.because}\n")
    return 0 if decision.is_allowed else 1
