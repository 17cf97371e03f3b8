"""Rules about package managers of operating systems."""

from seawall.core.edit import Change, Proposal
from seawall.core.rule import RELIABILITY, Hit, Hits
from seawall.core.severity import Severity
from seawall.dockerfile.rule import Context, RunCommand, command_rule

_CACHE_COMMANDS = frozenset(("search", "show", "policy", "depends", "rdepends", "madison"))
_SAME = frozenset(
    ("update", "install", "reinstall", "upgrade", "remove", "purge", "autoremove", "clean")
)


@command_rule(
    "apt-cli",
    names=("apt",),
    severity=Severity.LOW,
    profile=RELIABILITY,
    remedy="Call apt-get or apt-cache: their options and output do not change between versions.",
    aliases=("DL3027", "CKV2_DOCKER_1", "kics:apt-instead-of-apt-get"),
)
def apt_cli(found: RunCommand, context: Context) -> Hits:
    """Apt is for people at a terminal, not for scripts.

    Reports calls of ``apt`` in RUN.

    Why:

    The manual of apt says that its command line may change between versions. A build that passes
    today fails, or does something else, after the next release of the base image.

    Bad:

        FROM debian:12
        RUN apt update && apt install -y curl

    Good:

        FROM debian:12
        RUN apt-get update && apt-get install -y curl

    References:
    https://manpages.debian.org/bookworm/apt/apt.8.en.html#SCRIPT_USAGE_AND_DIFFERENCES_FROM_OTHER_APT_TOOLS
    """
    word = found.command.words[0]
    verb = next((item.value for item in found.command.operands if item.value), "")
    name = "apt-get" if verb in _SAME else "apt-cache" if verb in _CACHE_COMMANDS else ""
    fixes: tuple[Proposal, ...] = ()
    if name and word.editable and word.value == "apt":
        fixes = (Proposal(f"Call {name}", (Change(word.start, word.end, name),)),)
    yield Hit("calls apt, whose command line is not stable", (word.start, word.end), fixes=fixes)
