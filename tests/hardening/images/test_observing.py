"""``seawall harden image --observe``: images whose process loads what nobody can foresee."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from seawall.hardening.images import observing
from seawall.hardening.images.watched import present
from seawall.running.runners import Choice, choose
from seawall.sources.images.platforms import of_host
from tests.cli.support import command
from tests.hardening.images.made import layout, system
from tests.hardening.images.test_harden_image import harden
from tests.tracing import roots
from tests.tracing.traced import compiled, needs_tracing

pytestmark = [
    needs_tracing,
    pytest.mark.skipif(
        sys.platform != "linux" or shutil.which("cc") is None or choose().runner is None,
        reason="takes Linux, a C compiler, and something that can run an image",
    ),
]
PLUGIN = 'const char *said(void) { return "plugged in"; }'
APP = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
int main(int count, char **words) {  /* loads a plugin, and reads data, of names that it makes up */
    char name[99] = "/opt/mods/";
    strcat(strcat(name, count > 1 ? words[1] : "plain"), ".mod");
    void *plugin = dlopen(name, RTLD_NOW);
    if (!plugin) { fprintf(stderr, "%s\n", dlerror()); return 3; }
    puts(((const char *(*)(void))dlsym(plugin, "said"))());
    strcpy(name, "/opt/mods/../");
    FILE *file = fopen(strcat(name, "data/link"), "r");
    char line[80];
    if (!file || !fgets(line, sizeof line, file)) return 4;
    fputs(line, stdout);
    mkdir("/var/spool/app/run", 0700);
    return 0;
}
"""
SERVER = r"""
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static void end(int number) { (void)number; fclose(fopen("/srv/last-words", "r")); _exit(0); }
int main(void) {  /* serves /srv/NAME, one page at a time */
    signal(SIGTERM, end);
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in place = {AF_INET, htons(8080), {htonl(INADDR_ANY)}};
    if (bind(listening, (void *)&place, sizeof place) || listen(listening, 8)) return 3;
    for (;;) {
        int one = accept(listening, 0, 0);
        char asked[1000] = "", path[99] = "/srv/", body[99] = "";
        if (read(one, asked, sizeof asked - 1) < 5) { close(one); continue; }
        strncat(path, strtok(asked + 5, " "), 50);
        FILE *file = fopen(path, "r");
        if (file) { if (!fgets(body, sizeof body, file)) body[0] = 0; fclose(file); }
        dprintf(one, "HTTP/1.0 %s\r\nContent-Type: text/plain\r\n\r\n%s",
                file ? "200 OK" : "404 Not Found", body);
        close(one);
    }
}
"""


def image(tmp_path: Path, text: str, files: dict[str, str], **config: Any) -> str:
    """An image with a program of ours at ``/usr/bin/app``, a shell and some files."""
    root = roots.make(tmp_path / "root", ["/bin/sh"])
    roots.add(root, str(compiled(tmp_path, text, "-ldl")), "/usr/bin/app")
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(root, arcname=".", filter=_of_root)
    own = {"Entrypoint": ["/usr/bin/app"], "Env": ["PATH=/usr/bin:/bin"], **config}
    host = of_host()
    return layout(
        tmp_path / "in", stream.getvalue(), config=own, os=host.os, architecture=host.architecture
    )


def _of_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    return member


def with_plugins(tmp_path: Path) -> str:
    root = roots.make(tmp_path / "root", [])
    source = tmp_path / "plugin.c"
    source.write_text(PLUGIN)
    for name in ("plain", "other"):
        place = root / f"opt/mods/{name}.mod"
        place.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", str(place), str(source)], check=True, timeout=60
        )
    (root / "opt/data").mkdir(parents=True)
    (root / "opt/data/link").symlink_to("real")
    files = {"opt/data/real": "message\n", "opt/data/unused": "x", "var/spool/app/old": "x"}
    return image(tmp_path, APP, files)


def paths(place: Path) -> set[str]:
    return {f"/{path}" for path in system(str(place))}


def test_a_plugin_of_a_made_up_name_is_kept_where_it_was_observed(tmp_path: Path) -> None:
    name = with_plugins(tmp_path)
    out = tmp_path / "out"
    without = command(
        "harden", "image", name, str(out), "--minimal", "--verify", "/usr/bin/app"
    )  # fmt: skip
    assert without.code == 1
    assert "/opt/mods/plain.mod: cannot open shared object file" in without.output
    told = harden(
        name, str(out), "--minimal", "--observe", "", "--verify", "/usr/bin/app"
    ).output  # fmt: skip
    assert "done: observed its own process" in told
    assert "verified: /usr/bin/app" in told
    found = paths(out)
    assert {"/opt/mods/plain.mod", "/opt/data/link", "/opt/data/real", "/var/spool/app"} <= found
    assert not found & {"/opt/mods/other.mod", "/opt/data/unused", "/bin/sh", "/var/spool/app/old"}
    document = json.loads((tmp_path / "out.seccomp.json").read_text())
    first = document["syscalls"][0]
    assert first["comment"] == "seen to be called"
    assert {"execve", "openat", "mkdir" if os.uname().machine == "x86_64" else "mkdirat"} <= set(
        first["names"]
    )
    wiring = (tmp_path / "out.seccomp.yaml").read_text()
    assert "localhostProfile: seawall/out.json" in wiring
    assert "runAsUser: 65532" in wiring


def test_each_command_adds_what_it_uses(tmp_path: Path) -> None:
    told = harden(
        with_plugins(tmp_path), str(tmp_path / "out"), "--minimal", "--observe", "",
        "--observe", "/usr/bin/app other", "--observe", "/usr/bin/app missing", "--seccomp",
        str(tmp_path / "own.json"),
    ).output  # fmt: skip
    assert {"/opt/mods/plain.mod", "/opt/mods/other.mod"} <= paths(tmp_path / "out")
    assert "note: /usr/bin/app missing ended with 3 while it was observed" in told
    assert (tmp_path / "own.json").exists()
    assert (tmp_path / "own.yaml").exists()


def test_a_server_is_asked_for_pages_and_watched_to_its_end(tmp_path: Path) -> None:
    files = {"srv/one": "1\n", "srv/two": "2\n", "srv/three": "3\n", "srv/last-words": "bye\n"}
    name = image(tmp_path, SERVER, files)
    told = harden(
        name, str(tmp_path / "out"), "--minimal", "--observe-http", "8080/one", "--observe-http",
        "8080/two", "--observe-http", "8080/none", "--verify-http", "8080/two",
    ).output  # fmt: skip
    found = paths(tmp_path / "out")
    assert {"/srv/one", "/srv/two", "/srv/last-words"} <= found
    assert "/srv/three" not in found
    assert "note: 8080/none gave status 404 while it was observed" in told
    assert "verified: 8080/two" in told


def test_a_server_that_nobody_asks_is_ended(tmp_path: Path) -> None:
    name = image(tmp_path, SERVER, {"srv/last-words": "bye\n"})
    told = harden(
        name, str(tmp_path / "out"), "--observe", "", "--observe-timeout", "1", "--dry-run"
    ).output
    assert "note: its own process was observed for 1 s, and ended then" in told
    assert not (tmp_path / "out.seccomp.json").exists()


# What is refused, and what is told ------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--observe", "'x"], "write it as for a shell"),
        (["--observe", "'' x"], "names no program"),
        (["--observe-http", "x/y"], "--observe-http: 'x/y' is not PORT/PATH"),
        (["--observe", "", "--observe-timeout", "0"], "--observe-timeout: '0' is no number"),
        (["--seccomp", "x.json"], "--seccomp is for --observe"),
        (["--observe", "", "--seccomp", "x.yaml"], "is no name for it"),
    ],
)
def test_what_cannot_be_asked_for(tmp_path: Path, options: list[str], reason: str) -> None:
    done = command("harden", "image", str(tmp_path), str(tmp_path / "out"), *options)
    assert done.code == 2
    assert reason in done.errors


def test_a_program_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    name = image(tmp_path, SERVER, {})
    out = tmp_path / "out"
    done = command("harden", "image", name, str(out), "--observe", "/not/there")
    assert done.code == 3
    assert "--observe: /not/there could not be watched" in done.errors
    assert not out.exists()


def test_a_server_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    name = image(tmp_path, 'int main(void) { write(2, "no database\\n", 12); return 5; }', {})
    out = tmp_path / "out"
    done = command("harden", "image", name, str(out), "--observe-http", "8080/")
    assert done.code == 3
    assert "8080/ gave no answer: it exits with 5: no database; mend that" in done.errors
    assert not out.exists()


def test_nothing_is_written_where_nothing_can_be_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "choose", lambda _: Choice(None, (("runc", "not here"),)))
    name = image(tmp_path, SERVER, {})
    done = command("harden", "image", name, str(tmp_path / "out"), "--minimal", "--observe", "")
    assert done.code == 3
    assert "nothing can be run here: runc: not here; run this as root" in done.errors
    assert not (tmp_path / "out").exists()


def test_another_platform_is_told_to_be_unobserved(tmp_path: Path) -> None:
    foreign = "arm64" if of_host().architecture == "amd64" else "amd64"
    config = {"Entrypoint": ["/app"]}
    name = layout(tmp_path / "in", config=config, os="linux", architecture=foreign)
    told = harden(name, str(tmp_path / "out"), "--observe", "").output
    assert "left: it was not observed: this machine runs linux/" in told
    assert not (tmp_path / "out.seccomp.json").exists()


def test_files_that_are_there_are_not_replaced(tmp_path: Path) -> None:
    name = image(tmp_path, SERVER, {})
    (tmp_path / "out.seccomp.yaml").write_text("mine")
    done = command("harden", "image", name, str(tmp_path / "out"), "--observe", "")
    assert done.code == 3
    assert "out.seccomp.yaml: is there already" in done.errors
    assert (tmp_path / "out.seccomp.yaml").read_text() == "mine"


def test_what_a_process_made_means_the_directory_above() -> None:
    there = {"var", "var/lib", "etc", "etc/x"}
    used = [("made", "/var/lib/app/db/file"), ("opened", "/etc/x"), ("opened", "/gone/x")]
    assert present(used, lambda path: path in there) == ["etc/x", "var/lib"]
