"""``seawall harden image``: what it takes away, what it leaves and why, where it puts it."""

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from seawall.sources.images.entry import Kind
from tests.cli.support import Outcome, command
from tests.hardening.images.made import (
    CAPABILITY,
    base,
    directory,
    document,
    elf,
    file,
    hard_link,
    index,
    layers_of,
    layout,
    opened,
    symlink,
    system,
    tar,
)
from tests.secrets.rules import drawn
from tests.sources.images.tars import OCI_INDEX, Layout

EXEC = {"Entrypoint": ["/usr/bin/server"], "WorkingDir": "/app", "Env": ["PATH=/usr/bin:/bin"]}


def application() -> bytes:
    key = b"-----BEGIN PRIVATE " + b"KEY-----\nabc\n-----END\n"
    return tar(
        directory("app", uid=1000), file("app/main.js", b"1", 0o666, uid=1000),
        directory("app/data", uid=0), file("app/data/kept", b"2", 0o666),
        file("root/id_rsa", key, 0o600), file("root/.bash_history", b"ls"),
        directory("var/lib/apt/lists"), file("var/lib/apt/lists/main_Packages", b"many"),
        file("var/lib/apt/lists/lock", b""), directory("srv/open", 0o777),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _no_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def image(tmp_path: Path) -> str:
    return layout(
        tmp_path / "in", base(), application(),
        config={**EXEC, "Volumes": {"/app/data": {}}, "ExposedPorts": {"80/tcp": {}}},
        created="2024-05-01T00:00:00Z",
    )  # fmt: skip


def harden(*arguments: str) -> Outcome:
    found = command("harden", "image", *arguments)
    assert found.code == 0, found.errors
    return found


MODES = ("--layer", "--squash", "--squash-above-base")


def options(mode: str) -> list[str]:
    return [mode, "--base-layers", "1"] if mode == "--squash-above-base" else [mode]


@pytest.mark.parametrize("mode", MODES)
def test_what_is_taken_away(image: str, tmp_path: Path, mode: str) -> None:
    out = str(tmp_path / "out")
    told = harden(image, out, *options(mode)).output
    found, before = system(out), system(image)
    gone = {
        "bin/bash", "bin/dash", "bin/sh", "usr/bin/apt-get", "root/id_rsa", "root/.bash_history",
        "var/lib/apt/lists/main_Packages",
    }  # fmt: skip
    # The directory of lists stays with its lock.
    assert set(before) - set(found) == gone
    assert set(found) - set(before) == {"home", "home/nonroot"}
    assert (found["home/nonroot"].mode, found["home/nonroot"].owner) == (0o700, (65532, 65532))
    assert found["usr/bin/su"].mode == 0o755
    assert found["usr/bin/su"].names == ("usr/bin/su", "usr/bin/su-too")
    assert found["usr/bin/server"].extra[0] == CAPABILITY
    assert found["app/main.js"].mode == 0o444
    assert found["srv/open"].mode == 0o1777
    assert found["app/data/kept"].mode == 0o666
    assert found["app/data"].owner == found["app/data/kept"].owner == (65532, 65532)
    assert (
        b"nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
        in found["etc/passwd"].content
    )
    assert found["etc/passwd"].content.startswith(before["etc/passwd"].content)
    assert b"nonroot:x:65532:\n" in found["etc/group"].content
    assert opened(out).config.user == "65532:65532"
    assert "done: removed /root/id_rsa, which held a private key" in told
    assert "ip_unprivileged_port_start" in told
    assert ("the bytes of /root/id_rsa are still in" in told) is (mode == "--layer")


def test_what_a_layer_keeps(image: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    harden(image, str(out))
    old, new = opened(image), opened(str(out))
    assert new.config.diff_ids[:2] == old.config.diff_ids
    assert [layer.digest for layer in new.layers[:2]] == [layer.digest for layer in old.layers]
    assert len(new.layers) == 3
    assert new.config.history[-1].created_by == "seawall harden image --layer"
    assert new.config.history[-1].created == new.config.created == "2024-05-01T00:00:00Z"
    assert new.annotations["org.opencontainers.image.base.digest"] == old.manifest_digest
    assert not new.problems
    entries, _ = layers_of(new)
    assert all(entry.mtime <= 1714521600 for entry in entries[2])
    # Directories above what is written are there with their modes: engines would make others.
    paths = {entry.path: entry for entry in entries[2]}
    assert paths["bin"].kind is Kind.DIRECTORY
    assert "bin/.wh.sh" in paths
    assert "usr/bin/server" not in paths


def test_squashed_layers_have_steps_without_layers(image: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    harden(image, out, "--squash")
    found = opened(out)
    assert [step.empty_layer for step in found.config.history] == [True, True, False]
    assert len(found.layers) == 1
    assert not found.problems


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
def test_two_runs_give_the_same_digest(
    image: str, tmp_path: Path, mode: str, compression: str
) -> None:
    more = [*options(mode), "--compression", compression]
    harden(image, str(tmp_path / "one"), *more)
    harden(image, str(tmp_path / "two"), *more)
    assert index(tmp_path / "one") == index(tmp_path / "two")
    assert (
        opened(str(tmp_path / "one"))
        .layers[-1]
        .media_type.endswith({"gzip": "+gzip", "zstd": "+zstd", "none": ".tar"}[compression])
    )


def test_source_date_epoch(image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    told = harden(image, str(tmp_path / "out"), "--squash").output
    assert "no time in it is newer than 1970-01-02T00:00:00Z (SOURCE_DATE_EPOCH)" in told
    assert opened(str(tmp_path / "out")).config.created == "1970-01-02T00:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert command("harden", "image", image, str(tmp_path / "more")).code == 2


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"Cmd": ["/bin/sh", "-c", "server"]}, "CMD in shell form starts /bin/dash"),
        ({"Entrypoint": ["/app/start"]}, "is a script (/bin/sh -e)"),
        ({"Entrypoint": ["/usr/bin/server"], "Cmd": ["/app/start"]}, "is a script"),
        ({"Entrypoint": ["/app/calls"]}, "calls system(3)"),
        ({"Entrypoint": ["/app/names"]}, "names /bin/sh"),
        ({"Entrypoint": ["/app/odd"]}, "is no ELF program"),
        ({"Entrypoint": ["nothing"]}, "starts nothing, which is not in the image"),
        ({}, "names no program to start"),
        ({**EXEC, "OnBuild": ["RUN x"]}, "ONBUILD"),
        ({**EXEC, "Healthcheck": {"Test": ["CMD-SHELL", "true"]}}, "HEALTHCHECK in shell form"),
        ({**EXEC, "Healthcheck": {"Test": ["CMD", "bash", "/x"]}}, "HEALTHCHECK starts /bin/bash"),
    ],
)
def test_shells_stay_where_they_may_be_needed(
    tmp_path: Path, config: dict[str, Any], reason: str
) -> None:
    more = tar(
        file("app/start", b"#!/bin/sh -e\nexec server\n", 0o755), file("app/odd", b"MZ", 0o755),
        file("app/calls", elf(b"\0system\0"), 0o755),
        file("app/names", elf(bytes(70_000) + b"/bin/sh"), 0o755),
    )  # fmt: skip
    image = layout(tmp_path / "in", base(), more, config=config)
    told = harden(image, str(tmp_path / "out"), "--squash").output
    (line,) = (line for line in told.splitlines() if "package managers stay" in line)
    assert line.strip().startswith("left: shells and package managers stay: ")
    assert reason in line
    found = system(str(tmp_path / "out"))
    assert {"bin/sh", "bin/bash", "usr/bin/apt-get"} <= set(found)


def test_health_checks_that_are_off_need_nothing(tmp_path: Path) -> None:
    config = {**EXEC, "Healthcheck": {"Test": ["NONE"]}}
    image = layout(tmp_path / "in", base(), config=config)
    assert "removed 3 shells" in harden(image, str(tmp_path / "out")).output


def test_busybox_goes_with_all_its_names_or_stays(tmp_path: Path) -> None:
    busybox = tar(
        file("bin/busybox", elf(b"all"), 0o755), symlink("bin/ls", "busybox"),
        symlink("bin/sh", "/bin/busybox"), file("bin/server", elf(), 0o755),
        symlink("bin/httpd", "busybox"),
    )  # fmt: skip
    image = layout(tmp_path / "in", busybox, config={"Cmd": ["server"]})
    harden(image, str(tmp_path / "out"), "--squash")
    assert {path for path in system(str(tmp_path / "out")) if path.startswith("bin/")} == {
        "bin/server"
    }
    image = layout(tmp_path / "in2", busybox, config={"Cmd": ["httpd"]})
    told = harden(image, str(tmp_path / "out2"), "--squash").output
    assert {"bin/busybox", "bin/sh", "bin/httpd"} <= set(system(str(tmp_path / "out2")))
    assert "left: /bin/busybox stays" in told


@pytest.mark.parametrize(
    ("said", "now", "line"),
    [
        ("", "65532:65532", "done: set the user to 65532:65532 instead of root"),
        ("root", "65532:65532", "instead of root"),
        ("0", "65532:65532", "instead of 0"),
        ("00:0", "65532:65532", "instead of 00:0"),
        ("app", "1000:1001", "done: set the user to 1000:1001, which app stands for"),
        ("app:root", "1000:0", "which app:root stands for"),
        ("1234", "1234", "note: it runs as 1234 already"),
        ("1234:5", "1234:5", "already"),
        ("nobody-knows", "nobody-knows", "left: the user nobody-knows stays"),
    ],
)
def test_users(tmp_path: Path, said: str, now: str, line: str) -> None:
    image = layout(tmp_path / "in", base(), config={**EXEC, "User": said})
    assert line in harden(image, str(tmp_path / "out")).output
    assert opened(str(tmp_path / "out")).config.user == now


def test_a_user_that_is_asked_for(tmp_path: Path) -> None:
    image = layout(tmp_path / "in", base(), config={**EXEC, "User": "app"})
    harden(image, str(tmp_path / "out"), "--user", "2000:3000")
    assert opened(str(tmp_path / "out")).config.user == "2000:3000"
    assert b"nonroot:x:2000:3000:" in system(str(tmp_path / "out"))["etc/passwd"].content
    for wrong in ("0", "root", "1:", "1:2:3", "-1", "99999999999"):
        assert command("harden", "image", image, str(tmp_path / "x"), "--user", wrong).code == 2


def test_an_image_without_accounts_gets_them(tmp_path: Path) -> None:
    image = layout(tmp_path / "in", tar(file("server", elf(), 0o755)),
                   config={"Entrypoint": ["/server"]})  # fmt: skip
    harden(image, str(tmp_path / "out"), "--squash")
    found = system(str(tmp_path / "out"))
    assert found["etc/passwd"].content.startswith(b"root:x:0:0:")
    assert found["etc/passwd"].mode == 0o644
    assert found["etc"].mode == 0o755


def test_what_is_to_be_kept_is_kept(image: str, tmp_path: Path) -> None:
    told = harden(
        image, str(tmp_path / "out"), "--squash", "--keep", "/root", "--keep", "/srv/open",
        "--keep", "bin/bash", "--keep-setuid", "/usr/bin/su",
    ).output  # fmt: skip
    found = system(str(tmp_path / "out"))
    assert {"root/id_rsa", "root/.bash_history", "bin/bash"} <= set(found)
    assert "bin/sh" not in found
    assert found["usr/bin/su"].mode == 0o4755
    assert found["srv/open"].mode == 0o777
    assert "left: /root/id_rsa still holds a private key: --keep says so" in told


def test_credentials_leave_the_history(tmp_path: Path) -> None:
    secret = "correct-horse-" + "7-battery"
    image = layout(
        tmp_path / "in", base(), config=EXEC,
        history=[{"created_by": f"|1 NPM_TOKEN={secret} /bin/sh -c npm ci"}],
    )  # fmt: skip
    told = harden(image, str(tmp_path / "out")).output
    assert "took credentials from the history, step 1" in told
    assert secret not in told
    assert secret not in opened(str(tmp_path / "out")).config.history[0].created_by


def test_nothing_is_written_to_what_is_there(image: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    harden(image, str(out))
    first = index(out)
    again = command("harden", "image", image, str(out))
    assert again.code == 3
    assert "--force" in again.errors
    harden(image, str(out), "--force", "--squash")
    assert index(out) != first
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious").write_text("")
    for more in ([], ["--force"]):
        assert command("harden", "image", image, str(other), *more).code == 3
    assert (other / "precious").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "other", "out"]


def test_an_image_onto_itself(image: str) -> None:
    harden(image, image, "--force")
    assert opened(image).config.user == "65532:65532"


def test_dry_run_writes_nothing(image: str, tmp_path: Path) -> None:
    told = harden(image, str(tmp_path / "out"), "--dry-run").output
    assert "Nothing was written" in told
    assert "removed 3 shells: /bin/bash, /bin/dash, /bin/sh" in told
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive", "tar"])
def test_archives(image: str, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "out.tar"
    name = str(path) if kind == "tar" else f"{kind}:{path}:shop/app:1"
    if kind == "oci-archive":
        name = f"{kind}:{path}:v1"
    harden(image, name)
    harden(image, str(tmp_path / "layout"))
    assert system(str(path)) == system(str(tmp_path / "layout"))
    assert opened(str(path)).config.document == opened(str(tmp_path / "layout")).config.document
    before = path.read_bytes()
    harden(image, name, "--force")
    assert path.read_bytes() == before
    with tarfile.open(path) as read:
        assert read.getnames()
    if kind == "docker-archive":
        assert opened(str(path)).tags == ("shop/app:1",)


@pytest.mark.parametrize(
    "out",
    ["containers-storage:x", "docker:x", "rootfs:x", "registry:", "registry:UPPER", "oci:out:-x",
     "registry.example.org/app:1", "oci::tag", "docker-archive:"],
)  # fmt: skip
def test_places_that_nothing_is_written_to(image: str, out: str) -> None:
    assert command("harden", "image", image, out).code == 2


def test_options_that_do_not_go_together(image: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert command("harden", "image", image, out, "--base-layers", "1").code == 2
    assert command("harden", "image", image, out, "--squash", "--layer").code == 2
    above = command("harden", "image", image, out, "--squash-above-base")
    assert above.code == 2
    assert "--base-layers" in above.errors
    more = ("--squash-above-base", "--base-layers", "9")
    assert command("harden", "image", image, out, *more).code == 2


def test_a_root_file_system(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\n")
    (root / "app").write_bytes(elf())
    os.chmod(root / "app", 0o4755)
    harden(f"rootfs:{root}", str(tmp_path / "out"))
    found = system(str(tmp_path / "out"))
    assert found["app"].content == elf()
    assert found["app"].mode == 0o755
    image = opened(str(tmp_path / "out"))
    assert len(image.layers) == 1
    assert image.platform.os == "linux"
    assert image.config.user == "65532:65532"


# What is attached -----------------------------------------------------------------------------


def test_a_bill_and_a_statement_are_attached(image: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = harden(image, str(out)).output
    top, *others = index(out)["manifests"]
    assert [each["artifactType"] for each in others] == [
        "application/vnd.cyclonedx+json", "application/vnd.in-toto+json",
    ]  # fmt: skip
    for each in others:
        manifest = document(out, each["digest"])
        assert manifest["subject"]["digest"] == top["digest"]
        assert manifest["config"]["digest"].endswith("caaff8a")  # of {}
    bill = document(out, document(out, others[0]["digest"])["layers"][0]["digest"])
    assert bill["bomFormat"] == "CycloneDX"
    statement = document(out, document(out, others[1]["digest"])["layers"][0]["digest"])
    assert statement["subject"][0]["digest"]["sha256"] == top["digest"].removeprefix("sha256:")
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    (source,) = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert f"sha256:{source['digest']['sha256']}" == opened(image).manifest_digest
    assert "attached: 2 manifests" in told
    harden(image, str(tmp_path / "bare"), "--no-sbom")
    assert len(index(tmp_path / "bare")["manifests"]) == 1


def test_the_bill_has_what_is_left(tmp_path: Path) -> None:
    name = "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA"
    more = tar(
        file(name, b"Name: six\nVersion: 1.16.0\n"),
        file("root/.cache/pip/x-1.dist-info/METADATA", b"Name: x\nVersion: 1\n"),
    )  # fmt: skip
    image = layout(tmp_path / "in", base(), more, config=EXEC)
    out = tmp_path / "out"
    harden(image, str(out), "--squash")
    bill = document(out, document(out, index(out)["manifests"][1]["digest"])["layers"][0]["digest"])
    assert [each["name"] for each in bill["components"]] == ["six"]


# Platforms ------------------------------------------------------------------------------------


def several(where: Path) -> str:
    made = Layout()
    platforms = [
        made.image(
            [base()], config={"architecture": architecture, "config": EXEC},
            platform={"os": "linux", "architecture": architecture},
        )
        for architecture in ("amd64", "arm64")
    ]  # fmt: skip
    attestation = made.image(
        [tar()], platform={"os": "unknown", "architecture": "unknown"},
        annotations={"vnd.docker.reference.digest": platforms[0]["digest"],
                     "vnd.docker.reference.type": "attestation-manifest"},
    )  # fmt: skip
    top = made.document(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*platforms, attestation]},
        OCI_INDEX, annotations={"org.opencontainers.image.ref.name": "1"},
    )  # fmt: skip
    signature = made.image(
        [tar()], annotations={
            "org.opencontainers.image.ref.name": f"{top['digest'].replace(':', '-')}.sig"
        },
    )  # fmt: skip
    made.index(top, signature)
    where.mkdir()
    return made.write(where)


def test_all_platforms_are_rewritten(tmp_path: Path) -> None:
    image = several(tmp_path / "in")
    out = tmp_path / "out"
    told = harden(f"{image}:1", f"oci:{out}:2").output
    top, *others = index(out)["manifests"]
    assert top["annotations"]["org.opencontainers.image.ref.name"] == "2"
    platforms = document(out, top["digest"])["manifests"]
    assert [each["platform"]["architecture"] for each in platforms] == ["amd64", "arm64"]
    assert len(others) == 4
    assert "(linux/amd64)" in told
    assert "(linux/arm64)" in told
    assert "dropped attestations" in told
    assert ".sig; sign it anew" in told
    harden(f"{image}:1", str(tmp_path / "one"), "--platform", "linux/arm64", "--no-sbom")
    assert opened(str(tmp_path / "one")).platform.architecture == "arm64"
    assert command("harden", "image", f"{image}:1", f"docker-archive:{tmp_path}/d").code == 2


def test_only_linux_is_rewritten(tmp_path: Path) -> None:
    made = Layout()
    images = [
        made.image(
            [base()], config={"architecture": "amd64", "os": system, "config": EXEC},
            platform={"os": system, "architecture": "amd64"},
        )
        for system in ("linux", "windows")
    ]  # fmt: skip
    made.index(*images)
    (tmp_path / "in").mkdir()
    image = made.write(tmp_path / "in")
    told = harden(image, str(tmp_path / "out")).output
    assert "note: left out what is not for Linux: windows/amd64" in told
    assert opened(str(tmp_path / "out")).platform.os == "linux"
    found = command("harden", "image", image, str(tmp_path / "w"), "--platform", "windows/amd64")
    assert found.code == 2
    assert "only images for Linux" in found.errors


# Errors ---------------------------------------------------------------------------------------


def test_a_layer_that_cannot_be_read(image: str, tmp_path: Path) -> None:
    digest = opened(image).layers[1].digest
    path = Path(image) / "blobs" / digest.replace(":", "/")
    path.write_bytes(path.read_bytes()[:-20])
    found = command("harden", "image", image, str(tmp_path / "out"))
    assert found.code == 3
    assert "layer 2" in found.errors
    assert not (tmp_path / "out").exists()


def test_what_is_odd_is_told(tmp_path: Path) -> None:
    odd = tar(file("../out", b"1"), hard_link("lost", "nothing"))
    image = layout(tmp_path / "in", base(), odd, config=EXEC)
    told = harden(image, str(tmp_path / "out"), "--squash").output
    assert "note: layer 2: ../out: leads out of the root" in told
    assert "note: /lost: is a hard link to nothing" in told
    assert "out" in system(str(tmp_path / "out"))


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    found = command("harden", "image", str(tmp_path / "no"), str(tmp_path / "out"))
    assert found.code == 2
    assert not (tmp_path / "out").exists()


# Peers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_umoci_unpacks_the_same(image: str, tmp_path: Path, mode: str) -> None:
    umoci = shutil.which("umoci")
    if umoci is None:
        pytest.skip("umoci is not installed")
    out = tmp_path / "out"
    harden(image, str(out), *options(mode))
    bundle = tmp_path / "bundle"
    done = subprocess.run(
        [umoci, "unpack", "--rootless", "--image", f"{out}:latest", str(bundle)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    root = bundle / "rootfs"
    there = {
        os.path.relpath(os.path.join(above, name), root)
        for above, directories, files in os.walk(root)
        for name in (*directories, *files)
    }
    found = system(str(out))
    assert there == set(found)
    for path, each in found.items():
        if each.kind == "FILE":
            assert (root / path).read_bytes() == each.content
            assert (root / path).stat().st_mode & 0o777 == each.mode & 0o777
    assert (root / "usr/bin/su").samefile(root / "usr/bin/su-too")


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_skopeo_copies_it(image: str, tmp_path: Path, kind: str) -> None:
    skopeo = shutil.which("skopeo")
    if skopeo is None:
        pytest.skip("skopeo is not installed")
    name = f"{kind}:{tmp_path / 'out'}:{'shop/app:1' if kind == 'docker-archive' else 'v1'}"
    harden(image, name)
    copied = tmp_path / "copied"
    done = subprocess.run(
        [skopeo, "--insecure-policy", "copy", name, f"oci:{copied}:x"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert system(str(copied)) == system(str(tmp_path / "out"))
    inspected = subprocess.run(
        [skopeo, "inspect", "--config", name], capture_output=True, check=False, timeout=60
    )
    assert json.loads(inspected.stdout)["config"]["User"] == "65532:65532"


def test_secrets_in_any_file_are_told_with_the_reason(tmp_path: Path) -> None:
    values = [drawn(14, number) + "7Kq" for number in range(4)]
    layer = tar(
        directory("app"), file("app/settings.py", f'password = "{values[0]}"\n'.encode()),
        file("app/plain.py", b'password = os.environ["PASSWORD"]\n'),
        file("root/.bash_history", f"export DB_PASSWORD={values[1]}\n".encode()),
        directory("usr/lib/python3/dist-packages"),
        file("usr/lib/python3/dist-packages/a.py", f'password = "{values[2]}"\n'.encode()),
    )  # fmt: skip
    image = layout(
        tmp_path / "in", base(), layer,
        config={**EXEC, "Env": [f"DATABASE_URL=postgres://app:{values[3]}@db.corp.internal/a"]},
        history=[{"created_by": "base"}, {"created_by": f"curl -u app:{values[3]} https://x.y"}],
    )  # fmt: skip
    told = harden(image, str(tmp_path / "out")).output
    assert (
        "left: /app/settings.py still holds what looks like a secret (assigned-secret): the "
        "program may read it there" in told
    )
    assert "secrets in /root/.bash_history are still in the layers that are kept" in told
    assert "plain.py" not in told
    assert "dist-packages" not in told
    assert "took credentials from the history, step 2" in told
    assert "the environment still holds credentials (DATABASE_URL)" in told
    steps = [step.created_by for step in opened(str(tmp_path / "out")).config.history]
    for value in values:
        assert value not in told
        assert value not in "".join(steps)
    squashed = harden(image, str(tmp_path / "squashed"), "--squash").output
    assert "/app/settings.py still holds" in squashed
    assert "bash_history are still" not in squashed
