"""This machine: which packages are in use, in findings, tables, bills and coverage."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seawall.cli.main import run as command
from seawall.engine.containers import hosts, scanning
from seawall.engine.containers.in_use import in_use
from seawall.sources import processes as reader
from seawall.sources.images import host as host_module
from seawall.sources.images import rootfs
from seawall.sources.images.host import host_image
from seawall.sources.images.image import Image
from seawall.sources.mounts import Mount
from tests.reports.schemas import report_validator
from tests.sources.processes_made import Proc

STATUS = """\
Package: libssl3
Status: install ok installed
Version: 3.0.1-1
Architecture: amd64
Source: openssl
Maintainer: Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>

Package: nginx
Status: install ok installed
Version: 1.22.1-9
Architecture: amd64
Maintainer: Debian Nginx Maintainers <pkg-nginx-maintainers@alioth-lists.debian.net>

"""
SITE = "usr/local/lib/python3.11/site-packages"
LIBSSL = "/usr/lib/x86_64-linux-gnu/libssl.so.3"


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    made = Proc(tmp_path)
    made.file("etc/os-release", b'ID=debian\nVERSION_ID="12"\n')
    made.file("etc/passwd", b"root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\n")
    made.file("var/lib/dpkg/status", STATUS.encode())
    made.file("var/lib/dpkg/info/libssl3:amd64.list", b"/lib/x86_64-linux-gnu/libssl.so.3\n")
    made.file("var/lib/dpkg/info/nginx.list", b"/usr/sbin/nginx\n")
    made.file("usr/sbin/nginx")
    made.file(LIBSSL)
    (made.root / "lib").symlink_to("usr/lib")
    made.file(f"{SITE}/jinja2-2.4.1.dist-info/METADATA",
              b"Metadata-Version: 2.1\nName: Jinja2\nVersion: 2.4.1\n")  # fmt: skip
    made.file(f"{SITE}/jinja2-2.4.1.dist-info/RECORD", b'jinja2/_speed.so,sha256=x,1\n"a\n')
    made.file(f"{SITE}/jinja2/_speed.so")
    made.file("srv/app/node_modules/lodash/package.json",
              b'{"name": "lodash", "version": "4.17.4"}')  # fmt: skip
    made.file("srv/app/node_modules/lodash/build/x.node")
    made.file("opt/own/server")
    made.file("tmp/x")
    return made


@pytest.fixture
def host(proc: Proc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Image:
    image = host_image(str(proc.root), str(tmp_path / "none"))

    def seen(_proc: str, root: str, own: int) -> reader.Processes | None:
        return reader.processes(str(proc.path), root, own)

    monkeypatch.setattr(hosts, "processes", seen)
    monkeypatch.setattr(host_module, "host_image", lambda: image)
    monkeypatch.chdir(tmp_path)
    return image._replace(name="host")


def run_nginx(proc: Proc, pid: int = 812, *, replaced: bool = False) -> None:
    library = f"{LIBSSL} (deleted)" if replaced else LIBSSL
    maps = [proc.mapping("/usr/sbin/nginx"), proc.mapping(library)]
    proc.process(pid, "nginx", "/usr/sbin/nginx", maps, uid=33)


def looked_at(image: Image) -> hosts.Host:
    _, whole = scanning.read(image, None, b"")
    return hosts.looked_at(image, whole)


def gaps(found: hosts.Host) -> list[tuple[str, str, str]]:
    return [each[1:] for each in found.not_covered]


def packages_of(image: Image, found: hosts.Host) -> dict[str, list[str]]:
    _, whole = scanning.read(image, None, b"")
    return {
        package.name: [str(use) for use in found.used.of(file, package)]
        for file, contents in whole.packages.files
        for package in contents.packages
    }


def test_packages_are_in_use_by_what_has_their_files(proc: Proc, host: Image) -> None:
    run_nginx(proc)
    speed = proc.mapping(f"/{SITE}/jinja2/_speed.so")
    addon = proc.mapping("/srv/app/node_modules/lodash/build/x.node")
    proc.process(900, "server", "/opt/own/server", [speed, addon], uid=7)
    found = looked_at(host)
    assert packages_of(host, found) == {
        "libssl3": ["nginx (pid 812, user www-data)"],
        "nginx": ["nginx (pid 812, user www-data)"],
        "jinja2": ["server (pid 900, user 7)"],
        "lodash": ["server (pid 900, user 7)"],
    }
    ((what, reason, _),) = gaps(found)
    assert what == "1 running program"
    assert "server (pid 900, user 7)" in reason


def test_what_still_runs_old_code_is_told_and_not_in_use(proc: Proc, host: Image) -> None:
    run_nginx(proc, replaced=True)
    (proc.root / LIBSSL[1:]).unlink()
    found = looked_at(host)
    assert packages_of(host, found)["libssl3"] == []
    ((what, reason, remedy),) = gaps(found)
    assert what == "what runs of libssl3 (3.0.1-1 is installed now)"
    assert reason.startswith("nginx (pid 812, user www-data) started before it was replaced")
    assert "which version that is cannot be known" in reason
    assert remedy == "restart them, or the machine"


def test_what_may_not_be_seen_is_told(proc: Proc, host: Image, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    proc.process(3, "redis", "/usr/bin/redis", space="mnt:[2]", root=tmp_path / "other")
    ((what, _, remedy),) = gaps(looked_at(host))
    assert what == "1 process of containers (redis)"
    assert remedy == "scan their images by their names"


def test_no_directory_of_processes_is_told(
    proc: Proc, host: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert proc.path.exists()
    monkeypatch.setattr(hosts, "processes", lambda *_: None)
    ((what, reason, _),) = gaps(looked_at(host))
    assert (what, "Linux only" in reason) == ("running processes", True)


@pytest.mark.parametrize(
    ("user", "remedy"), [(1000, "run seawall as root"), (0, "look at them yourself")]
)
def test_what_may_not_be_looked_at_is_counted(
    proc: Proc, host: Image, monkeypatch: pytest.MonkeyPatch, user: int, remedy: str
) -> None:
    assert proc.path.exists()
    monkeypatch.setattr(hosts, "processes", lambda *_: reader.Processes((), (), 3))
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr(
        hosts, "mounts", lambda _: [Mount("0:1", "/", "/proc", "proc", "rw,hidepid=2")]
    )
    rows = gaps(looked_at(host))
    assert (rows[0][0], rows[0][2]) == ("3 processes", remedy)
    assert ["hidepid" in reason for _, reason, _ in rows] == ([False, True] if user else [False])


def test_too_many_files_give_what_was_read(
    proc: Proc, host: Image, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert host.is_host
    for number in range(300):
        proc.file(f"srv/data/{number}")
    monkeypatch.setattr(rootfs, "_MOST_OF_HOST", 100)
    document = report_of(capsys)
    assert "jinja2" in {each["subject"]["name"] for each in document["findings"]}
    assert document["coverage"]["failed"] == []
    (gap,) = (each for each in document["coverage"]["not_covered"] if "parts" in each["what"])
    assert gap["what"] == "parts of the file system"
    assert gap["reason"].endswith("more than 100 files: this and what comes after it was not read")


def test_other_images_have_no_processes(host: Image) -> None:
    image = host._replace(layers=(host.layers[0]._replace(apart=None),))
    assert looked_at(image) is hosts.NO_HOST


def report_of(capsys: pytest.CaptureFixture[str]) -> Any:
    command(["scan", "host", "--format", "json", "--no-cache"])
    return json.loads(capsys.readouterr().out)


def test_findings_tell_who_uses_a_package(
    proc: Proc, host: Image, capsys: pytest.CaptureFixture[str]
) -> None:
    assert host.is_host
    secret = secrets.token_hex(12)
    run_nginx(proc)
    proc.file("usr/bin/python3")
    proc.process(
        900, "worker", "/usr/bin/python3", [proc.mapping(f"/{SITE}/jinja2/_speed.so")],
        words=["/srv/app", f"--token={secret}"],
    )  # fmt: skip
    document = report_of(capsys)
    report_validator().validate(document)
    used = {
        finding["subject"]["name"]: finding["details"]["in_use_by"]
        for finding in document["findings"]
        if "in_use_by" in finding["details"]
    }
    assert used["jinja2"] == [{"name": "worker", "pid": 900, "user": "root"}]
    assert {"path": "host:/tmp", "reason": "is temporary"} in document["coverage"]["skipped"]
    assert secret not in json.dumps(document)
    command(["scan", "host", "--no-cache"])
    out = capsys.readouterr().out
    assert "      in use by worker (pid 900, user root)\n" in out
    assert secret not in out


@pytest.mark.parametrize("form", ["cyclonedx", "spdx"])
def test_bills_tell_who_uses_a_package(
    proc: Proc, host: Image, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert host.is_host
    run_nginx(proc)
    run_nginx(proc, 813)
    assert command(["sbom", "host", "--format", form]) == 0
    document = json.loads(capsys.readouterr().out)
    rows = document["components" if form == "cyclonedx" else "packages"]
    row = next(each for each in rows if each["name"] == "nginx")
    if form == "cyclonedx":
        assert row["properties"] == [
            {"name": "seawall:in-use-by", "value": "nginx (user www-data)"}
        ]
    else:
        assert row["comment"] == "in use by: nginx (user www-data)"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_process_of_this_machine_uses_the_package_that_has_its_interpreter(
    proc: Proc, host: Image
) -> None:
    program = os.path.realpath(sys.executable)
    proc.file("var/lib/dpkg/info/nginx.list", f"{program}\n".encode())
    _, whole = scanning.read(host, None, b"")
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        found = reader.processes()
        child.communicate()
    assert found is not None
    used = in_use(whole, found.here, str(proc.root))
    (nginx,) = (each for each in whole.packages.system if each.name == "nginx")
    assert child.pid in {use.pid for use in used.of("var/lib/dpkg/status", nginx)}
