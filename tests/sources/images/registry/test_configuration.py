"""registries.conf, and the options in its place."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.errors import UsageError
from seawall.core.image_reference import parse_image
from seawall.sources.images.registry.configuration import (
    Mirror,
    Place,
    Rule,
    Rules,
    hosts_of,
    mirrors_of,
    read,
)
from seawall.sources.images.registry.errors import RegistryError

DIGEST = "@sha256:" + "0" * 64
CONF = """
unqualified-search-registries = ["quay.io"]
[[registry]]
prefix = "docker.io/library"
location = "internal.example.org/hub"
insecure = true
[[registry.mirror]]
location = "mirror.example.org:5000/library"
insecure = true
[[registry.mirror]]
location = "digests.example.org"
pull-from-mirror = "digest-only"

[[registry]]
location = "old.example.org"
mirror-by-digest-only = true
[[registry.mirror]]
location = "new.example.org"

[[registry]]
prefix = "*.example.net"
location = "proxy.example.org/net"
[[registry]]
prefix = "bad.example.net"
blocked = true
"""


def rules(directory: Path, text: str = CONF) -> Rules:
    path = directory / "registries.conf"
    path.write_text(text)
    return Rules(read({"CONTAINERS_REGISTRIES_CONF": str(path)}))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nginx:1", [("mirror.example.org:5000", "library/nginx", True),
                     ("internal.example.org", "hub/nginx", True)]),
        ("nginx" + DIGEST, [("mirror.example.org:5000", "library/nginx", True),
                            ("digests.example.org", "nginx", False),
                            ("internal.example.org", "hub/nginx", True)]),
        ("team/nginx", [("docker.io", "team/nginx", False)]),
        ("old.example.org/a:1", [("old.example.org", "a", False)]),
        ("old.example.org/a" + DIGEST, [("new.example.org", "a", False),
                                        ("old.example.org", "a", False)]),
        ("a.b.example.net/c", [("proxy.example.org", "net/c", False)]),
        ("a.example.net:5000/c", [("proxy.example.org", "net/c", False)]),
        ("example.net/c", [("example.net", "c", False)]),
        ("quay.io/a", [("quay.io", "a", False)]),
    ],
)  # fmt: skip
def test_places(tmp_path: Path, name: str, expected: list[tuple[str, str, bool]]) -> None:
    assert rules(tmp_path).places(parse_image(name)) == expected


def test_what_is_blocked(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"registries\.conf blocks bad.example.net; remove"):
        rules(tmp_path).places(parse_image("bad.example.net/a"))


@pytest.mark.parametrize(
    "text",
    [
        "a", "\0", "registry = 1", "[registry]", "registry = [1]", '[[registry]]\nprefix = 1',
        '[[registry]]\nprefix = "https://a"', '[[registry]]\nprefix = "a/../b"', "[[registry]]",
        '[[registry]]\nprefix = "a"\nmirror = 1', '[[registry]]\nprefix = "a"\nmirror = [1]',
        '[[registry]]\nprefix = "a"\n[[registry.mirror]]\nlocation = "*.b"',
        '[[registry]]\nprefix="a"\n[[registry.mirror]]\nlocation="b"\npull-from-mirror="never"',
        '[[registry]]\nprefix = "*.a/b"\nlocation = "c"', "#" * (2 << 20),
    ],
)  # fmt: skip
def test_what_cannot_be_used(tmp_path: Path, text: str) -> None:
    with pytest.raises(RegistryError, match=r"registries\.conf.*; "):
        rules(tmp_path, text)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(RegistryError, match="make it readable"):
        list(read({"CONTAINERS_REGISTRIES_CONF": "/nowhere.conf"}))
    assert list(read({}, "/nowhere")) == []


def test_the_order_of_files(tmp_path: Path) -> None:
    def write(path: str, location: str) -> Path:
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f'[[registry]]\nprefix = "a.example"\nlocation = "{location}"\n')
        return place

    made = [
        write("home/.config/containers/registries.conf.d/1.conf", "one"),
        write("etc/registries.conf.d/9.conf", "two"),
        write("etc/registries.conf.d/2.conf", "three"),
        write("home/.config/containers/registries.conf", "four"),
        write("etc/registries.conf", "five"),
    ]
    write("etc/registries.conf.d/z.txt", "none")
    for path, expected in zip(made, ["one", "two", "three", "four", "five"], strict=True):
        found = Rules(read({"HOME": str(tmp_path / "home")}, str(tmp_path / "etc")))
        assert found.places(parse_image("a.example/b")) == [(expected, "b", False)]
        path.unlink()


def test_options() -> None:
    found = mirrors_of(["docker.io=mirror.example.org/hub", "docker.io=b.example:80", "a.b/c=d.e"])
    assert found[0].mirrors == (Mirror("mirror.example.org/hub"), Mirror("b.example:80"))
    assert Rules(found).places(parse_image("nginx")) == [
        ("mirror.example.org", "hub/library/nginx", False),
        ("b.example:80", "library/nginx", False),
        ("docker.io", "library/nginx", False),
    ]  # fmt: skip
    plain = Rules((), hosts_of(["r.example.org:5000"]))
    assert plain.places(parse_image("r.example.org:5000/a")) == [("r.example.org:5000", "a", True)]
    assert plain.places(parse_image("r.example.org/a")) == [("r.example.org", "a", False)]


@pytest.mark.parametrize("text", ["", "a", "a=", "=a", "a=https://b", "*.a=b/..", "a=*.b", "a b=c"])
def test_options_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match=r"docker\.io=mirror"):
        mirrors_of([text])


@pytest.mark.parametrize("text", ["", "https://a", "a/b", "..", "a b", "*"])
def test_hosts_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="is no host"):
        hosts_of([text])


@given(st.lists(st.sampled_from(["a", "a/b", "a/b/c", "a.b", "*.b", "docker.io"]), unique=True),
       st.sampled_from(["a.b/c", "x.b/c:1", "docker.io/b", "localhost/b/c", "c"]))  # fmt: skip
def test_an_image_always_has_a_place(prefixes: list[str], name: str) -> None:
    found = Rules([Rule(prefix) for prefix in prefixes]).places(parse_image(name))
    image = parse_image(name)
    assert found == [Place(image.registry, image.repository)]
