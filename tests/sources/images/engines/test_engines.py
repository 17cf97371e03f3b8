"""Images that Docker or Podman hold: which engines there are, what they say, what they give."""

import json
import os
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sources.images.engines import connection
from seawall.sources.images.engines.errors import EngineError
from seawall.sources.images.engines.images import find, path_of, save
from seawall.sources.images.engines.places import Engine, engines
from seawall.sources.images.platforms import parse
from tests.sources.images.engines import fake

NAME = "registry.example.org:5000/team/web:1.2"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[fake.Engine]:
    with fake.running(tmp_path / "docker.sock") as found:
        found.hold(NAME)
        yield found


def of(engine: fake.Engine) -> Engine:
    return Engine("docker", engine.address, "a test")


def test_an_image_that_is_there(engine: fake.Engine) -> None:
    held = find(of(engine), NAME)
    assert held is not None
    assert held.identity == fake.IDENTITY
    assert held.tags == (NAME,)
    assert held.digests == ("registry.example.org/web@sha256:" + "6" * 64,)
    assert (str(held.platform), held.size) == ("linux/arm64/v8", 12345)


def test_one_that_is_not(engine: fake.Engine) -> None:
    assert find(of(engine), "web") is None


def test_odd_names_stay_in_their_place(engine: fake.Engine) -> None:
    for name in ("../../containers", "a?b=c", "a#b", "a b", "ä", "a%2fb"):
        assert find(of(engine), name) is None
        path, query = engine.asked[-1]
        assert path.startswith("/images/")
        assert path.endswith("/json")
        assert query == {}


def test_the_archive(engine: fake.Engine) -> None:
    held = find(of(engine), NAME)
    assert held is not None
    with save(held, NAME) as file:
        assert file.read() == engine.archive
        with open(path_of(file), "rb") as again:
            assert again.read() == engine.archive
        assert os.fstat(file.fileno()).st_nlink == 0


def test_a_platform_is_asked_for_where_that_can_be(engine: fake.Engine) -> None:
    wanted = parse("linux/arm/v6")
    held = find(of(engine), NAME, wanted)
    assert held is not None
    save(held, NAME, wanted).close()
    assert all(query == {} for _, query in engine.asked)
    engine.version = "1.51"
    find(of(engine), NAME, wanted)
    save(held, NAME, wanted).close()
    assert json.loads(engine.asked[-1][1]["platform"][0]) == {
        "os": "linux", "architecture": "arm", "variant": "v6",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("manner", "kind", "word"),
    [("500", "broken", "answers 500 .disk"), ("html", "not-supported", "as no engine does"),
     ("huge", "not-supported", "as no engine does")],
)  # fmt: skip
def test_odd_answers(engine: fake.Engine, manner: str, kind: str, word: str) -> None:
    engine.manner = manner
    with pytest.raises(EngineError, match=word) as raised:
        find(of(engine), NAME)
    assert (raised.value.kind, raised.value.exit_code) == (kind, 3)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("identity", [None, 1, "", "sha256:1", "../x", "sha256:" + "5" * 63 + "\n"])
def test_odd_ids(engine: fake.Engine, identity: object) -> None:
    engine.hold(NAME, Id=identity)
    with pytest.raises(EngineError, match="tells no id"):
        find(of(engine), NAME)


def test_odd_values(engine: fake.Engine) -> None:
    @given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
    def found(value: object) -> None:
        engine.hold(NAME, RepoTags=value, RepoDigests=value, Os=value, Size=value)
        assert find(of(engine), NAME) is not None

    found()


@pytest.mark.parametrize(
    ("manner", "word"), [("cut", "docker.sock: "), ("told length", "too early")]
)
def test_an_archive_that_ends_too_early(engine: fake.Engine, manner: str, word: str) -> None:
    held = find(of(engine), NAME)
    assert held is not None
    engine.manner = manner
    with pytest.raises(EngineError, match=word) as raised:
        save(held, NAME)
    assert raised.value.kind == "broken"


def test_archives_with_limits(engine: fake.Engine) -> None:
    held = find(of(engine), NAME)
    assert held is not None
    with pytest.raises(EngineError, match="has more than 0 MB") as raised:
        save(held, NAME, limit=9999)
    assert raised.value.kind == "too-large"
    engine.archive = b""
    with pytest.raises(EngineError, match="is empty"):
        save(held, NAME)
    del engine.names[NAME]
    with pytest.raises(EngineError, match="answers 404"):
        save(held, NAME)


def test_one_that_hangs(engine: fake.Engine) -> None:
    engine.manner = "hang"
    with (
        pytest.raises(EngineError, match="no byte came from"),
        connection.asked(of(engine), "/images/a/json", 0.1),
    ):
        pass


# Where they are -------------------------------------------------------------------------------


def test_nobody_listens(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with pytest.raises(EngineError, match="nobody listens") as raised:
        find(Engine("docker", f"unix://{path}", "$DOCKER_HOST"), "web")
    assert raised.value.kind == "unreachable"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(EngineError, match="nobody listens"):
        find(Engine("docker", f"unix://{path}", "$DOCKER_HOST"), "web")


@pytest.mark.parametrize(
    ("kind", "word"),
    [("docker", "add yourself to the docker group .*docker save -o FILE"),
     ("podman", "run as the user whose podman it is.*podman save -o FILE")],
)  # fmt: skip
def test_a_socket_that_may_not_be_used(
    engine: fake.Engine, monkeypatch: pytest.MonkeyPatch, kind: str, word: str
) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Root may use every socket, and the tests may run as root.
    monkeypatch.setattr(connection._Local, "connect", refuse)
    with pytest.raises(EngineError, match=word) as raised:
        find(of(engine)._replace(kind=kind), NAME)
    assert raised.value.kind == "denied"


def sockets(root: Path, *paths: str) -> None:
    for path in paths:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(place))


def test_usual_places(tmp_path: Path) -> None:
    environment = {"XDG_RUNTIME_DIR": str(tmp_path / "run/me")}
    root = str(tmp_path)
    assert engines(environment, root) == []
    paths = ["var/run/docker.sock", "run/me/docker.sock", "run/me/podman/podman.sock",
             "run/podman/podman.sock"]  # fmt: skip
    sockets(tmp_path, *paths)
    (tmp_path / "run/other").touch()
    found = engines(environment, root)
    assert [each.path for each in found] == [str(tmp_path / path) for path in paths]
    assert [each.kind for each in found] == ["docker", "docker", "podman", "podman"]
    assert [each.path for each in engines({}, root)] == [
        str(tmp_path / paths[0]),
        str(tmp_path / paths[3]),
    ]


def test_named_ones(tmp_path: Path) -> None:
    root = str(tmp_path)
    found = engines({"DOCKER_HOST": "unix:///a", "CONTAINER_HOST": "unix:///b"}, root)
    assert [(each.kind, each.path, each.source) for each in found] == [
        ("docker", "/a", "$DOCKER_HOST"), ("podman", "/b", "$CONTAINER_HOST"),
    ]  # fmt: skip
    tls = {"DOCKER_HOST": "tcp://[::1]:2376", "DOCKER_TLS_VERIFY": "1", "HOME": "/h"}
    (one,) = engines(tls, root)
    assert (one.address, one.certificates) == ("tcp://[::1]:2376", "/h/.docker")
    (one,) = engines({**tls, "DOCKER_CERT_PATH": "/c"}, root)
    assert one.certificates == "/c"
    both = engines({"DOCKER_HOST": "unix:///b", "CONTAINER_HOST": "unix:///b"}, root)
    assert [(each.kind, each.path) for each in both] == [("docker", "/b"), ("podman", "/b")]


@pytest.mark.parametrize(
    "text", ["ssh://a", "unix://a", "tcp://a", "tcp://:1", "npipe:////./a", "a", "tcp://[", "tcp://a:x"]
)  # fmt: skip
def test_what_cannot_be_asked(text: str) -> None:
    with pytest.raises(EngineError, match="save the image to a file") as raised:
        engines({"DOCKER_HOST": text})
    assert raised.value.kind == "not-supported"


def test_contexts(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    identity = sha256(b"colima").hexdigest()
    meta = docker / "contexts" / "meta" / identity
    meta.mkdir(parents=True)
    (docker / "config.json").write_text('{"currentContext": "colima"}')
    about = {"Name": "colima", "Endpoints": {"docker": {"Host": "unix:///colima.sock"}}}
    (meta / "meta.json").write_text(json.dumps(about))
    environment = {"DOCKER_CONFIG": str(docker)}
    root = str(tmp_path / "root")
    (found,) = engines(environment, root)
    assert (found.path, found.source) == ("/colima.sock", "docker's context 'colima'")
    assert engines({**environment, "DOCKER_CONTEXT": "default"}, root) == []
    assert engines({**environment, "DOCKER_CONTEXT": "other"}, root) == []
    (found,) = engines({**environment, "DOCKER_HOST": "unix:///a"}, root)
    assert found.path == "/a"
    for broken in ("{", "[]", '{"Endpoints": 1}', '{"Endpoints": {"docker": {"Host": 1}}}'):
        (meta / "meta.json").write_text(broken)
        assert engines(environment, root) == []


def test_on_a_network(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (found,) = engines({"DOCKER_HOST": f"tcp://127.0.0.1:{port}"}, str(tmp_path))
    with pytest.raises(EngineError, match="nobody listens"):
        find(found, NAME)
    tls = found._replace(certificates=str(tmp_path))
    (tmp_path / "ca.pem").write_text("x")
    with pytest.raises(EngineError, match="correct DOCKER_CERT_PATH"):
        find(tls, NAME)
