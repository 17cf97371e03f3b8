"""Keys of issuers at rest: AES-256-GCM under a key that is kept apart from the store.

What a sealed value is about is authenticated with it, so one cannot stand in for another.
"""

import os
import secrets
import stat

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seawall.mesh.authority.errors import StoreError

KEY_SIZE = 32
_NONCE_SIZE = 12
_CREDENTIAL = "seawall-mesh-key"
"""The name of the sealing key among systemd's credentials (systemd.exec(5), LoadCredential=)."""


class Seal:
    """Encrypts and decrypts with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, data: bytes, about: str) -> bytes:
        """A nonce and the encrypted data."""
        nonce = secrets.token_bytes(_NONCE_SIZE)
        return nonce + self._cipher.encrypt(nonce, data, about.encode())

    def open(self, data: bytes, about: str) -> bytes:
        """The data again; raises :class:`StoreError` where the key or the data is another one."""
        try:
            return self._cipher.decrypt(data[:_NONCE_SIZE], data[_NONCE_SIZE:], about.encode())
        except (InvalidTag, ValueError):
            raise StoreError(
                f"the key of {about} cannot be decrypted: the sealing key is another one, or the "
                "store is damaged; restore both from one backup"
            ) from None


def load(path: str) -> Seal:
    """The seal whose key is in systemd's credentials, else in a file, which is made if missing."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY", "")
    given = os.path.join(directory, _CREDENTIAL) if directory else ""
    if given and os.path.exists(given):
        return Seal(_read(given, is_private=False))
    try:
        _make(path)
    except FileExistsError:
        pass
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; the directory must be writable") from None
    return Seal(_read(path, is_private=True))


def _make(path: str) -> None:
    """A new key; whole or not at all."""
    temporary = f"{path}.{secrets.token_hex(4)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_SIZE))
            stream.flush()
            os.fsync(stream.fileno())
        os.link(temporary, path)  # never over a key that is there
    finally:
        os.unlink(temporary)


def _read(path: str, *, is_private: bool) -> bytes:
    try:
        with open(path, "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            data = stream.read(KEY_SIZE + 1)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; restore the sealing key") from None
    if is_private and stat.S_IMODE(mode) & 0o077:
        raise StoreError(f"{path} can be read by others than its owner: chmod 600 {path}")
    if len(data) != KEY_SIZE:
        raise StoreError(f"{path} is no key of {KEY_SIZE} bytes: restore the sealing key")
    return data
