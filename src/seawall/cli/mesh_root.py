"""``seawall mesh ca init|request|sign|install``: a root that lives elsewhere."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from seawall.cli.arguments import Parser
from seawall.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from seawall.mesh.authority.authority import Authority
    from seawall.mesh.hosting.layout import Layout

_LARGEST = 1024 * 1024


def add_arguments(ca: Parser) -> None:
    """The options of these."""
    ca.add_argument("--offline", action="store_true", help="init: the root's key stays elsewhere")
    ca.add_argument(
        "--root-file", metavar="FILE", default="root.pem", help="the root (default: %(default)s)"
    )
    ca.add_argument(
        "--key-file", metavar="FILE", default="root.p12",
        help="init, sign: the same with its key, under a passphrase (default: %(default)s)",
    )  # fmt: skip
    ca.add_argument(
        "--passphrase-file", metavar="FILE",
        help="init, sign: the passphrase, in its first line (default: it is asked for)",
    )  # fmt: skip
    ca.add_argument(
        "--days", type=int, metavar="DAYS",
        help="init, sign: how long it is to hold (default: 1825, 90)",
    )  # fmt: skip


def apart(options: argparse.Namespace) -> int:
    """What is done where the root's key is: make it, or sign with it; gives the exit code."""
    import time  # noqa: PLC0415 - only here

    from seawall.mesh.authority import ceremony  # noqa: PLC0415 - the extra

    now = int(time.time())
    if options.what == "sign":
        days = _days(options, ceremony.INTERMEDIATE_DAYS)
        request = _read(options.mesh)
        passphrase = _passphrase(options, again=False)
        root = ceremony.opened(_read(options.key_file), passphrase)
        sys.stdout.write(ceremony.sign(root, request, days, now).decode())
        return 0
    from seawall.mesh.identity.spiffe_id import trust_domain  # noqa: PLC0415

    if not options.offline:
        raise UsageError(
            "a mesh makes its own root when it comes up: say --offline for one that stays elsewhere"
        )
    name = trust_domain(options.mesh)
    for path in (options.root_file, options.key_file):
        if os.path.exists(path):
            raise UsageError(f"{path} exists: name another file, a root is never overwritten")
    passphrase = _passphrase(options, again=True)
    made = ceremony.make(name, passphrase, _days(options, ceremony.ROOT_DAYS), now)
    _write(options.key_file, made.key, 0o600)
    _write(options.root_file, made.certificate, 0o644)
    sys.stdout.write(
        f"{options.root_file} is for everybody; {options.key_file} stays here, and a copy of it "
        "elsewhere\n"
    )
    return 0


def at_mesh(options: argparse.Namespace, layout: "Layout") -> int:
    """What is done at the mesh, whether it is up or not; gives the exit code."""
    if options.what == "request":
        return _request(layout)
    if not options.about:
        raise UsageError("no chain to install: name the file that seawall mesh ca sign wrote")
    return _install(layout, _read(options.about), _read(options.root_file))


def _request(layout: "Layout") -> int:
    from seawall.mesh.authority import external  # noqa: PLC0415 - the extra
    from seawall.mesh.control.operating import ask  # noqa: PLC0415

    if os.path.exists(layout.operator):
        sys.stdout.write(ask(layout.operator, "Request")["request"])
        return 0

    def write(authority: "Authority") -> None:
        sys.stdout.write(external.request_of(authority).decode())
        sys.stdout.flush()

    _at_store(layout, write)
    return 0


def _install(layout: "Layout", chain: bytes, bundle: bytes) -> int:
    from seawall.mesh.authority import external  # noqa: PLC0415 - the extra
    from seawall.mesh.authority.upstream import Signed  # noqa: PLC0415
    from seawall.mesh.control.operating import ask  # noqa: PLC0415
    from seawall.mesh.identity.certificates import from_pem  # noqa: PLC0415

    signed = Signed(tuple(from_pem(chain)), tuple(from_pem(bundle)))
    if os.path.exists(layout.operator):
        ask(layout.operator, "Install", chain=chain.decode(), bundle=bundle.decode())
    else:
        _at_store(layout, lambda authority: external.install(authority, signed))
    sys.stdout.write("installed\n")
    return 0


def _at_store(layout: "Layout", act: "Callable[[Authority], None]") -> None:
    """Do something with the authority of a mesh that is not up, as the user that it belongs to."""
    from seawall.mesh.control.process import authority_in  # noqa: PLC0415 - the extra
    from seawall.mesh.hosting.privileges import as_user  # noqa: PLC0415
    from seawall.mesh.hosting.running import check_host  # noqa: PLC0415

    check_host()

    def acting() -> None:
        os.umask(0o077)
        act(authority_in(layout.state, 0))

    try:
        user = os.stat(layout.state).st_uid  # each mesh of a host has users of its own
    except OSError as error:
        raise InputError(f"{layout.state}: {error.strerror}; see that its name is right") from None
    as_user(user, acting)


def _days(options: argparse.Namespace, usual: int) -> int:
    days: int = usual if options.days is None else options.days
    if not 0 < days <= 36_500:
        raise UsageError(f"{days} days: give a number from 1 to 36500")
    return days


def _passphrase(options: argparse.Namespace, *, again: bool) -> bytes:
    if options.passphrase_file:
        return _read(options.passphrase_file).partition(b"\n")[0].rstrip(b"\r")
    from getpass import getpass  # noqa: PLC0415 - only here

    text = getpass("passphrase of the root's key: ")
    if again and getpass("the same again: ") != text:
        raise UsageError("the two are not the same: give it twice")
    return text.encode()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read(_LARGEST)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name a file that can be read") from None


def _write(path: str, data: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name one that can be written") from None
