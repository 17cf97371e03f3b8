"""Actions and workflows that GitHub Actions' workflows and actions use.

Source: GitHub's documentation, workflow syntax (``jobs.<id>.uses``, ``jobs.<id>.steps[*].uses``)
and metadata syntax (``runs.steps[*].uses``). A reference is a version when it is a whole version
(``v4.1.2``), or a whole commit with the version in the comment behind it, as the tools write it
that pin actions (``@<sha> # v4.1.2``). ``v4`` is moved with each release: it is a constraint.
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, text_of
from seawall.text.lines import positions
from seawall.text.yaml import Broken, load
from seawall.text.yaml_tree import MAPPING, SCALAR, SEQUENCE, Node

_USES = pattern(r"([\w.-]+)/([\w.-]+)((?:/[^@\s]+)?)@(\S+)")
_VERSION = pattern(r"v?(\d+\.\d+\.\d+(?:[-+.][\w.+-]+)?)")
_PART = pattern(r"v?\d{1,5}(?:\.\d{1,5})?")
_COMMIT = pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_COMMENT = pattern(r"[\"']?[ \t]+#[ \t]*(?:[\w./-]+@|tag[:=] ?)?(v?\d[\w.+-]*)")


def read(file: File) -> Contents:
    """The actions that a workflow or an action uses."""
    notes = Notes()
    text = text_of(file.data)
    document = next(load(text), None)
    if document is None:
        return Contents()
    if isinstance(document, Broken):
        raise Unreadable(document.reason, *document.position)
    root = _tree(document.chunk.text)
    nodes = [] if root is None else list(_uses(root))
    lines = positions(document.chunk.text, (node.start for node in nodes))
    packages = []
    for node in nodes:
        line = document.chunk.line + lines[node.start][0]
        end = document.chunk.text.find("\n", node.end)
        comment = document.chunk.text[node.end : None if end < 0 else end]
        package = _package(node.text, comment, line, notes)
        if package is not None:
            packages.append(package)
    return Contents(tuple(packages), notes.problems)


def _tree(text: str) -> Node | None:
    from seawall.text.pyyaml import yaml  # noqa: PLC0415 - loaded already
    from seawall.text.yaml_tree import read as tree  # noqa: PLC0415 - as above

    try:
        return tree(text)
    except yaml.YAMLError:  # JSON that is no YAML, which ``load`` takes
        raise Unreadable("it is no YAML") from None


def _uses(root: Node) -> Iterator[Node]:
    """The values of ``uses`` where they mean an action, in the order of the file."""
    for job in _children(_value(root, "jobs")):
        yield from _scalar(_value(job, "uses"))
        for step in _items(_value(job, "steps")):
            yield from _scalar(_value(step, "uses"))
    for step in _items(_value(_value(root, "runs"), "steps")):
        yield from _scalar(_value(step, "uses"))


def _value(node: Node | None, key: str) -> Node | None:
    entry = node.get(key) if node is not None and node.kind == MAPPING else None
    return entry.value if entry else None


def _children(node: Node | None) -> Iterator[Node]:
    return node.children() if node is not None and node.kind == MAPPING else iter(())


def _items(node: Node | None) -> list[Node]:
    return node.items if node is not None and node.kind == SEQUENCE else []


def _scalar(node: Node | None) -> Iterator[Node]:
    if node is not None and node.kind == SCALAR and not node.is_empty:
        yield node


def _package(text: str, comment: str, line: int, notes: Notes) -> Package | None:
    if text.startswith(("./", "../", "$")):
        return None  # of the same repository, which is read for itself
    if text.startswith("docker://"):
        notes.add(text, "it is a container image: what is in it is not in the file", line)
        return None
    found = _USES.fullmatch(text)
    if found is None:
        notes.add(text, "owner/repository@reference is expected", line)
        return None
    name, reference = f"{found[1]}/{found[2]}", found[4]
    if not notes.fits(name, reference, line):
        return None
    if (exact := _VERSION.fullmatch(reference)) is not None:
        return Package("githubactions", name, exact[1], line, direct=True)
    is_commit = _COMMIT.fullmatch(reference) is not None
    if not is_commit and _PART.fullmatch(reference):
        return Package("githubactions", name, line=line, direct=True, constraint=reference)
    if not is_commit:
        notes.add(text, "a branch or a tag that is no version: what runs may change", line)
        return None
    said = _COMMENT.match(comment)
    if said is None or not (exact := _VERSION.fullmatch(said[1])):
        notes.add(text, "a commit without a comment that names its whole version", line)
        return None
    return Package("githubactions", name, exact[1], line, direct=True)
