"""A packed database from an address: one file that others publish, its checksum and signature."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from seawall.advisories import database, signing
from seawall.advisories.store import DatabaseError, Store
from seawall.advisories.update.downloads import Shown, fetch, not_shown
from seawall.advisories.update.switching import Switched, switch
from seawall.core.errors import UsageError
from seawall.core.lazy import pattern
from seawall.sources.http.client import Client, FetchError

MAX_SIZE = 2 << 30
"""Bytes of a packed database."""
_MAX_BESIDE = 1 << 16
_TAKEN = "published.json"
_SHA256 = pattern(r"[0-9a-f]{64}")


def check_address(address: str, *, signed: bool) -> None:
    """Raises ``UsageError`` unless an address is one that can be trusted."""
    if not address.startswith(("https://", "http://")):
        raise UsageError(f"{address!r} is no address; give one that begins with https://")
    if address.startswith("http://") and not signed:
        raise UsageError(
            f"{address}: anybody on the way can change what comes without encryption; "
            "use https, or say with --signers who has to have signed it"
        )


@contextmanager
def fetched(
    address: str,
    path: str,
    *,
    signed: bool,
    client: Client | None = None,
    checksum: str = "",
    shown: Shown = not_shown,
) -> Iterator[str]:
    """A file with what is at an address; what lies beside it there, beside it. Removed at the end.

    ``checksum`` is what lies at ``ADDRESS.sha256``, where that is known already. Raises
    ``FetchError`` when there is none, or no signature where one is wanted: what comes over a
    network is not taken at its word.
    """
    asking = client or Client()
    beside = path + signing.SUFFIX
    try:
        wanted = checksum or _checksum(asking, address)
        with open(f"{path}.sha256", "w", encoding="ascii") as stream:
            stream.write(f"{wanted}  {os.path.basename(path)}\n")
        if signed:
            fetch(asking, address + signing.SUFFIX, beside, limit=_MAX_BESIDE)
        fetch(asking, address, path, checksum=wanted, limit=MAX_SIZE, shown=shown)
        yield path
    finally:
        for each in (path, f"{path}.sha256", beside):
            with suppress(FileNotFoundError):
                os.unlink(each)


def _checksum(client: Client, address: str) -> str:
    words = client.get(f"{address}.sha256", _MAX_BESIDE).decode("ascii", "replace").split()
    if not words or not _SHA256.fullmatch(words[0].lower()):
        raise FetchError(
            f"{address}.sha256: it is not what sha256sum writes; see whether the address is right"
        )
    return words[0].lower()


def take(
    address: str,
    environment: Mapping[str, str],
    client: Client,
    *,
    signers: str | None,
    older: bool,
    shown: Shown,
) -> Switched | None:
    """Put the database that is published at an address in the place of the user's.

    ``None`` when it is there already: a published file is known by its checksum, so that asking
    often costs little. Raises ``FetchError`` and ``UsageError``; then the old one stays.
    """
    from seawall.advisories.update import local  # noqa: PLC0415 - which imports this module

    check_address(address, signed=bool(signers))
    checksum = _checksum(client, address)
    if _is_there(address, checksum, environment, signed=bool(signers)):
        return None

    def make(target: str) -> None:
        with fetched(
            address, f"{target}.download", signed=bool(signers), client=client, checksum=checksum,
            shown=shown,
        ) as file:  # fmt: skip
            local.unpack(file, target, signers=signers)

    switched = switch(make, environment, older=older)
    _remember(address, checksum, switched, signed=bool(signers))
    return switched


def _is_there(address: str, checksum: str, environment: Mapping[str, str], *, signed: bool) -> bool:
    directory = database.directory(environment)
    try:
        with open(os.path.join(directory, _TAKEN), encoding="utf-8") as stream:
            told = json.load(stream)
        with Store.open(os.path.join(directory, database.NAME)) as store:
            identity = store.identity
        same = (told["address"], told["sha256"], told["identity"]) == (address, checksum, identity)
        return same and (told["signed"] is True or not signed)
    except (OSError, ValueError, KeyError, TypeError, DatabaseError, RecursionError):
        return False


def _remember(address: str, checksum: str, switched: Switched, *, signed: bool) -> None:
    with Store.open(switched.path) as store:
        facts = {
            "address": address, "sha256": checksum, "identity": store.identity, "signed": signed,
        }  # fmt: skip
    path = os.path.join(os.path.dirname(switched.path), _TAKEN)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(facts, stream)
