"""OCI layouts and docker archives: which image a name means, and what it is made of."""

import json
import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from seawall.core.errors import UsageError
from seawall.sources.images.archive import read_archive
from seawall.sources.images.image import Config, Image, Layer, Step, aligned
from seawall.sources.images.layout import read_every, read_layout
from seawall.sources.images.merging import merge
from seawall.sources.images.platforms import Platform, of_host, parse, runs
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.stores import Directory, TarFiles
from seawall.sources.images.walking import walk
from tests.sources.images.tars import (
    END,
    OCI_INDEX,
    OCI_MANIFEST,
    Layout,
    digest_of,
    member,
    packed,
    write_tar,
)

ONE = member(b"etc/os-release", b"ID=debian\n") + member(b"a", b"1") + END
TWO = member(b".wh.a") + member(b"b", b"2") + END
ARM: dict[str, Any] = {"platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}}
AMD: dict[str, Any] = {"platform": {"os": "linux", "architecture": "amd64"}}
UNKNOWN: dict[str, Any] = {"platform": {"os": "unknown", "architecture": "unknown"}}


def tag(name: str) -> dict[str, Any]:
    return {"annotations": {"org.opencontainers.image.ref.name": name}}


def read(files: Layout, directory: Path, name: str = "", platform: str = "") -> Image:
    path = files.write(directory)
    return read_layout(Directory(path), path, name, parse(platform) if platform else None)


def paths(image: Image) -> list[list[str]]:
    walked = walk(image, lambda _: ())
    assert [layer.error for layer in walked] == [None] * len(walked)
    return [[entry.path for entry in layer.entries] for layer in walked]


CONFIG = {
    "created": "2024-05-06T07:08:09Z", "author": "me",
    "config": {
        "User": "1000:1000", "Env": ["PATH=/bin", "EMPTY=", "ODD"], "Entrypoint": ["/a"],
        "Cmd": ["b", "c"], "ExposedPorts": {"8080/tcp": {}, "53/udp": {}}, "Volumes": {"/v": {}},
        "Labels": {"k": "v"}, "WorkingDir": "/w", "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["CMD", "x"]}, "Shell": ["/bin/sh", "-c"], "OnBuild": ["RUN x"],
    },
    "history": [
        {"created": "2024-01-01T00:00:00Z", "created_by": "FROM base", "comment": "base"},
        {"created_by": "ENV X=1", "empty_layer": True},
        {"created": "2024-01-02T00:00:00Z", "created_by": "COPY . .", "author": "you"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("how", ["gzip", "zstd", ""])
def test_a_layout_with_one_image(tmp_path: Path, how: str) -> None:
    files = Layout()
    descriptor = files.image([ONE, TWO], how, CONFIG, {"annotations": {"x": "y"}}, **tag("1.0"))
    image = read(files.index(descriptor), tmp_path)
    assert image.reference == "1.0"
    assert image.tags == ("1.0",)
    assert image.manifest_digest == descriptor["digest"]
    assert image.digests == (descriptor["digest"],)
    assert image.platform == Platform("linux", "amd64")
    assert image.annotations == {"x": "y"}
    assert image.problems == ()
    assert image.others == ()
    assert [
        (layer.digest, layer.diff_id, layer.created_by, layer.created, layer.history)
        for layer in image.layers
    ] == [
        (digest_of(packed(ONE, how)), digest_of(ONE), "FROM base", "2024-01-01T00:00:00Z", 0),
        (digest_of(packed(TWO, how)), digest_of(TWO), "COPY . .", "2024-01-02T00:00:00Z", 2),
    ]
    assert paths(image) == [["etc/os-release", "a"], [".wh.a", "b"]]


def test_what_a_configuration_says() -> None:
    config = Config({"os": "linux", "architecture": "arm", "variant": "v7", **CONFIG})
    assert config.platform == Platform("linux", "arm", "v7")
    assert str(config.platform) == "linux/arm/v7"
    assert (config.created, config.author) == ("2024-05-06T07:08:09Z", "me")
    assert config.user == "1000:1000"
    assert config.environment == (("PATH", "/bin"), ("EMPTY", ""), ("ODD", ""))
    assert (config.entrypoint, config.command) == (("/a",), ("b", "c"))
    assert config.exposed_ports == ("53/udp", "8080/tcp")
    assert (config.volumes, config.labels) == (("/v",), {"k": "v"})
    assert (config.working_directory, config.stop_signal) == ("/w", "SIGINT")
    assert config.health_check == {"Test": ["CMD", "x"]}
    assert (config.shell, config.on_build) == (("/bin/sh", "-c"), ("RUN x",))
    assert config.history[1] == Step("", "ENV X=1", "", "", empty_layer=True)
    assert Config({}).health_check is None
    assert str(Platform()) == "unknown"


def test_a_history_that_does_not_fit_is_told() -> None:
    layers = [Layer(0, "", "", "", -1), Layer(1, "", "", "", -1)]
    document = {"history": [{"created_by": "one"}], "rootfs": {"diff_ids": ["sha256:1"]}}
    found, problems = aligned(layers, Config(document))
    assert [(layer.history, layer.diff_id, layer.created_by) for layer in found] == [
        (-1, "", "")
    ] * 2
    assert problems == (
        "the configuration tells 1 DiffIDs of 2 layers: none is taken for sure",
        "the history tells of 1 layers, there are 2: which step made which is not known",
    )
    assert aligned(layers, Config({"rootfs": {"diff_ids": ["x", "y"]}}))[1] == ()


def test_platforms_and_attestations_of_nested_indexes(tmp_path: Path) -> None:
    files = Layout()
    amd = files.image([ONE], **AMD)
    arm = files.image([TWO], config={"architecture": "arm64", "variant": "v8"}, **ARM)
    about = {"vnd.docker.reference.type": "attestation-manifest"}
    attestation = files.image(
        [END], **UNKNOWN, annotations={**about, "vnd.docker.reference.digest": amd["digest"]}
    )
    index = files.document({"manifests": [amd, arm, attestation]}, OCI_INDEX, **tag("app:1"))
    files.index(index)
    image = read(files, tmp_path)
    for platform, chosen in (("linux/amd64", amd), ("linux/arm64", arm), ("Linux/ARM64/v8", arm)):
        image = read(files, tmp_path, platform=platform)
        assert image.manifest_digest == chosen["digest"]
        assert image.digests == (chosen["digest"], index["digest"])
        assert len(image.others) == 2
    assert image.others[1].attests == amd["digest"]
    assert image.others[0].platform == Platform("linux", "amd64")
    with pytest.raises(ArchiveError) as error:
        read(files, tmp_path, platform="linux/s390x")
    assert str(error.value) == (
        f"{tmp_path}: it has no image for linux/s390x, only for linux/amd64, linux/arm64/v8; "
        "choose one with --platform"
    )


def test_a_lower_variant_serves_where_there_is_no_better_one(tmp_path: Path) -> None:
    files = Layout()
    platforms = [{"os": "linux", "architecture": "arm", "variant": each} for each in ("v5", "v6")]
    five, six = (
        files.image([member(each["variant"].encode()) + END], config=each, platform=each)
        for each in platforms
    )
    files.index(files.document({"manifests": [five, six]}, OCI_INDEX, **tag("app:1")))
    for wanted in ("linux/arm/v7", "linux/arm", "armhf", "armel"):
        assert read(files, tmp_path, platform=wanted).manifest_digest == six["digest"], wanted
    assert read(files, tmp_path, platform="linux/arm/v5").manifest_digest == five["digest"]


def test_an_index_of_which_one_platform_is_here(tmp_path: Path) -> None:
    """As docker save writes it with the image store of containerd."""
    files = Layout()
    amd = files.image([ONE], **AMD)
    arm = files.image([TWO], config={"architecture": "arm64", "variant": "v8"}, **ARM)
    files.index(files.document({"manifests": [amd, arm]}, OCI_INDEX, **tag("app:1")))
    files.write(tmp_path)
    for gone, left in ((amd, arm), (arm, amd)):
        blob = tmp_path / "blobs" / gone["digest"].replace(":", "/")
        data = blob.read_bytes()
        blob.unlink()
        image = read_layout(Directory(str(tmp_path)), "it")
        assert image.manifest_digest == left["digest"]
        assert [each.manifest_digest for each in read_every(Directory(str(tmp_path)), "it")] == [
            left["digest"]
        ]
        asked = parse("linux/amd64" if gone is amd else "arm64")
        with pytest.raises(ArchiveError, match="is here; copy it with all platforms"):
            read_layout(Directory(str(tmp_path)), "it", platform=asked)
        blob.write_bytes(data)


def test_the_platform_of_this_machine_unless_there_is_one_only(tmp_path: Path) -> None:
    files = Layout()
    other = files.image([ONE], config={"architecture": "s390x"})
    assert read(files.index(other), tmp_path).platform.architecture == "s390x"
    own = files.image([ONE], config={"architecture": of_host().architecture})
    assert read(files.index(other, own), tmp_path).manifest_digest == own["digest"]


def test_platforms_that_match() -> None:
    arm = Platform("linux", "arm64")
    assert runs(arm, Platform("linux", "arm64", "v8"))
    assert runs(Platform("linux", "arm64", "v8"), arm)
    assert runs(Platform("linux", "arm"), Platform("Linux", "ARM", "v6"))
    assert not runs(Platform("linux", "arm", "v6"), Platform("linux", "arm"))
    assert not runs(arm, Platform("windows", "arm64"))
    assert parse("arm64") == parse("arm64/v8") == arm
    assert parse("arm/v6") == Platform("linux", "arm", "v6")
    for odd in ("linux", "linux//v8", "", "a/b/c/d"):
        with pytest.raises(UsageError, match="such as linux/amd64"):
            parse(odd)


def test_images_are_told_apart_by_their_tags(tmp_path: Path) -> None:
    files = Layout()
    full = {"io.containerd.image.name": "registry.example.org/app:2.0"}
    one, two = files.image([ONE], **tag("1.0")), files.image([TWO], annotations=full)
    files.index(one, two)
    assert read(files, tmp_path, "1.0").manifest_digest == one["digest"]
    for name in ("2.0", "registry.example.org/app:2.0", two["digest"]):
        assert read(files, tmp_path, name).manifest_digest == two["digest"]
    with pytest.raises(
        ArchiveError, match=r"it holds several images: 1\.0, registry\.example\.org/"
    ):
        read(files, tmp_path)
    with pytest.raises(ArchiveError, match=r"it has no image 3; name one of 1\.0, registry"):
        read(files, tmp_path, "3")


def test_artifacts_are_no_images(tmp_path: Path) -> None:
    files = Layout()
    image = files.image([ONE])
    typed = files.image([END], artifactType="application/x")
    inside = files.image([END], manifest={"artifactType": "application/x"})
    chart = files.document(
        {"config": files.document({}, "application/vnd.cncf.helm.config.v1+json"), "layers": []},
        OCI_MANIFEST,
    )
    found = read(files.index(typed, inside, chart, image), tmp_path)
    assert found.manifest_digest == image["digest"]
    assert len(found.others) == 3


def test_an_index_that_says_another_platform(tmp_path: Path) -> None:
    files = Layout()
    assert read(files.index(files.image([ONE], **ARM)), tmp_path).problems == (
        "the index says it is for linux/arm64/v8, itself for linux/amd64",
    )


def test_layers_that_are_elsewhere(tmp_path: Path) -> None:
    files = Layout()
    foreign = {
        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "digest": digest_of(b"far"), "size": 3,
    }  # fmt: skip
    descriptor = files.image([ONE], manifest={"layers": [foreign]})
    (layer,) = read(files.index(descriptor), tmp_path).layers
    assert (layer.foreign, layer.open) == (True, None)


# Docker archives.


def docker(files: dict[str, bytes], *, tags: tuple[str, ...] = ("app:1",)) -> dict[str, bytes]:
    config = {
        "os": "linux", "architecture": "amd64",
        "history": [{"created_by": "one"}, {"created_by": "two"}],
        "rootfs": {"diff_ids": [digest_of(ONE), digest_of(TWO)]},
    }  # fmt: skip
    row = {"Config": "c.json", "RepoTags": list(tags), "Layers": ["1/layer.tar", "2/layer.tar"]}
    return {
        "c.json": json.dumps(config).encode(), "1/layer.tar": ONE, "2/layer.tar": TWO,
        "manifest.json": json.dumps([row]).encode(), **files,
    }  # fmt: skip


@pytest.mark.parametrize("pack", ["", "gzip", "zstd"])
def test_a_docker_archive(tmp_path: Path, pack: str) -> None:
    path = write_tar(tmp_path / "a.tar", docker({}), pack)
    image = read_archive(TarFiles(path), path)
    assert (image.reference, image.tags) == ("app:1", ("app:1",))
    assert image.config_digest.startswith("sha256:")
    assert [layer.created_by for layer in image.layers] == ["one", "two"]
    assert paths(image) == [["etc/os-release", "a"], [".wh.a", "b"]]
    with pytest.raises(ArchiveError, match="it has no image for linux/arm64, only for linux/amd64"):
        read_archive(TarFiles(path), path, platform=Platform("linux", "arm64"))


def test_packed_layers_and_a_wrong_one_in_a_docker_archive(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "a.tar",
        docker({"1/layer.tar": packed(ONE, "gzip"), "2/layer.tar": packed(ONE, "zstd")}),
    )
    walked = walk(read_archive(TarFiles(path), path), lambda _: ())
    assert walked[0].error is None
    assert "its DiffID is" in str(walked[1].error)


def test_a_layer_that_is_a_link_to_another(tmp_path: Path) -> None:
    """As ``docker save`` wrote layers that occur twice."""
    files = docker({})
    config = json.loads(files["c.json"])
    config["rootfs"]["diff_ids"][1] = digest_of(ONE)
    files["c.json"] = json.dumps(config).encode()
    del files["2/layer.tar"]
    path = tmp_path / "a.tar"
    data = b"".join(member(name.encode(), each) for name, each in files.items())
    path.write_bytes(data + member(b"2/layer.tar", kind=b"2", link=b"../1/layer.tar") + END)
    image = read_archive(TarFiles(str(path)), str(path))
    assert paths(image) == [["etc/os-release", "a"]] * 2


def test_archives_of_before_2016(tmp_path: Path) -> None:
    files = {
        "repositories": b'{"app": {"1": "top"}}',
        "top/json": b'{"parent": "base", "os": "linux", "container_config": {"Cmd": ["run", "x"]}}',
        "top/layer.tar": TWO, "base/json": b'{"created": "2014"}', "base/layer.tar": ONE,
    }  # fmt: skip
    path = write_tar(tmp_path / "a.tar", files)
    image = read_archive(TarFiles(path), path)
    assert image.reference == "app:1"
    assert [(layer.created, layer.created_by) for layer in image.layers] == [
        ("2014", ""), ("", "run x"),
    ]  # fmt: skip
    assert (paths(image), image.problems) == ([["etc/os-release", "a"], [".wh.a", "b"]], ())


def test_an_archive_that_is_a_layout_too(tmp_path: Path) -> None:
    files = Layout()
    files.index(files.image([ONE, TWO], "", **tag("1")))
    path = write_tar(tmp_path / "a.tar", {**docker({}), **files.files})
    assert paths(read_layout(TarFiles(path), path)) == [["etc/os-release", "a"], [".wh.a", "b"]]


# What other tools write.


@pytest.mark.skipif(not which("skopeo"), reason="skopeo is not installed")
@pytest.mark.parametrize("form", ["oci", "oci-archive", "docker-archive"])
def test_what_skopeo_writes(tmp_path: Path, form: str) -> None:
    files = Layout()
    (tmp_path / "in").mkdir()
    source = files.index(files.image([ONE, TWO], **tag("1"))).write(tmp_path / "in")
    target = str(tmp_path / "out")
    subprocess.run(
        ["skopeo", "--insecure-policy", "copy", f"oci:{source}:1", f"{form}:{target}:app:1"],
        check=True, capture_output=True,
    )  # fmt: skip
    if form == "oci":
        image = read_layout(Directory(target), target)
    elif form == "oci-archive":
        image = read_layout(TarFiles(target), target)
    else:
        image = read_archive(TarFiles(target), target)
    assert image.reference.endswith("app:1")
    assert image.problems == ()
    assert paths(image) == [["etc/os-release", "a"], [".wh.a", "b"]]


@pytest.mark.skipif(not which("umoci"), reason="umoci is not installed")
def test_what_umoci_makes_of_a_root(tmp_path: Path) -> None:
    """It packs files, links, odd names and modes; and unpacks what we say is there."""
    layout, bundle = str(tmp_path / "layout"), str(tmp_path / "bundle")

    def umoci(*arguments: str) -> None:
        subprocess.run(["umoci", *arguments], check=True, capture_output=True)

    umoci("init", "--layout", layout)
    umoci("new", "--image", f"{layout}:a")
    umoci("unpack", "--rootless", "--image", f"{layout}:a", bundle)
    root = tmp_path / "bundle" / "rootfs"
    (root / ("d" * 120)).mkdir()
    (root / ("d" * 120) / ("ä" * 60)).write_text("long")
    (root / "link").symlink_to("d" * 120)
    (root / "file").write_text("x" * 5000)
    (root / "hard").hardlink_to(root / "file")
    umoci("repack", "--refresh-bundle", "--image", f"{layout}:b", bundle)
    (root / "file").unlink()
    umoci("repack", "--image", f"{layout}:c", bundle)
    image = read_layout(Directory(layout), layout, "c")
    walked = walk(image, lambda _: ())
    assert [layer.error for layer in walked] == [None] * len(walked)
    system = merge([layer.entries for layer in walked])
    assert {node.entry.path for node in system.files()} == {
        str(path.relative_to(root)) for path in root.rglob("*")
    }
    long = system.resolve(f"link/{'ä' * 60}")
    assert long is not None
    assert long.entry.size == 4
    assert [each.entry.path for each in system.hidden if each.deleted] == ["file"]
