"""The server, and the client that does not sleep, of the tests of HTTP."""

from tests.sources.http.conftest import _no_proxies, server, waits

__all__ = ["_no_proxies", "server", "waits"]
