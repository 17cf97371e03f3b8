"""Ignores of our own in manifests.

    # seawall: ignore[image-tag-mutable] built each night until=2027-01-31
    metadata:
      annotations:
        seawall/ignore: image-tag-mutable, replicas-too-few
        seawall/ignore.privileged-container: the node agent needs it until=2027-01-31

An annotation of a pod template is about all that the template holds.
"""

from collections.abc import Iterable, Iterator

from seawall.core.ignore import (
    MARK,
    Directive,
    Ignore,
    Lines,
    Scope,
    WholeFile,
    directive,
    reason_and_date,
)
from seawall.core.location import Location
from seawall.kubernetes.ignores.annotations import Annotations, of_objects, of_templates
from seawall.kubernetes.objects import KubernetesObject
from seawall.text.yaml_comments import Comment, comments

ANNOTATION = "seawall/ignore"


def read(text: str, path: str, objects: list[KubernetesObject]) -> Iterator[Ignore]:
    """The ignore comments and annotations of a file."""
    yield from from_comments(text, path)
    yield from from_annotations(objects)


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


def from_annotations(objects: Iterable[KubernetesObject]) -> Iterator[Ignore]:
    """The ignore annotations of objects and of their pod templates."""
    objects = list(objects)
    for found in of_objects(objects):
        yield from _annotated(found)
    for object_ in objects:
        for template in of_templates(object_):
            yield from _annotated(template)


def _annotated(found: Annotations) -> Iterator[Ignore]:
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
