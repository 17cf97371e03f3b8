"""Signatures of Debian's and Ubuntu's archives: OpenPGP, checked by ``gpgv``.

``gpgv`` is what apt itself asks (apt-secure(8)). Python's standard library checks no such
signature, and one written here would be no sound one. What is taken of a signed text is what gpgv
says was signed, never the text around it. As apt does, signatures over SHA-1 and MD5 are refused.
"""

import os
import subprocess
from base64 import b64decode
from collections.abc import Sequence
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.core.lazy import pattern
from seawall.patching.errors import DISTRUST, PackageError

_PATIENCE = 60.0
_ARMOUR = pattern(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(.*?)-----END PGP PUBLIC KEY BLOCK-----", 16
)
_WEAK = {"1": "MD5", "2": "SHA-1", "3": "RIPE-MD/160"}
"""Hash algorithms by their numbers (RFC 4880, section 9.4)."""
_VERDICTS = frozenset(("GOODSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG"))
"""What gpgv says of each signature, before VALIDSIG (GnuPG's doc/DETAILS)."""
_TROUBLES = {
    "BADSIG": "its signature does not match its content",
    "EXPSIG": "its signature has expired",
    "EXPKEYSIG": "the key that signed it has expired",
    "REVKEYSIG": "the key that signed it was revoked",
    "ERRSIG": "its signature cannot be checked",
    "NO_PUBKEY": "none of the keys has signed it",
    "NODATA": "it holds no signature",
}


class Keyring(NamedTuple):
    """Public keys, and where they are from."""

    name: str
    data: bytes


class Signed(NamedTuple):
    """What was signed, and by which key."""

    data: bytes
    fingerprint: str


def program() -> str | None:
    """Where ``gpgv`` is; ``None`` where it is not installed."""
    from shutil import which  # noqa: PLC0415 - only where something is verified

    return which("gpgv")


def verified(
    name: str, data: bytes, signature: bytes | None, keyrings: Sequence[Keyring]
) -> Signed:
    """What of ``data`` is signed by one of some keys.

    ``signature`` is that beside it (``Release.gpg``); ``None`` where it is within (``InRelease``).
    Raises ``InputError`` where it is not signed so, or that cannot be told.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - as above

    gpgv = program()
    if gpgv is None:
        raise InputError(f"{name}: its signature cannot be checked: install gpgv")
    if not keyrings:
        raise InputError(f"{name}: there are no keys to check it with; name some with --keyring")
    with TemporaryDirectory(prefix="seawall-") as directory:
        words = [gpgv, "--homedir", directory, "--status-fd", "1", "--quiet"]
        for number, keyring in enumerate(keyrings):
            words += ["--keyring", _file(directory, f"keys-{number}", _binary(keyring.data))]
        out = os.path.join(directory, "signed")
        signed = _file(directory, "data", data)
        if signature is None:
            words += ["--output", out, signed]
        else:
            words += [_file(directory, "signature", signature), signed]
        fingerprint = _good(name, _run(words, directory, name))
        if signature is not None:
            return Signed(data, fingerprint)
        with open(out, "rb") as file:
            return Signed(file.read(), fingerprint)


def _file(directory: str, name: str, data: bytes) -> str:
    path = os.path.join(directory, name)
    with open(path, "xb") as file:
        file.write(data)
    return path


def _binary(data: bytes) -> bytes:
    """Keys without ASCII armour (RFC 4880, section 6.2), which gpgv does not read."""
    blocks = _ARMOUR.findall(data)
    if not blocks:
        return data
    made = []
    for block in blocks:
        _, _, body = block.replace(b"\r\n", b"\n").partition(b"\n\n")
        lines = [line.strip() for line in (body or block).split(b"\n")]
        text = b"".join(
            line for line in lines if line and not line.startswith(b"=") and b":" not in line
        )
        try:
            made.append(b64decode(text, validate=True))
        except ValueError:
            continue
    return b"".join(made)


def _run(words: Sequence[str], directory: str, name: str) -> str:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": directory}
    try:
        done = subprocess.run(  # noqa: S603 - an absolute path, a list, no shell
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False,
            env=environment,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{name}: gpgv gave no answer: {error}; run it by hand") from None
    return done.stdout.decode("utf-8", "replace")


def _good(name: str, status: str) -> str:
    """The fingerprint of the key of a good signature. Raises ``PackageError``."""
    words = [line.split()[1:] for line in status.splitlines() if line.startswith("[GNUPG:] ")]
    said = {each[0] for each in words if each}
    if "BADSIG" in said:
        raise PackageError(name, _TROUBLES["BADSIG"], DISTRUST)
    last, weak = "", ""
    for each in words:
        if each and each[0] in _VERDICTS:
            last = each[0]
        elif each and each[0] == "VALIDSIG" and last == "GOODSIG" and len(each) >= 9:
            if each[8] not in _WEAK:
                return each[1]
            weak = _WEAK[each[8]]
    if weak:
        raise PackageError(name, f"its signature is over {weak}, which is weak", DISTRUST)
    for trouble, reason in _TROUBLES.items():
        if trouble in said and trouble != "ERRSIG":
            raise PackageError(name, reason, "name the keys of its archive with --keyring, or "
                               "see whether the mirror is what it says")  # fmt: skip
    raise PackageError(name, "its signature cannot be checked", DISTRUST)
