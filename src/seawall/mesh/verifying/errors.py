"""Why a mesh cannot be put to the test."""

from seawall.core.errors import InputError


class VerifyError(InputError):
    """Something that a test needs is not there."""
