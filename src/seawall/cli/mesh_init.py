"""``seawall mesh init``: the rules of one pod, loaded and tried before anything else runs."""

import argparse
import sys

from seawall.cli.arguments import Help, Parser
from seawall.core.errors import InputError


def add_parser(actions: "argparse._SubParsersAction[Parser]") -> None:
    """The options of ``seawall mesh init``."""
    init = actions.add_parser(
        "init", help="redirect the traffic of this pod (needs NET_ADMIN); inject calls it",
        formatter_class=Help, allow_abbrev=False,
    )  # fmt: skip
    init.add_argument(
        "--proxy-user", type=int, metavar="UID", required=True, help="the user of the proxy"
    )
    init.add_argument(
        "--resolv-conf", metavar="FILE", default="/etc/resolv.conf",
        help="names the DNS servers that the pod may ask (default: /etc/resolv.conf)",
    )  # fmt: skip
    init.add_argument(
        "--exit", action="store_true",
        help="keep the proxy of this pod to public addresses, in place of redirecting to it",
    )  # fmt: skip
    init.add_argument(
        "--private", metavar="RANGE", action="append", default=[],
        help="with --exit: addresses that are not public and are open; may be repeated",
    )  # fmt: skip
    init.add_argument(
        "--controller", metavar="HOST:PORT", default="",
        help="with --exit: the controller, which the pod's own agent calls",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Load the rules and try them; gives the exit code."""
    from seawall.mesh.redirect import own_namespace  # noqa: PLC0415 - only here

    try:
        with open(options.resolv_conf, encoding="utf-8", errors="replace") as stream:
            text = stream.read(own_namespace.LARGEST)
    except OSError as error:
        raise InputError(
            f"cannot read {options.resolv_conf}: {(error.strerror or str(error)).lower()}; name "
            "another file with --resolv-conf"
        ) from None
    resolvers_ = own_namespace.resolvers_in(text)
    if options.exit:
        own_namespace.close_exit(
            options.proxy_user, resolvers_, options.private, options.controller
        )
        sys.stdout.write(
            f"the exit is kept to public addresses, {options.private or 'no others'}\n"
        )
        return 0
    done = own_namespace.close(options.proxy_user, resolvers_)
    sys.stderr.writelines(f"seawall: {fault}\n" for fault in done.faults)
    if done.faults:
        sys.stderr.write("seawall: the rules do not hold; this pod must not start\n")
        return 1
    resolvers = ", ".join(done.resolvers) or "none"
    sys.stdout.write(f"redirected: {', '.join(done.families)}; resolvers: {resolvers}\n")
    return 0
