"""Files that building or working left behind, by their paths."""

GIT = "a git repository"
HISTORY = "a shell history"
CORE = "a core dump"
DEVELOPMENT = "a file for development"
CACHE = "a package cache"

_HISTORIES = frozenset(
    ".ash_history .bash_history .lesshst .mysql_history .node_repl_history .psql_history "
    ".python_history .rediscli_history .sh_history .sqlite_history .viminfo .zsh_history".split()
)
_DEVELOPMENT = frozenset(
    ".DS_Store .dockerignore .gitlab-ci.yml .travis.yml .vimrc Containerfile Dockerfile "
    "Jenkinsfile Vagrantfile compose.yaml compose.yml docker-compose.yaml "
    "docker-compose.yml".split()
)
_DEVELOPMENT_DIRECTORIES = frozenset(".idea .vscode".split())
CACHES = (
    "var/lib/apt/lists/", "var/cache/apt/archives/", "var/cache/apk/", "var/cache/dnf/",
    "var/cache/yum/", "var/cache/zypp/", "var/cache/pacman/pkg/", "root/.cache/pip/",
    "root/.npm/_cacache/", "root/.cache/go-build/", "root/.cache/yarn/", "usr/local/share/.cache/",
    "root/.cache/uv/", "root/.cache/composer/", "root/.m2/repository/", "root/.gradle/caches/",
)  # fmt: skip
KEPT = ("lock", "partial")
KNOWN_NAMES = frozenset((*_HISTORIES, *_DEVELOPMENT, "HEAD", "core"))
KNOWN_STARTS = ("core.",)
KNOWN_DIRECTORIES = tuple(f"{name}/" for name in sorted(_DEVELOPMENT_DIRECTORIES))
"""No other name is any of these, but in caches and below such a directory."""
_PACKAGES = ("/node_modules/", "/vendor/", "/site-packages/", "/dist-packages/", "/share/doc/")


def kind_of(path: str) -> str | None:
    """What a file (its path without leading ``/``) is that nobody needs; ``None`` for the rest."""
    if path.startswith(CACHES):
        return None if path.rpartition("/")[2] in KEPT else CACHE
    name = path.rpartition("/")[2]
    if name in _HISTORIES:
        return HISTORY
    if name == "HEAD" and path.endswith(".git/HEAD"):
        return GIT
    if name == "core" or (name.startswith("core.") and name[5:].isdigit()):
        return CORE if path.count("/") < 2 else None
    if name in _DEVELOPMENT and not any(part in f"/{path}" for part in _PACKAGES):
        return DEVELOPMENT
    directory = path.rpartition("/")[0].rpartition("/")[2]
    if directory in _DEVELOPMENT_DIRECTORIES and not any(part in f"/{path}" for part in _PACKAGES):
        return DEVELOPMENT
    return None


def cache_of(path: str) -> str:
    """The directory of the cache that a file is in."""
    return next(directory for directory in CACHES if path.startswith(directory)).rstrip("/")
