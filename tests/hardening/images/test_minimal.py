"""``seawall harden image --minimal``: what is kept, what is told, what a scanner sees of it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.support import command
from tests.hardening.images.made import (
    directory,
    document,
    file,
    hard_link,
    index,
    layout,
    opened,
    symlink,
    system,
    tar,
    with_capability,
)
from tests.hardening.images.test_harden_image import harden
from tests.images.closure.elves import elf

LOADER = "/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
STATUS = b"".join(
    f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1-1\n"
    f"Maintainer: Debian <x@example.org>\n\n".encode()
    for name in ("libneeded", "libother", "server", "dash")
)
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nredis:x:101:102::/var/lib/redis:/usr/sbin/nologin\n"
SERVER = {"Entrypoint": ["redis-server", "/etc/redis.conf"], "Env": ["PATH=/usr/bin:/bin"]}


def program(*needed: str, **more: Any) -> bytes:
    return elf(needed, interpreter=LOADER, **more)


def listed(name: str, *paths: str) -> bytes:
    text = "".join(f"/{path}\n" for path in (".", *paths))
    return file(f"var/lib/dpkg/info/{name}.list", text.encode())


def debian(*more: bytes) -> bytes:
    """A system with a server, two libraries of which it needs one, and a shell."""
    return tar(
        directory("etc"), directory("tmp", 0o1777), directory("usr"), directory("usr/bin"),
        symlink("bin", "usr/bin"), symlink("lib64", "usr/lib64"), directory("run"),
        file("usr/lib64/ld-linux-x86-64.so.2", elf(), 0o755),
        file(f"{LIBRARIES}/libneeded.so.1.2", elf(soname="libneeded.so.1")),
        symlink(f"{LIBRARIES}/libneeded.so.1", "libneeded.so.1.2"),
        file(f"{LIBRARIES}/libother.so.1", elf()),
        file("usr/bin/redis-server", program("libneeded.so.1"), 0o755),
        hard_link("usr/bin/redis-check", "usr/bin/redis-server", 0o755),
        file("usr/bin/dash", program(), 0o755), symlink("usr/bin/sh", "dash"),
        file("usr/bin/apt-get", program(), 0o755), file("usr/bin/su", program(), 0o4755),
        file("etc/redis.conf", b"dir /var/lib/redis\npidfile /run/redis.pid\n"),
        directory("var/lib/redis", 0o750, uid=101, gid=102),
        file("etc/passwd", PASSWD), file("etc/group", b"root:x:0:\n"),
        file("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'),
        file("var/lib/dpkg/status", STATUS),
        listed("libneeded", f"{LIBRARIES}/libneeded.so.1.2", f"{LIBRARIES}/libneeded.so.1"),
        listed("libother", "lib64", f"{LIBRARIES}/libother.so.1"), listed("dash", "usr/bin/dash"),
        listed("server", "usr/bin/redis-server", "usr/share/doc/server/copyright"),
        file("usr/share/doc/server/copyright", b"..."), *more,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _no_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


def made(tmp_path: Path, *more: bytes, **config: Any) -> str:
    return layout(tmp_path / "in", debian(*more), config={**SERVER, **config})


def minimal(image: str, out: Path, *more: str) -> tuple[str, set[str]]:
    """What is told, and the files of the result."""
    told = harden(image, str(out), "--minimal", *more).output
    return told, {path for path, each in system(str(out)).items() if each.kind != "DIRECTORY"}


def test_only_what_it_needs_is_kept(tmp_path: Path) -> None:
    told, found = minimal(made(tmp_path), tmp_path / "out")
    assert found == {
        "lib64", "usr/bin/redis-server", "usr/lib64/ld-linux-x86-64.so.2", "etc/redis.conf",
        f"{LIBRARIES}/libneeded.so.1", f"{LIBRARIES}/libneeded.so.1.2", "etc/passwd", "etc/group",
        "etc/os-release", "var/lib/dpkg/status", "var/lib/dpkg/info/server.list",
        "var/lib/dpkg/info/libneeded.list",
    }  # fmt: skip
    line = "removed 10 files that nothing it starts needs; 12 are left, of 2 of 4 packages of the"
    assert f"done: {line} system\n" in told
    assert "done: removed 2 shells: /usr/bin/dash, /usr/bin/sh" in told
    assert "done: removed 1 package manager: /usr/bin/apt-get" in told
    image = opened(str(tmp_path / "out"))
    assert len(image.layers) == 1
    assert image.config.user == "65532:65532"
    assert image.config.history[-1].created_by == "seawall harden image --minimal"


def test_databases_and_the_bill_tell_of_what_is_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    minimal(made(tmp_path), out)
    held = system(str(out))
    status = held["var/lib/dpkg/status"].content
    assert b"Package: server" in status
    assert b"Package: libneeded" in status
    assert b"libother" not in status
    assert held["var/lib/dpkg/info/server.list"].content == b"/.\n/usr/bin/redis-server\n"
    bill = document(out, document(out, index(out)["manifests"][1]["digest"])["layers"][0]["digest"])
    assert sorted(each["name"] for each in bill["components"]) == ["libneeded", "server"]
    scanned = json.loads(command("sbom", str(out), "--format", "cyclonedx").output)
    assert sorted(each["name"] for each in scanned["components"]) == ["libneeded", "server"]


def test_where_it_writes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    told, _ = minimal(made(tmp_path, directory("data"), Volumes={"/data": {}}), out)
    held = system(str(out))
    assert held["var/lib/redis"].owner == (65532, 65532)
    assert held["data"].owner == (65532, 65532)
    assert held["run"].owner == (0, 0)
    assert held["home/nonroot"].owner == (65532, 65532)
    assert "note: it may write to /var/lib/redis: dir in /etc/redis.conf" in told
    assert "note: it may write to /run: pidfile in /etc/redis.conf" in told
    assert (
        "run: docker run --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp "
        "--tmpfs /run --tmpfs /var/lib/redis\n"
    ) in told
    lines = [line.strip().removeprefix("run: ") for line in told.splitlines() if " run: " in line]
    pod = yaml.safe_load("\n".join(lines[1:]))
    assert pod["securityContext"]["readOnlyRootFilesystem"] is True
    assert {each["mountPath"]: each["name"] for each in pod["volumeMounts"]} == {
        "/tmp": "tmp", "/run": "run", "/var/lib/redis": "var-lib-redis", "/data": "data",
    }  # fmt: skip
    assert [each["name"] for each in pod["volumes"]] == ["tmp", "run", "var-lib-redis", "data"]


def test_what_a_tmpfs_would_hide_is_told(tmp_path: Path) -> None:
    image = made(tmp_path, file("var/lib/redis/dump.rdb", b"x"), Volumes={"/var/lib/redis/a": {}})
    told, found = minimal(image, tmp_path / "out", "--include", "/var/lib/redis")
    assert "a tmpfs would hide /var/lib/redis/dump.rdb, so give it a volume with a copy" in told
    assert "var/lib/redis/dump.rdb" in found


def test_a_program_with_file_capabilities_may_have_them(tmp_path: Path) -> None:
    image = layout(tmp_path / "in", tar(with_capability("srv/run", program())),
                   config={"Entrypoint": ["/srv/run"]})  # fmt: skip
    told, found = minimal(image, tmp_path / "out")
    assert "srv/run" in found
    assert "--cap-drop ALL --cap-add NET_BIND_SERVICE --security-opt" in told
    assert "capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}" in told


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        (("--include", "/usr/share/doc/server"), {"usr/share/doc/server/copyright"}),
        (("--include", "/usr/lib/*/libother*"), {f"{LIBRARIES}/libother.so.1"}),
        (("--keep", "/usr/bin/su"), {"usr/bin/su"}),
        (("--command", "su -c 'id now'"), {"usr/bin/su"}),
        (("--command", "sh /x"), {"usr/bin/sh", "usr/bin/dash"}),
    ],
)
def test_what_is_asked_for_is_kept(tmp_path: Path, more: tuple[str, ...], kept: set[str]) -> None:
    image = made(tmp_path)
    _, plain = minimal(image, tmp_path / "plain")
    _, found = minimal(image, tmp_path / "out", *more)
    packages = {path for path in found - plain if path.startswith("var/lib/dpkg/info/")}
    assert found - plain - packages == kept


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    told, _ = minimal(made(tmp_path), tmp_path / "out", "--command", "psql -l")
    assert "note: psql, a command of the user or a health check, is not in the image" in told


def test_nothing_that_is_included_is_told(tmp_path: Path) -> None:
    told, _ = minimal(made(tmp_path), tmp_path / "out", "--include", "/usr/lib/nothing*")
    assert "note: nothing in the image is included by /usr/lib/nothing*" in told


@pytest.mark.parametrize(
    ("check", "kept"),
    [
        (["CMD", "redis-check"], {"usr/bin/redis-check"}),
        (["CMD-SHELL", "redis-check || exit 1"],
         {"usr/bin/redis-check", "usr/bin/sh", "usr/bin/dash", "bin"}),
        (["NONE"], set()),
    ],
)  # fmt: skip
def test_health_checks_run_too(tmp_path: Path, check: list[str], kept: set[str]) -> None:
    image = made(tmp_path, Healthcheck={"Test": check})
    told, found = minimal(image, tmp_path / "out")
    assert found & {"usr/bin/redis-check", "usr/bin/sh", "usr/bin/dash", "bin"} == kept
    stays = "left: /usr/bin/dash, /usr/bin/sh stay, a shell: /bin/sh runs a command line" in told
    assert stays is (check[0] == "CMD-SHELL")


def test_one_verdict_on_shells(tmp_path: Path) -> None:
    """A program that can call system(3) keeps no shell here, and that is told."""
    calling = file("usr/bin/calls", program(imports=["system"], strings=["/bin/sh"]), 0o755)
    image = made(tmp_path, calling, Entrypoint=["/usr/bin/calls"])
    told, found = minimal(image, tmp_path / "out")
    assert not found & {"usr/bin/sh", "usr/bin/dash"}
    assert "the shell is left out, although these may run commands through it" in told
    assert "stay" not in told
    script = file("usr/bin/start", b"#!/bin/sh\nexec redis-server\n", 0o755)
    told, found = minimal(
        layout(tmp_path / "script", debian(script), config={"Cmd": ["start"]}), tmp_path / "out2"
    )
    assert {"usr/bin/sh", "usr/bin/dash", "usr/bin/redis-server"} <= found
    assert "stay, a shell: /usr/bin/start is a script of sh" in told
    assert "removed 1 package manager" in told


def test_why_something_stays_or_goes(tmp_path: Path) -> None:
    image = made(tmp_path)
    asked = ("/bin/redis-server", "usr/lib/*/libneeded*", "/bin/sh", "/none")
    explain = [word for each in asked for word in ("--explain", each)]
    told = harden(image, str(tmp_path / "out"), "--minimal", "--dry-run", *explain).output
    lines = [line.strip().removeprefix("why: ") for line in told.splitlines() if "why: " in line]
    needed = "needed by /usr/bin/redis-server (DT_NEEDED libneeded.so.1)"
    assert lines == [
        "/usr/bin/redis-server: stays, run by the image's configuration",
        f"/{LIBRARIES}/libneeded.so.1: stays, leads to /{LIBRARIES}/libneeded.so.1.2",
        f"  /{LIBRARIES}/libneeded.so.1.2: {needed}",
        "  /usr/bin/redis-server: run by the image's configuration",
        f"/{LIBRARIES}/libneeded.so.1.2: stays, {needed}",
        "  /usr/bin/redis-server: run by the image's configuration",
        "/usr/bin/sh: goes, nothing that it starts needs it",
        "/none: is not in the image",
    ]  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_asked_for(tmp_path: Path) -> None:
    image = made(tmp_path)
    out = str(tmp_path / "out")
    for wrong in (
        ("--include", "/x"), ("--command", "x"), ("--explain", "/x"), ("--minimal", "--squash"),
        ("--minimal", "--command", ""), ("--minimal", "--command", "sh 'x"),
    ):  # fmt: skip
        assert command("harden", "image", image, out, *wrong).code == 2
    nothing = layout(tmp_path / "nothing", debian())
    found = command("harden", "image", nothing, out, "--minimal")
    assert found.code == 2
    assert "names no program to start" in found.errors
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert "redis-server" in str(system(image))
    told, found_files = minimal(nothing, tmp_path / "out2", "--command", "redis-server")
    assert "usr/bin/redis-server" in found_files
    assert "the image has no command" not in told


@pytest.mark.parametrize("how", ["gzip", "zstd", "none"])
def test_two_runs_give_the_same_digest(tmp_path: Path, how: str) -> None:
    image = made(tmp_path)
    for name in ("one", "two"):
        minimal(image, tmp_path / name, "--compression", how)
    assert index(tmp_path / "one") == index(tmp_path / "two")


def test_how_the_layers_were_packed_is_no_matter(tmp_path: Path) -> None:
    gzip = layout(tmp_path / "gzip", debian(), config=SERVER)
    plain = layout(tmp_path / "plain", debian(), config=SERVER, how="none")
    minimal(gzip, tmp_path / "one")
    minimal(plain, tmp_path / "two")
    one, two = opened(str(tmp_path / "one")), opened(str(tmp_path / "two"))
    assert one.layers[0].digest == two.layers[0].digest


def test_a_root_file_system(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\n")
    for name in ("app", "other"):
        (root / name).write_bytes(elf())
        (root / name).chmod(0o755)
    _, found = minimal(f"rootfs:{root}", tmp_path / "out", "--command", "/app")
    assert found == {"app", "etc/passwd", "etc/group"}


def test_the_statement_tells_what_was_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "out"
    minimal(made(tmp_path), out, "--include", "/etc/os-*", "--command", "su now")
    manifest = document(out, index(out)["manifests"][2]["digest"])
    statement = document(out, manifest["layers"][0]["digest"])
    asked = statement["predicate"]["buildDefinition"]["externalParameters"]
    assert asked["mode"] == "minimal"
    assert asked["include"] == ["/etc/os-*"]
    assert asked["command"] == [["su", "now"]]


def test_credentials_go_from_what_is_kept(tmp_path: Path) -> None:
    key = b"-----BEGIN PRIVATE " + b"KEY-----\nabc\n-----END\n"
    more = (file("app/main", program(), 0o755), file("app/id_rsa", key, 0o600))
    image = made(tmp_path, *more, Entrypoint=["/app/main"], WorkingDir="/app")
    told, found = minimal(image, tmp_path / "out")
    assert "app/main" in found
    assert "app/id_rsa" not in found
    assert "removed /app/id_rsa, which held a private key" in told


def test_others_read_it(tmp_path: Path) -> None:
    umoci, skopeo = shutil.which("umoci"), shutil.which("skopeo")
    if umoci is None or skopeo is None:
        pytest.skip("umoci and skopeo are not installed")
    out = tmp_path / "out"
    _, found = minimal(made(tmp_path), out)
    bundle = tmp_path / "bundle"
    for words in (
        [umoci, "unpack", "--rootless", "--image", f"{out}:latest", str(bundle)],
        [skopeo, "--insecure-policy", "copy", f"oci:{out}:latest", f"oci:{tmp_path / 'copy'}:x"],
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
    for path in found:
        assert (bundle / "rootfs" / path).is_symlink() or (bundle / "rootfs" / path).is_file()
    assert system(str(tmp_path / "copy")) == system(str(out))
