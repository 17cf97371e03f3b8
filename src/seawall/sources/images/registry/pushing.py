"""Images into a registry: blobs that it has not, then manifests (distribution spec 1.1, push).

What is there already is not sent; what the registry has elsewhere is mounted; small blobs go in one
request, large ones in chunks; of a broken one is sent again what the registry says it has not.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn, Protocol
from urllib.parse import quote, urljoin

from seawall.sources.http.client import Answer
from seawall.sources.http.statuses import Passing
from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.manifests import INDEXES, digest_of, holds
from seawall.sources.images.registry.authorization import Scope
from seawall.sources.images.registry.descriptors import descriptor
from seawall.sources.images.registry.errors import Kind, RegistryError
from seawall.sources.images.registry.referrers import tag_of
from seawall.sources.images.registry.refusals import refused
from seawall.sources.images.registry.registry import Registry, Wanted

CHUNK = 8 << 20
"""Bytes of a request; also the most that are sent at once."""
MAX_CHUNK = 128 << 20
"""Bytes that a registry may want in a chunk at the least: they are held in memory."""


class Source(Protocol):
    """Bytes that are read once, from front to end."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes, none at the end."""

    def close(self) -> None:
        """Let go of what is open."""


Open = Callable[[], Source]
"""Opens a blob; called again for another try."""


class Pusher:
    """Puts images into one repository."""

    def __init__(self, registry: Registry, repository: str, *, chunk: int = CHUNK) -> None:
        self._registry = registry
        self._repository = repository
        self._chunk = chunk
        self._wanted = Wanted(
            f"{registry.name}/{repository}",
            Scope(repository, "pull,push"),
            _LOST,
        )

    def has(self, digest: str) -> bool:
        """Whether a blob is there. Raises ``RegistryError``."""
        return self._registry.has(digest, self._wanted)

    def blob(self, blob: Descriptor, opened: Open, mounted_from: str = "") -> str:
        """Put a blob in; says whether it was ``there``, or was ``mounted`` or ``sent``.

        ``mounted_from``: a repository of the same registry that has it. Raises ``RegistryError``.
        """
        if self.has(blob.digest):
            return "there"
        if mounted_from and self._mounted(blob, mounted_from):
            return "mounted"
        number = 0
        while True:
            number += 1
            try:
                self._sent(blob, opened)
            except Passing as problem:
                self._registry.give_up_or_wait(self._uploads, problem, number)
            else:
                return "sent"

    def manifest(self, data: bytes, media_type: str, tag: str = "") -> str:
        """Put a manifest or index in, under a tag or by its digest alone; gives its digest."""
        return self._put(data, media_type, tag)[0]

    def attach(self, data: bytes, media_type: str, subject: str) -> str:
        """Put in a manifest whose ``subject`` is another one; gives its digest.

        A registry that keeps no list of referrers gets one under the tag that stands for it.
        """
        digest, headers = self._put(data, media_type, "")
        if "oci-subject" not in headers:
            self._list(data, media_type, digest, subject)
        return digest

    @property
    def _uploads(self) -> str:
        return f"/v2/{self._repository}/blobs/uploads/"

    def _mounted(self, blob: Descriptor, repository: str) -> bool:
        wanted = self._wanted._replace(
            scope=Scope(self._repository, "pull,push", (repository,)),
        )
        query = f"?mount={quote(blob.digest)}&from={quote(repository, safe='')}"
        return self._registry.asked(
            self._uploads + query, wanted, lambda answer: answer.status == 201, method="POST",
            body=b"", accepted=(201, 202),
        )  # fmt: skip

    def _sent(self, blob: Descriptor, opened: Open) -> None:
        upload = self._registry.asked(
            self._uploads, self._wanted, self._begun, method="POST", body=b"", accepted=(202,)
        )
        chunk = max(self._chunk, upload.minimum)
        if chunk > MAX_CHUNK:
            self._wrong(f"wants chunks of {chunk} bytes, more than {MAX_CHUNK}", "not-supported")
        source = opened()
        try:
            place = 0
            last = _read(source, chunk)
            while place + len(last) < blob.size:
                if not last:
                    self._wrong(
                        f"{blob.digest} has {place} bytes, not {blob.size}", "wrong-content"
                    )
                upload = self._patched(upload, last, place)
                place += len(last)
                last = _read(source, chunk)
        finally:
            source.close()
        if place + len(last) != blob.size:
            self._wrong(f"{blob.digest} has more than {blob.size} bytes", "wrong-content")
        if place and last:
            upload, last = self._patched(upload, last, place), b""
        self._ended(upload, last, blob.digest)

    def _begun(self, answer: Answer) -> "_Upload":
        """Where an upload goes on, as an answer says."""
        headers = answer.headers
        location = headers.get("location", "")
        address = urljoin(answer.address, location) if location else answer.address
        own = self._registry.is_own(address)
        if not own and not address.startswith("https://"):
            self._wrong("leads its uploads to where they are not encrypted", "refused")
        least = headers.get("oci-chunk-min-length", "")
        return _Upload(address, int(least[:12]) if least.isdecimal() else 0)

    def _patched(self, upload: "_Upload", piece: bytes, place: int) -> "_Upload":
        """Send a chunk, and again what of it the registry has not."""
        end = place + len(piece)
        number, at = 0, place
        while at < end:
            headers = {"Content-Type": "application/octet-stream",
                       "Content-Range": f"{at}-{end - 1}"}  # fmt: skip
            number += 1
            try:
                with self._registry.opened(
                    upload.address, self._wanted, headers, method="PATCH", body=piece[at - place :]
                ) as answer:
                    if answer.status in (202, 204):
                        return self._begun(answer)
                    if answer.status != 416:
                        raise refused(answer, self._wanted.name, self._registry.name, _LOST)
                    problem = Passing("it expects another part of the upload", 0.0, 416)
            except Passing as broken:
                problem = broken
            self._registry.give_up_or_wait(upload.address, problem, number)
            upload, at = self._status(upload)
            if not place <= at <= end:
                raise Passing("the registry has lost a part of the upload")
        return upload

    def _status(self, upload: "_Upload") -> tuple["_Upload", int]:
        """Where an upload is: how many bytes of it have come."""

        def read(answer: Answer) -> tuple[_Upload, int] | None:
            if answer.status == 404:
                return None
            last = answer.headers.get("range", "").rpartition("-")[2]
            end = int(last[:18]) if last.isdecimal() else 0
            # "0-0" is what registries say of nothing as well; a chunk is never of one byte.
            return self._begun(answer), end + 1 if end else 0

        found = self._registry.asked(upload.address, self._wanted, read, accepted=(200, 204, 404))
        if found is None:
            raise Passing("the registry has lost the upload")
        return found

    def _ended(self, upload: "_Upload", rest: bytes, digest: str) -> None:
        address = upload.address
        address += f"{'&' if '?' in address else '?'}digest={quote(digest)}"
        headers = {"Content-Type": "application/octet-stream"}
        with self._registry.opened(
            address, self._wanted, headers, method="PUT", body=rest
        ) as answer:
            if answer.status not in (201, 204):
                raise refused(answer, self._wanted.name, self._registry.name, _LOST)

    def _put(self, data: bytes, media_type: str, tag: str) -> tuple[str, Mapping[str, str]]:
        digest = digest_of(data)
        path = f"/v2/{self._repository}/manifests/{tag or digest}"
        headers = self._registry.asked(
            path, self._wanted, lambda answer: answer.headers, {"Content-Type": media_type},
            method="PUT", body=data, accepted=(200, 201, 202),
        )  # fmt: skip
        told = headers.get("docker-content-digest", "")
        if told and not holds(data, told):
            self._wrong(f"took {digest} for {told[:140]}", "wrong-content")
        return digest, headers

    def _list(self, data: bytes, media_type: str, digest: str, subject: str) -> None:
        """Add a manifest to the list of referrers that is kept under a tag."""
        import json  # noqa: PLC0415 - only where something is pushed

        tag = tag_of(subject)
        try:
            listed = self._registry.manifest(self._repository, tag).value.get("manifests")
        except RegistryError as error:
            if error.kind != "not-found":
                raise
            listed = []
        entries = (
            [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        )
        if any(descriptor(each, self._wanted.name).digest == digest for each in entries):
            return
        value = json.loads(data)
        entry = {"mediaType": media_type, "digest": digest, "size": len(data)}
        artifact = value.get("artifactType") or (value.get("config") or {}).get("mediaType")
        entry |= {"artifactType": artifact} if artifact else {}
        entry |= {"annotations": value["annotations"]} if value.get("annotations") else {}
        index = {"schemaVersion": 2, "mediaType": INDEXES[0], "manifests": [*entries, entry]}
        self._put(json.dumps(index, separators=(",", ":")).encode("utf-8"), INDEXES[0], tag)

    def _wrong(self, reason: str, kind: Kind) -> NoReturn:
        raise RegistryError(
            f"{self._wanted.name}: {reason}; report it to who runs the registry", kind=kind
        )


class _Upload(NamedTuple):
    address: str
    minimum: int
    """Bytes that each chunk but the last must have."""


_LOST = "it takes no uploads, or has lost this one"


def _read(source: Source, size: int) -> bytes:
    """As many bytes as that, fewer only at the end."""
    parts = []
    while size and (piece := source.read(size)):
        parts.append(piece)
        size -= len(piece)
    return b"".join(parts)
