"""What is wrong with a description of a mesh."""

from seawall.core.errors import UsageError


class PlanError(UsageError):
    """A file that describes no mesh; the message names file and line."""
