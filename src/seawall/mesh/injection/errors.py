"""What is wrong with a manifest or with what was asked of it."""

from seawall.core.errors import InputError, UsageError


class SettingsError(UsageError):
    """Options that no pod can be injected with."""


class ManifestError(InputError):
    """A manifest that cannot be read or changed; the message names file and line."""


class ReviewError(UsageError):
    """Something that is no request for admission."""
