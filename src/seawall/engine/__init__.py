"""The one place that knows all domains: plan, read, check, triage."""

from seawall.engine.day import today
from seawall.engine.options import NEWEST_KUBERNETES, Options
from seawall.engine.parts import Told
from seawall.engine.progress import Progress
from seawall.engine.run import Recording, Replay, Run, Teller, unpacked
from seawall.engine.scanning import Result, scan, scan_or_replay
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
