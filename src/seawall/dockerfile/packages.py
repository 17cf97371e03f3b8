"""What the commands of a build do to packages: which manager, what it installs, what it leaves."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from seawall.dockerfile.stages import Stage, Step
from seawall.text.shell.script import Command, Script, ShellWord

UPDATE, INSTALL, UPGRADE, REMOVE, CLEAN, OTHER = (
    "update", "install", "upgrade", "remove", "clean", "other",
)  # fmt: skip
"""What a package manager is told to do; ``update`` only fetches lists."""


class Manager(NamedTuple):
    """A package manager.

    ``actions`` by sub-command; ``with_value``: options whose value is the next word, before or
    behind the sub-command; ``versions``: what parts a package's name from its version, longest
    first; ``lists`` and ``caches``: directories that an update and an install fill.
    """

    family: str
    actions: dict[str, str]
    with_value: frozenset[str]
    versions: tuple[str, ...]
    lists: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()


def _actions(**words: str) -> dict[str, str]:
    return {name: action for action, names in words.items() for name in names.split()}


_APT = Manager(
    "apt",
    _actions(
        update="update", install="install reinstall build-dep satisfy",
        upgrade="upgrade dist-upgrade full-upgrade safe-upgrade",
        remove="remove purge autoremove auto-remove", clean="clean autoclean auto-clean distclean "
        "dist-clean",
    ),
    frozenset("-t --target-release --default-release -o --option -c --config-file -a "
              "--host-architecture -P --build-profiles".split()),
    ("=",),
    ("/var/lib/apt/lists",),
    ("/var/cache/apt",),
)  # fmt: skip
_DNF_VALUES = frozenset(
    "-c --config -d --debuglevel -e --errorlevel -x --exclude --installroot --releasever "
    "--enablerepo --disablerepo --repo --repoid --setopt -R --randomwait --forcearch".split()
)
_YUM = Manager(
    "yum",
    _actions(
        update="makecache check-update", clean="clean",
        install="install groupinstall localinstall reinstall module-install builddep in rei",
        upgrade="update upgrade up update-to upgrade-minimal up-min distro-sync downgrade "
        "update-minimal", remove="remove erase autoremove rm groupremove",
    ),
    _DNF_VALUES,
    (),
    ("/var/cache/yum", "/var/cache/dnf"),
    ("/var/cache/yum", "/var/cache/dnf"),
)  # fmt: skip
_DNF = _YUM._replace(family="dnf")
_ZYPPER = Manager(
    "zypper",
    _actions(
        update="refresh ref", install="install in install-new-recommends inr source-install si",
        upgrade="update up dist-upgrade dup patch", remove="remove rm", clean="clean cc",
    ),
    frozenset("-C --cache-dir -R --root -D --reposd-dir -c --config -r --repo --from -t --type "
              "-p --plus-repo --plus-content".split()),
    ("==", ">=", "<=", "=", ">", "<"),
    ("/var/cache/zypp",),
    ("/var/cache/zypp",),
)  # fmt: skip
_APK = Manager(
    "apk",
    _actions(
        update="update", install="add", upgrade="upgrade fix", remove="del", clean="cache",
    ),
    frozenset("-t --virtual -X --repository -p --root --repositories-file --keys-dir --cache-dir "
              "--arch --wait --progress-fd --cache-max-age".split()),
    ("~=", ">=", "<=", "=", "~", ">", "<", "@"),
    ("/var/cache/apk",),
    ("/var/cache/apk",),
)  # fmt: skip
_PIP = Manager(
    "pip",
    _actions(install="install wheel download", remove="uninstall", clean="cache"),
    frozenset("-r --requirement -c --constraint -e --editable -i --index-url --extra-index-url -f "
              "--find-links -t --target --prefix --root --src --platform --python-version "
              "--implementation --abi --trusted-host --cert --client-cert --proxy --timeout "
              "--retries --cache-dir --log --no-binary --only-binary --progress-bar "
              "--upgrade-strategy --global-option --config-settings --report --python "
              "--exists-action --build-option --use-feature".split()),
    ("===", "==", "~=", "!=", ">=", "<=", ">", "<"),
    (),
    ("/root/.cache/pip",),
)  # fmt: skip
_NPM = Manager(
    "npm",
    _actions(
        install="install i in ins inst insta instal isnt isnta isntal isntall add ci clean-install "
        "ic install-clean install-test it", upgrade="update up upgrade udpate",
        remove="uninstall remove rm un r unlink", clean="cache",
    ),
    frozenset("--prefix -C --registry --cache --loglevel --omit --include --userconfig "
              "--workspace -w --tag --before".split()),
    ("@",),
    (),
    ("/root/.npm",),
)  # fmt: skip
_YARN = Manager(
    "yarn",
    _actions(install="install add", upgrade="upgrade up", remove="remove", clean="cache"),
    frozenset("--cwd --cache-folder --registry --modules-folder --network-timeout".split()),
    ("@",),
    (),
    ("/usr/local/share/.cache/yarn",),
)
_PNPM = _NPM._replace(family="pnpm", caches=("/root/.local/share/pnpm/store",))
_GEM = Manager(
    "gem",
    _actions(install="install i", upgrade="update", remove="uninstall", clean="cleanup"),
    frozenset("-v --version -i --install-dir -n --bindir -P --trust-policy -s --source -p "
              "--http-proxy -g --file --platform".split()),
    (":",),
)  # fmt: skip
_GO = Manager(
    "go",
    _actions(install="install get run", clean="clean"),
    frozenset("-C -o -p -ldflags -tags -mod -modfile -gcflags -asmflags -exec".split()),
    ("@",),
)
_CARGO = Manager(
    "cargo",
    _actions(install="install add", upgrade="update", remove="uninstall remove", clean="clean"),
    frozenset("--version --vers --git --branch --tag --rev --path --root --registry --index "
              "--features -F --target --profile -j --jobs".split()),
    ("@",),
)  # fmt: skip

MANAGERS: dict[str, Manager] = {
    "apt-get": _APT, "apt": _APT, "aptitude": _APT,
    "yum": _YUM, "dnf": _DNF, "dnf5": _DNF, "microdnf": _DNF, "tdnf": _DNF,
    "zypper": _ZYPPER, "apk": _APK,
    "pip": _PIP, "npm": _NPM, "yarn": _YARN, "pnpm": _PNPM, "gem": _GEM, "go": _GO,
    "cargo": _CARGO,
}  # fmt: skip
"""By the name of the command; pip goes by many names."""


class Package(NamedTuple):
    """A package that is named on a command line.

    ``version`` is empty where none is given, and ``comparison`` says how it is meant: ``==``,
    ``=``, ``~``, ``@`` ... ``local`` marks files and addresses.
    """

    name: str
    version: str
    comparison: str
    local: bool
    word: ShellWord


class PackageCommand(NamedTuple):
    """A call of a package manager.

    ``subcommand`` is the word that says what to do; ``packages`` its operands; ``files`` the
    requirement and constraint files of pip.
    """

    manager: str
    family: str
    action: str
    subcommand: ShellWord | None
    packages: tuple[Package, ...]
    files: tuple[ShellWord, ...]
    command: Command

    @property
    def definition(self) -> Manager:
        """How the manager reads its command line."""
        return _manager(self.manager) or MANAGERS[self.family]


def package_commands(commands: Iterable[Command]) -> Iterator[PackageCommand]:
    """The calls of package managers among some commands, in their order."""
    for command in commands:
        found = package_command(command)
        if found is not None:
            yield found


def package_command(command: Command) -> PackageCommand | None:  # noqa: C901 - see the branches
    """A command as a call of a package manager, if it is one."""
    name = command.name
    arguments = list(command.arguments)
    if name.startswith("python") and [word.value for word in arguments[:2]] == ["-m", "pip"]:
        name, arguments = "pip", arguments[2:]
    definition = _manager(name)
    if definition is None:
        return None
    subcommand: ShellWord | None = None
    operands: list[ShellWord] = []
    files: list[ShellWord] = []
    at = 0
    while at < len(arguments):
        word = arguments[at]
        value = word.text if word.value is None else word.value
        if value in definition.with_value:
            if definition is _PIP and value in _FILE_OPTIONS and at + 1 < len(arguments):
                files.append(arguments[at + 1])
            at += 1
        elif not value.startswith("-") or value == "-":
            if subcommand is None:
                subcommand = word
            else:
                operands.append(word)
        elif definition is _PIP and value.partition("=")[0] in _FILE_OPTIONS:
            files.append(word)
        at += 1
    action = definition.actions.get(subcommand.value or "", OTHER) if subcommand else OTHER
    if definition is _YARN and subcommand is None:
        action = INSTALL  # a bare yarn installs
    packages: tuple[Package, ...] = ()
    if action in {INSTALL, UPGRADE, REMOVE}:
        packages = tuple(_package(definition, word) for word in operands)
    return PackageCommand(
        name, definition.family, action, subcommand, packages, tuple(files), command
    )


_FILE_OPTIONS = frozenset(("-r", "--requirement", "-c", "--constraint"))


def _manager(name: str) -> Manager | None:
    found = MANAGERS.get(name)
    if found is None and name.startswith("pip") and not name[3:].strip("0123456789.-"):
        return _PIP
    return found


def _package(definition: Manager, word: ShellWord) -> Package:
    text = word.text.strip("\"'") if word.value is None else word.value
    local = text.startswith((".", "/", "~/")) or "://" in text or text.endswith(_FILES)
    scope = "@" if text.startswith("@") else ""
    best: tuple[int, str] | None = None
    for mark in definition.versions:
        at = text.find(mark, len(scope))
        if at > 0 and (best is None or at < best[0]):
            best = at, mark
    if best is None or (local and best[1] != "@"):
        return Package(text, "", "", local, word)
    at, mark = best
    name = text[:at].partition("[")[0] if definition is _PIP else text[:at]
    return Package(name, text[at + len(mark) :].strip(), mark, local, word)


_FILES = (".deb", ".rpm", ".apk", ".whl", ".tar.gz", ".tgz", ".zip", ".gem")


# What is left --------------------------------------------------------------------------------


def removed_paths(command: Command) -> list[str]:
    """The paths that a command deletes, with what is below them; ``/*`` at their end is left out.

    ``rm`` with ``-r``, ``find PATH ... -delete`` and ``find PATH -exec rm``.
    """
    if command.name == "rm" and command.option("-r", "-R", "--recursive"):
        paths = [word.value for word in command.operands]
    elif command.name == "find" and any(value in {"-delete", "rm"} for value in command.values):
        paths = [word.value for word in command.operands[:1]]
    else:
        return []
    return [_directory(path) for path in paths if path]


def _directory(path: str) -> str:
    while path.endswith(("/*", "/.", "/**")):
        path = path.rpartition("/")[0] or "/"
    return posixpath.normpath(path)


def covers(removed: str, directory: str) -> bool:
    """Whether what is below a removed path includes a directory."""
    return removed in {"/", directory} or directory.startswith(removed + "/")


def is_mounted(step: Step, directory: str) -> bool:
    """Whether a directory is outside of the layer in a RUN: a cache or tmpfs mount holds it."""
    for mount in step.mounts:
        if mount.type in {"cache", "tmpfs"}:
            target = posixpath.normpath(mount.target or "/")
            if directory == target or directory.startswith(target + "/"):
                return True
    return False


class Leftover(NamedTuple):
    """Lists or caches that stay in the layer of a RUN: what filled them, and which directory."""

    command: PackageCommand
    directory: str
    step: Step


def leftovers(step: Step) -> list[Leftover]:
    """The package lists and caches that a RUN leaves behind, first those of the first command.

    Removed by a later command of the same RUN, cleaned by the manager itself, never written
    (``apk --no-cache``, ``pip --no-cache-dir``), or on a mount: then nothing stays. Whether the
    image's own configuration cleans up (as Debian's does for archives) is not known here.
    """
    found: list[Leftover] = []
    for script in step.scripts:
        calls = list(package_commands(script.commands))
        seen: set[str] = set()
        for call in calls:
            if call.action not in {UPDATE, INSTALL, UPGRADE} or _is_cacheless(call, step):
                continue
            definition = call.definition
            fills = definition.lists if call.action == UPDATE else definition.caches
            for directory in fills:
                key = f"{call.family} {directory}"
                if (
                    key not in seen
                    and not is_mounted(step, directory)
                    and not _is_cleaned(script, call, calls, directory)
                ):
                    seen.add(key)
                    found.append(Leftover(call, directory, step))
    return found


def _is_cacheless(call: PackageCommand, step: Step) -> bool:
    if call.family == "apk":
        return call.command.option("--no-cache") is not None
    if call.family == "pip":
        value = step.environment.get("PIP_NO_CACHE_DIR") or ""
        if value.lower() in {"1", "true", "yes", "on", "y", "t"}:
            return True
        return call.command.option("--no-cache-dir") is not None
    return False


def _is_cleaned(
    script: Script, call: PackageCommand, calls: Sequence[PackageCommand], directory: str
) -> bool:
    behind = script.after(call.command)
    for command in behind:
        if any(covers(path, directory) for path in removed_paths(command)):
            return True
    for other in calls:
        if other.action != CLEAN or other.family != call.family or other.command not in behind:
            continue
        word = (other.subcommand and other.subcommand.value) or ""
        if call.family != "apt":
            rest = [value for value in other.command.values if not value.startswith("-")]
            if call.family not in {"yum", "dnf"} or rest[1:] == ["all"]:
                return True
        elif word in {"distclean", "dist-clean"} or directory == "/var/cache/apt":
            return True
    return False


class Installed(NamedTuple):
    """A package that a build installs, and where."""

    package: Package
    call: PackageCommand
    step: Step


def installed(stage: Stage) -> list[Installed]:
    """The packages that the RUNs of a stage and of those below it install by name.

    Those that a later command removes by name are left out.
    """
    found: list[Installed] = []
    for step in stage.chain_steps():
        if step.name != "RUN":
            continue
        for script in step.scripts:
            for call in package_commands(script.commands):
                if call.action == INSTALL:
                    found += [Installed(package, call, step) for package in call.packages]
                elif call.action == REMOVE:
                    names = {package.name for package in call.packages}
                    found = [
                        one
                        for one in found
                        if one.call.family != call.family or one.package.name not in names
                    ]
    return found


def managers_used(stage: Stage) -> set[str]:
    """The families of package managers that the RUNs of a stage and of those below it call."""
    return {
        call.family
        for step in stage.chain_steps()
        if step.name == "RUN"
        for script in step.scripts
        for call in package_commands(script.commands)
    }
