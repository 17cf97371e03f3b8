"""The certificate that a gateway presents to the outside, and its key, as its proxy gets them.

Whoever runs the mesh has them in two files, and replaces them now and then, one after the other.
The proxy gets copies that belong together, named in a file that it watches.
"""

import contextlib
import json
import os

from seawall.mesh.hosting.errors import HostError
from seawall.mesh.proxies.names import GATEWAY_CERTIFICATE, TYPES, any_of


class Presented:
    """A certificate with its key."""

    def __init__(self, certificate: str, key: str, secret: str, user: int) -> None:
        """``secret`` is the file that the proxy watches, ``user`` its own."""
        self._files = (certificate, key)
        self._secret = secret
        self._user = user
        self._seen: tuple[float, ...] = ()

    def bring(self) -> bool:
        """Give them to the proxy, if they are others than before; whether they replace others.

        Raises:
            HostError: there never was a pair that fits. Later it goes on with what it has, since
                the other file may come yet.
        """
        try:
            seen = tuple(os.stat(path).st_mtime_ns / 1e9 for path in self._files)
            if seen == self._seen:
                return False
            first = not self._seen
            data = [_read(path) for path in self._files]
            _check_pair(*self._files)
        except (OSError, ValueError) as error:
            if self._seen:
                return False
            raise HostError(
                f"{self._files[0]} with {self._files[1]}: {error}; name files with a certificate "
                "chain in PEM form and the key that it is for, without a passphrase"
            ) from None
        self._seen = seen
        place = os.path.dirname(self._secret)
        names = [os.path.join(place, name) for name in ("certificate.pem", "key.pem")]
        for path, content in zip(names, data, strict=True):
            _replace(path, content, self._user)
        self._write([_resource(*names)])
        return not first

    def begin_without(self) -> None:
        """Let the proxy wait for a certificate that is not there yet."""
        self._write([])

    def _write(self, resources: list[object]) -> None:
        _replace(self._secret, json.dumps({"resources": resources}).encode(), self._user)


def _resource(certificate: str, key: str) -> dict[str, object]:
    own = {"certificate_chain": {"filename": certificate}, "private_key": {"filename": key}}
    return any_of(TYPES["secret"], name=GATEWAY_CERTIFICATE, tls_certificate=own)


def _check_pair(certificate: str, key: str) -> None:
    """Raise where a key is not that of a certificate."""
    import ssl  # noqa: PLC0415 - only for a gateway with TLS

    def refuse() -> str:
        raise ValueError("the key has a passphrase")

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, refuse)


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read(1024 * 1024)


def _replace(path: str, content: bytes, user: int) -> None:
    """Write a file for one user alone, all at once."""
    new = f"{path}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        os.fchown(descriptor, user, user)
    os.rename(new, path)
