"""This machine as a root: held against ldd and Python itself, and run with what is kept only."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from seawall.images.closure.closing import Closure, closure
from tests.images.closure.live import LiveRoot
from tests.images.closure.trees import configured

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp"}
PROGRAMS = ("git", "curl", "openssl", "perl", "redis-server", "nginx", "bash", "sqlite3", "gpg",
            "ssh", "rsync", "tar", "python3")  # fmt: skip
_LIBRARY = re.compile(r"(?:=> |^\t)(/\S+) \(0x", re.MULTILINE)
_ON_LINUX = os.path.exists("/lib64/ld-linux-x86-64.so.2") and os.path.exists("/usr/bin/ldd")
pytestmark = pytest.mark.skipif(not _ON_LINUX, reason="needs glibc on x86-64 and ldd")


def closure_of(*process: str, srv: Path | None = None) -> tuple[LiveRoot, Closure]:
    root = LiveRoot("/", configured(*process, environment=ENVIRONMENT), str(srv or ""))
    return root, closure(root)


def present(name: str) -> str:
    for directory in ("/usr/sbin", "/usr/bin"):
        if os.access(f"{directory}/{name}", os.X_OK):
            return f"{directory}/{name}"
    pytest.skip(f"{name} is not installed here")


@pytest.mark.parametrize("name", PROGRAMS)
def test_all_that_ldd_lists_is_kept(name: str) -> None:
    path = present(name)
    listed = subprocess.run(
        ["/usr/bin/ldd", path], capture_output=True, text=True, check=False, timeout=20
    ).stdout
    libraries = {os.path.realpath(each).lstrip("/") for each in _LIBRARY.findall(listed)}
    assert libraries or "statically" in listed or "not a dynamic" in listed
    process = (path, "-c", "pass") if name == "python3" else (path,)
    assert libraries <= closure_of(*process)[1].paths


APPLICATION = """
import http.server, json, sqlite3, ssl, sys, threading, urllib.request

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        rows = sqlite3.connect(":memory:").execute("select sqlite_version()").fetchall()
        body = json.dumps([rows, ssl.OPENSSL_VERSION]).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ssl.create_default_context()
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=10) as answer:
    assert b"OpenSSL" in answer.read()
server.shutdown()
for module in list(sys.modules.values()):
    print("FILE", getattr(module, "__file__", None) or "")
print("OK")
"""


@cache
def can_sandbox() -> str:
    """Why nothing can be run in a root of its own; empty where it can."""
    if shutil.which("bwrap") is None:
        return "bwrap is not installed here"
    tried = subprocess.run(
        ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "/bin/true"], capture_output=True,
        check=False, timeout=20,
    )  # fmt: skip
    return "" if tried.returncode == 0 else "bwrap is not permitted here"


def copied(root: LiveRoot, found: Closure, target: Path) -> Path:
    """A root with the files of a closure only."""
    target.mkdir()
    for path in sorted(found.paths):
        source, place = root.at(path), target / path
        if os.path.islink(source):
            place.symlink_to(os.readlink(source))
        elif os.path.isdir(source):
            place.mkdir(exist_ok=True)
        elif path in found.replaced:
            place.write_bytes(found.replaced[path])
        else:
            shutil.copy(source, place)
    return target


def run_in(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user on a read-only root, with no network but its own."""
    if can_sandbox():
        pytest.skip(can_sandbox())
    for name in ("proc", "dev", "tmp"):
        assert (root / name).is_dir()
    root.chmod(0o755)
    return subprocess.run(
        ["bwrap", "--ro-bind", str(root), "/", "--proc", "/proc", "--dev", "/dev",
         "--tmpfs", "/tmp", "--unshare-all", "--uid", "10001", "--gid", "10001",
         "--cap-drop", "ALL", "--clearenv", "--setenv", "PATH", ENVIRONMENT["PATH"],
         "--setenv", "HOME", "/tmp", *words],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_python_application(tmp_path: Path) -> None:
    python = present("python3")
    srv = tmp_path / "srv"
    (srv / "app").mkdir(parents=True)
    (srv / "app" / "main.py").write_text(APPLICATION)
    root, found = closure_of(python, "/srv/app/main.py", srv=srv)
    plain = subprocess.run(
        [python, "-B", str(srv / "app" / "main.py")], capture_output=True, text=True, check=True,
        env=ENVIRONMENT, cwd="/", timeout=60,
    ).stdout  # fmt: skip
    loaded = {os.path.realpath(line[5:]) for line in plain.splitlines() if line[5:]}
    assert len(loaded) > 90
    own = str(srv)
    assert {path.lstrip("/") for path in loaded if not path.startswith(own)} <= found.paths
    assert found.shells.removable
    kept = copied(root, found, tmp_path / "kept")
    assert not (kept / "bin" / "sh").exists()
    ran = run_in(kept, python, "-B", "/srv/app/main.py")
    assert ran.stdout.splitlines()[-1:] == ["OK"], ran.stderr


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("redis-server", "--version"), "Redis server"),
        (("nginx", "-V"), "nginx version"),
        (("git", "init", "/tmp/not-there"), "Initialized empty"),
        (("openssl", "dgst", "-sha256", "/etc/passwd"), "SHA2-256(/etc/passwd)= "),
        (("perl", "-MPOSIX", "-MList::Util=sum", "-e",
          "print sum(1, 2) . strftime('%Y', gmtime 0)"),
         "31970"),
        (("node", "-e", "require('zlib').gzip('x', (e, d) => console.log(e, d.length))"), "null"),
        (("sqlite3", ":memory:", "select 1 + 1"), "2"),
        pytest.param(("java", "-version"), "OpenJDK", marks=pytest.mark.full),
        pytest.param(("npm", "--version"), ".", marks=pytest.mark.full),
        (("bash", "-c", "id -u; cat /etc/passwd | sort | head -n 1"), "10001"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_programs_run_with_what_is_kept(
    words: tuple[str, ...], answer: str, tmp_path: Path
) -> None:
    words = (present(words[0]), *words[1:])
    kept = copied(*closure_of(*words), tmp_path / "kept")
    ran = run_in(kept, *words)
    assert ran.returncode == 0, ran.stderr
    assert answer in ran.stdout + ran.stderr


def test_a_virtual_environment(tmp_path: Path) -> None:
    python = present("python3")
    srv = tmp_path / "srv"
    subprocess.run(
        [python, "-m", "venv", "--without-pip", "--symlinks", str(srv / "venv")], check=True,
        timeout=60, capture_output=True,
    )  # fmt: skip
    (site,) = (srv / "venv" / "lib").glob("python3*/site-packages")
    (site / "tool").mkdir()
    (site / "tool" / "__init__.py").write_text("import json, decimal\n")
    (site / "tool" / "command.py").write_text(
        "import json, pathlib\n\n\ndef main():\n"
        "    print((pathlib.Path(__file__).parent / 'data.txt').read_text())\n"
    )
    (site / "tool" / "data.txt").write_text("data")
    script = srv / "venv" / "bin" / "tool"
    script.write_text("#!/srv/venv/bin/python\nfrom tool.command import main\nmain()\n")
    script.chmod(0o755)
    root, found = closure_of("/srv/venv/bin/tool", srv=srv)
    ran = run_in(copied(root, found, tmp_path / "kept"), "/srv/venv/bin/tool")
    assert ran.stdout == "data\n", ran.stderr


def test_a_script_of_a_shell(tmp_path: Path) -> None:
    srv = tmp_path / "srv"
    srv.mkdir()
    script = srv / "entry.sh"
    script.write_text('#!/bin/sh\nset -e\ncat /etc/passwd | wc -l\nexec env echo "$1"\n')
    script.chmod(0o755)
    root, found = closure_of("/srv/entry.sh", "hello", srv=srv)
    assert not found.shells.removable
    ran = run_in(copied(root, found, tmp_path / "kept"), "/srv/entry.sh", "hello")
    assert ran.stdout.endswith("hello\n"), ran.stderr


def test_a_program_of_node(tmp_path: Path) -> None:
    node = present("node")
    srv = tmp_path / "srv"
    module = srv / "app" / "node_modules" / "one"
    module.mkdir(parents=True)
    (module / "package.json").write_text('{"name": "one", "exports": {"./x": "./lib/x.mjs"}}')
    (module / "lib").mkdir()
    (module / "lib" / "x.mjs").write_text("export const x = 7\n")
    (srv / "app" / "main.mjs").write_text(
        'import {x} from "one/x"; import http from "node:http";\nconsole.log("is", x, !!http)\n'
    )
    root, found = closure_of(node, "/srv/app/main.mjs", srv=srv)
    ran = run_in(copied(root, found, tmp_path / "kept"), node, "/srv/app/main.mjs")
    assert ran.stdout == "is 7 true\n", ran.stderr
