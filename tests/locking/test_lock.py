"""The lock file, the command that fills it, and the pins that ``harden --lock`` makes of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cli.main import run
from seawall.core.errors import InputError
from seawall.locking.file import Pin, full_name, read, rendered
from tests.locking.images import Image
from tests.locking.test_layouts import NAME
from tests.locking.test_registry import Fake, host, serve

Output = pytest.CaptureFixture[str]
__all__ = ["Fake"]

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: {image} # the shop's
"""


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "none"))
    return tmp_path


def test_whole_names() -> None:
    assert full_name("postgres") == "docker.io/library/postgres:latest"
    assert full_name("quay.io/a/b:1@sha256:" + "0" * 64) == "quay.io/a/b:1"


PINS = st.builds(
    Pin,
    st.sampled_from(["docker.io/library/a:1", "registry.example.org:5000/b/c:latest"]),
    st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format),
    st.lists(st.text(), max_size=3).map(lambda names: tuple(sorted(names))),
    st.text(),
    st.lists(st.just("sha256:" + "a" * 64), max_size=1).map(tuple),
)


@given(st.lists(PINS, max_size=4))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, pins: list[Pin]) -> None:
    path = tmp_path_factory.mktemp("lock") / "seawall.lock"
    text = rendered(pins)
    path.write_text(text, encoding="utf-8", newline="")
    assert sorted(read(str(path)).images) == sorted(pins)
    assert rendered(read(str(path)).images) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("version = 2\n", "version 2"),
        ("a", "no TOML"),
        ("version = 1\nimage = 1\n", "no list"),
        ("version = 1\npackage = 1\n", "no list"),
        ('version = 1\n[[package]]\ntype = "deb"\nname = "curl"\n', "package 1 has no"),
        ('version = 1\n[[package]]\ntype = "deb"\nname = "a"\nversion = "1; b"\n', "package 1"),
        ('version = 1\n[[image]]\nname = "A B"\n', "no name"),
        ('version = 1\n[[image]]\nname = "a:1"\ndigest = "sha256:1"\n', "no digest"),
        ('version = 1\n[[image]]\nname = "a:1"\ndigest = "sha256:' + "0" * 64
         + '"\nplatforms = [1]\n', "platforms"),
    ],
)  # fmt: skip
def test_broken_lock_files(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "seawall.lock").write_text(text)
    with pytest.raises(InputError, match=reason):
        read("seawall.lock")


def test_from_layout_to_pin(tmp_path: Path, capsys: Output) -> None:
    image = Image("linux/amd64", "linux/arm64")
    image.layout(tmp_path / "layout", **{NAME: "registry.example.org/web:1.4"})
    manifest = tmp_path / "a.yaml"
    manifest.write_text(POD.format(image="registry.example.org/web:1.4"))
    assert run(["lock", "a.yaml", "--from", "layout", "--offline"]) == 0
    assert read("seawall.lock").pins == {"registry.example.org/web:1.4": image.digest}
    assert run(["harden", "--write", "--lock", "--quiet", "-o", "/dev/null", "--select",
                "image-not-pinned-by-digest", "a.yaml"]) == 0  # fmt: skip
    capsys.readouterr()
    pinned = f"registry.example.org/web:1.4@{image.digest}"
    assert manifest.read_text() == POD.format(image=pinned)
    before = (tmp_path / "seawall.lock").read_text()
    assert run(["lock", "--image", "registry.example.org/web:1.4", "--offline"]) == 0
    assert (tmp_path / "seawall.lock").read_text() == before


def test_without_the_option_nothing_is_pinned(tmp_path: Path) -> None:
    image = Image("linux/amd64")
    image.layout(tmp_path / "layout", **{NAME: "registry.example.org/web:1.4"})
    (tmp_path / "a.yaml").write_text(POD.format(image="registry.example.org/web:1.4"))
    run(["lock", "a.yaml", "--from", "layout", "--offline", "--quiet"])
    run(["harden", "--unsafe", "--write", "--quiet", "-o", "/dev/null", "a.yaml"])
    assert image.digest not in (tmp_path / "a.yaml").read_text()


def test_from_a_registry(tmp_path: Path, capsys: Output) -> None:
    image = Image("linux/amd64")
    server = serve(image=image)
    try:
        name = f"{host(server)}/shop/web:1"
        (tmp_path / "a.yaml").write_text(POD.format(image=name))
        assert run(["lock"]) == 0
        assert read("seawall.lock").pins == {name: image.digest}
        assert "1 of them new" in capsys.readouterr().err
        Fake.image = Image("linux/arm64")
        server.RequestHandlerClass.image = Fake.image  # type: ignore[attr-defined]
        assert run(["lock"]) == 0
        assert read("seawall.lock").pins == {name: image.digest}
        assert run(["lock", "--update"]) == 0
        assert read("seawall.lock").pins == {name: Fake.image.digest}
        assert "1 with another digest" in capsys.readouterr().err
    finally:
        server.shutdown()
        server.server_close()


def test_from_a_mirror(tmp_path: Path) -> None:
    image = Image("linux/amd64")
    server = serve(image=image)
    try:
        (tmp_path / "a.yaml").write_text(POD.format(image="registry.example.org/web:1"))
        mirror = f"registry.example.org={host(server)}/shop"
        assert run(["lock", "--quiet", "--registry-mirror", mirror]) == 0
        assert read("seawall.lock").pins == {"registry.example.org/web:1": image.digest}
    finally:
        server.shutdown()
        server.server_close()


def test_what_has_no_digest_is_said(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "a.yaml").write_text(POD.format(image="registry.example.org/web:1.4"))
    assert run(["lock", "--offline"]) == 3
    assert "registry.example.org/web:1.4: no layout has it" in capsys.readouterr().err


def test_the_lock_must_be_there(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "a.yaml").write_text(POD.format(image="registry.example.org/web:1.4"))
    assert run(["harden", "--lock", "a.yaml"]) == 3
    assert "make it with seawall lock" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--image", "A B"],
        ["--from", "A B=x"],
        ["--from", "a:1=x"],
        ["--image", "a", "--registry-mirror", "a"],
        ["--image", "a", "--insecure-registry", "https://a"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    assert run(["lock", *arguments]) == 2
