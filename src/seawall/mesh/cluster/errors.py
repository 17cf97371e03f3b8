"""What goes wrong between us and a cluster."""

from seawall.core.errors import InputError


class ClusterError(InputError):
    """The API server, or an application, cannot be asked; or its answer is odd."""


class ApiError(ClusterError):
    """The API server refuses."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class GoneError(ApiError):
    """What a watch was to begin with is too old for the API server (410): list anew."""
