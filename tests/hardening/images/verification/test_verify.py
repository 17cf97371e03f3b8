"""``seawall harden image --verify``, from the command line to what is at OUT."""

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.running.runners import choose
from tests.cli.support import Outcome, command
from tests.hardening.images.made import layout
from tests.running.roots import every_runner, made_root, needs_programs, server, works
from tests.sources.images.tars import OCI_INDEX, Layout

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="images are run on Linux only"),
    pytest.mark.skipif(os.geteuid() != 0, reason="made for root, who has users to give"),
    needs_programs,
]
ENVIRONMENT = {"Env": ["PATH=/bin"], "WorkingDir": "/srv"}
PAGE = """
    my $lists = -e "/var/lib/apt/lists/main_Packages" ? "lists" : "no lists";
    my $body = $first =~ m{/lists} ? $lists : "hello";
    print $c "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: "
        . length($body) . "\\r\\n\\r\\n$body";
"""
UNIQUE = f"sleep 63.{os.getpid()}"
"""Words that no other run of these tests has."""
PROGRAMS = {"bubblewrap": "bwrap", "runc": "runc"}


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    root = made_root(tmp_path_factory.mktemp("verified") / "root")
    lists = root / "var" / "lib" / "apt" / "lists"
    lists.mkdir(parents=True)
    (lists / "main_Packages").write_text("many\n")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for each in sorted(root.iterdir()):
            tar.add(each, each.name, filter=_owned)
    return data.getvalue()


def _owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    return member


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    yield
    assert not any(temporary.iterdir())
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".out")]


@pytest.fixture
def image(tmp_path: Path, layer: bytes) -> str:
    process = ["/bin/perl", "-e", server(8080, PAGE)]
    return layout(tmp_path / "in", layer, config={**ENVIRONMENT, "Entrypoint": process})


def verify(image: str, tmp_path: Path, *words: str) -> Outcome:
    return command("harden", "image", image, str(tmp_path / "out"), *words)


def lines(outcome: Outcome) -> list[str]:
    states = ("verified:", "differs:", "unverified:")
    return [line for line in outcome.output.splitlines() if line.startswith(states)]


@pytest.mark.parametrize("mode", ["--layer", "--squash", "--squash-above-base"])
def test_what_still_works_is_written(image: str, tmp_path: Path, mode: str) -> None:
    works("bubblewrap", 65532)
    base = ["--base-layers", "1"] if mode == "--squash-above-base" else []
    found = verify(
        image, tmp_path, mode, *base, "--verify", "id -u", "--verify", "perl -e 'print $^V'",
        "--verify-http", "8080/x",
    )  # fmt: skip
    assert found.code == 0, found.output
    way = "the same, run as 65532:65532 on a read-only root (bubblewrap)"
    assert lines(found) == [
        f"verified: {check} (linux/amd64): {way}"
        for check in ("id -u", "perl -e 'print $^V'", "8080/x")
    ]
    assert (tmp_path / "out" / "index.json").exists()


@every_runner
def test_each_runner_by_itself(
    name: str, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not on PATH is not there: the next one is taken."""
    works(name, 65532)
    programs = tmp_path / "programs"
    programs.mkdir()
    if name in PROGRAMS:
        found = shutil.which(PROGRAMS[name])
        assert found is not None
        (programs / PROGRAMS[name]).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    told = verify(image, tmp_path, "--verify", "id -u", "--verify-http", "8080/x")
    assert told.code == 0, told.output
    assert [line.rpartition("(")[2] for line in lines(told)] == [f"{name})"] * 2


@every_runner
def test_what_hardening_broke_is_not_written(
    name: str, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What package managers left is taken away, and here somebody reads it."""
    works(name, 65532)
    monkeypatch.setattr(choose, "__defaults__", (0, None, (name,)))
    command = "cat /var/lib/apt/lists/main_Packages"
    found = verify(image, tmp_path, "--verify", command, "--verify-http", "8080/lists")
    assert found.code == 1
    assert not (tmp_path / "out").exists()
    assert [line.partition(":")[0] for line in lines(found)] == ["differs", "differs"]
    assert "exit status: 0 in the original, 1 in the result" in found.output
    assert "the result: it exits with 1: cat: " in found.output
    assert "line 1: 'lists' in the original, 'no lists' in the result" in found.output
    assert "Nothing was written to" in found.output
    assert "wrote" not in found.output


def test_what_needs_rights_is_told_from_what_is_broken(image: str, tmp_path: Path) -> None:
    works("bubblewrap", 65532)
    found = verify(image, tmp_path, "--verify", "touch /srv/file")
    assert found.code == 1
    assert "the result: it exits with 1: touch: " in found.output
    assert "as itself (0:0, with a root that can be written to) it works" in found.output
    assert "that is what hardening changes" in found.output
    again = verify(image, tmp_path, "--verify", "touch file", "--verify-writable", "/srv")
    assert again.code == 0, again.output
    assert not [line for line in again.output.splitlines() if "as itself" in line]


def test_a_result_that_works_as_the_original_does_by_itself_is_right(
    tmp_path: Path, layer: bytes
) -> None:
    """A volume that only root could write to is given to the user of the result."""
    works("bubblewrap", 65532)
    image = layout(tmp_path / "in", layer, config={**ENVIRONMENT, "Volumes": {"/srv": {}}})
    found = verify(image, tmp_path, "--verify", "touch /srv/x")
    assert found.code == 0, found.output
    assert lines(found)[0].startswith("verified: ")
    assert "as itself (0:0" in found.output


def test_what_never_is_the_same_is_not_compared(image: str, tmp_path: Path) -> None:
    works("bubblewrap", 65532)
    found = verify(image, tmp_path, "--verify", 'perl -e \'print "n ", rand, " steady"\'')
    assert found.code == 0
    assert "parts of the output are never the same: they are not compared" in found.output


def test_what_fails_in_the_original_too_is_told(image: str, tmp_path: Path) -> None:
    works("bubblewrap", 65532)
    found = verify(image, tmp_path, "--verify", "perl -e 'exit 3'", "--verify", "ls /nowhere")
    assert found.code == 0
    assert found.output.count("the original fails as well, also as itself: it exits with") == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--verify", "nowhere"), "the original does not work as itself, either: "),
        (("--verify", "sleep 60"), "it does not end"),
        (("--verify-http", "81/"), "nothing listens on port 81 within 1 s"),
    ],
)
def test_what_does_not_work_anywhere_is_unverified(
    image: str, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    works("bubblewrap", 65532)
    found = verify(image, tmp_path, *words, "--verify-timeout", "1")
    assert found.code == 0
    assert lines(found)[0].startswith("unverified: ")
    assert reason in lines(found)[0]
    shutil.rmtree(tmp_path / "out")
    again = verify(image, tmp_path, *words, "--verify-timeout", "1", "--require-verify")
    assert again.code == 1
    assert not (tmp_path / "out").exists()


def test_an_image_without_a_process_answers_nothing(tmp_path: Path, layer: bytes) -> None:
    works("bubblewrap", 65532)
    image = layout(tmp_path / "in", layer, config=ENVIRONMENT)
    found = verify(image, tmp_path, "--verify-http", "80/")
    assert lines(found) == ["unverified: 80/ (linux/amd64): the image starts no process"]


def test_only_platforms_that_run_here_are_run(tmp_path: Path, layer: bytes) -> None:
    works("bubblewrap", 65532)
    made = Layout()
    config = {"config": ENVIRONMENT}
    each = [
        {**made.image((layer,), "gzip", {**config, "architecture": name}),
         "platform": {"os": "linux", "architecture": name}}
        for name in ("amd64", "s390x")
    ]  # fmt: skip
    index = made.document(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": each}, OCI_INDEX
    )
    made.index(index)
    (tmp_path / "in").mkdir()
    image = made.write(tmp_path / "in")
    found = verify(image, tmp_path, "--verify", "id -u")
    assert found.code == 0, found.errors
    assert lines(found)[1] == (
        "unverified: id -u (linux/s390x): this machine runs linux/amd64 only"
    )
    assert lines(found)[0].startswith("verified: ")
    shutil.rmtree(tmp_path / "out")
    assert verify(image, tmp_path, "--verify", "id -u", "--require-verify").code == 1
    words = ("--platform", "linux/amd64", "--require-verify", "--verify", "id -u")
    assert verify(image, tmp_path, *words).code == 0


def test_elsewhere_nothing_is_run(
    image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.running.runners.sys.platform", "darwin")
    found = verify(image, tmp_path, "--verify", "id -u")
    assert found.code == 0
    reason = "processes of images are run on Linux only"
    assert lines(found) == [f"unverified: id -u (linux/amd64): {reason}"]


def test_programs_that_are_there_and_may_not_do_their_work_are_told(
    image: str, tmp_path: Path
) -> None:
    """A user namespace without mounts: bubblewrap, runc and root's own rights are there."""
    script = (
        "echo 0 > /proc/sys/user/max_mnt_namespaces && "
        'exec "$0" -m seawall harden image "$1" "$2" --verify "id -u" $3'
    )
    for more, code in (("", 0), ("--require-verify", 1)):
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "sh", "-c", script, sys.executable, image,
             str(tmp_path / "out"), more],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if "max_mnt_namespaces" in done.stderr or "unshare" in done.stderr:
            pytest.skip(f"no user namespace can be made here: {done.stderr}")
        assert done.returncode == code, done.stderr
        told = next(line for line in done.stdout.splitlines() if line.startswith("unverified:"))
        assert told.count("No space left on device") == 3, told
        assert (tmp_path / "out").exists() == (not code)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--require-verify",), "say --verify or --verify-http"),
        (("--verify", "id", "--dry-run"), "leave one of them out"),
        (("--verify", "'"), "--verify: "),
        (("--verify-http", "x"), "--verify-http: "),
    ],
)
def test_what_makes_no_sense_is_refused(
    image: str, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    found = verify(image, tmp_path, *words)
    assert found.code == 2
    assert told in found.errors


def test_a_root_that_leads_out_is_not_run(tmp_path: Path, layer: bytes) -> None:
    works("bubblewrap", 65532)
    outside = tmp_path / "outside"
    outside.mkdir()
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name in ("proc", "srv/up"):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, str(outside)
            tar.addfile(member)
    config: dict[str, Any] = {**ENVIRONMENT, "WorkingDir": "/srv/up"}
    image = layout(tmp_path / "in", layer, data.getvalue(), config=config)
    found = verify(image, tmp_path, "--verify", "id -u")
    assert found.code == 0
    assert "unverified: id -u (linux/amd64): the original does not work as itself" in found.output
    assert "its /proc is a link to another place" in found.output
    assert not any(outside.iterdir())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_somebody_loses_patience(
    how: signal.Signals, image: str, tmp_path: Path
) -> None:
    works("bubblewrap", 65532)
    started = subprocess.Popen(
        [sys.executable, "-m", "seawall", "harden", "image", image, str(tmp_path / "out"),
         "--verify", UNIQUE],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not _runs(UNIQUE):
        assert time.monotonic() < until
        time.sleep(0.05)
    started.send_signal(how)
    assert started.wait(30) != 0
    assert not _runs(UNIQUE)
    assert not (tmp_path / "out").exists()


def _runs(words: str) -> bool:
    said = subprocess.run(["ps", "ax", "-o", "args="], capture_output=True, text=True, check=True)
    return words in said.stdout.splitlines()
