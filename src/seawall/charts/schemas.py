"""Whether helm may check values against a chart's schemas: they must not send it anywhere.

helm follows references of ``values.schema.json`` to other files and over HTTP
(helm.sh/helm/v3/pkg/chartutil/jsonschema.go of 3.18).
"""

from typing import Any

from seawall.charts.content import Files

_NAME = "values.schema.json"
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_BUILT_IN = ("http://json-schema.org/", "https://json-schema.org/")
"""What the meta schemas' names begin with; the validator brings them along."""


def are_harmless(files: Files) -> bool:
    """Whether every schema of a chart speaks of itself only. What is packed cannot be seen."""
    return not any(path.endswith((".tgz", ".tar.gz")) for path in files) and all(
        _is_harmless(data) for path, data in files.items() if path.rpartition("/")[2] == _NAME
    )


def _is_harmless(data: bytes) -> bool:
    import json  # noqa: PLC0415 - few charts have a schema

    try:
        pending: list[Any] = [json.loads(data, object_pairs_hook=list)]
    except (ValueError, RecursionError):
        return False
    while pending:
        item = pending.pop()
        if isinstance(item, tuple):
            key, value = item
            if key in _REFERENCES and not (isinstance(value, str) and value.startswith("#")):
                return False
            if key == "$schema" and not str(value).startswith(_BUILT_IN):
                return False
            item = value
        if isinstance(item, list):
            pending.extend(item)
    return True
