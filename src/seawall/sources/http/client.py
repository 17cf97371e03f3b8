"""HTTP, one request after the other: with patience, and with limits.

All that a network is asked for goes through here. The standard library's handlers do the protocol,
TLS (with the system's certificates, or those of ``SSL_CERT_FILE``) and proxies (``https_proxy``,
``http_proxy``, ``no_proxy``); what is added is what they leave open: which answers are worth
another try and when, how far redirects are followed, and when an answer is too large or too slow.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from threading import Event
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.error import URLError
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from seawall import __version__
from seawall.core.errors import InputError
from seawall.sources.http.mirrors import Mirrors
from seawall.sources.http.statuses import Passing, check_status

if TYPE_CHECKING:
    from ssl import SSLContext

AGENT = f"seawall/{__version__}"
CHUNK = 1 << 18
NOT_MODIFIED, PARTIAL, NOT_FOUND, GONE, UNSATISFIABLE = 304, 206, 404, 410, 416
_LISTS = {"link", "www-authenticate"}
_REDIRECTS = {301, 302, 303, 307, 308}


class FetchError(InputError):
    """An address that did not give what was asked of it; says what to do."""

    def __init__(self, problem: str, status: int = 0, cause: str = "") -> None:
        super().__init__(problem)
        self.status = status
        """Of the answer; 0 when there was none, or when it was not the status that was wrong."""
        self.cause = cause
        """``unreachable``, ``untrusted`` or ``redirect``, where it is one of these."""


class Limits(NamedTuple):
    """How long and how much."""

    patience: float = 60.0
    """Seconds without a byte."""
    grace: float = 60.0
    """Seconds after which an answer must be as fast as ``rate``."""
    rate: int = 2048
    """Bytes a second, on the average: a server that drips holds nobody for ever."""
    tries: int = 5
    redirects: int = 5
    first_wait: float = 1.0
    """Seconds before the second try; twice as long before each next one."""
    most_wait: float = 300.0
    """Seconds; a server that asks for a longer pause is left for the next update."""


class Answer(NamedTuple):
    """An answer whose body has not been read yet."""

    address: str
    """Where it came from in the end."""
    status: int
    headers: Mapping[str, str]
    """Their names in small letters."""
    chunks: Iterator[bytes]
    """Its body. Raises ``Passing`` when it is cut off or too slow."""


_Result = TypeVar("_Result")
Contexts = Callable[[str], "SSLContext | None"]
"""The TLS of a host with its port, as it stands in an address; ``None`` for the usual one."""


def usual(_host: str) -> None:
    """No host has a TLS of its own."""


class Client:
    """Fetches. Threads may share one."""

    def __init__(
        self,
        mirrors: Mirrors = Mirrors(),  # noqa: B008 - immutable
        limits: Limits = Limits(),  # noqa: B008 - immutable
        *,
        contexts: Contexts = usual,
        wait: Callable[[float], object] | None = None,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._mirrors = mirrors
        self._limits = limits
        self._contexts = contexts
        self._stopped = Event()
        self._wait = self._stopped.wait if wait is None else wait
        self._now = now
        self._wall = wall
        self._openers: dict[str, OpenerDirector] = {}
        self._unreachable: dict[str, str] = {}

    def stop(self) -> None:
        """Let nobody wait any more, whichever thread it is: the person wants an end."""
        self._stopped.set()

    def pause(self, seconds: float) -> None:
        """Wait, where a source wants few requests."""
        self._wait(seconds)

    def wall(self) -> float:
        """Seconds since 1970."""
        return self._wall()

    def get(self, address: str, limit: int, headers: Mapping[str, str] = {}) -> bytes:
        """The body of an answer. Raises ``FetchError``."""

        def read(answer: Answer) -> bytes:
            accepted(answer)
            parts = []
            size = 0
            for chunk in answer.chunks:
                size += len(chunk)
                check_size(address, size, limit)
                parts.append(chunk)
            return b"".join(parts)

        return self.attempt(address, read, headers)

    def lines(
        self, address: str, limit: int, wanted: Callable[[str], bool], most: int = 0
    ) -> list[str]:
        """Lines from the top of an answer, until one is not wanted; the rest is not fetched.

        No more than ``most``, where that is not 0. Raises ``FetchError``.
        """

        def read(answer: Answer) -> list[str]:
            accepted(answer)
            found: list[str] = []
            rest = b""
            size = 0
            for chunk in answer.chunks:
                size += len(chunk)
                check_size(address, size, limit)
                *whole, rest = (rest + chunk).split(b"\n")
                for each in whole:
                    line = each.decode("utf-8", "replace").strip()
                    if not line:
                        continue
                    if not wanted(line) or (most and len(found) >= most):
                        return found
                    found.append(line)
            last = rest.decode("utf-8", "replace").strip()
            return [*found, last] if last and wanted(last) else found

        return self.attempt(address, read)

    def attempt(
        self,
        address: str,
        read: Callable[[Answer], _Result],
        headers: Mapping[str, str] = {},
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> _Result:
        """What ``read`` makes of an answer; asked again, with longer pauses, while that may help.

        ``read`` is called once for each try and may raise ``Passing``. Raises ``FetchError``.
        """
        return self.attempt_each(address, lambda: headers, read, method=method, body=body)

    def attempt_each(
        self,
        address: str,
        headers: Callable[[], Mapping[str, str]],
        read: Callable[[Answer], _Result],
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> _Result:
        """As ``attempt``, with headers that are made anew for each try."""
        for number in range(1, self._limits.tries + 1):
            try:
                with self.once(address, headers(), method=method, body=body) as answer:
                    return read(answer)
            except Passing as problem:
                self.give_up_or_wait(address, problem, number)
        raise AssertionError  # the last try has raised

    @contextmanager
    def once(
        self,
        address: str,
        headers: Mapping[str, str] = {},
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> Iterator[Answer]:
        """One try, redirects followed: an answer whose body can be read inside of ``with``.

        Raises ``Passing`` for what may be over at the next try, ``FetchError`` for what will not.
        """
        target = self._mirrors.of(address)
        host = _parts(address, target).netloc
        if host in self._unreachable:
            raise FetchError(
                f"{address}: {self._unreachable[host]}; try again later", 0, "unreachable"
            )
        with self._answer(address, target, headers, method, body) as answer:
            check_status(answer.status, answer.headers)
            yield answer

    def give_up_or_wait(self, address: str, problem: Passing, number: int) -> None:
        """Wait before another try, or raise ``FetchError`` where there is none after so many."""
        limits = self._limits
        if number >= limits.tries or self._stopped.is_set():
            unreachable = isinstance(problem, _Unreachable)
            if unreachable:
                host = _parts(address, self._mirrors.of(address)).netloc
                self._unreachable[host] = str(problem)
            tries = f" ({number} tries)" if number > 1 else ""
            raise FetchError(
                f"{address}: {problem}{tries}; try again later",
                problem.status,
                "unreachable" if unreachable else "",
            )
        if problem.after > limits.most_wait:
            raise FetchError(
                f"{address}: {problem}, and asks to wait {problem.after:.0f} seconds; "
                "try again then",
                problem.status,
            )
        self._wait(problem.after or limits.first_wait * 2 ** (number - 1))

    @contextmanager
    def _answer(
        self, address: str, target: str, headers: Mapping[str, str], method: str, body: bytes | None
    ) -> Iterator[Answer]:
        """An answer, redirects followed."""
        sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", "Accept": "*/*", **headers}
        for _ in range(self._limits.redirects + 1):
            started = self._now()
            response = self._open(address, target, sent, method, body)
            with response:
                waited = self._now() - started
                found = _headers(response)
                onward = found.get("location", "")
                if response.status not in _REDIRECTS or not onward:
                    chunks = self._chunks(response, found, waited)
                    yield Answer(
                        target, response.status, found, chunks if method != "HEAD" else iter(())
                    )
                    return
            target, before = _joined(address, target, onward), target
            _check_redirect(address, before, target, method)
            if urlsplit(before).netloc != urlsplit(target).netloc:
                sent = {key: value for key, value in sent.items() if key.lower() not in _SECRETS}
        raise FetchError(
            f"{address}: it was redirected more than {self._limits.redirects} times; "
            "see whether the address is right",
            0,
            "redirect",
        )

    def _opener(self, parts: SplitResult) -> OpenerDirector:
        """The handlers that are needed: no files, no FTP, and redirects are ours."""
        encrypted = parts.scheme == "https"
        context = self._contexts(parts.netloc) if encrypted else None
        direct = _is_here(parts.hostname or "")
        key = f"{parts.scheme} {direct}" if context is None else parts.netloc
        if key not in self._openers:
            opener = OpenerDirector()
            opener.add_handler(ProxyHandler({} if direct else None))
            opener.add_handler(_tls(context) if encrypted else HTTPHandler())
            self._openers[key] = opener
        return self._openers[key]

    def _open(
        self, address: str, target: str, headers: Mapping[str, str], method: str, body: bytes | None
    ) -> HTTPResponse:
        try:
            request = Request(target, body, dict(headers), method=method)  # noqa: S310 - the opener knows http and https only
            response = self._opener(urlsplit(target)).open(request, timeout=self._limits.patience)
        except TimeoutError:
            raise _Unreachable(f"no answer came for {self._limits.patience:g} seconds") from None
        except URLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error.reason):
                raise FetchError(
                    f"{address}: its certificate is not trusted: {error.reason}; if a proxy of "
                    "yours made it, name its authority's file with SSL_CERT_FILE",
                    0,
                    "untrusted",
                ) from None
            raise _Unreachable(f"it cannot be reached: {_reason(error.reason)}") from None
        except ValueError as error:
            raise FetchError(f"{address}: it is no address: {error}; see --mirror") from None
        except (HTTPException, OSError) as error:
            raise Passing(f"the connection broke: {_reason(error)}") from None
        if not isinstance(response, HTTPResponse):
            raise FetchError(f"{target}: it is neither http nor https; see whether it is right")
        return response

    def _chunks(
        self, response: HTTPResponse, headers: Mapping[str, str], waited: float
    ) -> Iterator[bytes]:
        limits = self._limits
        announced = headers.get("content-length", "")
        whole = int(announced[:18]) if announced.isdecimal() else -1
        size = 0
        while size != whole:  # not to the end of the connection: some servers keep it open
            asked = self._now()
            try:
                # Not read(): it waits for the whole piece, so a server that drips would hold it.
                chunk = response.read1(CHUNK)
            except TimeoutError:
                raise Passing(f"no byte came for {limits.patience:g} seconds") from None
            except (HTTPException, OSError, ValueError) as error:
                raise Passing(f"the connection broke: {_reason(error)}") from None
            if not chunk:
                break
            size += len(chunk)
            waited += self._now() - asked  # what the reader does between is not the server's fault
            if waited > limits.grace and size < waited * limits.rate:
                raise Passing(f"only {size} bytes came in {waited:.0f} seconds")
            yield chunk
        if size < whole:
            raise Passing(f"it ended after {size} of {whole} bytes")


class _Unreachable(Passing):
    """The host gave no answer at all; the next address there will not either."""


_SECRETS = {"apikey", "authorization"}


def accepted(answer: Answer) -> None:
    """See that an answer is the whole of what was asked for. Raises ``FetchError``."""
    if answer.status != 200:
        raise FetchError(
            f"{answer.address}: the server answered {answer.status}; see whether the address is "
            "right",
            answer.status,
        )


def check_size(address: str, size: int, limit: int) -> None:
    """Raises ``FetchError`` beyond a limit of bytes."""
    if size > limit:
        told = f"{limit >> 20} MB" if limit >> 20 else f"{limit} bytes"
        raise FetchError(f"{address}: it is larger than {told}; see whether it is right")


def _parts(address: str, target: str) -> SplitResult:
    try:
        return urlsplit(target)
    except ValueError as error:
        raise FetchError(f"{address}: {target!r} is no address: {error}; give a mirror") from None


def _joined(address: str, base: str, onward: str) -> str:
    try:
        return urljoin(base, onward)
    except ValueError as error:
        raise FetchError(
            f"{address}: it is redirected to {onward.partition('?')[0]!r}, which is no address: "
            f"{error}; see whether the address is right"
        ) from None


def _check_redirect(address: str, before: str, after: str, method: str) -> None:
    parts = _parts(address, after)
    scheme = parts.scheme
    # Without what may be a signature.
    shown = f"{scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if method not in {"GET", "HEAD"}:
        raise FetchError(
            f"{address}: a {method} is redirected to {shown}; see whether the address is right",
            0,
            "redirect",
        )
    if scheme not in {"https", "http"}:
        raise FetchError(
            f"{address}: it is redirected to {shown}, which is neither http nor https; "
            "see whether the address is right",
            0,
            "redirect",
        )
    if urlsplit(before).scheme == "https" and scheme != "https":
        raise FetchError(
            f"{address}: it is redirected to {shown}, which is not encrypted; "
            "give a mirror that is with --mirror",
            0,
            "redirect",
        )


def _headers(response: HTTPResponse) -> dict[str, str]:
    """Headers by their names in small letters; of one that comes again and is no list, the last."""
    found: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        before = found.get(key) if key in _LISTS else None
        found[key] = f"{before}, {value}" if before else value
    return found


def _is_here(host: str) -> bool:
    """Whether a host is this machine: no proxy leads to it (as in Go's ``net/http``)."""
    return host in ("localhost", "::1") or host.startswith("127.")


def _tls(context: "SSLContext | None") -> HTTPSHandler:
    import ssl  # noqa: PLC0415 - it reads all certificates of the system

    return HTTPSHandler(context=context or ssl.create_default_context())


def _reason(error: object) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
