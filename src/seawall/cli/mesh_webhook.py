"""``seawall mesh webhook``: the API server asks it about each pod of the mesh."""

import argparse
import sys

from seawall.cli import mesh_inject
from seawall.cli.arguments import Help, Parser
from seawall.core.errors import UsageError


def add_parser(actions: "argparse._SubParsersAction[Parser]") -> None:
    """The options of ``seawall mesh webhook``."""
    webhook = actions.add_parser(
        "webhook", help="give pods their proxy when they are made; manifests starts it",
        formatter_class=Help, allow_abbrev=False,
    )  # fmt: skip
    webhook.add_argument(
        "--certificate", metavar="DIR", required=True, help="has tls.crt and tls.key"
    )
    webhook.add_argument(
        "--listen", metavar="[HOST]:PORT", default=":8443", help="for reviews (default: :8443)"
    )
    webhook.add_argument(
        "--metrics", metavar="[HOST]:PORT", default=":15014",
        help="for health and Prometheus, without TLS (default: :15014)",
    )  # fmt: skip
    mesh_inject.add_settings(webhook)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM; gives the exit code."""
    import asyncio  # noqa: PLC0415 - only here

    from seawall.mesh.injection.webhook import Places, serve  # noqa: PLC0415

    settings = mesh_inject.settings_of(options, options.controller)
    places = Places(place_in(options.listen), place_in(options.metrics), options.certificate)
    asyncio.run(serve(settings, places, _say_ready))
    return 0


def _say_ready(reviews: int, health: int) -> None:
    sys.stdout.write(f"reviews on port {reviews}, health on port {health}\n")
    sys.stdout.flush()


def place_in(text: str) -> tuple[str, int]:
    """Host, empty for all, and port, of ``[HOST]:PORT``; raises :class:`UsageError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"{text!r} is no place to listen; give one like :8443 or 127.0.0.1:8443")
    return host.strip("[]"), int(port)
