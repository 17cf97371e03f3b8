"""From a name to a manifest, a configuration and layers."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.errors import InputError, UsageError
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.platforms import parse
from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.configuration import Mirror, Rule, Rules
from seawall.sources.images.registry.credentials import Credentials
from seawall.sources.images.registry.descriptors import manifest
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.resolving import Images, parsed_name
from tests.sources.http.support import Waits
from tests.sources.images.registry.conftest import QUICK, connecting, with_login
from tests.sources.images.registry.double import PLAIN, Double, Trick, running
from tests.sources.images.registry.made import INDEX, LAYER, LIST, SCHEMA_2, Made

FOUR = ("linux/amd64", "linux/arm/v6", "linux/arm64/v8", "windows/amd64")


def failing(images: Images, name: str, platform: str = "") -> RegistryError:
    with pytest.raises(RegistryError) as raised:
        images.resolve(name, parse(platform) if platform else None)
    return raised.value


@pytest.mark.parametrize("compression", ["gzip", "zstd", ""])
def test_a_lone_image(double: Double, images: Images, compression: str) -> None:
    made = Made("linux/amd64", compression=compression)
    image = images.resolve(double.push(made))
    assert (image.digest, image.manifest.digest) == (made.digest, made.digest)
    assert str(image.platform) == "linux/amd64"
    assert json.loads(image.config)["architecture"] == "amd64"
    (layer,) = image.layers
    assert layer.media_type.endswith(f"tar+{compression}" if compression else "layer.v1.tar")
    with images.open_blob(image, layer) as stream:
        assert stream.read() == made.blobs[layer.digest]
    assert (image.attestations, image.platforms) == ((), ())


ARM64 = "linux/arm64/v8"


def test_the_platform_of_an_index(double: Double, images: Images) -> None:
    made = Made(*FOUR)
    name = double.push(made)
    for wanted, found in {
        "linux/amd64": "linux/amd64", "amd64": "linux/amd64", "x86_64": "linux/amd64",
        "linux/arm64": ARM64, "linux/arm64/v8": ARM64, "aarch64": ARM64,
        "linux/arm": "linux/arm/v6", "linux/arm/v7": "linux/arm/v6", "armhf": "linux/arm/v6",
        "windows/amd64": "windows/amd64",
    }.items():  # fmt: skip
        image = images.resolve(name, parse(wanted))
        assert str(image.platform) == found, wanted
        assert image.digest == made.digest != image.manifest.digest
        assert len(image.attestations) == 4
        assert len(image.platforms) == 4
    told = failing(images, name, "linux/s390x")
    assert told.kind == "no-platform"
    assert f"linux/amd64, linux/arm/v6, {ARM64}, windows/amd64; choose one with" in str(told)
    assert failing(images, name, "linux/arm/v5").kind == "no-platform"


def test_another_platform_than_the_only_one(double: Double, images: Images) -> None:
    lone = double.push(Made("linux/s390x"), tag="lone")
    listed = double.push(Made("linux/s390x", alone=False), tag="listed")
    for name in (lone, listed):
        assert str(images.resolve(name).platform) == "linux/s390x"
        assert failing(images, name, "linux/amd64").kind == "no-platform"


def test_by_digest_and_with_both(double: Double, images: Images) -> None:
    made = Made("linux/amd64")
    name = double.push(made)
    repository = name.rpartition(":")[0]
    assert images.resolve(f"{repository}@{made.digest}").digest == made.digest
    # The digest counts, as it does for engines.
    assert images.resolve(f"{repository}:none@{made.digest}").name.endswith(f"@{made.digest}")
    assert failing(images, f"{repository}@sha256:{'0' * 64}").kind == "not-found"


def test_docker_formats(double: Double, images: Images) -> None:
    made = Made("linux/amd64")
    (kind, data) = made.manifests[made.digest]
    inner = json.loads(data) | {"mediaType": SCHEMA_2}
    entry = made.add_manifest(inner, SCHEMA_2)
    platform = {"os": "linux", "architecture": "amd64"}
    listed = {"schemaVersion": 2, "mediaType": LIST, "manifests": [{**entry, "platform": platform}]}
    made.digest = made.add_manifest(listed, LIST)["digest"]
    image = images.resolve(double.push(made))
    assert image.manifest.media_type == SCHEMA_2
    assert image.top.media_type == LIST
    assert kind != SCHEMA_2


def test_schema_1_is_refused(double: Double, images: Images) -> None:
    made = Made("linux/amd64")
    old = {"schemaVersion": 1, "name": "shop/web", "fsLayers": []}
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    made.digest = made.add_manifest(old, kind)["digest"]
    told = failing(images, double.push(made))
    assert told.kind == "not-supported"
    assert "schema 1" in str(told)
    assert "push the image anew" in str(told)


def test_all_platforms_of_a_name(double: Double, images: Images) -> None:
    made = Made(*FOUR)
    name = double.push(made)
    found = images.resolve_every(name)
    assert [str(each.platform) for each in found] == list(FOUR)
    assert {each.digest for each in found} == {made.digest}
    assert len({each.manifest.digest for each in found}) == 4
    assert {len(each.attestations) for each in found} == {4}
    assert [images.resolve(name, each.platform).manifest for each in found] == [
        each.manifest for each in found
    ]
    lone = double.push(Made("linux/s390x"), tag="lone")
    assert [str(each.platform) for each in images.resolve_every(lone)] == ["linux/s390x"]


def test_all_platforms_of_nested_indexes(double: Double, images: Images) -> None:
    made = Made(*FOUR)
    nested(made, 2)
    found = images.resolve_every(double.push(made, tag="nested"))
    assert len(found) == 4
    nested(made, 9)
    with pytest.raises(RegistryError, match="indexes in indexes"):
        images.resolve_every(double.push(made, tag="deep"))


def nested(made: Made, depth: int) -> None:
    platform = {"os": "linux", "architecture": "amd64"}
    for _ in range(depth):
        made.top = {**made.add_index([{**made.top, "platform": platform}])}
    made.digest = made.top["digest"]


@pytest.mark.parametrize(("depth", "works"), [(1, True), (3, True), (4, False), (9, False)])
def test_indexes_in_indexes(double: Double, images: Images, depth: int, works: bool) -> None:
    made = Made("linux/amd64")
    nested(made, depth)
    name = double.push(made)
    if works:
        assert images.resolve(name, parse("linux/amd64")).layers
    else:
        assert "indexes in indexes" in str(failing(images, name, "linux/amd64"))


def test_an_index_is_believed(double: Double, images: Images) -> None:
    made = Made("linux/amd64")
    entry = {**made.top, "platform": {"os": "linux", "architecture": "arm64"}}
    made.digest = made.add_index([entry])["digest"]
    image = images.resolve(double.push(made), parse("linux/arm64"))
    assert str(image.platform) == "linux/amd64"


def test_head_is_enough_for_a_digest(double: Double, images: Images) -> None:
    made = Made(*FOUR)
    name = double.push(made)
    assert images.digest(name) == made.digest
    assert [each.method for each in double.requests if "manifests" in each.path] == ["HEAD"]
    double.drop_digest_header = True
    assert images.digest(name) == made.digest
    double.tricks["manifests"] = [Trick(405)]
    assert images.digest(name) == made.digest
    assert images.digest(f"{name}@{made.digest}") == made.digest


# What goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [
        (401, "not-allowed", "docker login"),
        (403, "denied", "not allowed"),
        (404, "not-found", "no such image or tag"),
        (418, "not-supported", "answers 418"),
        (500, "unavailable", "answered 500"),
        (429, "too-many-requests", "too many requests"),
    ],
)
def test_refusals(
    double: Double, images: Images, waits: Waits, status: int, kind: str, word: str
) -> None:
    name = double.push(Made())
    body = json.dumps({"errors": [{"code": "X", "message": "because\x1b[2J"}]}).encode()
    double.tricks["manifests"] = [Trick(status, body=body)] * 9
    told = failing(images, name)
    assert (told.kind, told.exit_code) == (kind, 3)
    assert word in str(told)
    assert "\x1b" not in str(told)
    assert len(waits) == (3 if status in (500, 429) else 0)


def test_too_many_requests_for_a_while(double: Double, images: Images, waits: Waits) -> None:
    name = double.push(Made())
    double.tricks["manifests"] = [Trick(429, {"Retry-After": "7"}), Trick(503), PLAIN]
    assert images.resolve(name).layers
    assert waits == [7.0, 1.0]


def test_nobody_waits_for_an_hour(double: Double, images: Images, waits: Waits) -> None:
    name = double.push(Made())
    double.tricks["manifests"] = [Trick(429, {"Retry-After": "3600"})]
    told = failing(images, name)
    assert "3600 seconds" in str(told)
    assert (told.kind, waits) == ("too-many-requests", [])


def test_nobody_there(images: Images) -> None:
    told = failing(images, "127.0.0.1:9/shop/web:1")
    assert told.kind == "unreachable"
    assert str(told).startswith("cannot reach 127.0.0.1:9: ")


def test_a_name_that_nobody_has(images: Images, waits: Waits) -> None:
    told = failing(images, "registry.invalid/shop/web:1")
    assert told.kind == "unreachable"
    assert str(told).startswith("cannot reach registry.invalid: ")


@pytest.mark.parametrize(
    "name", ["", "A/b", "a b", "a:b:c", "../a", "a@sha256:0", "a@b", "-a/b:1:"]
)
def test_what_is_no_name(images: Images, name: str) -> None:
    with pytest.raises((UsageError, RegistryError)):
        images.resolve(name)


@pytest.mark.parametrize("host", ["..", "a..b", "-.a", "a.b:0:0"])
def test_hosts_that_are_none(images: Images, host: str) -> None:
    with pytest.raises((UsageError, RegistryError)):
        images.resolve(f"{host}/shop/web:1")


def with_manifest(double: Double, value: object, kind: str = INDEX) -> str:
    made = Made()
    made.digest = made.add_manifest(value, kind)["digest"]  # type: ignore[arg-type] # on purpose
    return double.push(made)


GOOD = {"mediaType": "a/b", "digest": "sha256:" + "0" * 64, "size": 1}


@pytest.mark.parametrize(
    "value",
    [
        [], 1, None, {}, {"schemaVersion": 2}, {"schemaVersion": "2"},
        {"schemaVersion": 2, "manifests": {}}, {"schemaVersion": 2, "manifests": [1]},
        {"schemaVersion": 2, "manifests": []},
        {"schemaVersion": 2, "manifests": [{**GOOD, "digest": "sha256:../../x"}]},
        {"schemaVersion": 2, "manifests": [{**GOOD, "size": -1}]},
        {"schemaVersion": 2, "manifests": [{**GOOD, "size": True}]},
        {"schemaVersion": 2, "manifests": [GOOD] * 5000},
        {"schemaVersion": 2, "manifests": [GOOD], "layers": []},
        {"schemaVersion": 2, "manifests": [GOOD], "config": GOOD},
        {"schemaVersion": 2, "layers": []},
        {"schemaVersion": 2, "config": GOOD},
        {"schemaVersion": 2, "config": {**GOOD, "size": 1 << 40}, "layers": []},
        {"schemaVersion": 2, "config": GOOD, "layers": [{"digest": "md5:0"}]},
    ],
)  # fmt: skip
def test_manifests_that_are_none(double: Double, images: Images, value: object) -> None:
    failing(images, with_manifest(double, value))


def test_wrong_digests(double: Double, images: Images) -> None:
    made = Made()
    name = double.push(made)
    double.tricks["manifests"] = [Trick(200, {"Docker-Content-Digest": "sha256:" + "1" * 64},
                                        made.manifests[made.digest][1])] * 2  # fmt: skip
    assert "but sent" in str(failing(images, name))
    by_digest = f"{name.rpartition(':')[0]}@sha256:{'1' * 64}"
    double.tricks["manifests"] = [Trick(200, {}, made.manifests[made.digest][1])]
    assert failing(images, by_digest).kind == "wrong-content"


@pytest.mark.parametrize("length", ["", "99999999999"])
def test_an_overlong_manifest(double: Double, images: Images, length: str) -> None:
    name = double.push(Made())
    headers = {"Content-Length": length} if length else {}
    double.tricks["manifests"] = [Trick(200, headers, b" " * (5 << 20))]
    assert failing(images, name).kind == "too-large"


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_any_manifest_is_read_or_refused(data: bytes, kind: str, digest: str) -> None:
    try:
        assert manifest(data, kind, digest, "", "a").data == data
    except RegistryError as error:
        assert error.kind in ("wrong-content", "not-supported", "refused")  # noqa: PT017 - or it is read


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(GOOD["digest"])
KEYS = st.sampled_from(
    ["schemaVersion", "mediaType", "manifests", "layers", "config", "digest", "size", "platform",
     "annotations", "os", "architecture", "variant", "os.version", "artifactType"]
)  # fmt: skip
THINGS = st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(st.dictionaries(KEYS, THINGS), st.sampled_from(["manifests", "layers"]))
def test_any_document_is_read_or_refused(value: dict[str, object], key: str) -> None:
    data = json.dumps({"schemaVersion": 2, **value}).encode()
    try:
        found = manifest(data, INDEX, "", "", "a").descriptors(key, "a")
    except RegistryError:
        return
    assert all(each.size >= 0 and each.digest.startswith("sha256:") for each in found)


@given(st.text(max_size=60))
def test_any_name_is_parsed_or_refused(name: str) -> None:
    try:
        image = parsed_name(name)
    except UsageError:
        return
    assert image.repository
    assert not set("?#%\\ ") & set(f"{image.registry}{image.repository}{image.tag}")


# Logins ---------------------------------------------------------------------------------------


def test_a_token_for_everybody(double: Double, images: Images) -> None:
    double.auth = "bearer"
    image = images.resolve(double.push(Made()))
    assert images.open_blob(image, image.layers[0]).read()
    assert len(double.asked("/token")) == 1
    (asked,) = double.asked("/token")
    assert asked.query == {"service": ["double"], "scope": ["repository:shop/web:pull"]}
    assert "authorization" not in asked.headers


def test_a_token_that_runs_out(double: Double, images: Images) -> None:
    double.auth, double.uses = "bearer", 1
    image = images.resolve(double.push(Made()))
    assert images.open_blob(image, image.layers[0]).read()
    assert len(double.asked("/token")) == 3


def test_a_token_that_never_is_good(double: Double, images: Images) -> None:
    double.auth, double.uses = "bearer", 0
    assert failing(images, double.push(Made())).kind == "not-allowed"
    assert len(double.requests) == 4  # the scheme, the manifest, a token, the manifest


def test_a_token_for_a_login(double: Double, waits: Waits, tmp_path: Path) -> None:
    double.auth = "bearer"
    login = double.new_login()
    name = double.push(Made())
    known = with_login(tmp_path, waits, double.host, login)
    assert known.resolve(name).layers
    wrong = with_login(tmp_path, waits, double.host, "ann:wrong")
    told = failing(wrong, name)
    assert told.kind == "not-allowed"
    assert "refuses the login of 'ann'" in str(told)
    assert login.partition(":")[2] not in str(told)
    nobody = Images(Access(Credentials({}), connect=connecting(waits)))
    assert "wants a login, or has no such repository" in str(failing(nobody, name))


def test_a_token_of_identity(double: Double, waits: Waits, tmp_path: Path) -> None:
    double.auth, double.login, double.identity = "bearer", "nobody:x", secrets.token_urlsafe(12)
    entry = {"identitytoken": double.identity}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {double.host: entry}}))
    known = Images(Access(Credentials({"DOCKER_CONFIG": str(tmp_path)}), connect=connecting(waits)))
    assert known.resolve(double.push(Made())).layers
    (asked,) = double.asked("/token", "POST")
    assert double.identity not in asked.path
    assert b"grant_type=refresh_token" in asked.body


def test_a_token_of_the_registry(double: Double, waits: Waits, tmp_path: Path) -> None:
    token = secrets.token_urlsafe(12)
    double.auth, double.tokens[token] = "bearer", 9
    entry = {"registrytoken": token}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {double.host: entry}}))
    known = Images(Access(Credentials({"DOCKER_CONFIG": str(tmp_path)}), connect=connecting(waits)))
    assert known.resolve(double.push(Made())).layers
    assert not double.asked("/token")


def test_basic(double: Double, images: Images, waits: Waits, tmp_path: Path) -> None:
    double.auth = "basic"
    login = double.new_login()
    name = double.push(Made())
    assert failing(images, name).kind == "not-allowed"
    assert with_login(tmp_path, waits, double.host, login).resolve(name).layers
    assert failing(with_login(tmp_path, waits, double.host, "ann:x"), name).kind == "not-allowed"


def test_storage_gets_no_login(double: Double, waits: Waits, tmp_path: Path) -> None:
    double.auth = "basic"
    login = double.new_login()
    made = Made()
    name = double.push(made)
    with running() as storage:
        storage.push(made)
        double.storage = storage.base
        known = with_login(tmp_path, waits, double.host, login)
        image = known.resolve(name)
        assert known.open_blob(image, image.layers[0]).read()
        assert storage.asked("blobs")
        assert not any("authorization" in each.headers for each in storage.requests)
        # A storage that asks who we are is told nothing either.
        storage.auth, storage.login = "basic", login
        told = failing(known, name)
        assert told.kind == "not-allowed"
        assert not any("authorization" in each.headers for each in storage.requests)
        assert "signature" not in str(told)


@pytest.mark.parametrize(
    "challenge",
    [
        "", "Negotiate", 'Bearer realm="file:///etc/passwd"', 'Bearer realm="http://a b/"',
        "Bearer",
        'Bearer realm="http://[::1"', 'Bearer realm="http://u:p@127.0.0.1/"', 'Bearer realm="//a"',
        'Digest realm="a", nonce="b"', "\xff\x00" * 9, '"' * 999,
    ],
)  # fmt: skip
def test_odd_challenges(double: Double, images: Images, challenge: str) -> None:
    name = double.push(Made())
    double.tricks["manifests"] = [Trick(401, {"WWW-Authenticate": challenge})] * 4
    assert failing(images, name).kind in ("not-supported", "not-allowed")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"token": 1}', b'{"token": ""}', b'{"token": "a\\r\\nb: c"}', b"\xff"],
)
def test_odd_tokens(double: Double, images: Images, body: bytes) -> None:
    double.auth = "bearer"
    double.tricks["/token"] = [Trick(200, body=body)]
    assert failing(images, double.push(Made())).kind == "not-supported"


def test_two_headers_of_a_name(double: Double, images: Images) -> None:
    double.auth = "bearer"
    name = double.push(Made())
    bearer = f'Bearer realm="{double.base}/token",service="double"'
    both = {"WWW-Authenticate": bearer, "www-authenticate": 'Basic realm="double"'}
    double.tricks["manifests"] = [Trick(401, both)]
    assert images.resolve(name).layers


def test_threads_share_a_token(double: Double, images: Images) -> None:
    double.auth = "bearer"
    made = Made()
    kept = [secrets.token_bytes(50_000) for _ in range(12)]
    entries = [made.add_blob(data, LAYER) for data in kept]
    image = images.resolve(double.push(made))
    blobs = [Descriptor(LAYER, entry["digest"], entry["size"]) for entry in entries]
    double.tokens.clear()
    with ThreadPoolExecutor(6) as pool:
        read = list(pool.map(lambda blob: images.open_blob(image, blob).read(), blobs))
    assert read == kept
    assert len(double.asked("/token")) == 2


# Mirrors --------------------------------------------------------------------------------------


def test_a_mirror_is_asked_first(double: Double, waits: Waits, tmp_path: Path) -> None:
    made = Made()
    name = double.push(made)
    with running() as mirror:
        location = f"{mirror.host}/copies"
        rules = Rules([Rule(double.host, mirrors=(Mirror(location),))])
        mirrored = Images(Access(Credentials({}), rules, connect=connecting(waits)))
        image = mirrored.resolve(name)  # it has none
        assert image.place.registry == double.host
        assert mirror.asked("/v2/copies/shop/web/manifests/1")
        mirror.push(made, "copies/shop/web")
        double.requests.clear()
        image = mirrored.resolve(name)
        assert image.place == (mirror.host, "copies/shop/web", False)
        assert image.name == name
        assert mirrored.open_blob(image, image.layers[0]).read()
        assert not double.requests
        login = double.new_login()
        double.auth = mirror.auth = "basic"
        mirror.login = "other:x"
        known = with_login(tmp_path, waits, double.host, login, rules)
        assert known.resolve(name).place.registry == double.host
        assert not any("authorization" in each.headers for each in mirror.requests)


def test_all_that_was_asked_is_named(double: Double, waits: Waits) -> None:
    rules = Rules([Rule(double.host, mirrors=(Mirror("127.0.0.1:9/x"),))])
    mirrored = Images(Access(Credentials({}), rules, connect=connecting(waits)))
    told = failing(mirrored, f"{double.host}/shop/web:1")
    assert told.kind == "not-found"
    assert "(mirror: cannot reach 127.0.0.1:9" in str(told)


def test_a_mirror_that_lies_is_not_passed_over(double: Double, waits: Waits) -> None:
    made = Made()
    name = double.push(made)
    with running() as mirror:
        mirror.push(made)
        mirror.tricks["manifests"] = [Trick(200, body=b"{}")]
        rules = Rules([Rule(double.host, mirrors=(Mirror(mirror.host),))])
        mirrored = Images(Access(Credentials({}), rules, connect=connecting(waits)))
        by_digest = f"{name.rpartition(':')[0]}@{made.digest}"
        assert failing(mirrored, by_digest).kind == "wrong-content"


def test_what_is_blocked(double: Double, waits: Waits) -> None:
    rules = Rules([Rule(double.host, blocked=True, source="registries.conf")])
    blocked = Images(Access(Credentials({}), rules, connect=connecting(waits)))
    told = failing(blocked, double.push(Made()))
    assert (told.kind, double.requests) == ("refused", [])
    assert isinstance(told, InputError)


def test_limits_are_short() -> None:
    assert QUICK.most_wait * QUICK.tries <= 240
