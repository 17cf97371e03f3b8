"""One registry: requests with the right scheme, login and patience, and what the answers mean.

Requests follow the OCI distribution specification 1.1 and Docker's API v2, which it grew out of.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from seawall.core.redacted import Redacted
from seawall.sources.http.client import Answer, Client, FetchError
from seawall.sources.http.statuses import Passing
from seawall.sources.images.manifests import DIGEST, INDEXES, MANIFESTS, MAX_SIZE, SCHEMA_1
from seawall.sources.images.registry.authorization import Authorizer, Scope
from seawall.sources.images.registry.credentials import Credentials
from seawall.sources.images.registry.descriptors import Manifest, manifest
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.hosts import address_of, is_host, is_loopback
from seawall.sources.images.registry.refusals import refused, translated

ACCEPT = ", ".join((*INDEXES, *MANIFESTS, *(f"{kind};q=0.1" for kind in SCHEMA_1)))
"""Old manifests are asked for last, so that they can be refused with a word."""
_Result = TypeVar("_Result")


class Wanted(NamedTuple):
    """What a request is for: it stands in messages, and decides about its token."""

    name: str
    """The image."""
    scope: Scope
    missing: str = ""
    """What a 404 means; empty for an image that is not there."""


class Registry:
    """One registry, as a reference names it. Threads may share one."""

    def __init__(
        self, name: str, client: Client, credentials: Credentials, *, insecure: bool = False
    ) -> None:
        if not is_host(name):
            raise RegistryError(
                f"{name[:80]!r} is no name of a registry; give one such as registry.example.org",
                kind="refused",
            )
        self.name = name
        self._client = client
        self._credentials = credentials
        self._insecure = insecure
        self._host = address_of(name)
        self._lock = Lock()
        self._base = ""
        self._authorizer: Authorizer | None = None

    def manifest(self, repository: str, reference: str) -> Manifest:
        """The manifest or index of a tag or digest. Raises ``RegistryError``."""
        by_digest = DIGEST.fullmatch(reference) is not None
        name = f"{self.name}/{repository}{'@' if by_digest else ':'}{reference}"
        path = f"/v2/{repository}/manifests/{reference}"
        data, headers = self.get(path, Wanted(name, Scope(repository)), MAX_SIZE, ACCEPT)
        told = headers.get("docker-content-digest", "")
        kind = headers.get("content-type", "")
        return manifest(data, kind, told, reference if by_digest else "", name)

    def digest(self, repository: str, tag: str) -> str:
        """The digest of a tag, without its manifest where the registry tells it (HEAD)."""
        wanted = Wanted(f"{self.name}/{repository}:{tag}", Scope(repository))
        path = f"/v2/{repository}/manifests/{tag}"

        def read(answer: Answer) -> str:
            told = answer.headers.get("docker-content-digest", "")
            return told if DIGEST.fullmatch(told) else ""

        try:
            told = self.asked(path, wanted, read, {"Accept": ACCEPT}, method="HEAD")
        except RegistryError as error:
            if error.kind != "not-supported":
                raise
            told = ""
        return told or self.manifest(repository, tag).digest

    def has(self, digest: str, wanted: Wanted) -> bool:
        """Whether a blob is there. Raises ``RegistryError``."""
        return self.asked(
            f"/v2/{wanted.scope.repository}/blobs/{digest}",
            wanted,
            lambda answer: answer.status == 200,
            method="HEAD",
            accepted=(200, 404),
        )

    def get(
        self, path: str, wanted: Wanted, limit: int, accept: str = "*/*"
    ) -> tuple[bytes, Mapping[str, str]]:
        """A whole body, with its headers. Raises ``RegistryError`` beyond a limit of bytes."""

        def read(answer: Answer) -> tuple[bytes, Mapping[str, str]]:
            told = answer.headers.get("content-length", "")
            size = int(told[:18]) if told.isdecimal() else 0
            parts = []
            if size <= limit:
                size = 0
                for chunk in answer.chunks:
                    size += len(chunk)
                    parts.append(chunk)
                    if size > limit:
                        break
            if size > limit:
                raise RegistryError(
                    f"{wanted.name}: the answer is larger than a manifest may be ({limit} bytes); "
                    "report it to who runs the registry",
                    kind="too-large",
                )
            return b"".join(parts), answer.headers

        return self.asked(path, wanted, read, {"Accept": accept})

    def asked(
        self,
        path: str,
        wanted: Wanted,
        read: Callable[[Answer], _Result],
        headers: Mapping[str, str] = {},
        *,
        method: str = "GET",
        body: bytes | None = None,
        accepted: tuple[int, ...] = (200,),
    ) -> _Result:
        """What ``read`` makes of an answer with an accepted status; asked again where that helps.

        ``path`` may be a whole address, as an upload's is. Raises ``RegistryError``.
        """
        address = self._address(path)
        for last in (False, True):
            sent, used = self._headers(address, wanted.scope, headers)

            def looked(answer: Answer) -> _Result | _Challenge:
                if self._is_challenge(answer):
                    return _Challenge(answer.headers.get("www-authenticate", ""))
                if answer.status not in accepted:
                    raise refused(answer, wanted.name, self.name, wanted.missing)
                return read(answer)

            try:
                result = self._client.attempt(address, looked, sent, method=method, body=body)
            except FetchError as error:
                raise translated(error, address, self.name) from None
            if not isinstance(result, _Challenge):
                return result
            self._renew(result.header, wanted.scope, used, last=last)
        raise AssertionError  # the last one has raised

    @contextmanager
    def opened(
        self,
        path: str,
        wanted: Wanted,
        headers: Mapping[str, str] = {},
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> Iterator[Answer]:
        """One answer, whatever its status, to be read inside of ``with``.

        Raises ``Passing`` where another try may help, ``RegistryError`` where it does not.
        """
        address = self._address(path)
        for last in (False, True):
            sent, used = self._headers(address, wanted.scope, headers)
            try:
                with self._client.once(address, sent, method=method, body=body) as answer:
                    if not self._is_challenge(answer):
                        yield answer
                        return
                    challenge = answer.headers.get("www-authenticate", "")
            except FetchError as error:
                raise translated(error, address, self.name) from None
            self._renew(challenge, wanted.scope, used, last=last)

    def give_up_or_wait(self, path: str, problem: Passing, number: int) -> None:
        """Wait before another try, or raise ``RegistryError`` where there is none."""
        address = self._address(path)
        try:
            self._client.give_up_or_wait(address, problem, number)
        except FetchError as error:
            raise translated(error, address, self.name) from None

    def is_own(self, address: str) -> bool:
        """Whether an address is of this registry: no other gets its logins."""
        own, other = urlsplit(self._root()), urlsplit(address)
        return (own.scheme, own.netloc) == (other.scheme, other.netloc)

    def _address(self, path: str) -> str:
        return path if path.startswith(("http://", "https://")) else self._root() + path

    def _headers(
        self, address: str, scope: Scope, headers: Mapping[str, str]
    ) -> tuple[Mapping[str, str], Redacted | None]:
        known = self._login().header(scope) if self.is_own(address) else None
        if known is None:
            return headers, None
        return {**headers, "Authorization": known.reveal()}, known

    def _renew(self, challenge: str, scope: Scope, used: Redacted | None, *, last: bool) -> None:
        """Get another header, once for each request: one that is new and no good ends it."""
        if last:
            raise self._login().wants_login(scope)
        self._login().renewed(challenge, scope, used)

    def _is_challenge(self, answer: Answer) -> bool:
        """Whether the registry itself asks who we are; what storage asks for is none of it."""
        return (
            answer.status == 401
            and "www-authenticate" in answer.headers
            and self.is_own(answer.address)
        )

    def _login(self) -> Authorizer:
        if self._authorizer is None:
            encrypted = self._root().startswith("https://")
            self._authorizer = Authorizer(
                self.name, self._client, self._credentials, encrypted=encrypted
            )
        return self._authorizer

    def _root(self) -> str:
        """The scheme and host. Where encryption is no must, the registry is asked which it is."""
        with self._lock:
            if not self._base:
                local = is_loopback(self._host)
                schemes = ("http", "https") if local else ("https", "http")
                self._base = (
                    self._found(schemes) if local or self._insecure else f"https://{self._host}"
                )
            return self._base

    def _found(self, schemes: tuple[str, ...]) -> str:
        problems: list[str] = []
        for scheme in schemes:
            base = f"{scheme}://{self._host}"
            try:
                with self._client.once(f"{base}/v2/") as answer:
                    # What Go's servers say to those who do not encrypt.
                    if not (scheme == "http" and answer.status == 400):
                        return base
                    problems.append("it wants encryption")
            except Passing as problem:
                if problem.status:
                    return base  # an answer, if no good one
                problems.append(f"{scheme}: {problem}")
            except FetchError as error:
                problems.append(str(error).removeprefix(f"{base}/v2/: ").rpartition("; ")[0])
        raise RegistryError(
            f"cannot reach {self.name}: {'; '.join(dict.fromkeys(problems))}; see whether its name "
            "is right, or give an archive of the image instead",
            kind="unreachable",
        )


class _Challenge(NamedTuple):
    header: str
