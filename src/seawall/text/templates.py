"""Telling Go templates (Helm and others) from plain text."""

import re

_ACTION = re.compile(
    r"\{\{-?\s*(?:/\*|[.$(]|(?:if|else|end|range|with|define|include|template|block|toYaml|quote|"
    r"tpl|printf|required|default|fail|lookup|nindent|index|not|and|or|eq|ne)\b)"
)
_LINE_ACTION = re.compile(r"^[ \t]*+\{\{", re.MULTILINE)


def is_go_template(text: str) -> bool:
    """Whether text has Go template actions that must be carried out before it means anything.

    ``{{uid}}``-like marks of other template languages count only where YAML cannot hold them:
    at the start of a line.
    """
    if "{{" not in text:
        return False
    return _ACTION.search(text) is not None or _LINE_ACTION.search(text) is not None
