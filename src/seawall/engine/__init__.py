"""The one place that knows all domains: plan, read, check, triage.

What it offers is loaded when somebody asks for it: most commands need a small part.
"""

from typing import TYPE_CHECKING

from seawall.core.lazy import exports

if TYPE_CHECKING:
    from seawall.engine.concluding import Result
    from seawall.engine.day import today
    from seawall.engine.entry import scan, scan_or_replay
    from seawall.engine.options import NEWEST_KUBERNETES, Options
    from seawall.engine.parts import Told
    from seawall.engine.progress import Progress
    from seawall.engine.run import Recording, Replay, Run, Teller, unpacked
    from seawall.engine.texts import Texts

__all__ = [
    "NEWEST_KUBERNETES",
    "Options",
    "Progress",
    "Recording",
    "Replay",
    "Result",
    "Run",
    "Teller",
    "Texts",
    "Told",
    "scan",
    "scan_or_replay",
    "today",
    "unpacked",
]

__getattr__ = exports(
    __name__,
    {
        "concluding": ("Result",),
        "day": ("today",),
        "entry": ("scan", "scan_or_replay"),
        "options": ("NEWEST_KUBERNETES", "Options"),
        "parts": ("Told",),
        "progress": ("Progress",),
        "run": ("Recording", "Replay", "Run", "Teller", "unpacked"),
        "texts": ("Texts",),
    },
)
