"""Where an image goes, by its name."""

import pytest

from seawall.core.errors import UsageError
from seawall.sources.images.writing.place import Place, place_of


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("out", Place("oci", "out", "latest")),
        ("out/", Place("oci", "out/", "latest")),
        ("a/b:1.2", Place("oci", "a/b", "1.2")),
        ("./registry.example.org/app:1", Place("oci", "./registry.example.org/app", "1")),
        ("oci:out", Place("oci", "out", "latest")),
        ("oci:/a/b:v1", Place("oci", "/a/b", "v1")),
        ("out.tar", Place("oci-archive", "out.tar", "latest")),
        ("a/out.tar:v2", Place("oci-archive", "a/out.tar", "v2")),
        ("oci-archive:out:v2", Place("oci-archive", "out", "v2")),
        ("docker-archive:out.tar", Place("docker-archive", "out.tar", "")),
        ("docker-archive:out.tar:shop/app:1", Place("docker-archive", "out.tar", "shop/app:1")),
        ("registry:registry.example.org:5000/app:1",
         Place("registry", "", "registry.example.org:5000/app:1")),
        ("registry:localhost/app", Place("registry", "", "localhost/app")),
    ],
)  # fmt: skip
def test_places(text: str, place: Place) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize(
    "text",
    ["oci:", "oci::x", "oci:out:", "docker-archive::x", "registry:", "registry:A",
     "registry:app@sha256:" + "0" * 64, "docker:app", "podman:app", "rootfs:x", "dir:x",
     "containers-storage:x", "registry.example.org/app:1", "localhost:5000/app", "out:a b"],
)  # fmt: skip
def test_slips_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        place_of(text)
