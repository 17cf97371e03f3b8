"""Bills of materials: which of the formats a file is in, and its packages.

CycloneDX in JSON and XML (``cyclonedx``), SPDX 2 in JSON, YAML and tag-value form (``spdx``), SPDX
3 in JSON-LD (``spdx3``). Which it is, its content says: names are used loosely.
"""

from collections.abc import Callable

from seawall.packages.package import Contents, File, Unreadable
from seawall.packages.reading import Notes, Table, json_of

_JSON_MARKS = (b'"bomFormat"', b'"spdxVersion"', b"spdx.org/rdf/3.")
_HEAD = 4096


def looks_like_sbom(data: bytes) -> bool:
    """Whether a file of any name is a bill of materials, going by its first bytes."""
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"{"):
        return any(mark in head or mark in data[-_HEAD:] for mark in _JSON_MARKS)
    if head.startswith(b"<"):
        return b"cyclonedx.org/schema/bom" in head
    return head.startswith(b"SPDXVersion:") or b"\nSPDXVersion: SPDX-2" in head


def read(file: File) -> Contents:
    """The packages of a bill of materials."""
    notes = Notes()
    head = file.data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        return _read_xml(file, notes)
    if head.startswith(b"{"):
        document = json_of(file.data, notes)
        reader = _reader_of(document)
        if reader is None:
            notes.add(file.path.rpartition("/")[2], "it is no CycloneDX and no SPDX")
            return Contents((), notes.problems)
        return reader(document, notes)
    from seawall.packages import spdx  # noqa: PLC0415 - only where it is met

    if file.path.endswith((".yaml", ".yml")):
        from seawall.packages.yaml_reading import yaml_of  # noqa: PLC0415 - as above

        return spdx.read_table(yaml_of(file.data), notes)
    from seawall.packages.spdx_tags import read_tags  # noqa: PLC0415 - as above

    return read_tags(file.data, notes)


def _reader_of(document: Table) -> Callable[[Table, Notes], Contents] | None:
    if document.get("bomFormat") == "CycloneDX":
        from seawall.packages.cyclonedx import read_json  # noqa: PLC0415 - only where it is met

        return read_json
    if "spdxVersion" in document:
        from seawall.packages.spdx import read_table  # noqa: PLC0415 - as above

        return read_table
    context = document.get("@context")
    contexts = context if isinstance(context, list) else [context]
    if any(isinstance(item, str) and "spdx.org/rdf/3." in item for item in contexts):
        from seawall.packages.spdx3 import read_graph  # noqa: PLC0415 - as above

        return read_graph
    return None


def _read_xml(file: File, notes: Notes) -> Contents:
    if b"spdx.org/rdf" in file.data[:_HEAD]:
        raise Unreadable("SPDX as RDF/XML is not read: save it as JSON or tag-value", 1)
    from seawall.packages.cyclonedx import read_xml  # noqa: PLC0415 - only where it is met

    return read_xml(file.data, notes)
