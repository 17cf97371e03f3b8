"""Ignores of our own in manifests: comments, and annotations of objects and pod templates.

# seawall: ignore[image-tag-mutable] built each night until=2027-01-31
metadata:
annotations:
seawall/ignore: image-tag-mutable, replicas-too-few
seawall/ignore.privileged-container: the node agent needs it until=2027-01-31
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from seawall.core.ignore import (
    MARK,
    Directive,
    Ignore,
    Lines,
    Part,
    Scope,
    WholeFile,
    directive,
    reason_and_date,
)
from seawall.core.location import KeyPath, Location
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.workloads import pods_of
from seawall.text.yaml_comments import Comment, comments

ANNOTATION = "seawall/ignore"


def from_comments(text: str, path: str) -> Iterator[Ignore]:
    """The ignore comments of a file."""
    for comment in comments(text, MARK):
        found = directive(comment.text)
        if found is not None:
            yield _of_comment(comment, found, path)


def _of_comment(comment: Comment, found: Directive, path: str) -> Ignore:
    scope: Scope = Lines(path, comment.first, comment.last)
    fault = found.fault
    if found.whole_file:
        scope = WholeFile(path)
    elif not comment.first and not fault:
        fault = "nothing follows that it could be about"
    return Ignore(
        found.rules, scope, found.reason, found.until,
        Location(path, span=comment.span), form="comment", fault=fault,
    )  # fmt: skip


class Annotations(NamedTuple):
    """The annotations of an object, or of one of its pod templates.

    ``path`` is where the thing that has the ``metadata`` stands in its document.
    """

    object: KubernetesObject
    path: KeyPath
    values: dict[str, str]

    def ignore(self, key: str, rules: tuple[str, ...], *, reason: str = "") -> Ignore:
        """An ignore of all below, written under one of the annotations."""
        object_ = self.object
        return Ignore(
            rules,
            Part(object_.file, object_.document, self.path),
            reason,
            origin=Location(
                object_.file, object_.document, (*self.path, "metadata", "annotations", key)
            ),
            subject=object_.subject,
            form="annotation",
        )


Reader = Callable[[Annotations], Iterator[Ignore]]


def from_annotations(objects: Iterable[KubernetesObject]) -> Iterator[Ignore]:
    """The ignore annotations of objects and of their pod templates."""
    for object_ in objects:
        if "annotations" in object_.metadata:
            yield from _read(Annotations(object_, object_.path, object_.annotations))
        for pod in pods_of(object_):
            if pod.annotations and pod.path != object_.path:
                yield from _read(Annotations(object_, pod.path, pod.annotations))


def _read(found: Annotations) -> Iterator[Ignore]:
    for reader in READERS:
        yield from reader(found)


def _own(found: Annotations) -> Iterator[Ignore]:
    for key, value in found.values.items():
        rest = key.removeprefix(ANNOTATION)
        if rest == key or not (rest == "" or rest.startswith(".")):
            continue
        if rest:
            reason, until, fault = reason_and_date(value)
            ignore = found.ignore(key, (rest[1:],), reason=reason)
            yield ignore._replace(until=until, fault=fault)
        else:
            rules = tuple(item.strip() for item in value.split(",") if item.strip())
            fault = "" if rules else "it names no rule"
            yield found.ignore(key, rules)._replace(fault=fault)


READERS: tuple[Reader, ...] = (_own,)
MARKS = (MARK, ANNOTATION)
"""A file without any of these holds no ignore."""
