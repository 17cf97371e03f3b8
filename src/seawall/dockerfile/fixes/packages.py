"""Fixes of what is installed."""

from collections.abc import Iterator

from seawall.core.edit import Proposal, Safety
from seawall.dockerfile import editing
from seawall.dockerfile.package_commands import Installed, step_package_commands
from seawall.dockerfile.stages import Stage

_PROGRAMS = {
    "netcat": ("nc", "netcat"), "netcat-openbsd": ("nc", "netcat"),
    "netcat-traditional": ("nc", "netcat"), "nmap-ncat": ("nc", "ncat"),
    "inetutils-telnet": ("telnet",), "openssh": ("ssh", "scp", "sftp", "sshd", "ssh-keygen"),
    "openssh-server": ("sshd", "ssh-keygen"), "ssh": ("ssh", "scp", "sftp", "sshd"),
    "gdbserver": ("gdbserver",), "wireshark": ("tshark",), "rsh-client": ("rsh", "rcp"),
}  # fmt: skip
"""The programs of packages that are not called as their package."""


def not_installed(found: Installed) -> Iterator[Proposal]:
    """Do not install a package that no step of its stage calls, beside others that stay."""
    name, word, call = found.package.name, found.package.word, found.call
    packages = {package.word for package in call.packages}
    if len(packages) < 2 or name in call.manager or call.command.parent is not None:
        return
    if sum(name == other for other in _named(found.step.stage)) > 1:
        return
    programs = {name, *_PROGRAMS.get(name, ())}
    for step in found.step.stage.steps:
        for script in step.scripts:
            if any(
                command.name in programs or command.name.endswith(".sh")
                for command in script.commands
            ):
                return
    words = call.command.words
    change = editing.remove_word(found.step, words[words.index(word) - 1], word)
    if change is not None:
        yield Proposal(
            f"Do not install {name}", (change,), Safety.UNSAFE,
            f"{name} is no longer in the image",
        )  # fmt: skip


def _named(stage: Stage) -> Iterator[str]:
    """The packages that a stage and those below it install, as often as they are named."""
    for step in stage.chain_steps():
        for call in step_package_commands(step) if step.name == "RUN" else ():
            yield from (package.name for package in call.packages)
