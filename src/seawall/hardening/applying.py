"""Makes the edits of one file: those that do not get in each other's way, all of each group."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from seawall.core.edit import Data, Edit, Operation, Remove, Repair
from seawall.hardening.groups import Group
from seawall.text.decoding import Undecodable, decode
from seawall.text.yaml import Broken, Chunk, Value, load
from seawall.text.yaml_edit import Editable, Refused, Replacement, edited, marker_of


class Applied(NamedTuple):
    """A file after its edits: its bytes, what was made, and what could not be made and why."""

    data: bytes
    made: tuple[Group, ...]
    refused: tuple[tuple[Group, str], ...]


def apply(data: bytes, groups: Sequence[Group]) -> Applied:
    """Make the edits of a file, the first groups first; the others give way to them."""
    repairs = [group for group in groups if group.repair is not None]
    if repairs:
        return _Manifest(data).apply(repairs)
    return _apply_edits(data, groups)


def _apply_edits(data: bytes, groups: Sequence[Group]) -> Applied:
    """Edits of bytes."""
    chosen: list[Edit] = []
    made: list[Group] = []
    for group in groups:
        edits = group.fix.edits if group.fix else ()
        if any(_overlap(edit, other) for edit in edits for other in chosen if edit != other):
            continue  # its turn comes in the next pass
        chosen.extend(edit for edit in edits if edit not in chosen)
        made.append(group)
    result = []
    at = 0
    for edit in sorted(chosen, key=lambda item: (item.start, item.end)):
        result += [data[at : edit.start], edit.replacement.encode("utf-8", "surrogateescape")]
        at = edit.end
    result.append(data[at:])
    return Applied(b"".join(result), tuple(made), ())


def _overlap(one: Edit, other: Edit) -> bool:
    if one.start == other.start:
        return True
    first, second = sorted((one, other), key=lambda item: item.start)
    return first.end > second.start


# Manifests ------------------------------------------------------------------------------------


class _Manifest:
    """A file of YAML or JSON documents."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        text = decode(data)
        self._mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        self._fault = ""
        if isinstance(text, Undecodable) or self._mark + text.encode("utf-8") != data:
            self._fault = "only UTF-8 files are edited"
            text = ""
        self._text = text
        self._documents: dict[int, tuple[Chunk, Value]] = {}
        for document in load(text):
            if not isinstance(document, Broken):
                self._documents[document.number] = document.chunk, document.value

    def apply(self, groups: Sequence[Group]) -> Applied:
        made: list[Group] = []
        refused: list[tuple[Group, str]] = []
        found: list[Replacement] = []
        removed: set[int] = set()
        by_document: dict[int, list[Group]] = {}
        for group in groups:
            if group.repair is not None:
                by_document.setdefault(group.repair.document, []).append(group)
        for number, members in by_document.items():
            if number not in self._documents:
                reason = self._fault or "its document cannot be read"
                refused += [(group, reason) for group in members]
                continue
            chunk, value = self._documents[number]
            removing = [group for group in members if _removes(group)]
            if removing and len(self._documents) > len(removed) + 1:
                removed.add(number)
                made += removing  # the turn of the others never comes: there is nothing left
                start = chunk.start + marker_of(chunk.text)
                found.append(Replacement(start, chunk.start + len(chunk.text), ""))
                continue
            refused += [(group, "nothing of the file would stay") for group in removing]
            staying = [group for group in members if group not in removing]
            if not staying:
                continue
            replaced = _Document(chunk, value).apply(staying)
            found += [
                Replacement(item.start + chunk.start, item.end + chunk.start, item.text)
                for item in replaced.found
            ]
            made += replaced.made
            refused += replaced.refused
        text = self._with(found, _added(made))
        return Applied(self._mark + text.encode("utf-8"), tuple(made), tuple(refused))

    def _with(self, found: list[Replacement], added: Sequence[Mapping[str, Data]]) -> str:
        parts = []
        at = 0
        for start, end, text in sorted(found):
            parts += [self._text[at:start], text]
            at = end
        parts.append(self._text[at:])
        newline = "\r\n" if "\r\n" in self._text else "\n"
        text = "".join(parts)
        for value in added:
            if not text.endswith(("\n", "\r")):
                text += newline
            text += f"---{newline}{_rendered(value, newline)}"
        return text


def _removes(group: Group) -> bool:
    """Whether a group takes its whole document away."""
    return group.repair is not None and Remove(()) in group.repair.operations


def _added(groups: Iterable[Group]) -> list[Mapping[str, Data]]:
    """The new documents, each once: several findings may ask for the same object."""
    result: list[Mapping[str, Data]] = []
    for group in groups:
        for value in group.repair.added if group.repair else ():
            if value not in result:
                result.append(value)
    return result


def _rendered(value: Mapping[str, Data], newline: str) -> str:
    from seawall.text.yaml_edit import render  # noqa: PLC0415 - only for new documents

    return render(value, newline)


class _Changed(NamedTuple):
    found: list[Replacement]
    made: list[Group]
    refused: list[tuple[Group, str]]


class _Document:
    """One document: what several groups want of it becomes one set of replacements."""

    def __init__(self, chunk: Chunk, value: Value) -> None:
        self._chunk = chunk
        self._value = value

    def apply(self, groups: Sequence[Group]) -> _Changed:
        try:
            editable = Editable(self._chunk.text, self._value)
        except Refused as error:
            return _Changed([], [], [(group, str(error)) for group in groups])
        try:  # all at once, as nearly always
            found = self._proven(editable, groups)
        except Refused:
            return self._one_by_one(editable, groups)
        return _Changed(found, list(groups), [])

    def _one_by_one(self, editable: Editable, groups: Sequence[Group]) -> _Changed:
        """Leave out the groups that cannot be made; those that only must wait get another turn."""
        result = _Changed([], [], [])
        for group in groups:
            try:
                found = self._proven(editable, [*result.made, group])
            except Refused:
                try:
                    self._proven(editable, [group])
                except Refused as error:
                    result.refused.append((group, str(error)))
            else:
                result = _Changed(found, [*result.made, group], result.refused)
        return result

    def _proven(self, editable: Editable, groups: Sequence[Group]) -> list[Replacement]:
        """The replacements; what they give reads as the operations say, and nothing else."""
        operations = _operations([group.repair for group in groups if group.repair is not None])
        found = editable.replacements(operations)
        text = self._chunk.text
        parts = []
        at = 0
        for start, end, new in found:
            parts += [text[at:start], new]
            at = end
        parts.append(text[at:])
        documents = list(load("".join(parts)))
        if len(documents) != 1 or isinstance(documents[0], Broken):
            raise Refused("the edited text could not be read")
        try:
            wanted = edited(self._value, operations)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise Refused("the change does not fit the values that are there") from error
        if documents[0].value != wanted:
            raise Refused("the edited text would say something else")
        return found


def _operations(repairs: Sequence[Repair]) -> list[Operation]:
    """The operations of several repairs, equal ones once."""
    result: list[Operation] = []
    for repair in repairs:
        result.extend(item for item in repair.operations if item not in result)
    return result
