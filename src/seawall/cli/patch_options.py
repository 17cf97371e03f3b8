"""The options of ``seawall harden image --patch``."""

import argparse

from seawall.cli.arguments import Parser
from seawall.core.errors import UsageError
from seawall.patching.plans import ALL, VULNERABLE
from seawall.patching.sources import Wanted


def add_patch_options(parser: Parser) -> None:
    """Which packages of the system are patched, and with what."""
    own = parser.add_argument_group("packages of the system (Debian, Ubuntu, Alpine)")
    own.add_argument(
        "--patch", action="store_true",
        help="first put newer packages in the place of those that have vulnerabilities which these "
        "clear; what is not patched is told with the reason",
    )  # fmt: skip
    own.add_argument(
        "--patch-all", action="store_true", help="all that there is something newer for"
    )
    own.add_argument(
        "--patch-package", action="append", default=[], metavar="NAME",
        help="this package, whatever is known of it (may be given several times)",
    )  # fmt: skip
    own.add_argument(
        "--mirror", action="append", default=[], metavar="PLACE",
        help="an archive with newer packages, its address or directory; in one word with them a "
        "suite and components: 'PLACE SUITE COMPONENT...' (default: those of the image's release); "
        "its signature is verified",
    )  # fmt: skip
    own.add_argument(
        "--packages", action="append", default=[], metavar="DIR",
        help="a directory of .deb or .apk files; something must vouch for them",
    )  # fmt: skip
    own.add_argument(
        "--checksums", default="", metavar="FILE",
        help="what sha256sum wrote of the files in --packages: you vouch for it",
    )  # fmt: skip
    own.add_argument(
        "--keyring", action="append", default=[], metavar="FILE",
        help="keys of archives, beside those in the image",
    )  # fmt: skip
    own.add_argument(
        "--allow-unsigned", action="store_true", help="verify nothing: whoever can change packages "
        "on their way has the image",
    )  # fmt: skip
    own.add_argument(
        "--ignore-valid-until", action="store_true",
        help="take an archive that says of itself that it is too old",
    )  # fmt: skip
    own.add_argument(
        "--keep-changed-conffiles", action="store_true",
        help="patch packages too whose configuration both the image and the new version have "
        "changed; the image's stays",
    )  # fmt: skip
    own.add_argument(
        "--database", metavar="FILE", help="the database of advisories, as for seawall scan"
    )


def wanted_patch(options: argparse.Namespace) -> Wanted | None:
    """What is to be patched; ``None`` for nothing. Raises ``UsageError``."""
    asked = options.patch or options.patch_all or options.patch_package
    if not asked:
        needless = {
            "--mirror": options.mirror, "--packages": options.packages,
            "--checksums": options.checksums, "--keyring": options.keyring,
            "--allow-unsigned": options.allow_unsigned,
        }  # fmt: skip
        for name, given in needless.items():
            if given:
                raise UsageError(f"{name} is for --patch; say that too, or leave it out")
        return None
    return Wanted(
        ALL if options.patch_all else VULNERABLE, frozenset(options.patch_package),
        tuple(options.packages), tuple(options.mirror), tuple(options.keyring), options.checksums,
        options.allow_unsigned, options.ignore_valid_until, options.keep_changed_conffiles,
        options.database,
    )  # fmt: skip
