"""checkov's annotations of objects, and its comments (checkov 3.3, kubernetes_utils.py).

    # checkov:skip=CKV_K8S_43:built each night
    metadata:
      annotations:
        checkov.io/skip1: CKV_K8S_16=the node agent needs it

checkov itself heeds such comments in other formats than manifests only. There a comment anywhere
in a resource is about all of it; so it is here.
"""

from collections.abc import Iterator

from seawall.core.ignore import Ignore, Lines
from seawall.core.lazy import pattern
from seawall.core.location import Location
from seawall.kubernetes.ignores.annotations import of_objects
from seawall.kubernetes.objects import KubernetesObject
from seawall.text.lines import split_lines
from seawall.text.yaml import split
from seawall.text.yaml_comments import comments

TOOL = "checkov"
_PREFIXES = ("checkov.io/skip", "bridgecrew.io/skip", "cortex.io/skip")
_COMMENT = "checkov:skip="
_SKIP = pattern(r"checkov:skip= *([A-Za-z_\d-]+(?:,[A-Za-z_\d-]+)*)(?::(.*))?")


def read(text: str, path: str, objects: list[KubernetesObject]) -> Iterator[Ignore]:
    """What annotations and comments skip."""
    for found in of_objects(objects):
        for key, value in found.values.items():
            if any(prefix in key for prefix in _PREFIXES):
                id_, _, reason = value.partition("=")
                yield found.ignore(key, (id_.strip(),), reason=reason.strip())._replace(tool=TOOL)
    if _COMMENT in text:
        yield from _commented(text, path, objects)


def _commented(text: str, path: str, objects: list[KubernetesObject]) -> Iterator[Ignore]:
    documents = [
        (chunk.line + 1, chunk.line + len(split_lines(chunk.text.rstrip("\r\n"))))
        for chunk in split(text)
    ]
    counts = [0] * len(documents)
    for object_ in objects:
        counts[object_.document] += 1
    for comment in comments(text, _COMMENT):
        skip = _SKIP.match(comment.text)
        if skip is None:
            continue
        line = comment.span.line
        number = next((n for n, (a, b) in enumerate(documents) if a <= line <= b), None)
        alone = number is not None and counts[number] == 1
        first, last = documents[number] if alone and number is not None else comment[2:]
        yield Ignore(
            tuple(skip[1].split(",")), Lines(path, first, last), (skip[2] or "").strip(),
            origin=Location(path, span=comment.span), tool=TOOL,
        )  # fmt: skip
