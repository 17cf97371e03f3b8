"""Why workloads cannot be hosted here."""

from seawall.core.errors import UsageError


class HostError(UsageError):
    """This machine, or who runs the command, cannot do what is asked."""
