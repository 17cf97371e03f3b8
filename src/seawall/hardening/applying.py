"""Makes the edits of one file: those that do not get in each other's way, all of each part."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from seawall.core.edit import Data, Edit, Operation, Remove, Repair
from seawall.hardening.groups import Part
from seawall.text.decoding import Undecodable, decode
from seawall.text.known_documents import KnownDocuments
from seawall.text.yaml import Broken, Document, load
from seawall.text.yaml_edit import Editable, Refused, Replacement, edited, marker_of


class Applied(NamedTuple):
    """A file after its edits: its bytes, what was made, and what could not be made and why."""

    data: bytes
    made: tuple[Part, ...]
    refused: tuple[tuple[Part, str], ...]


def apply(
    data: bytes | None, parts: Sequence[Part], known: KnownDocuments | None = None
) -> Applied:
    """Make the edits of a file, the first first; the others give way to them.

    There is no file yet where there are no bytes. Documents that are ``known`` are not parsed
    again, and those that come of the edits are known from then on.
    """
    repairs = [part for part in parts if part.repair is not None]
    if repairs and data is not None:
        return _Manifest(data, known).apply(repairs)
    return _apply_edits(data, parts)


def _apply_edits(data: bytes | None, parts: Sequence[Part]) -> Applied:
    """Edits of bytes."""
    chosen: dict[Edit, None] = {}
    taken = _Taken()  # what waits, too: what is worth less does not overtake it
    made: list[Part] = []
    refused: list[tuple[Part, str]] = []
    before = data or b""
    for part in parts:
        if any(edit.creates != (data is None) or edit.end > len(before) for edit in part.edits):
            reason = "there is such a file already" if data is not None else "the file is gone"
            refused.append((part, reason))
            continue
        if not any(taken.overlaps(edit) for edit in part.edits):  # else it comes in the next pass
            chosen.update(dict.fromkeys(part.edits))
            made.append(part)
        for edit in part.edits:
            taken.add(edit)
    result = []
    at = 0
    for edit in sorted(chosen, key=lambda item: (item.start, item.end)):
        result += [before[at : edit.start], edit.replacement.encode("utf-8", "surrogateescape")]
        at = edit.end
    result.append(before[at:])
    return Applied(b"".join(result), tuple(made), tuple(refused))


class _Taken:
    """Edits by the blocks of the file that they touch, so that few are compared with each other."""

    def __init__(self) -> None:
        self._edits: set[Edit] = set()
        self._by_block: dict[int, list[Edit]] = {}

    def add(self, edit: Edit) -> None:
        """Keep an edit."""
        if edit not in self._edits:
            self._edits.add(edit)
            for block in _blocks(edit):
                self._by_block.setdefault(block, []).append(edit)

    def overlaps(self, edit: Edit) -> bool:
        """Whether an edit gets in the way of one that is kept; its equal does not."""
        return any(
            _overlap(edit, other) and edit != other
            for block in _blocks(edit)
            for other in self._by_block.get(block, ())
        )


def _blocks(edit: Edit) -> range:
    return range(edit.start // _BLOCK, max(edit.start, edit.end - 1) // _BLOCK + 1)


_BLOCK = 256


def _overlap(one: Edit, other: Edit) -> bool:
    return one.start == other.start or (one.start < other.end and other.start < one.end)


# Manifests ------------------------------------------------------------------------------------


class _Manifest:
    """A file of YAML or JSON documents."""

    def __init__(self, data: bytes, known: KnownDocuments | None) -> None:
        self._known = known
        text = decode(data)
        self._mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        self._fault = ""
        if isinstance(text, Undecodable) or self._mark + text.encode("utf-8") != data:
            self._fault = "only UTF-8 files are edited"
            text = ""
        self._text = text
        self._documents: dict[int, Document] = {}
        for document in load(text, known):
            if not isinstance(document, Broken):
                self._documents[document.number] = document

    def apply(self, parts: Sequence[Part]) -> Applied:
        made: list[Part] = []
        refused: list[tuple[Part, str]] = []
        found: list[Replacement] = []
        removed: set[int] = set()
        by_document: dict[int, list[Part]] = {}
        for part in parts:
            if part.repair is not None:
                by_document.setdefault(part.repair.document, []).append(part)
        for number, members in by_document.items():
            if number not in self._documents:
                reason = self._fault or "its document cannot be read"
                refused += [(part, reason) for part in members]
                continue
            document = self._documents[number]
            chunk = document.chunk
            removing = [part for part in members if _removes(part)]
            if removing and len(self._documents) > len(removed) + 1:
                removed.add(number)
                made += removing  # the turn of the others never comes: there is nothing left
                start = chunk.start + marker_of(chunk.text)
                found.append(Replacement(start, chunk.start + len(chunk.text), ""))
                continue
            refused += [(part, "nothing of the file would stay") for part in removing]
            staying = [part for part in members if part not in removing]
            if not staying:
                continue
            replaced = _Document(document, self._known).apply(staying)
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


def _removes(part: Part) -> bool:
    """Whether a part takes its whole document away."""
    return part.repair is not None and Remove(()) in part.repair.operations


def _added(parts: Iterable[Part]) -> list[Mapping[str, Data]]:
    """The new documents, each once: several findings may ask for the same object."""
    result: list[Mapping[str, Data]] = []
    for part in parts:
        for value in part.repair.added if part.repair else ():
            if value not in result:
                result.append(value)
    return result


def _rendered(value: Mapping[str, Data], newline: str) -> str:
    from seawall.text.yaml_edit import render  # noqa: PLC0415 - only for new documents

    return render(value, newline)


class _Changed(NamedTuple):
    found: list[Replacement]
    made: list[Part]
    refused: list[tuple[Part, str]]


class _Document:
    """One document: what several fixes want of it becomes one set of replacements."""

    def __init__(self, document: Document, known: KnownDocuments | None) -> None:
        _, self._chunk, self._value, _, self._offsets = document
        self._known = known

    def apply(self, parts: Sequence[Part]) -> _Changed:
        try:
            editable = Editable(self._chunk.text, self._value, self._offsets)
        except Refused as error:
            return _Changed([], [], [(part, str(error)) for part in parts])
        try:  # all at once, as nearly always
            found = self._proven(editable, parts)
        except Refused:
            return self._one_by_one(editable, parts)
        return _Changed(found, list(parts), [])

    def _one_by_one(self, editable: Editable, parts: Sequence[Part]) -> _Changed:
        """Leave out the parts that cannot be made; those that only must wait get another turn."""
        result = _Changed([], [], [])
        for part in parts:
            try:
                found = self._proven(editable, [*result.made, part])
            except Refused:
                try:
                    self._proven(editable, [part])
                except Refused as error:
                    result.refused.append((part, str(error)))
            else:
                result = _Changed(found, [*result.made, part], result.refused)
        return result

    def _proven(self, editable: Editable, parts: Sequence[Part]) -> list[Replacement]:
        """The replacements; what they give reads as the operations say, and nothing else."""
        operations = _operations([part.repair for part in parts if part.repair is not None])
        found = editable.replacements(operations)
        text = self._chunk.text
        pieces = []
        at = 0
        for start, end, new in found:
            pieces += [text[at:start], new]
            at = end
        pieces.append(text[at:])
        documents = list(load("".join(pieces), self._known))
        if len(documents) != 1 or isinstance(documents[0], Broken):
            raise Refused("the edited text could not be read")
        try:
            wanted = edited(self._value, operations, is_tree=bool(self._offsets))
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
