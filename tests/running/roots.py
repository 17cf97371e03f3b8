"""Small roots made of this machine's programs and the libraries they need."""

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from seawall.running.runners import NAMES, Runner, choose

PROGRAMS = ("dash", "cat", "id", "ls", "sleep", "setsid", "head", "touch", "perl")
HAS_ALL = all(shutil.which(name) for name in (*PROGRAMS, "ldd"))
needs_programs = pytest.mark.skipif(
    not HAS_ALL, reason=f"needs the programs {', '.join(PROGRAMS)} and ldd, as Debian has them"
)


_UNUSED = shutil.ignore_patterns("unicore", "Unicode", "Text", "File", "IPC", "List")
_chosen = cache(choose)


def works(name: str, uid: int = 0) -> Runner:
    """A runner, or the test is skipped and says why there is none."""
    choice = _chosen(uid, names=(name,))
    if choice.runner is None:
        pytest.skip(choice.reason)
    return choice.runner


every_runner = pytest.mark.parametrize("name", NAMES)


def made_root(root: Path) -> Path:
    """A root with some programs; everything in it belongs to whoever makes it."""
    shutil.copytree(_first(), root, symlinks=True)
    return root


@cache
def _first() -> Path:
    root = Path(tempfile.mkdtemp(prefix="seawall-tests-"), "root")
    atexit.register(shutil.rmtree, root.parent)
    for folder in ("bin", "etc", "tmp", "srv", "lib"):
        (root / folder).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    for name in PROGRAMS:
        path = shutil.which(name)
        assert path is not None
        shutil.copy(path, root / "bin" / name)
        for library in _libraries(path):
            target = root / library.lstrip("/")
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, target)
    (root / "bin" / "sh").symlink_to("dash")
    for folder in _perl_modules():
        if os.path.isdir(folder):
            shutil.copytree(folder, root / folder.lstrip("/"), dirs_exist_ok=True, ignore=_UNUSED)
    (root / "etc" / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    root.chmod(0o755)
    return root


def _perl_modules() -> list[str]:
    said = subprocess.run(
        ["perl", "-e", 'print join "\\n", @INC'], capture_output=True, text=True, check=True
    )
    return [line for line in said.stdout.splitlines() if line.endswith("/perl-base")]


def _libraries(path: str) -> list[str]:
    said = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    words = [word for line in said.splitlines() for word in line.split()]
    return [word for word in words if word.startswith("/")]


SERVER = """
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => PORT, Listen => 5,
    ReuseAddr => 1) or die "cannot listen: $!";
while (my $c = $s->accept) {
    my $first = <$c>;
    while (my $line = <$c>) { last if $line =~ /^\\r?\\n$/ }
    ANSWER
    close $c;
}
"""


def server(port: int, answer: str) -> str:
    """A program of perl that answers each request on a port."""
    return SERVER.replace("PORT", str(port)).replace("ANSWER", answer)
