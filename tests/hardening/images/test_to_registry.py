"""Results that go to a registry, and images that come from one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import command
from tests.hardening.images.made import base, document, index, layout, system
from tests.hardening.images.test_harden_image import EXEC, several
from tests.sources.http.conftest import _no_proxies
from tests.sources.images.registry.double import Double, Repository, running

__all__ = ["_no_proxies"]


STATEMENT = "application/vnd.in-toto+json"


def kinds(repository: Repository) -> list[str]:
    """What the manifests (not the indexes) of a repository are of."""
    values = [json.loads(data) for _, data in repository.manifests.values()]
    return sorted(each.get("artifactType", "") for each in values if "config" in each)


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Double]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "none.json"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    with running() as found:
        yield found


def test_to_a_registry_and_from_it(double: Double, tmp_path: Path) -> None:
    image = layout(tmp_path / "in", base(), config=EXEC)
    name = f"registry:{double.host}/shop/app:2"
    pulled = f"registry://{double.host}/shop/app:2"
    found = command("harden", "image", image, name)
    assert found.code == 0, found.errors
    repository = double.repository("shop/app")
    assert f"wrote {name}: {repository.tags['2']}" in found.output
    assert kinds(repository) == ["", "application/vnd.cyclonedx+json", STATEMENT]
    again = command("harden", "image", image, name)
    assert again.code == 3
    assert "--force" in again.errors
    assert command("harden", "image", image, name, "--force", "--squash").code == 0
    back = command("harden", "image", pulled, str(tmp_path / "out"), "--squash", "--no-sbom")
    assert back.code == 0, back.errors
    assert "signatures and other things about the image as it was" in back.output
    assert "application/vnd.cyclonedx+json" in back.output
    assert command("harden", "image", image, str(tmp_path / "direct"), "--squash").code == 0
    assert system(str(tmp_path / "out")) == system(str(tmp_path / "direct"))


def test_several_platforms(double: Double, tmp_path: Path) -> None:
    image = several(tmp_path / "in")
    name = f"registry:{double.host}/shop/app:2"
    pulled = f"registry://{double.host}/shop/app:2"
    found = command("harden", "image", f"{image}:1", name)
    assert found.code == 0, found.errors
    two = ["application/vnd.cyclonedx+json"] * 2 + [STATEMENT] * 2
    assert kinds(double.repository("shop/app")) == ["", "", *two]
    back = command(
        "harden", "image", pulled, str(tmp_path / "out"), "--platform", "linux/arm64", "--no-sbom"
    )
    assert back.code == 0, back.errors
    assert "(linux/arm64)" in back.output
    assert "(linux/amd64)" not in back.output
    assert command("harden", "image", pulled, f"docker-archive:{tmp_path}/d").code == 2


def test_all_platforms_of_a_registry_are_rewritten(double: Double, tmp_path: Path) -> None:
    name = f"registry:{double.host}/shop/app:2"
    assert command("harden", "image", f"{several(tmp_path / 'in')}:1", name).code == 0
    out, name = tmp_path / "out", f"registry://{double.host}/shop/app:2"
    back = command("harden", "image", name, str(out), "--minimal")
    assert back.code == 0, back.errors
    assert "(linux/amd64)" in back.output
    assert "(linux/arm64)" in back.output
    top, *others = index(out)["manifests"]
    platforms = document(out, top["digest"])["manifests"]
    assert [each["platform"]["architecture"] for each in platforms] == ["amd64", "arm64"]
    assert len(others) == 4
    one = command("harden", "image", name, str(tmp_path / "one"), "--platform", "linux/amd64")
    assert one.code == 0, one.errors
    assert index(tmp_path / "one")["manifests"][0]["digest"] != top["digest"]


def test_a_registry_that_keeps_no_referrers(double: Double, tmp_path: Path) -> None:
    double.has_referrers = False
    image = layout(tmp_path / "in", base(), config=EXEC)
    found = command("harden", "image", image, f"registry:{double.host}/shop/app:2")
    assert found.code == 0, found.errors
    tags = double.repository("shop/app").tags
    assert [tag for tag in tags if tag.startswith("sha256-")]
