"""Headers that answer a registry's challenge: Basic, or a token of the service that it names.

Tokens are those of the distribution project (docs/spec/auth/token and oauth): a registry answers
401 with the realm, service and scope to ask for; with the token it answers, until that has run out.
A login goes to the registry that it is for and to the service which that names, and nowhere else.
"""

from base64 import b64encode
from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from seawall.core.errors import InputError
from seawall.core.redacted import Redacted
from seawall.sources.http.client import Answer, Client, FetchError, check_size
from seawall.sources.images.manifests import parsed
from seawall.sources.images.registry.challenges import Challenge, challenges
from seawall.sources.images.registry.credentials import Credentials, Login
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.refusals import translated

MAX_ANSWER = 1 << 20
"""Bytes of a token with what is around it."""
_CLIENT = "seawall"


class Scope(NamedTuple):
    """What a request does, and to what."""

    repository: str
    actions: str = "pull"
    others: tuple[str, ...] = ()
    """Repositories that are read beside it: those from which layers are mounted."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The scopes as a token service has them."""
        return (
            f"repository:{self.repository}:{self.actions}",
            *(f"repository:{other}:pull" for other in self.others),
        )


class Authorizer:
    """The headers for one registry. Threads may share one."""

    def __init__(
        self, registry: str, client: Client, credentials: Credentials, *, encrypted: bool
    ) -> None:
        self._registry = registry
        self._client = client
        self._credentials = credentials
        self._encrypted = encrypted
        self._known: dict[Scope, Redacted] = {}
        self._lock = Lock()

    def header(self, scope: Scope) -> Redacted | None:
        """What was right the last time; ``None`` at first."""
        return self._known.get(scope)

    def renewed(self, asked: str, scope: Scope, used: Redacted | None) -> Redacted:
        """A header that answers a challenge, after ``used`` was none (any more).

        Raises ``RegistryError`` where there is no login, or the service refuses it.
        """
        with self._lock:
            known = self._known.get(scope)
            if known is not None and known != used:
                return known  # another thread was quicker
            self._known.pop(scope, None)
            made = self._made(asked, scope, used)
            self._known[scope] = made
            return made

    def wants_login(self, scope: Scope) -> RegistryError:
        """What is said where a login is missing, wrong or not enough."""
        login = self._credentials.of(self._registry, scope.repository)
        host = self._registry
        name = f"{host}/{scope.repository}"
        faults = "".join(f" ({fault})" for fault in dict.fromkeys(self._credentials.faults))
        if login is not None:
            reason = f"{host} refuses the login of {login.user[:60]!r}{faults}"
        else:
            reason = f"{host} wants a login, or has no such repository{faults}"
        return RegistryError(
            f"{name}: {reason}; see whether the name is right, or run docker login {host}",
            kind="not-allowed",
        )

    def _made(self, asked: str, scope: Scope, used: Redacted | None) -> Redacted:
        offered = {each.scheme: each for each in reversed(challenges(asked))}
        login = self._credentials.of(self._registry, scope.repository)
        if login is not None and login.kind == "bearer" and used is None and "bearer" in offered:
            return Redacted(f"Bearer {_printable(login.secret.reveal(), self._registry)}")
        if "bearer" in offered:
            return self._token(offered["bearer"], scope, login)
        if "basic" in offered:
            if login is None or login.kind != "password" or used is not None:
                raise self.wants_login(scope)
            return _basic(login)
        raise RegistryError(
            f"{self._registry}: asks in a way that is not known: {asked[:80]!r}"
            "; name the image by its digest, or give a layout",
            kind="not-supported",
        )

    def _token(self, challenge: Challenge, scope: Scope, login: Login | None) -> Redacted:
        realm = challenge.parameters.get("realm", "")
        self._check_realm(realm, login)
        told = challenge.parameters.get("scope", "")
        texts = list(dict.fromkeys([told or scope.texts[0], *scope.texts[1:]]))
        fields = [("service", challenge.parameters.get("service", ""))]
        body, headers = None, {}
        if login is not None and login.kind == "identity":
            fields += [("grant_type", "refresh_token"), ("client_id", _CLIENT),
                       ("refresh_token", login.secret.reveal()),
                       ("scope", " ".join(texts))]  # fmt: skip
            body = urlencode(fields).encode("ascii")
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            address = realm
        else:
            fields += [("scope", text) for text in texts]
            if login is not None and login.kind == "password":
                headers["Authorization"] = _basic(login).reveal()
                fields.append(("account", login.user))
            address = f"{realm}{'&' if '?' in realm else '?'}{urlencode(fields)}"
        answer = self._asked(address, realm, headers, body, scope)
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str):
            raise RegistryError(
                f"{realm}: gave no token; report it to who runs the registry", kind="not-supported"
            )
        return Redacted(f"Bearer {_printable(token, realm)}")

    def _check_realm(self, realm: str, login: Login | None) -> None:
        try:
            parts = urlsplit(realm)
            usable = (
                parts.scheme in ("https", "http")
                and bool(parts.hostname)
                and "@" not in parts.netloc
            )
        except ValueError:
            parts, usable = urlsplit(""), False
        if not usable or not realm.isascii() or not realm.isprintable() or " " in realm:
            raise RegistryError(
                f"{self._registry}: names {realm[:80]!r} as its token service, which is no address"
                "; report it to who runs the registry",
                kind="not-supported",
            )
        if login is not None and parts.scheme == "http" and self._encrypted:
            raise RegistryError(
                f"{self._registry}: sends credentials to {realm[:80]!r} in clear: refused"
                "; report it to who runs the registry",
                kind="refused",
            )

    def _asked(
        self, address: str, realm: str, headers: Mapping[str, str], body: bytes | None, scope: Scope
    ) -> Mapping[str, object]:
        def read(answer: Answer) -> bytes:
            if answer.status in (400, 401, 403):
                raise self.wants_login(scope)
            if answer.status != 200:
                raise RegistryError(
                    f"{realm}: the token service answered {answer.status}; try again later",
                    kind="unavailable",
                )
            size, parts = 0, []
            for chunk in answer.chunks:
                size += len(chunk)
                check_size(realm, size, MAX_ANSWER)
                parts.append(chunk)
            return b"".join(parts)

        try:
            data = self._client.attempt(
                address, read, headers, method="GET" if body is None else "POST", body=body
            )
            return parsed(data, f"the token of {realm}")
        except FetchError as error:
            raise translated(error, address, realm) from None
        except RegistryError:
            raise
        except InputError as error:
            raise RegistryError(str(error), kind="not-supported") from None


def _basic(login: Login) -> Redacted:
    """The header of HTTP Basic (RFC 7617)."""
    text = f"{login.user}:{login.secret.reveal()}"
    return Redacted("Basic " + b64encode(text.encode("utf-8")).decode("ascii"))


def _printable(token: str, source: str) -> str:
    """A token that can stand in a header."""
    if not token or not token.isascii() or not token.isprintable() or len(token) > MAX_ANSWER:
        raise RegistryError(
            f"{source}: gave no token that can be sent; report it to who runs the registry",
            kind="not-supported",
        )
    return token
