"""Which image a name means, and where it was looked for."""

from pathlib import Path

import pytest

from seawall.core.errors import UsageError
from seawall.sources.images import target
from seawall.sources.images.image import Config, Image
from seawall.sources.images.platforms import Platform
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.target import Tried, recognise, resolve, split
from tests.sources.images.tars import END, Layout, member, write_tar
from tests.sources.images.test_directories import podman
from tests.sources.images.test_layout import docker, tag

TAR = member(b"a", b"x") + END


@pytest.fixture(autouse=True)
def _no_storages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_storages", lambda **_: [])


def layout() -> Layout:
    files = Layout()
    return files.index(files.image([TAR], **tag("1")))


class Source:
    """Has images by a name."""

    def __init__(self, prefix: str, *names: str) -> None:
        self.prefix = prefix
        self.title = f"the {prefix} there"
        self.names = names
        self.asked: list[tuple[str, Platform | None]] = []

    def find(self, reference: str, platform: Platform | None) -> Image | None:
        self.asked.append((reference, platform))
        if reference in self.names:
            return Image(reference, reference, "", "", Platform(), Config({}), ())
        return None


def test_prefixes() -> None:
    assert split("oci:dir:tag") == ("oci", "dir:tag")
    assert split("docker://a/b") == ("docker", "a/b")
    assert split("registry:app:1") == ("registry", "app:1")
    assert split("registry:5000/app:1") == ("", "registry:5000/app:1")
    assert split("registry:2") == ("", "registry:2")
    assert split("registry:127.0.0.1:5000/app:1") == ("registry", "127.0.0.1:5000/app:1")
    assert split("docker://2") == ("docker", "2")
    assert split("app:1") == ("", "app:1")
    assert split("oci") == ("", "oci")
    for name in ("4bc9969d6392", "4" * 64, "f" * 12):
        assert split(f"docker:{name}") == ("docker", name)
        assert split(f"podman:{name}") == ("podman", name)
    assert split("registry:4bc9969d6392") == ("", "registry:4bc9969d6392")
    assert split("docker:20240101") == ("", "docker:20240101")


def test_paths_are_known_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "l").mkdir()
    directory = layout().write(tmp_path / "l")
    tar = layout().tar(tmp_path / "a.bin")
    archive = write_tar(tmp_path / "b.bin", docker({}), "gzip")
    root = tmp_path / "r"
    for each in ("etc", "bin", "lib"):
        (root / each).mkdir(parents=True)
    for path, what, outcome in (
        (directory, "oci", "is an OCI layout"), (tar, "oci-archive", "is an OCI layout in a tar"),
        (archive, "docker-archive", "is a docker archive"),
        (str(root), "rootfs", "is a root file system"),
    ):  # fmt: skip
        assert recognise(path) == what
        found = resolve(path)
        assert found.tried == (Tried(path, outcome),)
        assert resolve(f"{what}:{path}").image.layers == found.image.layers or what != "rootfs"
    assert len(resolve(archive).image.layers) == 2


def test_tags_behind_paths(tmp_path: Path) -> None:
    directory = layout().write(tmp_path)
    for name in (f"{directory}:1", f"oci:{directory}:1"):
        assert resolve(name).image.reference == "1"
    with pytest.raises(ArchiveError, match="it has no image 2; name one of 1"):
        resolve(f"{directory}:2")
    odd = tmp_path / "a:b"
    odd.mkdir()
    layout().write(odd)
    assert resolve(f"{odd}:1").image.reference == "1"
    assert resolve(str(odd)).image.reference == "1"


def test_what_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no tar")
    (tmp_path / "empty").mkdir()
    for name in ("text", "empty"):
        with pytest.raises(ArchiveError) as error:
            resolve(str(tmp_path / name))
        assert str(error.value) == (
            f"{tmp_path / name}: is neither an image nor a root file system; "
            "say what it is with a prefix: oci:, docker-archive:, rootfs:"
        )
    with pytest.raises(ArchiveError, match="there is no such file or directory; name one that"):
        resolve("oci:/nowhere")
    with pytest.raises(ArchiveError, match="is no directory; name one that exists"):
        resolve("rootfs:/nowhere")


def test_sources_are_asked_in_their_order() -> None:
    podman_socket, registry = Source("podman"), Source("registry", "app:1")
    found = resolve("app:1", [podman_socket, registry], Platform("linux", "arm64"))
    assert found.image.reference == "app:1"
    assert found.tried == (
        Tried("the podman there", "does not have it"), Tried("the registry there", "has it"),
    )  # fmt: skip
    assert podman_socket.asked == [("app:1", Platform("linux", "arm64"))]


def test_a_prefix_asks_one_source_only() -> None:
    docker_socket, registry = Source("docker", "app"), Source("registry", "app")
    assert resolve("registry:app", [docker_socket, registry]).tried[0].where == "the registry there"
    assert docker_socket.asked == []
    with pytest.raises(UsageError) as error:
        resolve("docker:other", [docker_socket, registry])
    assert str(error.value) == (
        "docker:other: there is no such image in the docker there; "
        "name a path, or see: seawall scan --help"
    )


@pytest.mark.parametrize(
    ("kind", "variable"), [("docker", "DOCKER_HOST"), ("podman", "CONTAINER_HOST")]
)
def test_a_prefix_of_an_engine_that_is_not_there(kind: str, variable: str) -> None:
    with pytest.raises(UsageError, match=f"no {kind} listens .* {variable}"):
        resolve(f"{kind}:app:1", [Source("registry", "app:1")])


def test_a_name_that_is_nowhere() -> None:
    with pytest.raises(UsageError, match="app: there is no such image; name a path"):
        resolve("app")


def test_storages_of_engines_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    root = tmp_path / "containers" / "storage"
    podman(root)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    source = Source("registry", "app")
    for name in ("app", "containers-storage:app"):
        assert resolve(name, [source]).tried == (Tried(str(root), "has it"),)
    assert source.asked == []
