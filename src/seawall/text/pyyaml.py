"""PyYAML, for all modules of ours: imported from here it costs a third.

We use the events of its parser alone. Its constructor, resolver and reader compile a dozen patterns
while they are imported, for 12 ms of each start, and nobody here asks them anything.
"""

from seawall.core import lazy

with lazy.patterns_of_others():
    import yaml
    from yaml.events import (
        AliasEvent,
        DocumentEndEvent,
        DocumentStartEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
        StreamEndEvent,
        StreamStartEvent,
    )

__all__ = [
    "AliasEvent",
    "DocumentEndEvent",
    "DocumentStartEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
    "StreamStartEvent",
    "yaml",
]
