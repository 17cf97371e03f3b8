"""``seawall mesh ca`` and ``token``: what operators do with issuers, ids and hosts."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from seawall.cli import mesh_root
from seawall.cli.arguments import Help, Parser
from seawall.cli.mesh_named import add_mesh
from seawall.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from seawall.mesh.hosting.layout import Layout


_WHAT = (
    "show", "rotate", "advance", "taint", "revoke", "restore", "init", "request", "sign", "install",
)  # fmt: skip


def add_parsers(actions: "argparse._SubParsersAction[Parser]") -> None:
    """The options of both."""
    ca = actions.add_parser(
        "ca", help="issuers: show, rotate, taint; ids: revoke, restore", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    ca.add_argument(
        "what", choices=_WHAT, metavar="|".join(_WHAT),
        help="rotate: a new intermediate (--root: a new root) takes over as soon as all proxies "
        "have followed; advance: the next step of a rotation (--force: without those that have not "
        "followed); taint: replace an issuer whose key may be known, or with --tokens the key that "
        "signs JWT-SVIDs; revoke: let an id in nowhere; init --offline: a root that stays away; "
        "request, sign, install: an intermediate below such a root",
    )  # fmt: skip
    add_mesh(ca, "; init: the trust domain; sign: the file with the request")  # fmt: skip
    ca.add_argument(
        "about", nargs="?", metavar="ISSUER|ID|CHAIN",
        help="the number of the issuer; the id; install: the file that sign wrote",
    )  # fmt: skip
    mesh_root.add_arguments(ca)
    ca.add_argument("--root", action="store_true", help="rotate: the root, too")
    ca.add_argument(
        "--tokens", action="store_true", help="rotate, taint: the key that signs JWT-SVIDs"
    )
    ca.add_argument("--force", action="store_true", help="advance: do not wait for anybody")
    token = actions.add_parser(
        "token", help="a token that lets one host join, once", formatter_class=Help,
        allow_abbrev=False,
    )  # fmt: skip
    add_mesh(token)
    token.add_argument("host", metavar="HOST", help="the name of the host")
    token.add_argument(
        "--forget", action="store_true",
        help="make none: drop the key with which the host's agent comes back without one",
    )  # fmt: skip


def run(options: argparse.Namespace, layout_of: "Callable[[str], Layout]") -> int:
    """Ask the controller of a mesh; gives the exit code."""
    from seawall.mesh.control.operating import ask  # noqa: PLC0415 - the extra

    if options.action == "ca" and options.what in ("init", "sign"):
        return mesh_root.apart(options)
    if options.action == "ca" and options.what in ("request", "install"):
        return mesh_root.at_mesh(options, layout_of(options.mesh))
    operator = layout_of(options.mesh).operator
    if options.action == "token":
        from seawall.mesh.hosting.invitation import Invitation, written  # noqa: PLC0415

        if options.forget:
            ask(operator, "Forget", host=options.host)
            sys.stdout.write(f"{options.host} comes back with a new token only\n")
            return 0
        given = ask(operator, "Token", host=options.host)
        made = Invitation(options.host, given["token"], given["bundle"])
        sys.stdout.write(written(made))
        sys.stderr.write(f"roots: {made.fingerprint}; good once, for ten minutes\n")
        return 0
    if options.what == "show":
        return _show(ask(operator, "Status"))
    if options.what in ("revoke", "restore"):
        if not options.about:
            raise UsageError(f"no id to {options.what}; write it after the mesh")
        said = ask(operator, "Revoke", id=options.about, back=options.what == "restore")
        sys.stdout.write(
            "".join(f"revoked: {name}\n" for name in said["revoked"]) or "none revoked\n"
        )
        return 0
    return _progress(_turned(options, operator))


def _turned(options: argparse.Namespace, operator: str) -> dict[str, Any]:
    from seawall.mesh.control.operating import ask  # noqa: PLC0415 - the extra

    if options.what == "rotate":
        return ask(operator, "Rotate", root=options.root, tokens=options.tokens)
    if options.what == "advance":
        return ask(operator, "Advance", force=options.force)
    if options.tokens:
        return ask(operator, "Taint", tokens=True)
    if not (options.about and options.about.isdigit()):
        raise UsageError("no issuer to taint; give its number, as seawall mesh ca show has it")
    return ask(operator, "Taint", number=int(options.about))


def _show(status: dict[str, Any]) -> int:
    from seawall.reports.mesh import issuers_table  # noqa: PLC0415 - only here

    sys.stdout.write(issuers_table(status))
    return 0


def _progress(progress: dict[str, Any]) -> int:
    words = {"idle": "done", "trust": "the new root is being made known",
             "replace": "certificates are being replaced"}  # fmt: skip
    waits = ", ".join(progress["waits_for"])
    tail = f"; waits for {waits}" if waits else ""
    sys.stdout.write(f"generation {progress['generation']}: {words[progress['step']]}{tail}\n")
    return 0
