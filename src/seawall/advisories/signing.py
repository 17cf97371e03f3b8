"""Signatures of files by OpenSSH: ``ssh-keygen -Y``, on nearly every machine, keys of any kind.

Python's standard library can check no signature, and one written here would be no sound one. The
namespace keeps a signature for something else from standing for one of a database (sshsig,
OpenSSH's PROTOCOL.sshsig).
"""

import os
import subprocess

from seawall.core.errors import UsageError

NAMESPACE = "seawall-db"
SUFFIX = ".sig"
_PATIENCE = 60
"""Seconds; a key may ask for its passphrase at the terminal."""


def sign(path: str, key: str) -> str:
    """Sign a file with a private key; gives the path of the signature."""
    signature = path + SUFFIX
    if os.path.exists(signature):
        os.unlink(signature)
    _run(["-Y", "sign", "-q", "-f", key, "-n", NAMESPACE, path], f"{path} cannot be signed")
    return signature


def verify(path: str, signers: str) -> str:
    """Check the signature beside a file; gives who made it.

    ``signers`` is a file of allowed signers (ssh-keygen(1)). Raises ``UsageError`` unless one of
    them has signed just these bytes.
    """
    signature = path + SUFFIX
    for needed in (signature, signers):
        if not os.path.isfile(needed):
            raise UsageError(f"{path} cannot be verified: there is no file {needed}; fetch it, too")
    found = _run(
        ["-Y", "find-principals", "-s", signature, "-f", signers],
        f"{path}: none of the signers in {signers} has signed it; fetch it from who should have",
    ).splitlines()
    if not found:
        raise UsageError(
            f"{path}: none of the signers in {signers} has signed it; fetch it from who should have"
        )
    with open(path, "rb") as stream:
        _run(
            ["-Y", "verify", "-f", signers, "-I", found[0], "-n", NAMESPACE, "-s", signature],
            f"{path}: its signature does not hold",
            stream.fileno(),
        )
    return found[0]


def _run(arguments: list[str], problem: str, stdin: int | None = None) -> str:
    from shutil import which  # noqa: PLC0415 - only where something is signed

    program = which("ssh-keygen")
    if program is None:
        raise UsageError(f"{problem}: ssh-keygen is needed; install OpenSSH")
    try:
        result = subprocess.run(  # noqa: S603 - an absolute path, a list, no shell
            [program, *arguments], stdin=stdin, capture_output=True, text=True,
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except OSError as error:
        raise UsageError(
            f"{problem}: ssh-keygen cannot be run: {error.strerror}; install OpenSSH"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{problem}: ssh-keygen gave no answer; run it by hand") from error
    if result.returncode:
        told = (result.stderr or result.stdout).strip().splitlines()
        raise UsageError(f"{problem}: {told[-1] if told else 'ssh-keygen failed'}")
    return result.stdout
