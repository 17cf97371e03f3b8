"""Which ecosystem has which order."""

import subprocess
import sys

import pytest

from seawall.advisories.versions.schemes import ecosystems, scheme_of
from seawall.packages.ecosystems import ecosystem_of

OSV = """
AlmaLinux|Alpaquita|Alpine|Android|Azure Linux|BellSoft Hardened Containers|Bioconductor|Bitnami
Chainguard|CleanStart|ConanCenter|CRAN|crates.io|Debian|Docker Hardened Images|Echo|FreeBSD|GHC
GitHub Actions|Go|Hackage|Hex|Julia|Kubernetes|Linux|Mageia|Maven|MinimOS|npm|NuGet|opam|openEuler
openSUSE|OSS-Fuzz|Packagist|Photon OS|Pub|PyPI|Red Hat|Rocky Linux|Root|RubyGems|SUSE|SwiftURL
TuxCare|Ubuntu|VSCode|Wolfi
""".strip().replace("\n", "|")


@pytest.mark.parametrize("ecosystem", OSV.split("|"))
def test_all_of_the_osv_schema_have_one(ecosystem: str) -> None:
    found = scheme_of(ecosystem)
    assert found is not None
    one, other = found.key("1.2.3"), found.key("1.10")
    assert one is not None
    assert other is not None
    assert one < other


@pytest.mark.parametrize(
    ("ecosystem", "name"),
    [
        ("Debian:12", "debian"),
        ("Ubuntu:Pro:16.04:LTS", "debian"),
        ("Alpine:v3.20", "apk"),
        ("Red Hat:rhel_e4s:8.6::appstream", "rpm"),
        ("openSUSE:Leap 15.6", "rpm"),
        ("Packagist:https://packages.drupal.org/8", "composer"),
        ("Maven:https://repo.example.org", "maven"),
        ("Root:Alpine:3.18", "apk"),
        ("Root:PyPI", "pep440"),
        ("Root:npm", "semver"),
        ("Echo", "debian"),
        ("Echo:PyPI", "pep440"),
        ("TuxCare:8", "generic"),
        ("kubernetes", "semver"),
    ],
)
def test_what_follows_the_name_is_a_release(ecosystem: str, name: str) -> None:
    found = scheme_of(ecosystem)
    assert found is not None
    assert found.name == name


def test_unknown_ones_have_none() -> None:
    for ecosystem in ("GIT", "", "Debian12", ":12", "nothing"):
        assert scheme_of(ecosystem) is None


def test_types_of_package_urls_have_one() -> None:
    types = (
        "bitnami cargo composer conan cran gem golang hackage hex julia maven npm nuget pub pypi"
    )
    for type_ in types.split():
        assert scheme_of(ecosystem_of(type_)) is not None


def test_a_module_is_imported_when_its_first_version_is_met() -> None:
    code = (
        "import sys\n"
        "from seawall.advisories.versions.schemes import scheme_of\n"
        "package = 'seawall.advisories.versions.'\n"
        "before = {name for name in sys.modules if name.startswith(package)}\n"
        "scheme_of('Debian:12')\n"
        "after = {name for name in sys.modules if name.startswith(package)}\n"
        "print(*sorted(before), '|', *sorted(after - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    package = "seawall.advisories.versions."
    assert done.stdout.split() == [
        f"{package}schemes", "|", f"{package}debian", f"{package}number",
    ]  # fmt: skip
    assert len(ecosystems()) > 45
