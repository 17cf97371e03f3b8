"""``seawall mesh inject``, ``uninject`` and ``manifests``: what Kubernetes is to run."""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from seawall.cli.arguments import Arguments, Help, Parser
from seawall.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from seawall.mesh.injection.manifests import Result
    from seawall.mesh.injection.settings import Settings

STANDARD_INPUT = "-"


def add_parsers(actions: "argparse._SubParsersAction[Parser]") -> None:
    """The options of all three."""
    inject = actions.add_parser(
        "inject", help="give the pods of manifests a proxy", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    _add_file(inject)
    add_settings(inject)
    uninject = actions.add_parser(
        "uninject", help="take the proxies out of manifests again", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    _add_file(uninject)
    manifests = actions.add_parser(
        "manifests", help="what a cluster needs: controller, agents, webhook, rights",
        formatter_class=Help, allow_abbrev=False,
    )  # fmt: skip
    manifests.add_argument(
        "--namespace", metavar="NAME", default="seawall-mesh",
        help="where the mesh's own parts run (default: seawall-mesh)",
    )  # fmt: skip
    manifests.add_argument(
        "--trust-domain", metavar="DOMAIN", required=True, help="as in shop.example.org"
    )
    manifests.add_argument(
        "--webhook-ca", metavar="FILE",
        help="who issues the webhook's certificate, in PEM; without it the API server takes "
        "the system's issuers only",
    )  # fmt: skip
    manifests.add_argument(
        "--egress", action="store_true",
        help="an exit to what the document declares under external",
    )  # fmt: skip
    manifests.add_argument(
        "--egress-private", metavar="RANGE", action="append", default=[],
        help="addresses that are not public and that the exit may reach; may be repeated",
    )  # fmt: skip
    manifests.add_argument(
        "--gateway", metavar="PORT", type=int, default=0,
        help="a gateway; the port of the document's listen",
    )  # fmt: skip
    add_settings(manifests, controller=False)


def _add_file(own: Arguments) -> None:
    own.add_argument(
        "file", metavar="FILE|-", help="manifests in YAML or JSON; - is standard input"
    )
    own.add_argument("--write", action="store_true", help="change the file in place of printing it")
    own.add_argument("--check", action="store_true", help="exit with 1 when something would change")


def add_settings(own: Arguments, *, controller: bool = True) -> None:
    """The options that say how pods are injected."""
    own.add_argument(
        "--image", metavar="IMAGE", required=True, help="the mesh's image, with its digest"
    )
    own.add_argument(
        "--redirect", choices=("init", "agent"), default="init",
        help="who loads the rules: an init container with NET_ADMIN (default), or the node's agent",
    )  # fmt: skip
    own.add_argument(
        "--agent", choices=("node", "sidecar"), default="node",
        help="who holds the keys: the node's agent (default), or the sidecar itself, without any "
        "directory of the node",
    )  # fmt: skip
    own.add_argument(
        "--proxy-user", type=int, metavar="UID", default=None,
        help="user and group of the proxy (default: 61337)",
    )  # fmt: skip
    if controller:
        own.add_argument(
            "--controller", metavar="HOST:PORT", default="",
            help="where agents in sidecars find the controller",
        )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run one of the three; gives the exit code."""
    return _ACTIONS[options.action](options)


def settings_of(options: argparse.Namespace, controller: str) -> "Settings":
    """What those options say; ``controller`` is its address, or empty for the usual one."""
    from seawall.mesh.injection.settings import Agent, By, Settings, checked  # noqa: PLC0415

    settings = Settings(options.image, By(options.redirect), Agent(options.agent))
    if options.proxy_user is not None:
        settings = settings._replace(proxy_user=options.proxy_user)
    return checked(settings._replace(controller=controller) if controller else settings)


def _inject(options: argparse.Namespace) -> int:
    from seawall.mesh.injection import manifests  # noqa: PLC0415 - only here

    settings = settings_of(options, options.controller)
    return _changed(options, lambda text, name: manifests.inject(text, name, settings))


def _uninject(options: argparse.Namespace) -> int:
    from seawall.mesh.injection import manifests  # noqa: PLC0415 - only here

    return _changed(options, manifests.uninject)


def _changed(options: argparse.Namespace, change: Callable[[str, str], "Result"]) -> int:
    """Change a file or standard input, unless a pod is refused; gives the exit code."""
    from seawall.mesh.injection.manifests import decoded  # noqa: PLC0415 - only here

    is_input = options.file == STANDARD_INPUT
    if options.write and is_input:
        raise UsageError("--write needs a file: name one, or leave --write out")
    name = "standard input" if is_input else options.file
    result = change(decoded(_read(options.file), name), name)
    if result.refused:
        sys.stderr.writelines(f"{told}\n" for told in result.refused)
        sys.stderr.write("seawall: refused; nothing was written\n")
        return 1
    if options.check:
        sys.stderr.writelines(f"{name}: {one} would change\n" for one in result.changed)
        return 1 if result.changed else 0
    if not options.write:
        _print(result.text)
    elif result.changed:
        from seawall.cli.output import write_atomically  # noqa: PLC0415 - only here

        _write(lambda: write_atomically(options.file, (result.text,)), options.file)
    if not result.pods:
        sys.stderr.write(f"seawall: {name} has no pods; it stays as it is\n")
    return 0


def _write(act: Callable[[], None], path: str) -> None:
    try:
        act()
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {(error.strerror or str(error)).lower()}; make it writable"
        ) from None


def _read(path: str) -> bytes:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {(error.strerror or str(error)).lower()}; name another file"
        ) from None


def _print(text: str) -> None:
    """Write the very bytes: the terminal's encoding does not matter."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()


def _manifests(options: argparse.Namespace) -> int:
    from seawall.mesh.injection import cluster  # noqa: PLC0415 - only here
    from seawall.mesh.injection.edge_pods import Edges  # noqa: PLC0415

    settings = settings_of(options, cluster.controller_address(options.namespace))
    ca = _read(options.webhook_ca) if options.webhook_ca else b""
    edges = Edges(options.egress, tuple(options.egress_private), options.gateway)
    _print(cluster.manifests(options.namespace, options.trust_domain, settings, ca, edges))
    return 0


_ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "inject": _inject, "uninject": _uninject, "manifests": _manifests,
}  # fmt: skip
