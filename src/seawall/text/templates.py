"""Telling templates that nobody filled in from plain text: Go's (Helm and others), and marks."""

import re

from seawall.core.lazy import pattern

# Most texts hold none of the marks that these begin with, so they are compiled when first met.
_ACTION = (
    r"\{\{-?\s*(?:/\*|[.$(]|(?:if|else|end|range|with|define|include|template|block|toYaml|quote|"
    r"tpl|printf|required|default|fail|lookup|nindent|index|not|and|or|eq|ne)\b)"
)
_LINE_ACTION = r"(?m)^[ \t]*+\{\{"


def is_go_template(text: str) -> bool:
    """Whether text has Go template actions that must be carried out before it means anything.

    ``{{uid}}``-like marks of other template languages count only where YAML cannot hold them:
    at the start of a line.
    """
    if "{{" not in text:
        return False
    return re.search(_ACTION, text) is not None or re.search(_LINE_ACTION, text) is not None


_MARK = pattern(
    r"\$\{[^{}\n]+\}|\$\([^()\n]+\)|\$[A-Za-z_]|<[^<>\n]+>|##[\w.-]+##|#\{[\w.-]+\}#|"
    r"__[A-Z][A-Z0-9_]*__|@[A-Za-z_]\w*@|%[A-Za-z_]\w*%"
)
_MARK_YAML_REFUSES = r"[:-][ \t]+[@%][A-Za-z_]\w*[@%]"
_MARK_YAML_SKIPS = (
    r"(?m)^[ \t]*+(?:-[ \t]+)?[\"']?(?:name|generateName|namespace|kind|image)[\"']?[ \t]*+:[ \t]++"
    r"#(?:#[\w.-]+#|\{[\w.-]+\})#[ \t\r]*+$"
)


def has_mark(text: str) -> bool:
    """Whether a text has a mark that a tool replaces.

    The marks of envsubst, make, autoconf, Azure Pipelines and manuals: ``${NAME}``, ``$(NAME)``,
    ``$NAME``, ``@NAME@``, ``#{NAME}#``, ``##NAME##``, ``%NAME%``, ``__NAME__``, ``<name>``. Only
    for texts that can hold none of them otherwise, such as names of objects and of images: in
    arguments of a container ``$(NAME)`` is Kubernetes' own.
    """
    return _MARK.search(text) is not None


def has_mark_that_yaml_skips(text: str) -> bool:
    """Whether a name, kind or image of a document is a mark that a YAML reader takes as a comment.

    ``name: ##NAME##`` leaves the name empty.
    """
    return ("##" in text or "#{" in text) and re.search(_MARK_YAML_SKIPS, text) is not None


def has_mark_that_yaml_refuses(line: str) -> bool:
    """Whether a line has a mark that no plain scalar of YAML begins with: ``name: @NAME@``."""
    return re.search(_MARK_YAML_REFUSES, line) is not None
