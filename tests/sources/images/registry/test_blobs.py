"""Blobs as they come: broken, resumed, lying."""

import io
import secrets

import pytest

from seawall.sources.http.client import Limits
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.registry.access import Access
from seawall.sources.images.registry.blobs import open_blob
from seawall.sources.images.registry.configuration import Place
from seawall.sources.images.registry.credentials import Credentials
from seawall.sources.images.registry.errors import RegistryError
from tests.sources.http.support import Waits
from tests.sources.images.registry.conftest import QUICK, connecting
from tests.sources.images.registry.double import PLAIN, Double, Trick, running
from tests.sources.images.registry.made import LAYER, Made

DATA = secrets.token_bytes(300_000)


@pytest.fixture
def blob(double: Double) -> Descriptor:
    return put(double, DATA)


def put(double: Double, data: bytes) -> Descriptor:
    made = Made()
    entry = made.add_blob(data, LAYER)
    double.push(made)
    return Descriptor(LAYER, entry["digest"], entry["size"])


def opened(double: Double, access: Access, blob: Descriptor, offset: int = 0) -> io.BufferedReader:
    return open_blob(access.registry(Place(double.host, "shop/web")), "shop/web", blob, offset)


def test_it_comes_as_it_is_read(double: Double, access: Access, blob: Descriptor) -> None:
    with opened(double, access, blob) as stream:
        assert stream.read(10) == DATA[:10]
        assert stream.read(200_000) == DATA[10:200_010]
        assert stream.read() == DATA[200_010:]
        assert stream.read(1) == b""
    assert len(double.asked("blobs")) == 1


def test_nothing_is_asked_until_it_is_read(
    double: Double, access: Access, blob: Descriptor
) -> None:
    opened(double, access, blob).close()
    assert not double.asked("blobs")


def test_the_empty_blob(double: Double, access: Access) -> None:
    assert opened(double, access, put(double, b"")).read() == b""


@pytest.mark.parametrize("offset", [1, 299_999, 300_000])
def test_from_an_offset(double: Double, access: Access, blob: Descriptor, offset: int) -> None:
    assert opened(double, access, blob, offset).read() == DATA[offset:]
    double.ranges = False
    assert opened(double, access, blob, offset).read() == DATA[offset:]


def test_beyond_its_end(double: Double, access: Access, blob: Descriptor) -> None:
    with pytest.raises(RegistryError, match="has no byte 300001"):
        opened(double, access, blob, 300_001).read()


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    "trick", [Trick(cut_after=100_000), Trick(cut_after=0), Trick(hang_up=True), Trick(503),
              Trick(stall_after=5)],
)  # fmt: skip
def test_what_breaks_is_resumed(
    double: Double, waits: Waits, blob: Descriptor, trick: Trick, ranges: bool
) -> None:
    access = Access(Credentials({}), connect=connecting(waits, QUICK._replace(patience=0.3)))
    double.ranges = ranges
    double.tricks["blobs"] = [trick]
    assert opened(double, access, blob).read() == DATA
    first, second = double.asked("blobs")
    assert "range" not in first.headers
    came = max(trick.cut_after, trick.stall_after, 0)
    assert second.headers.get("range", "bytes=0-") == f"bytes={came}-"
    assert waits == [0.5]


def test_it_may_break_often_while_it_goes_on(
    double: Double, access: Access, blob: Descriptor, waits: Waits
) -> None:
    double.tricks["blobs"] = [Trick(206, {"Content-Range": f"bytes {at}-299999/300000"},
                                    DATA[at:], cut_after=10_000)
                              if at else Trick(cut_after=10_000)
                              for at in range(0, 250_000, 10_000)]  # fmt: skip
    assert opened(double, access, blob).read() == DATA
    assert waits == [0.5] * 25


def test_it_gives_up_in_the_end(
    double: Double, access: Access, blob: Descriptor, waits: Waits
) -> None:
    double.tricks["blobs"] = [Trick(cut_after=0)] * 9
    stream = opened(double, access, blob)
    with pytest.raises(RegistryError, match=r"ended after 0 of 300000 bytes \(4 tries\)") as raised:
        stream.read()
    assert raised.value.kind == "unavailable"
    with pytest.raises(RegistryError):  # and it is not the end when it is asked again
        stream.read()
    assert waits == [0.5, 1.0, 2.0]


def test_one_that_drips_is_left(double: Double, waits: Waits, blob: Descriptor) -> None:
    slow = Limits(patience=1.0, grace=0.2, rate=5000, tries=2)
    access = Access(Credentials({}), connect=connecting(waits, slow))
    double.tricks["blobs"] = [Trick(drip=True)] * 300
    stream = opened(double, access, blob)
    with pytest.raises(RegistryError) as raised:
        stream.read()
    assert raised.value.kind == "unavailable"


@pytest.mark.parametrize(
    ("trick", "word"),
    [
        (Trick(200, body=DATA[:-1] + bytes([DATA[-1] ^ 1])), "does not hold what its name says"),
        (Trick(200, body=bytes([DATA[0] ^ 1]) + DATA[1:]), "does not hold what its name says"),
        (Trick(200, body=DATA + b"x"), "has 300001 bytes, its manifest says 300000"),
        (Trick(200, {"Content-Length": "400000"}, DATA), "has 400000 bytes"),
        (Trick(200, {"Content-Length": "a", "Connection": "close"}, DATA + b"x"), "has more than"),
    ],
)
def test_what_is_another_is_refused_before_its_end(
    double: Double, access: Access, blob: Descriptor, trick: Trick, word: str
) -> None:
    double.tricks["blobs"] = [trick]
    stream = opened(double, access, blob)
    came = b""
    with pytest.raises(RegistryError, match=word) as raised:  # noqa: PT012 - as it is read
        while piece := stream.read1(1000):
            came += piece
    assert raised.value.kind == "wrong-content"
    assert len(came) < len(DATA)


@pytest.mark.parametrize("length", ["5", "0", "299999"])
def test_a_length_that_is_too_small(
    double: Double, access: Access, blob: Descriptor, length: str
) -> None:
    double.tricks["blobs"] = [Trick(200, {"Content-Length": length}, DATA)]
    assert opened(double, access, blob).read() == DATA


def test_a_blob_that_is_shorter(double: Double, access: Access, blob: Descriptor) -> None:
    longer = blob._replace(size=blob.size + 1)
    with pytest.raises(RegistryError, match="is shorter than its manifest says"):
        opened(double, access, longer).read()


@pytest.mark.parametrize("told", ["", "bytes 0-1/2", "items 5-", "bytes x"])
def test_another_part_than_was_asked_for(
    double: Double, access: Access, blob: Descriptor, told: str
) -> None:
    double.tricks["blobs"] = [Trick(206, {"Content-Range": told}, DATA), PLAIN]
    assert opened(double, access, blob, 7).read() == DATA[7:]


def test_a_token_that_runs_out_in_the_middle(
    double: Double, access: Access, blob: Descriptor
) -> None:
    double.auth, double.uses = "bearer", 1
    over = Trick(401, {"WWW-Authenticate": f'Bearer realm="{double.base}/token",service="double"'})
    double.tricks["blobs"] = [PLAIN, Trick(cut_after=1000), over, PLAIN]
    assert opened(double, access, blob).read() == DATA
    assert len(double.asked("/token")) == 2


def test_a_blob_that_is_not_there(double: Double, access: Access) -> None:
    missing = Descriptor(LAYER, "sha256:" + "2" * 64, 5)
    double.push(Made())
    with pytest.raises(RegistryError, match="it has no sha256:2222") as raised:
        opened(double, access, missing).read()
    assert raised.value.kind == "not-found"


def test_redirects(double: Double, access: Access, blob: Descriptor) -> None:
    with running() as storage:
        put(storage, DATA)
        double.storage = storage.base
        storage.tricks["blobs"] = [Trick(cut_after=4096)]
        assert opened(double, access, blob).read() == DATA
        assert len(double.asked("blobs")) == 2  # a signature may have run out: it is asked anew
        assert storage.asked("blobs")[1].headers["range"] == "bytes=4096-"


def test_redirects_without_end(double: Double, access: Access, blob: Descriptor) -> None:
    double.storage = double.base
    with pytest.raises(RegistryError, match="redirected more than") as raised:
        opened(double, access, blob).read()
    assert raised.value.kind == "refused"
    assert "signature" not in str(raised.value)


def test_sha512(double: Double, access: Access) -> None:
    from hashlib import sha512

    digest = "sha512:" + sha512(DATA).hexdigest()
    double.push(Made())
    double.repository("shop/web").blobs[digest] = DATA
    assert opened(double, access, Descriptor(LAYER, digest, len(DATA))).read() == DATA
    double.repository("shop/web").blobs[digest] = DATA[::-1]
    with pytest.raises(RegistryError, match="does not hold"):
        opened(double, access, Descriptor(LAYER, digest, len(DATA))).read()
