"""Package managers: how their command lines are read, and where they keep what they fetch.

From their manuals: apt-get(8), apk(8), dnf(8), yum(8), zypper(8), pacman(8), and the help texts of
pip, npm, yarn, pnpm, gem, go, cargo, composer and dotnet.
"""

from seawall.core.named_tuple import NamedTuple

UPDATE, INSTALL, UPGRADE, REMOVE, CLEAN, OTHER = (
    "update", "install", "upgrade", "remove", "clean", "other",
)  # fmt: skip
"""What a package manager is told to do. ``UPDATE`` only fetches lists; ``UPGRADE`` brings newer
versions of what is installed."""


class Manager(NamedTuple):
    """A package manager.

    Attributes:
        family: its name; ``apt``, ``apt-get`` and ``aptitude`` are one family.
        actions: what its sub-commands do; one may have two words (``group install``).
        with_value: options whose value is the next word.
        operators: what parts a package's name from its version.
        lists: the directory that an update fills: its usual place, then others that it may be.
        caches: the same of what an installation leaves.
        mode: an option takes the place of the sub-command (pacman: ``-S``).
        long_options: an option of several letters begins with one dash (go: ``-ldflags``).
    """

    family: str
    actions: dict[str, str]
    with_value: frozenset[str]
    operators: tuple[str, ...]
    lists: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    mode: bool = False
    long_options: bool = False


def _actions(**rows: str) -> dict[str, str]:
    """By action, sub-commands parted by blanks; those of two words have a dot between them."""
    return {
        name.replace(".", " "): action for action, names in rows.items() for name in names.split()
    }


def _options(text: str) -> frozenset[str]:
    return frozenset(text.split())


_APT = Manager(
    "apt",
    _actions(
        update="update",
        install="install reinstall build-dep satisfy",
        upgrade="upgrade dist-upgrade full-upgrade safe-upgrade dselect-upgrade",
        remove="remove purge autoremove auto-remove autopurge",
        clean="clean autoclean auto-clean distclean dist-clean",
    ),
    _options(
        "-t --target-release --default-release -o --option -c --config-file -a -P "
        "--host-architecture --build-profiles"
    ),
    ("=",),
    ("/var/lib/apt/lists",),
    ("/var/cache/apt/archives",),
)
_APK = Manager(
    "apk",
    _actions(
        update="update", install="add", upgrade="upgrade", remove="del", clean="cache.clean "
        "cache.purge", other="fix fetch info search",
    ),
    _options(
        "-t --virtual -X --repository -p --root --repositories-file --keys-dir --cache-dir "
        "--arch --wait --progress-fd --cache-max-age"
    ),
    ("~=", ">=", "<=", "=~", "=", "~", ">", "<"),
    ("/var/cache/apk",),
    ("/var/cache/apk",),
)  # fmt: skip
_YUM = Manager(
    "yum",
    _actions(
        update="makecache check-update",
        install="install in localinstall groupinstall reinstall rei builddep module-install "
        "group.install groups.install module.install module.enable module.switch-to install-n",
        upgrade="update upgrade up update-to upgrade-minimal up-min update-minimal distro-sync "
        "distrosync dsync dist-sync localupdate group.upgrade system-upgrade",
        remove="remove erase rm autoremove groupremove group.remove module.remove",
        clean="clean",
    ),
    _options(
        "-c --config -d --debuglevel -e --errorlevel -x --exclude --excludepkgs --installroot "
        "--releasever --enablerepo --disablerepo --repo --repoid --setopt -R --randomwait "
        "--forcearch --disableexcludes --repofrompath --advisory --bz --cve --enableplugin "
        "--disableplugin --comment --downloaddir --destdir --rpmverbosity"
    ),
    (),
    ("/var/cache/yum", "/var/cache/dnf"),
    ("/var/cache/yum", "/var/cache/dnf"),
)
_DNF = _YUM._replace(
    family="dnf",
    lists=("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache/tdnf"),
    caches=("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache/tdnf"),
)
_ZYPPER = Manager(
    "zypper",
    _actions(
        update="refresh ref refresh-services",
        install="install in install-new-recommends inr source-install si",
        upgrade="update up dist-upgrade dup patch",
        remove="remove rm",
        clean="clean cc clean-all",
    ),
    _options(
        "-C --cache-dir -R --root --installroot -D --reposd-dir -c --config -r --repo --from -t "
        "--type -p --plus-repo --plus-content --releasever --raw-cache-dir --solv-cache-dir "
        "--pkg-cache-dir --userdata --cve --bugzilla"
    ),
    ("==", ">=", "<=", "=", ">", "<"),
    ("/var/cache/zypp",),
    ("/var/cache/zypp",),
)
_PACMAN = Manager(
    "pacman",
    {},
    _options(
        "-b --dbpath -r --root --arch --cachedir --color --config --gpgdir --hookdir --logfile "
        "--sysroot --assume-installed --overwrite --ignore --ignoregroup"
    ),
    ("=",),
    ("/var/lib/pacman/sync",),
    ("/var/cache/pacman/pkg",),
    mode=True,
)
_PIP = Manager(
    "pip",
    _actions(
        install="install", remove="uninstall", clean="cache.purge cache.remove",
        other="wheel download freeze list config check",
    ),
    _options(
        "-r --requirement -c --constraint -e --editable -i --index-url --extra-index-url -f "
        "--find-links -t --target --prefix --root --src --platform --python-version "
        "--implementation --abi --trusted-host --cert --client-cert --proxy --timeout "
        "--retries --cache-dir --log --no-binary --only-binary --progress-bar -b --build "
        "--upgrade-strategy --global-option --config-settings -C --report --python "
        "--exists-action --build-option --use-feature --use-deprecated --root-user-action "
        "--install-option --default-timeout --group"
    ),
    ("===", "==", "~=", "!=", ">=", "<=", ">", "<"),
    (),
    ("/root/.cache/pip",),
)  # fmt: skip
_NPM = Manager(
    "npm",
    _actions(
        install="install i in ins inst insta instal isnt isnta isntal isntall add ci clean-install "
        "ic install-clean isntall-clean install-test it cit",
        upgrade="update up upgrade udpate",
        remove="uninstall remove rm un r unlink",
        clean="cache.clean cache.rm",
    ),
    _options(
        "--prefix -C --dir --registry --cache --loglevel --omit --include --only --userconfig "
        "--workspace -w --tag --before --fetch-timeout --fetch-retries --network-timeout "
        "--install-strategy --globalconfig --maxsockets --jobs --arch --target_arch --target"
    ),
    ("@",),
    (),
    ("/root/.npm",),
)
_YARN = Manager(
    "yarn",
    _actions(
        install="install add global.add",
        upgrade="upgrade up global.upgrade",
        remove="remove global.remove",
        clean="cache.clean",
    ),
    _options(
        "--cwd --cache-folder --registry --modules-folder --network-timeout --mutex --prefix "
        "--use-yarnrc --global-folder --link-folder --network-concurrency --child-concurrency"
    ),
    ("@",),
    (),
    ("/usr/local/share/.cache/yarn", "/root/.cache/yarn", "/root/.yarn"),
)
_PNPM = _NPM._replace(
    family="pnpm",
    actions=_NPM.actions | {"store prune": CLEAN, "fetch": INSTALL},
    with_value=_NPM.with_value | {"--filter", "-F", "--store-dir", "--virtual-store-dir"},
    caches=("/root/.local/share/pnpm/store", "/pnpm/store"),
)
_GEM = Manager(
    "gem",
    _actions(install="install i", upgrade="update", remove="uninstall", clean="cleanup"),
    _options(
        "-v --version -i --install-dir -n --bindir -P --trust-policy -s --source -p "
        "--http-proxy -g --file --platform --document --build-root --config-file"
    ),
    (":",),
)
_GO = Manager(
    "go",
    _actions(install="install get run", clean="clean", other="build mod.download mod.vendor test"),
    _options(
        "-C -o -p -ldflags -tags -mod -modfile -gcflags -asmflags -exec -pkgdir -buildmode "
        "-compiler -gccgoflags -installsuffix -overlay -toolexec -covermode -coverpkg -pgo"
    ),
    ("@",),
    (),
    ("/go/pkg/mod", "/root/.cache/go-build"),
    long_options=True,
)
_CARGO = Manager(
    "cargo",
    _actions(install="install add", upgrade="update", remove="uninstall remove", clean="clean"),
    _options(
        "--version --vers --git --branch --tag --rev --path --root --registry --index --profile "
        "--features -F --target -j --jobs --bin --example --target-dir --config -Z --color"
    ),
    ("@",),
    (),
    ("/usr/local/cargo/registry",),
)
_COMPOSER = Manager(
    "composer",
    _actions(
        install="require req r global.require", upgrade="update upgrade", remove="remove rm",
        clean="clear-cache clearcache cc", other="install i create-project",
    ),
    _options("-d --working-dir --apcu-autoloader-prefix --ignore-platform-req --prefer-install"),
    ("==", ":=", ":", "="),
    (),
    ("/root/.composer/cache", "/root/.cache/composer"),
)  # fmt: skip
_DOTNET = Manager(
    "dotnet",
    _actions(
        install="tool.install tool.update package.add add.package",
        remove="tool.uninstall package.remove remove.package",
        other="restore build publish run",
    ),
    _options(
        "-v --version -s --source -f --framework --project --file --tool-path --configfile "
        "--add-source --package-directory --tool-manifest -a --arch"
    ),
    ("@",),
    (),
    ("/root/.nuget/packages",),
)

MANAGERS: dict[str, Manager] = {
    "apt-get": _APT, "apt": _APT, "aptitude": _APT, "apk": _APK,
    "yum": _YUM, "dnf": _DNF, "dnf5": _DNF, "microdnf": _DNF, "tdnf": _DNF,
    "zypper": _ZYPPER, "pacman": _PACMAN,
    "npm": _NPM, "yarn": _YARN, "pnpm": _PNPM, "gem": _GEM, "go": _GO, "cargo": _CARGO,
    "composer": _COMPOSER, "dotnet": _DOTNET,
}  # fmt: skip
"""By the name of the command, but for pip, which goes by many names: see ``manager_named``."""

_VERSIONS = ("", "2", "3", *(f"3.{minor}" for minor in range(5, 20)), "2.7")
PIP_NAMES = tuple(f"pip{version}" for version in _VERSIONS)
PYTHON_NAMES = tuple(f"python{version}" for version in _VERSIONS)
"""Commands that run pip with ``-m pip``."""


def manager_named(name: str) -> Manager | None:
    """The package manager that a command is, ``None`` for others."""
    found = MANAGERS.get(name)
    if name in {"pipx", "uv pip"}:
        return _PIP._replace(caches=())  # each has a cache of its own
    if found is None and name.startswith("pip") and not name[3:].strip("0123456789.-"):
        return _PIP
    return found


def may_be_manager(name: str) -> bool:
    """Whether a command of a name may call a package manager: itself, or as a module."""
    return name in MANAGERS or name.startswith(_OTHER_NAMES)


_OTHER_NAMES = ("pip", "python", "uv")


def names_of(*families: str) -> tuple[str, ...]:
    """The commands that may be a manager of some families: what a rule is called with."""
    names = [name for name, manager in MANAGERS.items() if manager.family in families]
    if "pip" in families:
        names += [*PIP_NAMES, *PYTHON_NAMES, "uv", "pipx"]
    return tuple(names)
