"""Turns repairs into edits of text, for reports that show how a finding is mended."""

from collections.abc import Callable, Iterable

from seawall.core.edit import Edit, Fix, Remove, Repair
from seawall.core.finding import Finding
from seawall.engine.texts import Texts
from seawall.text.yaml import Chunk, split
from seawall.text.yaml_edit import Editable, Refused, marker_of, render

MAX_FILES = 4
"""Files whose documents are kept as trees at a time: a tree is many times as large as its text."""


def with_fixes(findings: Iterable[Finding], texts: Texts) -> list[Finding]:
    """Findings whose repairs have become fixes, as far as their text allows it."""
    editor = _Editor(texts)
    return [
        finding._replace(fixes=(*finding.fixes, *editor.fixes(finding.repairs)))
        if finding.repairs
        else finding
        for finding in findings
    ]


def without_private(finding: Finding, shows: Callable[[bytes], bool]) -> Finding:
    """A finding without the fixes in which a secret shows."""
    if not finding.fixes:
        return finding
    fixes = tuple(fix for fix in finding.fixes if not shows(_written(fix)))
    return finding if len(fixes) == len(finding.fixes) else finding._replace(fixes=fixes)


def _written(fix: Fix) -> bytes:
    parts = (fix.title, fix.effect, fix.note, *(edit.replacement for edit in fix.edits))
    return "\n".join(parts).encode("utf-8", "surrogatepass")


class _File:
    """A file with its documents, as far as they have been asked for."""

    def __init__(self, text: str, mark: int) -> None:
        self.text = text
        self._mark = mark
        self._is_ascii = text.isascii()
        self._chunks: tuple[Chunk, ...] | None = None
        self._documents: dict[int, Editable | None] = {}

    def chunk(self, number: int) -> Chunk | None:
        if self._chunks is None:
            self._chunks = tuple(split(self.text))
        return self._chunks[number] if number < len(self._chunks) else None

    @property
    def is_single(self) -> bool:
        """Whether there is but one document."""
        return self.chunk(1) is None

    def document(self, number: int) -> Editable | None:
        if number not in self._documents:
            chunk = self.chunk(number)
            try:
                self._documents[number] = (
                    None if chunk is None else Editable(chunk.text, was_read=True)
                )
            except Refused:
                self._documents[number] = None
        return self._documents[number]

    def offset(self, place: int) -> int:
        """Characters of the text as bytes of the file."""
        before = place if self._is_ascii else len(self.text[:place].encode("utf-8"))
        return before + self._mark


class _Editor:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._files: dict[str, _File | None] = {}

    def fixes(self, repairs: Iterable[Repair]) -> list[Fix]:
        result = []
        for repair in repairs:
            parts = [self._edits(part) for part in (repair, *repair.others)]
            if all(parts):
                edits = tuple(edit for part in parts for edit in part)
                fix = Fix(repair.title, repair.safety, edits, repair.effect, repair.note)
                result.append(fix)
        return result

    def _file(self, path: str) -> _File | None:
        if path not in self._files:
            if len(self._files) >= MAX_FILES:  # findings come file by file
                del self._files[next(iter(self._files))]
            text, data = self._texts.text(path), self._texts.data(path)
            file = None
            if text is not None and data is not None:
                mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
                if data[mark:] == text.encode("utf-8"):  # only UTF-8 is edited
                    file = _File(text, mark)
            self._files[path] = file
        return self._files[path]

    def _edits(self, repair: Repair) -> list[Edit]:
        file = self._file(repair.path)
        if file is None:
            return []
        edits = []
        if Remove(()) in repair.operations:
            chunk = file.chunk(repair.document)
            if chunk is None or file.is_single:
                return []
            start, end = chunk.start + marker_of(chunk.text), chunk.start + len(chunk.text)
            edits = [Edit(repair.path, file.offset(start), file.offset(end), "")]
        elif repair.operations:
            document, chunk = file.document(repair.document), file.chunk(repair.document)
            if document is None or chunk is None:
                return []
            try:
                found = document.replacements(repair.operations)
            except Refused:
                return []
            edits = [
                Edit(
                    repair.path, file.offset(chunk.start + item.start),
                    file.offset(chunk.start + item.end), item.text,
                )
                for item in found
            ]  # fmt: skip
        end = file.offset(len(file.text))
        newline = "\r\n" if "\r\n" in file.text else "\n"
        for value in repair.added:
            lead = "" if file.text.endswith(("\n", "\r")) else newline
            text = f"{lead}---{newline}{render(value, newline)}"
            edits.append(Edit(repair.path, end, end, text))
        return edits
