"""JSON documents of images, which come from strangers."""

from seawall.sources.images.image import Json
from seawall.sources.images.problems import AGAIN, NO_IMAGE, ArchiveError


def parse(name: str, data: bytes) -> Json:
    """A JSON object. Raises ``ArchiveError`` when it is none, or nested too deeply."""
    found = parse_any(name, data)
    if not isinstance(found, dict):
        raise ArchiveError(name, -1, "is no JSON object", AGAIN)
    return found


def parse_any(name: str, data: bytes) -> object:
    """A JSON value, whose strings can all be written as UTF-8."""
    import json  # noqa: PLC0415 - off the scan path

    try:
        found: object = json.loads(data.decode("utf-8", "replace"))
        if b"\\u" in data:  # halves of surrogate pairs may hide there
            text = json.dumps(found, ensure_ascii=False)
            found = json.loads(text.encode("utf-8", "replace"))
    except RecursionError:
        raise ArchiveError(name, -1, "is nested too deeply", NO_IMAGE) from None
    except ValueError as error:
        raise ArchiveError(name, -1, f"is no JSON: {error}", AGAIN) from None
    return found
