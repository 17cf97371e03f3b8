"""What is reachable without a commit: what tags and other refs name, and what is staged."""

import os
from collections.abc import Iterator, Mapping

from seawall.core.errors import InputError
from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.engine.git_history.names import Names
from seawall.engine.git_history.seen import Gaps
from seawall.sources.git import Missing, Repository, TreeEntry

_TAGGED = pattern(rb"object ([0-9a-f]{40,64})\ntype ([a-z]{1,10})\n")
_LIMIT = 1024 * 1024
_DEPTH = 20
"""Tags of tags of tags that are followed."""


class Linked(NamedTuple):
    """Tags and blobs that refs name, and the paths of staged blobs by oid."""

    paths: Mapping[str, list[str]]
    """By oid, the paths in trees that refs name; most have none."""
    staged: Mapping[str, list[str]]


def linked(repository: Repository, names: Names, gaps: Gaps) -> Linked:
    """Follow refs to what is no commit; its names are added to the others."""
    found: dict[str, list[str]] = {}
    level = {(ref.oid, ref.kind) for ref in repository.refs()}
    for _ in range(_DEPTH):
        tags = {oid for oid, kind in level if kind == "tag"}.difference(found)
        for oid, kind in level:
            if kind == "blob":
                names.add_nameless(bytes.fromhex(oid))
                found.setdefault(oid, [])
            elif kind == "tree":
                for entry in _of_tree(repository, oid, gaps):
                    names.add(bytes.fromhex(entry.oid), os.fsencode(entry.path))
                    found.setdefault(entry.oid, []).append(entry.path)
        if not tags:
            break
        found.update((oid, []) for oid in tags)
        level = set(_tagged(repository, tags))
    return Linked(found, _staged(repository, names, gaps))


def _tagged(repository: Repository, tags: set[str]) -> Iterator[tuple[str, str]]:
    for _, content in repository.contents(sorted(tags), "tag", _LIMIT):
        match = None if isinstance(content, Missing) else _TAGGED.match(content)
        if match is not None:
            yield match[1].decode(), match[2].decode()


def _of_tree(repository: Repository, tree: str, gaps: Gaps) -> Iterator[TreeEntry]:
    try:
        yield from (entry for entry in repository.tree(tree) if entry.kind != "submodule")
    except InputError as error:
        gaps.broken(f"tree {tree}, which a ref names: {error}")


def _staged(repository: Repository, names: Names, gaps: Gaps) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    try:
        for entry in repository.staged():
            names.add(bytes.fromhex(entry.oid), os.fsencode(entry.path))
            paths.setdefault(entry.oid, []).append(entry.path)
    except InputError as error:
        gaps.broken(str(error))
    return paths
