"""What goes wrong with a feed as a whole; a single record is ``Unread`` instead."""

from seawall.core.errors import InputError


class FeedError(InputError):
    """A file of a feed that cannot be read, or not to its end; says which and what to do."""
