"""The one place that knows all domains: plan, read, check, triage."""

from seawall.engine.options import NEWEST_KUBERNETES, Options
from seawall.engine.reading import Progress
from seawall.engine.scanning import Result, scan
from seawall.engine.texts import Texts

__all__ = ["NEWEST_KUBERNETES", "Options", "Progress", "Result", "Texts", "scan"]
