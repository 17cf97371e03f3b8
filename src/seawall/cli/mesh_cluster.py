"""``seawall mesh controller``, ``agent`` and ``sidecar``: the programs that manifests start."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from seawall.cli.arguments import Arguments, Help, Parser
from seawall.cli.mesh_webhook import place_in
from seawall.core.errors import UsageError

if TYPE_CHECKING:
    from seawall.mesh.cluster.joining import Doors

ACTIONS = ("controller", "agent", "sidecar")


def add_parsers(actions: "argparse._SubParsersAction[Parser]") -> None:
    """The options of all three."""
    for name, what, add in (
        ("controller", "issue certificates and tell agents what is theirs", _add_controller),
        ("agent", "serve the proxies of a node's pods", _add_agent),
        ("sidecar", "run a pod's proxy and answer its probes", _add_sidecar),
    ):
        add(
            actions.add_parser(
                name,
                help=f"{what}; manifests or inject start it",
                formatter_class=Help,
                allow_abbrev=False,
            )
        )


def _add_controller(own: Arguments) -> None:
    own.add_argument(
        "--trust-domain", metavar="DOMAIN", required=True, help="as in shop.example.org"
    )
    own.add_argument("--state", metavar="DIR", required=True, help="has the store; keep it")
    own.add_argument(
        "--run", metavar="DIR", required=True, help="for the socket that operators use"
    )
    own.add_argument(
        "--document", metavar="FILE", required=True,
        help="workloads and policy; looked at each second, and it may come later",
    )  # fmt: skip
    own.add_argument(
        "--listen", metavar="[HOST]:PORT", default=":15012",
        help="for agents with a certificate (default: :15012)",
    )  # fmt: skip
    own.add_argument(
        "--join", metavar="[HOST]:PORT", default="",
        help="for agents with a token (default: the port after that of --listen)",
    )  # fmt: skip
    own.add_argument(
        "--agents", metavar="NAMESPACE/NAME", action="append", default=[],
        help="a service account whose pods may be agents of their nodes; may be repeated",
    )  # fmt: skip
    own.add_argument(
        "--announce-everywhere", action="store_true",
        help="write the roots into all namespaces of the mesh: agents in sidecars need them there",
    )  # fmt: skip
    own.add_argument(
        "--metrics", metavar="[HOST]:PORT", default=":15014",
        help="for health and Prometheus, without TLS (default: :15014)",
    )  # fmt: skip


def _add_doors(own: Arguments, *, required: bool) -> None:
    own.add_argument(
        "--controller", metavar="HOST:PORT", default="",
        help="where the controller is" if required else "the controller, without a node's agent",
    )  # fmt: skip
    own.add_argument(
        "--join", metavar="HOST:PORT", default="",
        help="its door for tokens (default: the port after that of --controller)",
    )  # fmt: skip
    own.add_argument("--token", metavar="FILE", default="", help="the pod's token for the mesh")
    own.add_argument("--roots", metavar="FILE", default="", help="the roots to trust at first")


def _add_agent(own: Arguments) -> None:
    own.add_argument("--trust-domain", metavar="DOMAIN", default="", help="that of the mesh")
    _add_doors(own, required=True)
    own.add_argument("--node", metavar="NAME", default="", help="the node that this is")
    own.add_argument(
        "--proxy-user", type=int, metavar="UID", default=61_337,
        help="user and group of proxies (default: 61337)",
    )  # fmt: skip
    own.add_argument(
        "--serve", metavar="DIR", default="", help="make a socket for the proxy of each pod there"
    )
    own.add_argument(
        "--redirect", action="store_true", help="load the rules of pods that have no init container"
    )
    own.add_argument(
        "--run", metavar="DIR", default="/run/seawall/mesh/agent",
        help="for the socket of --ask (default: /run/seawall/mesh/agent)",
    )  # fmt: skip
    own.add_argument(
        "--metrics", metavar="[HOST]:PORT", default="",
        help="for Prometheus, without TLS (default: nowhere)",
    )  # fmt: skip
    own.add_argument(
        "--ask", choices=("ready", "live"), default="",
        help="ask the agent that runs here: exit code 0 if so",
    )  # fmt: skip


def _add_sidecar(own: Arguments) -> None:
    own.add_argument("--agent", metavar="SOCKET", default="", help="that of the node's agent")
    _add_doors(own, required=False)
    own.add_argument(
        "--workload-api", metavar="SOCKET", default="",
        help="serve the pod's programs their identity there, without a node's agent",
    )  # fmt: skip
    own.add_argument(
        "--edge", choices=("egress", "gateway"), default="",
        help="the pod is the exit of the mesh, or its gateway",
    )  # fmt: skip
    own.add_argument(
        "--envoy", metavar="PROGRAM", default="", help="the proxy (default: the extra's)"
    )


def run(options: argparse.Namespace) -> int:
    """Run one of the three until it is told to stop; gives the exit code."""
    if options.action == "agent" and options.ask:
        return _asked(options.run, options.ask)
    return _PROGRAMS[options.action](options)


def _asked(run: str, question: str) -> int:
    from seawall.mesh.cluster.asking import ask  # noqa: PLC0415 - only here

    fault = ask(run, question)
    if fault:
        sys.stderr.write(f"seawall: {fault}\n")
    return 1 if fault else 0


def _controller(options: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415 - only here

    from seawall.mesh.cluster import controller  # noqa: PLC0415
    from seawall.mesh.cluster.api import ACCOUNT, Api  # noqa: PLC0415
    from seawall.mesh.cluster.objects import Account  # noqa: PLC0415
    from seawall.mesh.control.serving import Addresses  # noqa: PLC0415

    agents = []
    for text in options.agents:
        namespace, slash, name = text.partition("/")
        if not (namespace and slash and name):
            raise UsageError(f"{text!r} is no service account: write NAMESPACE/NAME")
        agents.append(Account(namespace, name))
    host, port = place_in(options.listen)
    join = place_in(options.join) if options.join else (host, port + 1)
    doors = Addresses(_address(*join), _address(host, port))
    os.umask(0o077)
    asyncio.run(
        controller.serve(
            controller.Options(
                options.trust_domain, options.state, options.run, options.document, doors,
                tuple(agents), place_in(options.metrics), _namespace_in(ACCOUNT),
                options.announce_everywhere,
            ),
            Api.of_cluster(os.environ),
        )
    )  # fmt: skip
    return 0


def _namespace_in(directory: str) -> str:
    path = os.path.join(directory, "namespace")
    try:
        with open(path, encoding="ascii") as stream:
            return stream.read(100).strip()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: {error}; run it in a pod that has its account's token there"
        ) from None


def _address(host: str, port: int) -> str:
    return f"{host}:{port}" if host and ":" not in host else f"[{host or '::'}]:{port}"


def _resolve_as_the_system_does() -> None:
    """What gRPC brings itself asks DNS servers first, and waits, whatever /etc/hosts says."""
    os.environ.setdefault("GRPC_DNS_RESOLVER", "native")  # read once, when grpc is imported


def _agent(options: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415 - only here

    _resolve_as_the_system_does()
    from seawall.mesh.cluster import agent  # noqa: PLC0415

    for word in ("trust_domain", "node"):
        if not getattr(options, word):
            raise UsageError(f"--{word.replace('_', '-')} is missing: write it, as manifests do")
    asyncio.run(
        agent.serve(
            agent.Options(
                options.trust_domain, _doors(options), options.node, options.proxy_user,
                options.serve, options.redirect, options.run,
                place_in(options.metrics) if options.metrics else None,
            )
        )
    )  # fmt: skip
    return 0


def _sidecar(options: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415 - only here

    _resolve_as_the_system_does()
    from seawall.mesh.cluster import sidecar  # noqa: PLC0415
    from seawall.mesh.proxies import program  # noqa: PLC0415

    if bool(options.agent) == bool(options.controller):
        raise UsageError("whom to ask is not clear: give one of --agent and --controller")
    doors = _doors(options) if options.controller else None
    envoy = program.find(options.envoy)
    own = sidecar.Options(
        envoy, options.agent, doors, os.environ, options.workload_api, options.edge
    )
    asyncio.run(sidecar.serve(own))
    return 0


def _doors(options: argparse.Namespace) -> "Doors":
    from seawall.mesh.cluster.joining import Doors, next_door  # noqa: PLC0415 - only here

    for word in ("controller", "token", "roots"):
        if not getattr(options, word):
            raise UsageError(f"--{word} is missing: write it, as manifests do")
    host, port = place_in(options.controller)
    if not host or not port:
        raise UsageError(f"{options.controller!r} is no address: give HOST:PORT")
    return Doors(
        options.join or next_door(options.controller), options.controller, options.token,
        options.roots,
    )  # fmt: skip


_PROGRAMS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "controller": _controller, "agent": _agent, "sidecar": _sidecar,
}  # fmt: skip
