"""Why the authority does not sign."""

from seawall.core.errors import InputError, UsageError


class RefusedError(UsageError):
    """A request that is not granted: the caller may not have it."""


class BusyError(RefusedError):
    """A request that comes too early: the same one may be granted later."""


class StoreError(InputError):
    """The store cannot be read or written: nothing is signed until it can."""


class LostError(StoreError):
    """Another controller leads: this one signs nothing and tells nobody anything any more."""
