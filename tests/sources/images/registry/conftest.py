"""A registry, and access to it that does not sleep."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seawall.sources.http.client import Client, Contexts, Limits
from seawall.sources.images.registry.access import LIMITS, Access
from seawall.sources.images.registry.configuration import Rules
from seawall.sources.images.registry.credentials import Credentials
from seawall.sources.images.registry.resolving import Images
from tests.sources.http.conftest import _no_proxies, waits
from tests.sources.http.support import Waits
from tests.sources.images.registry.double import Double, running

__all__ = ["_no_proxies", "waits"]

QUICK = LIMITS._replace(patience=2.0)


@pytest.fixture
def double() -> Iterator[Double]:
    with running() as found:
        yield found


def connecting(waits: Waits, limits: Limits = QUICK) -> Callable[[Contexts], Client]:
    return lambda contexts: Client(limits=limits, contexts=contexts, wait=waits)


@pytest.fixture
def access(waits: Waits) -> Access:
    return Access(Credentials({}), connect=connecting(waits))


@pytest.fixture
def images(access: Access) -> Images:
    return Images(access)


def with_login(
    directory: Path, waits: Waits, host: str, login: str, rules: Rules | None = None
) -> Images:
    entry = {"auth": base64.b64encode(login.encode()).decode()}
    (directory / "config.json").write_text(json.dumps({"auths": {host: entry}}))
    known = Credentials({"DOCKER_CONFIG": str(directory)})
    return Images(Access(known, rules or Rules(), connect=connecting(waits)))
