"""``seawall mesh``: mutual TLS between workloads that know nothing of it."""

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import seawall
from seawall.cli import (
    mesh_ca,
    mesh_cluster,
    mesh_init,
    mesh_inject,
    mesh_policy,
    mesh_verify,
    mesh_watch,
    mesh_webhook,
)
from seawall.cli.arguments import Help, Parser
from seawall.cli.mesh_named import add_mesh
from seawall.core.errors import UsageError

if TYPE_CHECKING:
    from seawall.mesh.hosting.layout import Layout


def parser() -> Parser:
    """The options of ``seawall mesh``."""
    result = Parser(
        prog="seawall mesh",
        description="Mutual TLS between workloads that know nothing of it: their traffic goes "
        "through proxies, which authenticate each other.",
        allow_abbrev=False,
        formatter_class=Help,
        epilog="exit codes: 0 done, 1 refused, 2 wrong usage or description, 3 not reachable, "
        "4 internal error",
    )
    actions = result.add_subparsers(dest="action", metavar="ACTION", required=True)
    up = actions.add_parser(
        "up", help="bring up a mesh on this host (needs root)", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    up.add_argument("file", metavar="FILE", help="the description of the mesh, in YAML")
    up.add_argument(
        "--host", metavar="HOST", default="", help="of several hosts that it names, this one"
    )
    up.add_argument(
        "--join", metavar="FILE|-", default="",
        help="what seawall mesh token wrote, where the controller is on another host",
    )  # fmt: skip
    up.add_argument(
        "--fingerprint", metavar="DIGEST", default="",
        help="that of the roots which --join brings, as seawall mesh token has shown it",
    )  # fmt: skip
    up.add_argument("--foreground", action="store_true", help="stay, until Ctrl-C")
    up.add_argument(
        "--envoy", metavar="PROGRAM", default="", help="the proxy (default: the extra's)"
    )
    apply = actions.add_parser(
        "apply", help="change a mesh that is up, while its traffic goes on", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    apply.add_argument("file", metavar="FILE", help="the description of the mesh as it is to be")
    apply.add_argument("--dry-run", action="store_true", help="only say what would be changed")
    down = actions.add_parser(
        "down", help="take a mesh down, also after a crash", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    add_mesh(down)
    status = actions.add_parser(
        "status", help="workloads, identities, certificates", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    add_mesh(status)
    status.add_argument("--json", action="store_true", help="for programs")
    replace = actions.add_parser(
        "replace", help="another proxy program, without a failed request", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    add_mesh(replace)
    replace.add_argument(
        "--envoy", metavar="PROGRAM", default="", help="the proxy (default: the extra's)"
    )
    replace.add_argument(
        "--within", metavar="SECONDS", type=int, default=600,
        help="how long each old proxy may take to end what it has under way (default: 600)",
    )  # fmt: skip
    for word, does in (("stop", "end one workload when what it has under way has ended"),
                       ("start", "start a workload again that was stopped")):  # fmt: skip
        one = actions.add_parser(word, help=does, formatter_class=Help, allow_abbrev=False)
        add_mesh(one)
        one.add_argument("workload", metavar="WORKLOAD", help="the name of the workload")
    mesh_policy.add_parser(actions)
    mesh_ca.add_parsers(actions)
    mesh_inject.add_parsers(actions)
    mesh_init.add_parser(actions)
    mesh_webhook.add_parser(actions)
    mesh_verify.add_parser(actions)
    mesh_cluster.add_parsers(actions)
    mesh_watch.add_parsers(actions)
    return result


def run(arguments: list[str]) -> int:
    """Run one action; gives the exit code."""
    options = parser().parse_args(arguments)
    if options.action == "policy":
        return mesh_policy.run(options)
    if options.action in ("inject", "uninject", "manifests"):
        return mesh_inject.run(options)
    if options.action == "init":
        return mesh_init.run(options)
    if options.action == "webhook":
        return mesh_webhook.run(options)
    if find_spec("cryptography") is None or find_spec("grpc") is None:
        raise UsageError(
            "seawall mesh needs its extra: pip install 'seawall[mesh]' (Linux, x86-64 or aarch64)"
        )
    if options.action in mesh_cluster.ACTIONS:
        return mesh_cluster.run(options)
    return _ACTIONS[options.action](options)


def _up(options: argparse.Namespace) -> int:
    from seawall.mesh.hosting import host_checks, running  # noqa: PLC0415 - the extra
    from seawall.mesh.hosting.invitation import read as read_invitation  # noqa: PLC0415
    from seawall.mesh.hosting.layout import Layout  # noqa: PLC0415
    from seawall.mesh.plan import reading  # noqa: PLC0415
    from seawall.mesh.proxies import program  # noqa: PLC0415

    plan = reading.load(options.file)
    running.check_host()
    host_checks.check()
    envoy = program.find(options.envoy)
    program.version_of(envoy)
    layout = Layout(plan.mesh)
    invitation = read_invitation(options.join) if options.join else b""
    part = running.part_of(plan, options.host, invitation, options.fingerprint)
    if options.foreground:
        running.keep_up(plan, layout, envoy, lambda: _say_ready(plan.mesh), part)
        return 0
    return _in_background(options, layout, invitation)


def _say_ready(mesh: str) -> None:
    sys.stdout.write(f"{mesh} is up\n")
    sys.stdout.flush()


def _in_background(options: argparse.Namespace, layout: "Layout", invitation: bytes) -> int:
    """Start ourselves anew, in a session of its own, and wait until that says that it is ready."""
    # With -P nobody is run, as root, who lies in the directory that we were started in.
    command = [sys.executable, "-P", "-m", "seawall", "mesh", "up", "--foreground",
               os.path.abspath(options.file)]  # fmt: skip
    known = os.path.dirname(os.path.dirname(os.path.abspath(seawall.__file__)))
    if options.envoy:
        command += ["--envoy", os.path.abspath(options.envoy)]
    if options.host:
        command += ["--host", options.host]
    if invitation:
        command += ["--join", "-"]  # a secret: not on a command line
    os.makedirs(layout.run_root, exist_ok=True)
    said_path = _said_by(layout)
    with open(said_path, "wb") as said:
        child = subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
            start_new_session=True, env={**os.environ, "PYTHONPATH": known},
        )  # fmt: skip
    assert child.stdout is not None and child.stdin is not None  # noqa: S101, PT018 - asked for
    with contextlib.suppress(BrokenPipeError):  # it may have ended: that is said below
        child.stdin.write(invitation)
        child.stdin.close()
    line = child.stdout.readline()
    if line:
        sys.stdout.write(line.decode())
        return 0
    code = child.wait()
    with open(said_path, encoding="utf-8", errors="replace") as stream:
        sys.stderr.write(stream.read())
    return code or 4


def _said_by(layout: "Layout") -> str:
    """The file that gets what a mesh in the background says."""
    return os.path.join(layout.run_root, f"{layout.mesh}.log")


def _down(options: argparse.Namespace) -> int:
    from seawall.mesh.hosting import running  # noqa: PLC0415 - the extra

    running.check_host()
    layout = _layout_of(options.mesh)
    was_there = running.take_down(layout)
    with suppress(FileNotFoundError):
        os.unlink(_said_by(layout))
    sys.stdout.write(f"{layout.mesh} is down\n" if was_there else f"{layout.mesh} was not up\n")
    return 0


def _replace(options: argparse.Namespace) -> int:
    from seawall.mesh.hosting import asking, running  # noqa: PLC0415 - the extra
    from seawall.mesh.proxies import program  # noqa: PLC0415

    running.check_host()
    envoy = program.find(os.path.abspath(options.envoy) if options.envoy else "")
    layout = _layout_of(options.mesh)
    said = asking.ask(layout.requests, what="replace", envoy=envoy, within=options.within)
    for own in said["replaced"]:
        left = f", {own['left']} connections were cut" if own["left"] else ""
        sys.stdout.write(f"{own['name']}: replaced in {own['seconds']:.1f} s{left}\n")
    return 0


def _apply(options: argparse.Namespace) -> int:
    from seawall.mesh.hosting import applying, asking, running  # noqa: PLC0415 - the extra
    from seawall.mesh.hosting.layout import Layout  # noqa: PLC0415
    from seawall.mesh.plan import reading  # noqa: PLC0415
    from seawall.reports.mesh import changes_text  # noqa: PLC0415

    running.check_host()
    layout = Layout(reading.load(options.file).mesh)
    about = {"what": "apply", "file": os.path.abspath(options.file)}
    planned = applying.changes_in(asking.ask(layout.requests, **about, dry=True))
    sys.stdout.write(changes_text(planned))
    sys.stdout.flush()
    if not options.dry_run and planned:
        asking.ask(layout.requests, **about, dry=False)
        sys.stdout.write(f"{layout.mesh} is as {options.file} says\n")
    return 0


def _one(options: argparse.Namespace) -> int:
    from seawall.mesh.hosting import asking, running  # noqa: PLC0415 - the extra

    running.check_host()
    layout = _layout_of(options.mesh)
    said = asking.ask(layout.requests, what=options.action, workload=options.workload)
    left = f"; {said['left']} requests or connections were cut" if said["left"] else ""
    done = "stopped" if options.action == "stop" else "started"
    sys.stdout.write(f"{options.workload} is {done}{left}\n")
    return 0


def _layout_of(named: str) -> "Layout":
    from seawall.mesh.hosting.layout import Layout  # noqa: PLC0415 - the extra
    from seawall.mesh.plan import reading  # noqa: PLC0415

    if os.path.isfile(named):
        return Layout(reading.load(named).mesh)
    if not reading.is_name(named):
        raise UsageError(f"{named!r} is neither a file nor the name of a mesh: name one")
    return Layout(named)


def _status(options: argparse.Namespace) -> int:
    from seawall.mesh.agents import telling  # noqa: PLC0415 - the extra
    from seawall.mesh.control.operating import ask  # noqa: PLC0415
    from seawall.mesh.hosting import ending  # noqa: PLC0415
    from seawall.reports.mesh import agent_table, status_table  # noqa: PLC0415

    layout = _layout_of(options.mesh)
    told = None if os.path.exists(layout.operator) else telling.read(layout.agent_status)
    said = ask(layout.operator, "Status") if told is None else told
    said["dropped"] = _dropped(layout.mesh, said["workloads"])
    said["ended"] = ending.read(layout.ended)
    if options.json:
        import json  # noqa: PLC0415 - only here

        sys.stdout.write(json.dumps(said, indent=2) + "\n")
    else:
        sys.stdout.write(status_table(said) if told is None else agent_table(said))
    return 0


def _dropped(
    mesh: str, workloads: "Mapping[str, Mapping[str, Any]]"
) -> "dict[str, dict[str, int]]":
    """What the fences have dropped, by reason: counted now, or what agents have told of others."""
    from seawall.mesh.hosting import network  # noqa: PLC0415 - the extra
    from seawall.mesh.plan.edges import exit_name  # noqa: PLC0415
    from seawall.mesh.plan.hosts import LOCAL  # noqa: PLC0415
    from seawall.mesh.redirect.loading import counters, exit_counters  # noqa: PLC0415
    from seawall.mesh.watching.counts import FENCE, parts_of  # noqa: PLC0415

    here = network.namespaces_of(mesh)
    told = {
        name: parts_of((own["standing"] or {}).get("counts", {}), FENCE)
        for name, own in workloads.items()
    }
    found = {name: counts for name, counts in told.items() if counts}
    for name in workloads:
        namespace = network.prefix_of(mesh) + name
        if namespace in here:
            found[name] = counters(("ip", "netns", "exec", namespace))
    if exit_name(LOCAL) in workloads:
        found[exit_name(LOCAL)] = exit_counters(mesh)
    return found


def _operate(options: argparse.Namespace) -> int:
    return mesh_ca.run(options, _layout_of)


def _verify(options: argparse.Namespace) -> int:
    return mesh_verify.run(options, _layout_of(options.mesh))


def _watch(options: argparse.Namespace) -> int:
    return mesh_watch.run(options, _layout_of(options.mesh).operator)


_ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "up": _up, "apply": _apply, "down": _down, "status": _status, "replace": _replace,
    "stop": _one, "start": _one,
    "ca": _operate, "token": _operate, "verify": _verify,
    "top": _watch, "graph": _watch, "metrics": _watch,
}  # fmt: skip
