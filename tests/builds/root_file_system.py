"""A root file system as Debian's images have it, made with debootstrap once per machine.

Mirrors, proxies and other settings of apt are the machine's own. What the official images set for
apt in a container is set here too.
"""

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.builds.machine import CommandError, locked, release, run

_SETTINGS = re.compile(r'Acquire::(?:http|https|ftp|Check-|Retries|ForceIPv)[^ ]* "[^"]+";')
_FORMAT = "$(ORIGIN)|$(SITE)|$(RELEASE)|$(COMPONENT)"
_FILES = {
    # what is fetched is deleted in the same layer
    "etc/apt/apt.conf.d/docker-clean": (
        'DPkg::Post-Invoke {"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true";};\n'
        'APT::Update::Post-Invoke {"rm -f /var/cache/apt/archives/*.deb || true";};\n'
        'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";\n'
    ),
    "etc/apt/apt.conf.d/docker-no-languages": 'Acquire::Languages "none";\n',
    "etc/apt/apt.conf.d/docker-gzip-indexes": (
        'Acquire::GzipIndexes "true"; Acquire::CompressionTypes::Order:: "gz";\n'
    ),
    # no service is started by its package
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
}


def archive(directory: Path) -> Path:
    """The root file system as a tar file; it is made where it is not there yet."""
    result = directory / "root.tar"
    with locked("root"):
        if not result.exists():
            with TemporaryDirectory(dir=directory) as work:
                made = Path(work, "root.tar")
                _make(Path(work, "root"), made)
                made.rename(result)
    return result


def _make(root: Path, result: Path) -> None:
    sources = _sources()
    run(["debootstrap", "--variant=minbase", release(), root, _mirror(sources)])
    lines = [f"deb {site} {suite} {component}\n" for site, suite, component in sources]
    (root / "etc/apt/sources.list").write_text("".join(lines))
    settings = _SETTINGS.findall(run(["apt-config", "dump"]))
    (root / "etc/apt/apt.conf.d/90-of-the-machine").write_text("\n".join(settings) + "\n")
    for name, text in _FILES.items():
        (root / name).write_text(text)
    os.chmod(root / "usr/sbin/policy-rc.d", 0o755)
    (root / "etc/hostname").unlink(missing_ok=True)
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    left_out = ["./dev/*", "./proc/*", "./sys/*", "./tmp/*", "./var/lib/apt/lists/*",
                "./var/cache/apt/*", "./var/log/*"]  # fmt: skip
    run(["tar", "--create", "--file", result, "--directory", root, "--numeric-owner",
         *(f"--exclude={one}" for one in left_out), "."])  # fmt: skip


def _sources() -> list[tuple[str, str, str]]:
    """Mirror, suite and component of what the machine takes its own system's packages from."""
    text = run(["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"])
    result = []
    for line in text.splitlines():
        origin, site, suite, component = line.split("|")
        own = origin in ("Debian", "Debian-Security", "Ubuntu", "")  # none before apt-get update
        if own and re.split("[-/]", suite)[0] == release():
            result.append((site, suite, component))
    return result


def _mirror(sources: list[tuple[str, str, str]]) -> str:
    for site, suite, component in sources:
        if (suite, component) == (release(), "main"):
            return site
    raise CommandError(f"apt's sources on this machine name no mirror of {release()}")
