"""OpenPGP keys of tests, made while they run, and what they sign."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


class Gpg:
    """GnuPG with keys of its own. To be closed: it starts a program that holds them."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self._home = home

    def _run(self, *words: str, data: bytes | None = None) -> bytes:
        done = subprocess.run(
            ["gpg", "--homedir", self._home, "--batch", "--yes", "--quiet", "--pinentry-mode",
             "loopback", "--passphrase", "", *words],
            input=data, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert not done.returncode, done.stderr.decode()
        return done.stdout

    def key(self, name: str, *more: str, expires: str = "0") -> str:
        """A new key; gives its name."""
        self._run(*more, "--quick-generate-key", f"{name} <{name}@example.org>", "ed25519", "sign",
                  expires)  # fmt: skip
        return f"{name}@example.org"

    def public(self, *keys: str, armour: bool = False) -> bytes:
        return self._run(*(["--armor"] if armour else []), "--export", *keys)

    def clear_signed(self, data: bytes, keys: Sequence[str], *more: str) -> bytes:
        """What an InRelease is."""
        return self._run(*more, *_users(keys), "--clearsign", data=data)

    def signature(self, data: bytes, keys: Sequence[str]) -> bytes:
        """What a Release.gpg is."""
        return self._run(*_users(keys), "--armor", "--detach-sign", data=data)

    def close(self) -> None:
        if shutil.which("gpgconf"):
            subprocess.run(["gpgconf", "--homedir", self._home, "--kill", "all"], check=False)


def _users(keys: Sequence[str]) -> list[str]:
    return [word for key in keys for word in ("--local-user", key)]
