"""VEX documents: somebody's word that a vulnerability does not affect a product.

Three formats are read, each by a module with ``statements(value)``: OpenVEX, CycloneDX and CSAF
2.0. What a document says becomes ignores, which triage applies like any others: what it hides
stays in the report, with the reason and where that is written.
"""

import json
from collections.abc import Callable, Iterator
from hashlib import blake2b
from importlib import import_module
from typing import Any, NamedTuple

from seawall.advisories.vex.statement import Scope, Statement
from seawall.core.advisory_id import is_advisory_id
from seawall.core.errors import UsageError
from seawall.core.ignore import Ignore
from seawall.core.location import Location, Span
from seawall.core.report import Failed
from seawall.sources.files import SourceFile
from seawall.sources.files import read as read_file

TOOL = "vex"
MAX_SIZE = 100 * 1024 * 1024


class Document(NamedTuple):
    """What one file says."""

    ignores: tuple[Ignore, ...]
    digest: bytes


def read(path: str) -> Document:
    """Read a VEX document; raises UsageError for what is none."""
    data = read_file(SourceFile(path, path, path, named=True, context=False), MAX_SIZE)
    if isinstance(data, Failed):
        raise UsageError(f"{path}: {data.reason}; name a VEX document")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise UsageError(f"{path}:{line}: this is no JSON: {error}; name a VEX document") from None
    text = data.decode("utf-8", "replace")
    found = tuple(
        _ignore(item._replace(ids=ids), path, text)
        for item in _reader(path, value)(value)
        if (ids := tuple(filter(is_advisory_id, item.ids)))
    )
    return Document(found, blake2b(data, digest_size=16).digest())


def _reader(path: str, value: Any) -> Callable[[Any], Iterator[Statement]]:
    name = ""
    if isinstance(value, dict):
        if "openvex" in str(value.get("@context", "")):
            name = "openvex"
        elif value.get("bomFormat") == "CycloneDX":
            name = "cyclonedx"
        elif isinstance(value.get("document"), dict) and "csaf_version" in value["document"]:
            name = "csaf"
    if not name:
        raise UsageError(f"{path}: this is no VEX document; give OpenVEX, CycloneDX or CSAF 2.0")
    statements: Callable[[Any], Iterator[Statement]] = import_module(
        f"seawall.advisories.vex.{name}"
    ).statements
    return statements


def _ignore(statement: Statement, path: str, text: str) -> Ignore:
    line = 1 + text.count("\n", 0, max(text.find(f'"{statement.ids[0]}"'), 0))
    reason = f"{statement.status}: {statement.reason}" if statement.reason else statement.status
    return Ignore(
        statement.ids,
        Scope(statement.products),
        reason,
        origin=Location(path, span=Span(line, 1, line, 1)),
        form=TOOL,
        tool=TOOL,
    )
