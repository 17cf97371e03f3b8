"""Scripts, the commands that they run, and whether a shell may go."""

import pytest

from seawall.images.closure.closing import health_check
from seawall.images.closure.scripts import interpreter_of
from tests.images.closure.elves import elf
from tests.images.closure.trees import LOADER, Content, closed

BINARY = elf(interpreter=f"/{LOADER}")
SYSTEM: dict[str, Content] = {
    LOADER: elf(), "bin/sh": "-> dash", "bin/dash": BINARY, "bin/cat": BINARY, "bin/echo": BINARY,
    "usr/bin/env": BINARY, "usr/bin/find": BINARY, "bin/chown": BINARY, "usr/bin/id": BINARY,
    "usr/sbin/app": BINARY, "usr/bin/unused": BINARY, "usr/bin/tini": BINARY,
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("#!/bin/sh", ("/bin/sh",)),
        ("#! /bin/sh -e", ("/bin/sh", "-e")),
        ("#!/usr/bin/env python3", ("/usr/bin/env", "python3")),
        ("#!/usr/bin/env -S python3 -u -m x", ("/usr/bin/env", "python3", "-u", "-m", "x")),
        ("#!/usr/bin/env -vS node --x", ("/usr/bin/env", "node", "--x")),
        ("#!/usr/bin/awk -f -x", ("/usr/bin/awk", "-f -x")),
        ("#!/bin/sh\n'''exec' \"/opt/venv/bin/python\" \"$0\" \"$@\"\n' '''",
         ("/opt/venv/bin/python",)),
        ("#!", ()),
        ("text", ()),
    ],
)  # fmt: skip
def test_interpreters(line: str, words: tuple[str, ...]) -> None:
    assert interpreter_of(f"{line}\n".encode()) == words


ENTRYPOINT = """#!/bin/sh
set -e
. /usr/share/helpers.sh
if [ "$(id -u)" = 0 ]; then
  find /data -exec chown app '{}' +
fi
cat </etc/app.conf
echo started
for each in /docker.d/*.sh; do "$each"; done
exec "$@"
"""


def test_an_entrypoint_script() -> None:
    files = {
        **SYSTEM, "entry.sh": ENTRYPOINT, "usr/share/helpers.sh": "env true\nunknown-command\n",
        "etc/app.conf": "x", "etc/other.conf": "x", "docker.d/10.sh": "#!/bin/sh\napp -x\n",
        "docker.d/readme": "x",
    }  # fmt: skip
    found = closed(files, "/entry.sh", command=["app"])
    wanted = ("bin/sh", "bin/dash", "usr/bin/id", "usr/bin/find", "bin/chown", "bin/cat",
              "usr/share/helpers.sh", "usr/bin/env", "etc/app.conf", "docker.d/10.sh",
              "usr/sbin/app")  # fmt: skip
    assert set(wanted) <= found.paths
    assert not {"bin/echo", "usr/bin/unused", "etc/other.conf", "docker.d/readme"} & found.paths
    assert found.reasons["usr/bin/id"] == "run by /entry.sh"
    assert not found.shells.removable
    assert any("/entry.sh is a script" in text for text in found.shells.needed)
    assert any("variable" in text and "/entry.sh" in text for text in found.warnings)


def test_what_a_runner_runs_is_no_builtin() -> None:
    found = closed({**SYSTEM, "e.sh": "#!/bin/sh\nexec env echo x\n"}, "/e.sh")
    assert {"bin/echo", "usr/bin/env"} <= found.paths


@pytest.mark.parametrize(
    ("line", "warned"),
    [
        ('set -- app -x "$@"', False),
        ('set -- env app "$@"', False),
        ('set -- "$@" -x', False),
        ('set -- "${1#-}"', False),
        ("set -- $words", False),
    ],
)
def test_arguments_that_are_set_are_run(line: str, *, warned: bool) -> None:
    """As entrypoints of many images have it: ``set -- server "$@"`` before ``exec "$@"``."""
    found = closed({**SYSTEM, "e.sh": f'#!/bin/sh\n{line}\nexec "$@"\n'}, "/e.sh", command=["id"])
    assert ("usr/sbin/app" in found.paths) is ("app" in line)
    assert "usr/bin/id" in found.paths
    assert any("variable" in text for text in found.warnings) is warned


@pytest.mark.parametrize(
    ("process", "removable"),
    [
        (("app",), True),
        (("/usr/sbin/app", "-x"), True),
        (("tini", "--", "app"), True),
        (("/bin/sh", "-c", "exec app"), False),
        (("tini", "--", "/bin/sh", "-c", "app"), False),
    ],
)
def test_shells(process: tuple[str, ...], *, removable: bool) -> None:
    found = closed(SYSTEM, *process)
    assert "usr/sbin/app" in found.paths
    assert found.shells.removable is removable
    assert ("bin/dash" in found.paths) is not removable


def test_what_may_want_a_shell_is_doubted() -> None:
    files = {**SYSTEM, "usr/sbin/app": elf(interpreter=f"/{LOADER}", imports=["system"])}
    found = closed(files, "app")
    assert found.shells.removable
    assert found.shells.doubts == ("/usr/sbin/app (system)",)
    assert any("/usr/sbin/app (system)" in text for text in found.warnings)


def test_health_checks() -> None:
    assert health_check(["NONE"]) == ()
    assert health_check([]) == ()
    assert health_check(["CMD", "a", "b"]) == ("a", "b")
    words = health_check(["CMD-SHELL", "cat /x || exit 1"])
    assert words == ("/bin/sh", "-c", "cat /x || exit 1")
    found = closed(SYSTEM, "app", commands=[words])
    assert {"bin/cat", "bin/dash"} <= found.paths


def test_busybox_is_kept_with_the_links_that_lead_to_it() -> None:
    files: dict[str, Content] = {
        "bin/busybox": elf(), "bin/sh": "-> /bin/busybox", "bin/cat": "-> /bin/busybox",
        "bin/ls": "-> busybox", "e.sh": "#!/bin/sh\ncat /x\n",
    }  # fmt: skip
    assert closed(files, "/e.sh").paths == {"bin", "bin/busybox", "bin/sh", "bin/cat", "e.sh"}


def test_scripts_that_run_each_other_for_ever() -> None:
    files: dict[str, Content] = {f"s{n}": f"#!/bin/sh\n/s{n + 1}\n" for n in range(2000)}
    found = closed({**SYSTEM, **files, "s2000": "#!/bin/sh\n/s0\n. /s1\n"}, "/s0")
    assert "s2000" in found.paths


def test_a_command_that_is_not_there() -> None:
    found = closed(SYSTEM, "gone")
    assert any("gone" in text for text in found.warnings)
    assert any("no command" in text for text in closed(SYSTEM).warnings)


def test_includes() -> None:
    files: dict[str, Content] = {
        **SYSTEM, "opt/a/x.so": elf(["libq.so"]), "opt/a/b/c": "x", "usr/lib/libq.so": elf(),
        "srv/1.txt": "x", "srv/2.md": "x", "deep/1/2/3.txt": "x",
    }  # fmt: skip
    found = closed(files, "app", includes=["/opt/a", "/srv/*.txt", "/deep/**/*.txt", "/none/*"])
    assert {"opt/a/x.so", "opt/a/b/c", "usr/lib/libq.so", "srv/1.txt", "deep/1/2/3.txt"} <= (
        found.paths
    )
    assert "srv/2.md" not in found.paths
    assert any("/none/*" in text for text in found.warnings)
    assert found.reasons["srv/1.txt"] == "included by /srv/*.txt"
