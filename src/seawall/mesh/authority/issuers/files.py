"""An issuer that is reached by files: a request is put into a directory, somebody puts a chain."""

import os
import secrets
from hashlib import sha256

from seawall.mesh.authority.upstream import PendingError, Signed, UpstreamError
from seawall.mesh.identity import certificates
from seawall.mesh.identity.errors import IdentityError

LARGEST = 1024 * 1024


class Files:
    """``request-ID.csr`` goes out; ``request-ID.pem`` (chain) and ``roots.pem`` come in."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def sign(self, request: bytes, lifetime: int) -> Signed:
        """The chain, once it is there; ``lifetime`` stands in a file beside the request."""
        name = f"request-{sha256(request).hexdigest()[:16]}"
        try:
            self._put(f"{name}.csr", request)
            self._put(f"{name}.seconds", f"{lifetime}\n".encode())
            chain = self._got(f"{name}.pem")
            roots = self._got("roots.pem")
        except OSError as error:
            raise UpstreamError(
                f"{self._directory}: {error.strerror}; the controller's user must be able to write "
                "there"
            ) from None
        if not chain or not roots:
            missing = "roots.pem" if chain else f"{name}.pem"
            raise PendingError(
                f"{self._directory}/{name}.csr waits to be signed: put {missing} beside it"
            )
        try:
            return Signed(tuple(certificates.from_pem(chain)), tuple(certificates.from_pem(roots)))
        except IdentityError as error:
            raise UpstreamError(f"{self._directory}/{name}.pem or roots.pem: {error}") from None

    def _put(self, name: str, data: bytes) -> None:
        """Write a file whole, if it is not there."""
        path = os.path.join(self._directory, name)
        if os.path.exists(path):
            return
        temporary = f"{path}.{secrets.token_hex(4)}"
        with open(temporary, "xb") as stream:
            stream.write(data)
            os.fchmod(stream.fileno(), 0o644)
        os.replace(temporary, path)

    def _got(self, name: str) -> bytes:
        try:
            with open(os.path.join(self._directory, name), "rb") as stream:
                return stream.read(LARGEST)
        except FileNotFoundError:
            return b""
