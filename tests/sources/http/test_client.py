"""The client against a server that misbehaves in every way that is known of."""

import shutil
import subprocess
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.errors import UsageError
from seawall.sources.http.client import AGENT, Client, FetchError, Limits
from seawall.sources.http.mirrors import Mirrors, parse
from tests.sources.http.server import Server, Trick, running
from tests.sources.http.support import QUICK, Waits, client


def test_it_says_who_asks_and_wants_no_compression(server: Server, waits: Waits) -> None:
    server.files["/a"] = b"text"
    assert client(waits).get(f"{server.base}/a", 10) == b"text"
    (request,) = server.requests
    assert request.headers["user-agent"] == AGENT
    assert AGENT.startswith("seawall/")
    assert request.headers["accept-encoding"] == "identity"
    assert waits == []


@pytest.mark.parametrize("chunked", [False, True])
def test_an_answer_ends_with_its_length_not_with_the_connection(
    server: Server, waits: Waits, chunked: bool
) -> None:
    server.keep_open, server.chunked = True, chunked
    server.files["/a"] = b"x" * 300_000
    began = time.monotonic()
    assert len(client(waits).get(f"{server.base}/a", 1 << 20)) == 300_000
    assert time.monotonic() - began < 4  # the server keeps it open for five seconds


# Another try ----------------------------------------------------------------------------------


def test_a_failing_server_is_asked_again_with_longer_pauses(server: Server, waits: Waits) -> None:
    server.files["/a"] = b"text"
    server.tricks["/a"] = [Trick(500), Trick(502), Trick(503)]
    assert client(waits).get(f"{server.base}/a", 10) == b"text"
    assert waits == [1.0, 2.0, 4.0]


def test_it_gives_up_in_the_end(server: Server, waits: Waits) -> None:
    server.tricks["/a"] = [Trick(500)] * 9
    with pytest.raises(FetchError, match=r"the server answered 500 \(5 tries\); try again later"):
        client(waits).get(f"{server.base}/a", 10)
    assert waits == [1.0, 2.0, 4.0, 8.0]
    assert len(server.requests) == 5


@pytest.mark.parametrize("status", [429, 503, 403])
def test_a_server_may_say_how_long_to_wait(server: Server, waits: Waits, status: int) -> None:
    server.files["/a"] = b"text"
    server.tricks["/a"] = [Trick(status, {"Retry-After": "17"})]
    assert client(waits).get(f"{server.base}/a", 10) == b"text"
    assert waits == [17.0]


def test_it_may_say_so_with_a_day(server: Server, waits: Waits) -> None:
    server.files["/a"] = b"text"
    then = formatdate(time.time() + 100, usegmt=True)
    server.tricks["/a"] = [Trick(429, {"Retry-After": then})]
    client(waits).get(f"{server.base}/a", 10)
    assert 80 < waits[0] <= 100


@pytest.mark.parametrize("told", ["soon", "-3", "Mon, 99 Nov", ""])
def test_what_is_neither_counts_as_not_said(server: Server, waits: Waits, told: str) -> None:
    server.files["/a"] = b"text"
    server.tricks["/a"] = [Trick(429, {"Retry-After": told})]
    client(waits).get(f"{server.base}/a", 10)
    assert waits == [1.0]


def test_nobody_waits_for_an_hour(server: Server, waits: Waits) -> None:
    server.tricks["/a"] = [Trick(429, {"Retry-After": "3600"})]
    with pytest.raises(FetchError, match="asks to wait 3600 seconds") as raised:
        client(waits).get(f"{server.base}/a", 10)
    assert (waits, raised.value.status) == ([], 429)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_what_is_final_is_not_asked_again(server: Server, waits: Waits, status: int) -> None:
    server.tricks["/a"] = [Trick(status)] * 2
    with pytest.raises(FetchError, match=f"answered {status}") as raised:
        client(waits).get(f"{server.base}/a", 10)
    assert raised.value.status == status
    assert len(server.requests) == 1


def test_too_many_requests_in_the_words_of_nvd_and_github(server: Server, waits: Waits) -> None:
    server.files["/a"] = b"text"
    server.tricks["/a"] = [
        Trick(403, {"message": "Request forbidden: rate limit exceeded"}),
        Trick(403, {"X-RateLimit-Remaining": "0"}),
    ]
    assert client(waits).get(f"{server.base}/a", 10) == b"text"


@pytest.mark.parametrize(
    "trick", [Trick(hang_up=True), Trick(cut_after=2), Trick(cut_after=0), Trick(stall_after=2)]
)
def test_a_broken_connection_is_tried_again(server: Server, waits: Waits, trick: Trick) -> None:
    server.files["/a"] = b"text"
    server.tricks["/a"] = [trick]
    quick = QUICK._replace(patience=0.2)
    assert client(waits, limits=quick).get(f"{server.base}/a", 10) == b"text"
    assert waits == [1.0]


def test_a_server_that_drips_is_left(server: Server, waits: Waits) -> None:
    server.files["/a"] = b"x" * 2000
    server.tricks["/a"] = [Trick(drip=True)] * 2
    slow = Limits(patience=1.0, grace=0.2, rate=1000, tries=2)
    with pytest.raises(FetchError, match=r"only \d+ bytes came in"):
        client(waits, limits=slow).get(f"{server.base}/a", 1 << 20)


def test_a_host_without_an_answer_is_not_asked_for_every_file(waits: Waits) -> None:
    asking = client(waits, limits=QUICK._replace(tries=2))
    for name in "abc":
        with pytest.raises(FetchError, match="it cannot be reached"):
            asking.get(f"http://127.0.0.1:9/{name}", 10)  # the discard service: nobody is there
    assert waits == [1.0]


@pytest.mark.parametrize("told", ["²", "-1", "9" * 40, "a", ""])
def test_an_odd_length(server: Server, waits: Waits, told: str) -> None:
    server.tricks["/a"] = [Trick(404, {"Content-Length": told, "Retry-After": told})]
    with pytest.raises(FetchError, match="answered 404"):
        client(waits).get(f"{server.base}/a", 10)


@pytest.mark.parametrize(
    "target",
    ["http://[", "//[::1", "http://a:b/", "http://\0/", "http://ä/", "http:///", "?" * 9000],
)
def test_an_odd_redirect(server: Server, waits: Waits, target: str) -> None:
    server.tricks["/a"] = [Trick(302, {"Location": target})]
    with pytest.raises(FetchError):
        client(waits).get(f"{server.base}/a", 10)


# Limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_too_large_is_refused(server: Server, waits: Waits, chunked: bool) -> None:
    server.chunked = chunked
    server.files["/a"] = b"x" * 5000
    with pytest.raises(FetchError, match="larger than 4999 bytes"):
        client(waits).get(f"{server.base}/a", 4999)
    assert client(waits).get(f"{server.base}/a", 5000)


def test_lines_are_read_no_further_than_they_are_wanted(server: Server, waits: Waits) -> None:
    server.files["/a"] = b"9\r\n8\n\n7\n6"
    asking = client(waits)
    address = f"{server.base}/a"
    assert asking.lines(address, 100, lambda line: line > "7") == ["9", "8"]
    assert asking.lines(address, 100, lambda _: True) == ["9", "8", "7", "6"]
    assert asking.lines(address, 100, lambda _: True, most=1) == ["9"]
    server.files["/a"] += b"x" * 1_000_000
    with pytest.raises(FetchError, match="larger than"):
        asking.lines(address, 1000, lambda _: True)


def test_a_reader_may_take_its_time(server: Server) -> None:
    """Only what the server takes counts against it: here a second for each piece."""
    server.files["/a"] = b"x" * 600_000
    passed = [0.0]

    def now() -> float:
        passed[0] += 1.0
        return passed[0]

    asking = Client(limits=Limits(patience=2.0, grace=1.0, rate=1000, tries=1), now=now)
    size = 0
    with asking.once(f"{server.base}/a") as answer:
        for chunk in answer.chunks:
            size += len(chunk)
            passed[0] += 1e6
    assert size == 600_000


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE"])
def test_other_methods(server: Server, waits: Waits, method: str) -> None:
    server.files["/a"] = b"text"
    server.tricks["/a"] = [Trick(503), Trick(200, body=b"told")]
    body = b"sent" if method == "POST" else None
    found = client(waits).attempt(
        f"{server.base}/a", lambda answer: b"".join(answer.chunks), method=method, body=body
    )
    assert found == (b"" if method == "HEAD" else b"told")
    assert [each.body for each in server.requests] == [body or b""] * 2
    assert waits == [1.0]


# Redirects ------------------------------------------------------------------------------------


def test_redirects_are_followed(server: Server, waits: Waits) -> None:
    server.files["/c"] = b"text"
    server.tricks["/a"] = [Trick(302, {"Location": "/b"})]
    server.tricks["/b"] = [Trick(307, {"Location": f"{server.base}/c"})]
    assert client(waits).get(f"{server.base}/a", 10) == b"text"


def test_a_loop_of_redirects_ends(server: Server, waits: Waits) -> None:
    server.tricks["/a"] = [Trick(301, {"Location": "/b"})] * 50
    server.tricks["/b"] = [Trick(301, {"Location": "/a"})] * 50
    with pytest.raises(FetchError, match="redirected more than 5 times"):
        client(waits).get(f"{server.base}/a", 10)
    assert len(server.requests) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:,x"])
def test_redirects_lead_to_the_web_only(server: Server, waits: Waits, target: str) -> None:
    server.tricks["/a"] = [Trick(302, {"Location": target})]
    with pytest.raises(FetchError, match="neither http nor https"):
        client(waits).get(f"{server.base}/a", 10)


def test_a_key_is_not_told_to_another_host(server: Server, waits: Waits) -> None:
    with running() as other:
        other.files["/b"] = b"text"
        server.tricks["/a"] = [Trick(302, {"Location": f"{other.base}/b"})]
        client(waits).get(f"{server.base}/a", 10, {"apiKey": "k", "Accept": "x/y"})
        assert server.requests[0].headers["apikey"] == "k"
        assert "apikey" not in other.requests[0].headers
        assert other.requests[0].headers["accept"] == "x/y"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_what_is_sent_follows_no_redirect(server: Server, waits: Waits, method: str) -> None:
    server.tricks["/a"] = [Trick(307, {"Location": "/b?signature=x"})]
    with pytest.raises(FetchError, match=rf"a {method} is redirected to .*/b;") as raised:
        client(waits).attempt(f"{server.base}/a", lambda _: None, method=method, body=b"x")
    assert (raised.value.cause, len(server.requests)) == ("redirect", 1)


# Proxies and mirrors --------------------------------------------------------------------------


def test_a_proxy_is_asked(server: Server, waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.base)
    server.files["/osv/all.zip"] = b"text"
    assert client(waits).get("http://upstream.example.org/osv/all.zip", 10) == b"text"
    (request,) = server.requests
    assert request.target == "http://upstream.example.org/osv/all.zip"


def test_no_proxy_for_this_machine(
    server: Server, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:9")
    server.files["/a"] = b"text"
    assert client(waits).get(f"{server.base}/a", 10) == b"text"


def test_no_proxy_for_some_hosts(
    server: Server, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.base)
    monkeypatch.setenv("no_proxy", "upstream.invalid")
    server.files["/a"] = b"text"
    assert client(waits).get("http://other.invalid/a", 10) == b"text"
    with pytest.raises(FetchError, match="cannot be reached"):
        client(waits).get("http://upstream.invalid/a", 10)


def test_a_mirror_takes_the_place_of_a_prefix(server: Server, waits: Waits) -> None:
    server.files["/mirror/Go/all.zip"] = b"text"
    mirrors = parse([f"https://bucket.example.org/osv={server.base}/mirror"])
    address = "https://bucket.example.org/osv/Go/all.zip"
    assert client(waits, mirrors).get(address, 10) == b"text"


def test_the_longest_prefix_counts_and_names_are_whole() -> None:
    mirrors = parse(["https://a.example/=https://m/", "https://a.example/b=https://n/x"])
    assert mirrors.of("https://a.example/b/c") == "https://n/x/c"
    assert mirrors.of("https://a.example/bc") == "https://m/bc"
    assert mirrors.of("https://a.example.org/b") == "https://a.example.org/b"
    assert mirrors.of("https://a.example/b?c=d") == "https://n/x?c=d"


@pytest.mark.parametrize(
    "text", ["", "a=b", "https://a", "https://a=", "=https://b", "https://a=file:///b", "https://[a=https://b"]
)  # fmt: skip
def test_what_is_no_mirror_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no mirror; give PREFIX=URL"):
        parse([text])


@given(st.text(), st.text())
def test_a_mirror_changes_what_it_is_for_only(prefix: str, address: str) -> None:
    mirrors = Mirrors(((prefix, "https://m"),))
    moved = mirrors.of(address)
    assert moved == address or (address.startswith(prefix) and moved.startswith("https://m"))


# TLS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate of this machine that nobody but the test trusts, with its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is needed to make a certificate")
    path = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", "key.pem", "-out", "certificate.pem"],
        cwd=path, check=True, capture_output=True,
    )  # fmt: skip
    both = path / "both.pem"
    both.write_text((path / "key.pem").read_text() + (path / "certificate.pem").read_text())
    return str(both)


def test_a_certificate_that_nobody_knows_is_refused(certificate: str, waits: Waits) -> None:
    with running(certificate) as server:
        server.files["/a"] = b"text"
        with pytest.raises(FetchError, match="SSL_CERT_FILE"):
            client(waits).get(f"{server.base}/a", 10)
    assert waits == []


def test_certificates_of_ones_own(
    certificate: str, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Path(certificate).with_name("certificate.pem")))
    with running(certificate) as server:
        server.files["/a"] = b"text"
        assert client(waits).get(f"{server.base}/a", 10) == b"text"


def test_an_encrypted_address_leads_to_no_plain_one(
    server: Server, certificate: str, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Path(certificate).with_name("certificate.pem")))
    server.files["/b"] = b"text"
    with running(certificate) as encrypted:
        encrypted.tricks["/a"] = [Trick(302, {"Location": f"{server.base}/b"})]
        with pytest.raises(FetchError, match="not encrypted"):
            client(waits).get(f"{encrypted.base}/a", 10)
    assert server.requests == []
