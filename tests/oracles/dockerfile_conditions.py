"""What can be said of a difference between our verdict on a Dockerfile and hadolint's.

Each condition looks at the instruction as it was read, its stage and its commands.
"""

import re
from collections.abc import Callable, Sequence

from seawall.dockerfile.base_systems import ASH, BASH, shell_of
from seawall.dockerfile.package_commands import PackageCommand
from seawall.dockerfile.package_managers import CLEAN, INSTALL, REMOVE, UPDATE, UPGRADE
from seawall.dockerfile.problems import instruction_of
from seawall.dockerfile.rules.shell_errors import unquoted
from seawall.dockerfile.stages import Step
from seawall.text.shell.script import Command
from tests.oracles.hadolint import Difference

Condition = Callable[[Difference], bool]
CONDITIONS: dict[str, Condition] = {}


def condition(name: str) -> Callable[[Condition], Condition]:
    """Name a condition, as the declarations do."""

    def register(function: Condition) -> Condition:
        assert name not in CONDITIONS, name
        CONDITIONS[name] = function
        return function

    return register


def _commands(difference: Difference, *names: str) -> list[Command]:
    return [command for command in difference.commands if command.name in names]


def _calls(difference: Difference, families: Sequence[str], *actions: str) -> list[PackageCommand]:
    return [call for call in difference.calls if call.family in families and call.action in actions]


# The file and its stages ----------------------------------------------------------------------


@condition("refused by BuildKit")
def _(difference: Difference) -> bool:
    """BuildKit refuses this instruction, its FROM or the one before it, or there is no stage."""
    build, stage = difference.build, difference.stage
    if stage is None:
        return bool(build.problems)
    refused = {id(instruction_of(build, problem)) for problem in build.problems}
    before = [one for one in build.file.instructions if one.line < difference.line]
    around = [difference.instruction, stage.instruction, *before[-1:]]
    return any(id(one) in refused for one in around)


@condition("not in the final image")
def _(difference: Difference) -> bool:
    """The stage's layers are not part of the final image."""
    stage = difference.stage
    return stage is not None and not difference.context.is_in_final_image(stage)


@condition("not the final stage")
def _(difference: Difference) -> bool:
    """Another stage is built without ``--target``."""
    return difference.stage is not difference.build.final


@condition("delayed by ONBUILD")
def _(difference: Difference) -> bool:
    return difference.step is not None and difference.step.name == "ONBUILD"


@condition("the image is a variable's default")
def _(difference: Difference) -> bool:
    """ARG gives FROM its image, and its default is in the file."""
    stage = difference.stage
    return (
        stage is not None and "$" in stage.instruction.arguments[0].text and stage.base_name.known
    )


@condition("the base is a stage")
def _(difference: Difference) -> bool:
    return difference.stage is not None and difference.stage.base is not None


@condition("the stage is named after its platform")
def _(difference: Difference) -> bool:
    """BuildKit takes the platform's words in the name for an intention."""
    stage = difference.stage
    platform = None if stage is None else stage.platform
    return (
        stage is not None
        and platform is not None
        and (platform.os in stage.name or platform.architecture in stage.name)
    )


@condition("the platform has a default")
def _(difference: Difference) -> bool:
    """``${TARGETPLATFORM:-...}``: the variable always has a value."""
    stage = difference.stage
    return stage is not None and ":-" in stage.instruction.flag_value("platform")


# Instructions ---------------------------------------------------------------------------------


def _name(difference: Difference) -> str:
    one = difference.instruction
    return "" if one is None else one.name


@condition("the path begins with a variable")
def _(difference: Difference) -> bool:
    one = difference.instruction
    return one is not None and one.arguments[0].text.lstrip("\"'").startswith("$")


@condition("the path begins with a drive")
def _(difference: Difference) -> bool:
    return re.search(r"WORKDIR\s+\"?[A-Za-z]:", difference.text, re.IGNORECASE) is not None


@condition("behind another WORKDIR")
def _(difference: Difference) -> bool:
    return difference.step is not None and difference.step.workdir_set


@condition("the base is scratch")
def _(difference: Difference) -> bool:
    """Its working directory is the root directory, whatever an image says."""
    return difference.stage is not None and difference.stage.root.is_scratch


@condition("an ADD")
def _(difference: Difference) -> bool:
    return _name(difference) == "ADD"


@condition("the destination begins with a variable without a value")
def _(difference: Difference) -> bool:
    step = difference.step
    return (
        step is not None
        and "$" in step.instruction.arguments[-1].text
        and not step.arguments[-1].known
    )


@condition("the stage by its number")
def _(difference: Difference) -> bool:
    one = difference.instruction
    return one is not None and one.flag_value("from").isdigit()


@condition("the name of an image")
def _(difference: Difference) -> bool:
    """With a slash, which no stage's name can have."""
    one = difference.instruction
    return one is not None and "/" in one.flag_value("from")


@condition("the earlier of two")
def _(difference: Difference) -> bool:
    """Another instruction of the same name follows in the stage."""
    step = difference.step
    return step is not None and any(
        other.name == step.name and other.number > step.number for other in step.stage.steps
    )


@condition("the later of two")
def _(difference: Difference) -> bool:
    """Another instruction of the same name stands before it in the stage."""
    step = difference.step
    return step is not None and any(
        other.name == step.name and other.number < step.number for other in step.stage.steps
    )


@condition("the stage has a SHELL")
def _(difference: Difference) -> bool:
    step = difference.step
    return step is not None and step.shell is not None


@condition("the command needs a shell")
def _(difference: Difference) -> bool:
    """Pipes, redirections, variables, several commands."""
    return re.search(r"[|<>$;&*`]", difference.text) is not None


@condition("the user is a variable's default")
def _(difference: Difference) -> bool:
    step = difference.step
    return (
        step is not None and "$" in step.instruction.arguments[0].text and step.arguments[0].known
    )


@condition("the user is a variable without a value")
def _(difference: Difference) -> bool:
    step = difference.step
    return (
        step is not None
        and "$" in step.instruction.arguments[0].text
        and not step.arguments[0].known
    )


@condition("the user is root")
def _(difference: Difference) -> bool:
    step = difference.step
    return step is not None and step.arguments[0].text.split(":")[0].strip() in {"root", "0"}


@condition("another USER follows")
def _(difference: Difference) -> bool:
    step = difference.step
    return step is not None and any(
        other.name == "USER" and other.number > step.number for other in step.stage.steps
    )


@condition("the name is a user's or a file's")
def _(difference: Difference) -> bool:
    one = difference.instruction
    return one is not None and any(
        re.search(r"USERNAME|_(?:FILE|PATH)$", pair.key.text, re.IGNORECASE) for pair in one.pairs
    )


@condition("the value is a credential")
def _(difference: Difference) -> bool:
    return any(finding.rule.id == "secret-in-image-env" for finding in difference.findings)


@condition("BuildKit warns of the name")
def _(difference: Difference) -> bool:
    """SecretsUsedInArgOrEnv."""
    return any(finding.rule.id == "credential-named-setting" for finding in difference.findings)


# Shells ---------------------------------------------------------------------------------------


@condition("another language")
def _(difference: Difference) -> bool:
    """PowerShell, Python ...: not a script for a shell."""
    return any(
        not script.is_shell and script.language != "exec" for script in difference.scripts
    ) or _windows_before(difference.step)


def _windows_before(step: Step | None) -> bool:
    return step is not None and any(
        not script.is_shell and script.language != "exec"
        for other in step.stage.steps
        if other.name == "RUN"
        for script in other.scripts
    )


@condition("sh is bash")
def _(difference: Difference) -> bool:
    """SHELL says so, or the image is Red Hat's, SUSE's or Arch's."""
    return difference.step is not None and shell_of(difference.step) == BASH


@condition("sh is ash")
def _(difference: Difference) -> bool:
    return difference.step is not None and shell_of(difference.step) == ASH


@condition("in a script of another command")
def _(difference: Difference) -> bool:
    """``sh -c``, ``su -c``, a heredoc for bash; ``sudo``, ``env``, ``xargs``."""
    return any(command.parent is not None for command in difference.commands)


@condition("an exec form")
def _(difference: Difference) -> bool:
    one = difference.instruction
    return one is not None and one.is_json


# Commands -------------------------------------------------------------------------------------


@condition("cd does not come first")
def _(difference: Difference) -> bool:
    """Behind other commands, or in a subshell or loop."""
    scripts = [script for script in difference.scripts if script.commands]
    return bool(scripts) and all(
        script.commands[0].name != "cd" or script.commands[0].inside for script in scripts
    )


@condition("cd alone")
def _(difference: Difference) -> bool:
    return any(
        len(script.commands) == 1 and script.commands[0].name == "cd"
        for script in difference.scripts
    )


@condition("pipefail is set in the script")
def _(difference: Difference) -> bool:
    return any("pipefail" in command.values for command in _commands(difference, "set"))


def _heads(difference: Difference) -> list[Command]:
    """The commands of pipelines whose status is lost."""
    return [
        command
        for command in difference.commands
        if command.pipeline.length > 1 and command.pipeline.place < command.pipeline.length - 1
    ]


_HARMLESS = frozenset(
    "echo printf yes true : cat test [ [[ date id uname env which type command seq hostname "
    "dpkg-query rpm locale set ps".split()
)


@condition("what is piped does not fail")
def _(difference: Difference) -> bool:
    """``echo``, ``printf``, ``yes``: their status says nothing."""
    heads = _heads(difference)
    return bool(heads) and all(
        command.name in _HARMLESS or _is_expected_to_fail(command) for command in heads
    )


def _is_expected_to_fail(command: Command) -> bool:
    return (
        command.negated
        or command.condition
        or bool({"substitution", "if", "while", "for"}.intersection(command.inside))
    )


@condition("wget is BusyBox's")
def _(difference: Difference) -> bool:
    """No package puts GNU's in its place; it draws one line."""
    step = difference.step
    return step is not None and shell_of(step) == ASH


@condition("the link's target is sh")
def _(difference: Difference) -> bool:
    return any(
        "/bin/sh" in command.values and command.values[-1] != "/bin/sh"
        for command in _commands(difference, "ln")
    )


@condition("the user's number is a variable")
def _(difference: Difference) -> bool:
    values = [
        value
        for command in _commands(difference, "useradd")
        for flag, value in zip(command.values, command.values[1:], strict=False)
        if flag in {"-u", "--uid"}
    ]
    return any("$" in value for value in values)


@condition("one of several calls")
def _(difference: Difference) -> bool:
    """We report the first call of the second tool, hadolint every call of both."""
    step = difference.step
    return step is not None and any(
        (code, line) != (difference.code, difference.line)
        for code, line in difference.theirs
        if code == difference.code
    )


# Packages -------------------------------------------------------------------------------------


@condition("run by another command")
def _(difference: Difference) -> bool:
    """``sudo apt``, ``env X=y apt-get``, ``su -c "npm install"``."""
    return any(call.command.parent is not None for call in difference.calls)


@condition("apt or aptitude")
def _(difference: Difference) -> bool:
    return any(call.manager in {"apt", "aptitude"} for call in difference.calls)


@condition("an upgrade or removal")
def _(difference: Difference) -> bool:
    return bool(_calls(difference, _SYSTEM, UPGRADE, REMOVE))


_SYSTEM = ("apt", "apk", "yum", "dnf", "zypper", "pacman")


@condition("an upgrade")
def _(difference: Difference) -> bool:
    return bool(_calls(difference, _SYSTEM, UPGRADE))


@condition("an update or upgrade")
def _(difference: Difference) -> bool:
    return bool(_calls(difference, _SYSTEM, UPGRADE, UPDATE))


@condition("another verb that installs")
def _(difference: Difference) -> bool:
    """``npm i``, ``dnf reinstall``, ``zypper si``, ``yum groupinstall``, ``yarn add`` ..."""
    return any(
        call.verb not in {"install", "add", "in", "get", "run"} or call.family == "yarn"
        for call in difference.calls
        if call.action in {INSTALL, UPGRADE}
    )


@condition("yes answers")
def _(difference: Difference) -> bool:
    return bool(_commands(difference, "yes"))


@condition("a simulation")
def _(difference: Difference) -> bool:
    return any(
        call.option("-s", "--simulate", "--dry-run", "--just-print") for call in difference.calls
    )


@condition("a variable without a value names the package")
def _(difference: Difference) -> bool:
    return any(
        not package.name and not package.local and "[@]" not in package.word.text
        for call in difference.calls
        if call.action == INSTALL
        for package in call.packages
    )


@condition("an array names the packages")
def _(difference: Difference) -> bool:
    return any("[@]" in package.word.text for call in difference.calls for package in call.packages)


@condition("a range or a bound")
def _(difference: Difference) -> bool:
    """``>=``, ``<``, ``~=``, ``==1.*``, ``^``, a moving tag: not one version."""
    return any(
        package.operator and re.search(r"[<>^~*!]|[a-z]", package.operator + package.version)
        for call in difference.calls
        for package in call.packages
    )


@condition("an option before the package")
def _(difference: Difference) -> bool:
    """hadolint takes the option for a package's version."""
    return any(
        call.options and call.options[0].word.start < call.packages[0].word.start
        for call in difference.calls
        if call.packages
    )


@condition("a local file")
def _(difference: Difference) -> bool:
    return any(package.local for call in difference.calls for package in call.packages)


@condition("go takes the version from go.mod")
def _(difference: Difference) -> bool:
    """Or there is no module at all: a file, or a package of the build context."""
    return any(
        "@" not in package.word.text or package.local
        for call in _calls(difference, ("go",), INSTALL)
        for package in call.packages
    )


@condition("a later command cleans")
def _(difference: Difference) -> bool:
    """``clean``, ``dist-clean``, ``rm`` of the directory."""
    return any(call.action == CLEAN for call in difference.calls) or _removes(difference)


def _removes(difference: Difference) -> bool:
    return any(
        re.search(r"/var/(?:cache|lib)/|/\.cache|/\.npm", value)
        for command in _commands(difference, "rm", "find")
        for value in command.values
    )


@condition("nothing removes what is left")
def _(difference: Difference) -> bool:
    """No command behind the last installation or update cleans its directory, though one cleans."""
    return bool(_commands(difference, "rm")) or any(
        call.action == CLEAN for call in difference.calls
    )


@condition("a mount takes what is left")
def _(difference: Difference) -> bool:
    return difference.step is not None and any(
        mount.type in {"cache", "tmpfs"} for mount in difference.step.mounts
    )


@condition("without the network")
def _(difference: Difference) -> bool:
    return any(call.option("--no-network") for call in difference.calls)


@condition("a variable of one command")
def _(difference: Difference) -> bool:
    return any(
        assignment.name == "PIP_NO_CACHE_DIR"
        for command in difference.commands
        for assignment in command.assignments
    )


@condition("extracted by other options or tools")
def _(difference: Difference) -> bool:
    return re.search(r"\.zip|\.tar|\.tgz|\.gz", difference.text) is not None


# Slips in scripts -----------------------------------------------------------------------------


@condition("another command than rm, chown, chgrp, chmod")
def _(difference: Difference) -> bool:
    """The variable is an argument of a command where splitting is wanted or does no harm."""
    return any(
        command.name not in _TAKES_PATHS and any("$" in word.text for word in command.words)
        for command in difference.commands
    ) or any(
        "$" in redirection.target.text
        for command in difference.commands
        for redirection in command.redirections
        if redirection.target is not None
    )


_TAKES_PATHS = ("rm", "chown", "chgrp", "chmod")


@condition("the variable has one plain value")
def _(difference: Difference) -> bool:
    """The file or the script sets it to a text that cannot be split."""
    names = [
        name
        for command in _commands(difference, *_TAKES_PATHS)
        for word in command.arguments
        for _, name in unquoted(word.text)
        if name
    ]
    return bool(names) and all(_has_value(difference, name) for name in names)


def _has_value(difference: Difference, name: str) -> bool:
    step = difference.step
    value = None if step is None else step.environment.value(name)
    assigned = re.search(rf"\b{name}=", difference.text)
    return name in {"HOME", "PWD"} or assigned is not None or bool(value and value.text)


@condition("an argument without a value")
def _(difference: Difference) -> bool:
    """hadolint takes each ARG for 1."""
    stage = difference.stage
    return stage is not None and any(name in difference.messages[0] for name in stage.arguments)


@condition("the value is in the file")
def _(difference: Difference) -> bool:
    names = [
        name
        for command in _commands(difference, "rm")
        for word in command.arguments
        for name in re.findall(r"\$\{?(\w+)", word.text)
    ]
    return any(_has_value(difference, name) for name in names)


@condition("ShellCheck's only finding that hadolint keeps is another")
def _(difference: Difference) -> bool:
    return any(
        code.startswith("SC") and line == difference.line for code, line in difference.theirs
    )


@condition("a command whose output is one word, or that takes words")
def _(difference: Difference) -> bool:
    return not difference.findings and re.search(r"\$\(|`", difference.text) is not None


@condition("a command that hardly fails")
def _(difference: Difference) -> bool:
    """``export NAME="$(mktemp -d)"``."""
    return (
        re.search(
            r"(?:export|local|declare|readonly)\s+\w+=[\"']?(?:\$\(|`)\s*(?:"
            + "|".join(_SURE)
            + r")\b",
            difference.text,
        )
        is not None
    )


_SURE = (
    "mktemp", "uname", "dpkg", "dpkg-architecture", "nproc", "date", "id", "basename", "dirname",
    "pwd", "arch", "echo", "printf", "hostname", "getconf", "which", "lsb_release", "wc", "rpm",
)  # fmt: skip


@condition("export in sh")
def _(difference: Difference) -> bool:
    return re.search(r"(?:export|local|declare|readonly)\s", difference.text) is not None


@condition("the cd is followed by && or nothing")
def _(difference: Difference) -> bool:
    commands = difference.commands
    return any(
        command.name == "cd" and (following is None or following.operator == "&&")
        for command, following in zip(commands, (*commands[1:], None), strict=True)
    )


@condition("the directory is a mount's")
def _(difference: Difference) -> bool:
    """It is there while the RUN lasts, so WORKDIR cannot name it."""
    step = difference.step
    return step is not None and any(
        command.name == "cd"
        and command.arguments[:1]
        and command.arguments[0].text.startswith(mount.target)
        for command in difference.commands
        for mount in step.mounts
        if mount.target
    )


@condition("one command is a test")
def _(difference: Difference) -> bool:
    """``[ ]`` counts as a command with us, in this RUN or the one before it."""
    step = difference.step
    before = [] if step is None else step.stage.steps[: step.number][-1:]
    commands = [command for one in before for script in one.scripts for command in script.commands]
    return any(command.name in {"[", "[[", "test"} for command in (*difference.commands, *commands))


@condition("behind go run")
def _(difference: Difference) -> bool:
    """hadolint takes what follows for the program's arguments."""
    return any(call.verb == "run" for call in difference.calls)


@condition("the platform has a variable")
def _(difference: Difference) -> bool:
    stage = difference.stage
    return stage is not None and "$" in stage.instruction.flag_value("platform")
