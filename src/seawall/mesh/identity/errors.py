"""What can be wrong with an identity."""

from seawall.core.errors import UsageError


class IdentityError(UsageError):
    """A name, a request or a certificate that stands for no workload."""
