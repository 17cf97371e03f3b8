"""What ends a patch: a package or a repository that is not what it should be."""

from seawall.core.errors import InputError


class PackageError(InputError):
    """A package, an index or a signature that cannot be used; says why and what to do."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        super().__init__(f"{name}: {reason}; {remedy}")
        self.reason = reason


FETCH_AGAIN = "fetch it again from where it was made"
DISTRUST = "do not trust it: fetch it again from a mirror that you trust"
