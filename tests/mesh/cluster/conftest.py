"""An API server for the tests of clusters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.mesh.cluster.api import Api
from tests.mesh.cluster.api_double import Cluster, serving


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """What a pod has of its service account."""
    directory = tmp_path / "account"
    directory.mkdir()
    return directory


@pytest.fixture
def api(cluster: Cluster, account: Path) -> Iterator[Api]:
    with serving(cluster, account) as port:
        yield Api("127.0.0.1", port, str(account))
