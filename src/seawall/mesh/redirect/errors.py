"""Why traffic cannot be redirected."""

from seawall.core.errors import UsageError


class RedirectError(UsageError):
    """The rules cannot be made or loaded here."""
