"""What the commands of a build do to packages.

Which manager is called, what for, with which packages and options.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.package_managers import (
    INSTALL,
    OTHER,
    REMOVE,
    UPDATE,
    UPGRADE,
    Manager,
    manager_named,
    may_be_manager,
)
from seawall.dockerfile.stages import Environment, Stage, Step
from seawall.text.shell.script import Command, Script, ShellWord

_FILES = (".deb", ".rpm", ".apk", ".whl", ".tar.gz", ".tgz", ".tar.bz2", ".zip", ".gem")
_RPM_VERSION = pattern(
    r"-(\d[\w.~^+:*]*?(?:-\d[\w.~^+*]*?)?)(?:\.(?:noarch|x86_64|aarch64|i686|ppc64le|s390x))?$"
)
"""What follows a package's name in rpm's ``name-version-release.arch``."""


class Option(NamedTuple):
    """An option of a command line: ``-y``, ``--target-release`` with its value, if it has one.

    A cluster such as ``-qy`` gives several options with the same word.
    """

    name: str
    value: str | None
    word: ShellWord


class Package(NamedTuple):
    """A package that is named on a command line.

    ``name`` is empty where a variable decides it. ``operator`` says how ``version`` is meant
    (``==``, ``~`` ...), both are empty where none is given; rpm's ``name-version`` has ``-``.
    ``local`` marks files and addresses.
    """

    name: str
    operator: str
    version: str
    local: bool
    word: ShellWord


class PackageCommand(NamedTuple):
    """A call of a package manager.

    Attributes:
        manager: as it is called: ``apt-get``, ``microdnf``, ``pip`` for ``python3 -m pip``.
        definition: how it reads its command line.
        action: what it does.
        verb: its sub-command as written: ``install``, ``group install``, ``-Syu``; may be empty.
        subcommand: the (last) word of the sub-command, behind which options may be put.
        packages: what it installs, upgrades or removes.
        options: in the order of the command line.
        command: of the shell.
    """

    manager: str
    definition: Manager
    action: str
    verb: str
    subcommand: ShellWord | None
    packages: tuple[Package, ...]
    options: tuple[Option, ...]
    command: Command

    @property
    def family(self) -> str:
        """Its manager's family."""
        return self.definition.family

    def option(self, *names: str) -> Option | None:
        """The first option of some names."""
        return next((option for option in self.options if option.name in names), None)

    def values(self, *names: str) -> list[str]:
        """The values of some options."""
        return [option.value or "" for option in self.options if option.name in names]

    def count(self, *names: str) -> int:
        """How often some options stand there."""
        return sum(option.name in names for option in self.options)

    @property
    def description(self) -> str:
        """How it is called in a message: ``apt-get install``."""
        return f"{self.manager} {self.verb}".rstrip()


def package_commands(commands: Iterable[Command]) -> Iterator[PackageCommand]:
    """The calls of package managers among some commands, in their order."""
    for command in commands:
        found = package_command(command)
        if found is not None:
            yield found


@lru_cache(maxsize=256)  # a dozen rules ask the same of each script of a file
def calls_of(script: Script) -> tuple[PackageCommand, ...]:
    """The calls of package managers in a script, in their order."""
    return tuple(package_commands(script.commands))


def package_command(command: Command) -> PackageCommand | None:
    """A command as a call of a package manager, if it is one."""
    return _called(command) if may_be_manager(command.name) else None


@lru_cache(maxsize=4096)  # two dozen rules ask the same of each command of a file
def _called(command: Command) -> PackageCommand | None:
    name, words = command.name, list(command.arguments)
    if name.startswith("python") and len(words) > 1:
        if [word.value for word in words[:2]] != ["-m", "pip"]:
            return None
        name, words = "pip", words[2:]
    elif name == "uv" and words and words[0].value == "pip":
        name, words = "uv pip", words[1:]
    definition = manager_named(name)
    if definition is None:
        return None
    options, operands = _split(definition, words)
    if definition.mode:
        return _by_mode(name, definition, options, operands, command)
    subcommand: ShellWord | None = operands[0] if operands else None
    verb = _text(operands[0]) if operands else ""
    rest = operands[1:]
    if definition.family == "dotnet" and len(rest) > 1 and _text(rest[1]) == "package":
        rest = rest[1:]  # dotnet add PROJECT package NAME
    if rest and f"{verb} {_text(rest[0])}" in definition.actions:
        subcommand, verb, rest = rest[0], f"{verb} {_text(rest[0])}", rest[1:]
    action = definition.actions.get(verb, OTHER)
    if definition.family == "yarn" and not verb and not options:
        action = INSTALL  # a bare yarn installs
    if definition.family == "go" and verb == "run":
        rest = rest[:1]  # the others are arguments of the program
    packages = _packages(definition, action, rest)
    return PackageCommand(
        name, definition, action, verb, subcommand, packages, tuple(options), command
    )


def _text(word: ShellWord) -> str:
    return word.text if word.value is None else word.value


def _packages(definition: Manager, action: str, words: Iterable[ShellWord]) -> tuple[Package, ...]:
    if action not in {INSTALL, UPGRADE, REMOVE}:
        return ()
    found = (_package(definition, word) for word in words)
    if definition.family == "apt" and action == INSTALL:
        return tuple(one for one in found if not one.name.endswith("-"))  # those are removed
    return tuple(found)


# Options --------------------------------------------------------------------------------------


def _split(definition: Manager, words: list[ShellWord]) -> tuple[list[Option], list[ShellWord]]:
    """The options and the operands among the words behind a manager's name."""
    options: list[Option] = []
    operands: list[ShellWord] = []
    at = 0
    while at < len(words):
        word = words[at]
        text = _text(word)
        at += 1
        if text == "--":
            operands += words[at:]
            break
        if not text.startswith("-") or text == "-":
            operands.append(word)
            continue
        found = _option(definition, text, word)
        last = found[-1]
        if last.value is None and last.name in definition.with_value and at < len(words):
            found[-1] = last._replace(value=_text(words[at]))
            at += 1
        options += found
    return options, operands


def _option(definition: Manager, text: str, word: ShellWord) -> list[Option]:
    name, mark, value = text.partition("=")
    if text.startswith("--") or definition.long_options or (mark and len(name) == 2):
        return [Option(name, value if mark else None, word)]
    found: list[Option] = []
    for at, letter in enumerate(text[1:], start=1):
        short = f"-{letter}"
        if short in definition.with_value:
            rest = text[at + 1 :].removeprefix("=")
            found.append(Option(short, rest or None, word))
            break
        found.append(Option(short, None, word))
    return found or [Option(text, None, word)]


_MODES = {"S": INSTALL, "U": INSTALL, "R": REMOVE, "Q": OTHER, "D": OTHER, "F": OTHER, "T": OTHER}
_LONG_MODES = {"--sync": "-S", "--upgrade": "-U", "--remove": "-R", "--query": "-Q"}
_MODE_MEANINGS = {"--refresh": "-y", "--sysupgrade": "-u", "--clean": "-c"}


def _by_mode(
    name: str,
    definition: Manager,
    options: list[Option],
    operands: list[ShellWord],
    command: Command,
) -> PackageCommand:
    """pacman: ``-S`` installs, ``-Sy`` fetches lists, ``-Su`` upgrades, ``-Sc`` cleans."""
    letters = [_LONG_MODES.get(option.name, option.name) for option in options]
    mode = next((at for at, one in enumerate(letters) if one[1:] in _MODES), None)
    action, word = OTHER, None
    if mode is not None:
        action, word = _MODES[letters[mode][1:]], options[mode].word
        switches = {_MODE_MEANINGS.get(one, one) for one in letters}
        if letters[mode] == "-S":
            if "-c" in switches:
                action = "clean"
            elif "-u" in switches and not operands:
                action = UPGRADE
            elif "-y" in switches and not operands:
                action = UPDATE
            elif switches & {"-s", "-i", "-l", "-g", "-p"}:
                action = OTHER
    packages = _packages(definition, action, operands)
    verb = _text(word) if word else ""
    return PackageCommand(name, definition, action, verb, word, packages, tuple(options), command)


# Packages -------------------------------------------------------------------------------------


def _package(definition: Manager, word: ShellWord) -> Package:
    text = word.text.strip("\"'") if word.value is None else word.value
    family = definition.family
    if text.replace("-", "").isalnum() and family not in {"yum", "dnf"}:  # most of them
        return Package(text, "", "", local=False, word=word)
    if family == "pip" and " @ " in text:
        name, _, address = text.partition(" @ ")
        return Package(_known(name), "@", address.strip(), local=True, word=word)
    local = (
        text.startswith((".", "/", "~/", "file:", "git@", "git+"))
        or "://" in text
        or text.endswith(_FILES)
    )
    if local:
        return Package(_known(text), "", "", local=True, word=word)
    if family in {"yum", "dnf"}:
        found = _RPM_VERSION.search(text)
        if found is not None:
            return Package(_known(text[: found.start()]), "-", found[1], local=False, word=word)
    best: tuple[int, str] | None = None
    for operator in definition.operators:
        at = text.find(operator, 1)  # a scope of npm begins with @
        if at > 0 and (best is None or at < best[0]):
            best = at, operator
    if best is None:
        return Package(_known(text), "", "", local=False, word=word)
    at, operator = best
    name = text[:at].partition("[")[0] if family == "pip" else text[:at]
    version = text[at + len(operator) :]
    return Package(_known(name.strip()), operator, version.strip(), local=False, word=word)


def _known(name: str) -> str:
    return "" if "$" in name or "`" in name else name


_VARIABLE = pattern(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")


def with_named_packages(
    call: PackageCommand, script: Script, environment: Environment
) -> PackageCommand:
    """A call with the packages that variables name in the place of the variables.

    ``$DEPS`` and ``gcc-$VERSION`` are known where the script sets the variable once, to plain
    text, or the file does by ENV or ARG.
    """
    if all(package.name or package.word.value is not None for package in call.packages):
        return call
    packages: list[Package] = []
    for package in call.packages:
        word = package.word
        is_known = package.name or word.value is not None
        text = None if is_known else expanded(word.text, script, environment)
        packages += [
            _package(call.definition, word._replace(text=piece, value=piece))._replace(word=word)
            for piece in (text or "").split()
            if not piece.startswith("-")
        ] or [package]
    return call._replace(packages=tuple(packages))


def expanded(text: str, script: Script, environment: Environment) -> str | None:
    """A word, or a part of one, with the values of its variables, where all are known."""
    values = {
        found[0]: _text_of(found[1] or found[2], script, environment)
        for found in _VARIABLE.finditer(text)
    }
    result = _VARIABLE.sub(lambda found: values[found[0]] or "", text.strip("\"'"))
    return None if None in values.values() or "$" in result or "`" in result else result


def _text_of(name: str, script: Script, environment: Environment) -> str | None:
    """The text of a variable in a script, where it is plain."""
    found = [
        one.value.value if one.value is not None else None
        for command in script.commands
        for one in command.assignments
        if one.name == name
    ]
    if found:
        return found[0] if len(found) == 1 else None
    value = environment.value(name)
    return value.text if value is not None and value.known else None


# A stage's packages ---------------------------------------------------------------------------


class Installed(NamedTuple):
    """A package that a build installs, and where."""

    package: Package
    call: PackageCommand
    step: Step


def step_package_commands(step: Step) -> Iterator[PackageCommand]:
    """The calls of package managers in a step's scripts."""
    for script in step.scripts:
        yield from calls_of(script)


_Name = tuple[str, str]
"""The family of a manager, and what a package or a group of packages is called there."""


class Unnamed(NamedTuple):
    """A call that installs or removes packages of which only variables name some."""

    call: PackageCommand
    script: Script
    step: Step


def installed(stage: Stage) -> tuple[Installed, ...]:
    """The packages that the RUNs of a stage and of those below it install by name, each once.

    Those that a later command removes, by their name or by that of their ``apk --virtual`` group,
    are left out; so are all of a RUN that removes what a variable names, or what ``apt-mark`` has
    marked as not wanted by itself.
    """
    return installed_and_unnamed(stage)[0]


@lru_cache(maxsize=32)  # each command that installs asks for all of its stage
def installed_and_unnamed(stage: Stage) -> tuple[tuple[Installed, ...], tuple[Unnamed, ...]]:
    """What a stage has ``installed``, and the calls that name no package by its name."""
    found: dict[_Name, Installed] = {}
    groups: dict[_Name, list[str]] = {}
    unnamed: list[Unnamed] = []
    for step in stage.chain_steps():
        if step.name == "RUN":
            for script in step.scripts:
                calls = calls_of(script)
                if calls:
                    found.update(_installed_in(calls, script, step, found, groups))
                    unnamed += (Unnamed(call, script, step) for call in calls if _is_unnamed(call))
    return tuple(found.values()), tuple(unnamed)


def _is_unnamed(call: PackageCommand) -> bool:
    return any(not package.name for package in call.packages)


def _installed_in(
    calls: tuple[PackageCommand, ...],
    script: Script,
    step: Step,
    found: dict[_Name, Installed],
    groups: dict[_Name, list[str]],
) -> dict[_Name, Installed]:
    """What a script installs and leaves; what it removes of what was ``found`` is taken away."""
    own: dict[_Name, Installed] = {}
    for call in calls:
        if call.action == INSTALL:
            family = call.definition.family
            for package in call.packages:
                if package.name:
                    own[family, package.name] = Installed(package, call, step)
            for group in call.values("-t", "--virtual") if family == "apk" else ():
                names = [package.name for package in call.packages if package.name]
                groups.setdefault((family, group), []).extend(names)
        elif call.action == REMOVE:
            family = call.definition.family
            names = [package.name for package in call.packages if package.name]
            for name in names:
                for member in (name, *groups.pop((family, name), ())):
                    found.pop((family, member), None)
                    own.pop((family, member), None)
            if len(names) < len(call.packages) or _is_unmarked(call, script):
                own = {key: one for key, one in own.items() if key[0] != family}
    return own


@lru_cache(maxsize=32)  # as above
def installed_names(stage: Stage) -> frozenset[str]:
    """The names of the packages that a stage and those below it install."""
    return frozenset(one.package.name for one in installed(stage))


def _is_unmarked(call: PackageCommand, script: Script) -> bool:
    """Whether a removal takes what ``apt-mark auto`` has marked."""
    return call.family == "apt" and _marks(script)


@lru_cache(maxsize=4)  # every removal of a script asks
def _marks(script: Script) -> bool:
    return any(
        command.name == "apt-mark" and {"auto", "minimize-manual"} & set(command.values)
        for command in script.commands
    )


def managers_used(stage: Stage) -> set[str]:
    """The families of package managers that the RUNs of a stage and of those below it call."""
    return {
        call.family
        for step in stage.chain_steps()
        if step.name == "RUN"
        for call in step_package_commands(step)
    }
