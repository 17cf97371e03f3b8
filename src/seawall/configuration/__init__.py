"""``seawall.toml``, or ``[tool.seawall]`` of a ``pyproject.toml``: what a team has decided."""

from seawall.configuration.files import FILE_NAME, in_pyproject, locate
from seawall.configuration.reading import EMPTY, Configuration, base_of, load, with_secret_rules

__all__ = [
    "EMPTY",
    "FILE_NAME",
    "Configuration",
    "base_of",
    "in_pyproject",
    "load",
    "locate",
    "with_secret_rules",
]
