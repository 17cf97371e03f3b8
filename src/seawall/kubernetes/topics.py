"""What an answer about the objects of a run rests on.

A topic names a set of objects by what is asked for: a kind, a kind in a namespace, everything with
pods. While the objects of the topics that somebody asked about stay the same, so do the answers.
"""

Topic = tuple[str, ...]

EVERYTHING: Topic = ("everything",)
"""All objects, with all that they hold."""
OPAQUE: Topic = ("opaque",)
"""The texts that could not be read as objects."""
APPLICATIONS: Topic = ("applications",)
"""The directories of the files with pods."""
PODS, KIND, PRESENCE, TEXT = "pods", "kind", "presence", "text"
"""How the other topics begin."""


def pods(namespace: str | None = None) -> Topic:
    """The objects with pods or pod templates, of a namespace or of all."""
    return (PODS,) if namespace is None else (PODS, namespace)


def kind(name: str, namespace: str | None = None) -> Topic:
    """The objects of a kind, of a namespace or of all."""
    return (KIND, name) if namespace is None else (KIND, name, namespace)


def presence(name: str) -> Topic:
    """Whether there is any object of a kind."""
    return (PRESENCE, name)


def text(path: str) -> Topic:
    """The text of a file, by its path in reports."""
    return (TEXT, path)
