"""The Dockerfiles that a build's provenance holds.

BuildKit notes them with ``mode=max`` (its docs/attestations/slsa-definitions.md): an in-toto
statement whose predicate, SLSA provenance v0.2 or v1, has the sources of the build in BuildKit's
own metadata. The statement is not signed, so it is as much to be believed as the image itself.
"""

import binascii

from seawall.sources.images.descriptor import Descriptor
from seawall.sources.images.image import Json, mapping, text

_KIND = "in-toto.io/predicate-type"
_PREDICATE = "https://slsa.dev/provenance/"
_METADATA = ("https://mobyproject.org/buildkit@v1#metadata", "buildkit_metadata")
_MOST = 16
"""Files of one build; it has one, or one for each that it names."""


def is_provenance(entry: Descriptor) -> bool:
    """Whether a layer of an attestation is such a statement."""
    return entry.annotations.get(_KIND, "").startswith(_PREDICATE)


def dockerfiles(statement: Json) -> tuple[tuple[str, bytes], ...]:
    """The files that a statement has, each with its name and bytes; what is no such is left out."""
    predicate = mapping(statement.get("predicate"))
    places = (predicate, mapping(predicate.get("runDetails")))
    found = []
    for place in places:
        metadata = mapping(place.get("metadata"))
        for key in _METADATA:
            infos = mapping(mapping(metadata.get(key)).get("source")).get("infos")
            found += infos[:_MOST] if isinstance(infos, list) else []
    files = (_file(mapping(info)) for info in found)
    return tuple(file for file in files if file is not None)


def _file(info: Json) -> tuple[str, bytes] | None:
    name, data = text(info.get("filename")), text(info.get("data"))
    try:
        content = binascii.a2b_base64(data)
    except ValueError:
        return None
    return (name, content) if name and content else None
