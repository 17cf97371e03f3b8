"""Every source of advisories: who it is, what one may do with it, which files are its own.

To add one that has a form which is read already, add a row here. Addresses are for the updater; a
database is built from files.
"""

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib import import_module
from typing import NamedTuple

from seawall.advisories.advisory import Record
from seawall.advisories.feeds import changes
from seawall.advisories.feeds.archive import members

# How a source tells what changed since it was fetched.
ETAG = "etag"
"""``ETag`` or ``Last-Modified`` of the file; fetched whole when it differs."""
MODIFIED_IDS = "modified-ids"
"""OSV's ``modified_id.csv``: lines ``time,id``, newest first; single records are fetched."""
META = "meta"
"""NVD's ``.meta`` beside each feed, with its SHA-256; ``modified`` has the last eight days."""
CHANGES = "changes"
"""Red Hat's ``changes.csv`` and ``deletions.csv``: lines ``path,time``, newest first."""
DELTAS = "deltas"
"""The CVE list's hourly archives of what is new, beside a daily one of everything."""
LAST_UPDATE = "last-update"
"""Alpine's ``last-update``: one time for all its databases."""
REPOSITORY = "repository"
"""A repository of RPM packages: its ``repomd.xml`` tells of ``updateinfo.xml.gz``, with SHA-256."""
LOCAL = "local"
"""Made from files at hand; nothing is fetched."""

# How much of what a source knows its files have.
WHOLE = "whole"
PART = "part"
"""Some of its records: that a package is in none of them says nothing."""

FACTS = "LicenseRef-facts"
"""No licence is stated; facts only: ids, names, versions, days."""


class Update(NamedTuple):
    """Where a source comes from."""

    method: str
    address: str = ""
    """What is fetched whole."""
    changes: str = ""
    """What tells of changes, where that is another address."""


class Source(NamedTuple):
    """One source."""

    name: str
    """What records of it have as their ``source``."""
    title: str
    licence: str
    """SPDX; ``LicenseRef-`` where there is no such name."""
    reader: str
    """The module of ``seawall.advisories.feeds`` that reads it."""
    files: tuple[str, ...]
    """Globs of its files below a directory of feeds, laid out like OSV's buckets."""
    update: Update
    attribution: str
    home: str = ""
    is_redistributable: bool = True
    """Whether a database made of it may be passed on."""
    is_share_alike: bool = False
    """Whether what is made of it must have its licence: it gets a file of its own."""
    extent: str = WHOLE


_BUCKET = "https://storage.googleapis.com/osv-vulnerabilities"
_CC_BY = "CC-BY-4.0"


def _osv(
    directory: str, title: str, licence: str, home: str, *,
    is_redistributable: bool = True, is_share_alike: bool = False, base: str = "",
    extent: str = WHOLE,
) -> Source:  # fmt: skip
    """A directory of OSV's buckets."""
    bucket = f"{_BUCKET}/{base or directory}".replace(" ", "%20")
    name = directory.lower().replace(" ", "-").replace(".", "-")
    return Source(
        f"osv-{name}",
        title,
        licence,
        "osv",
        (f"osv/{directory}/*",),
        Update(MODIFIED_IDS, f"{bucket}/all.zip", f"{bucket}/modified_id.csv"),
        f"{title}, {home}, {licence}",
        home,
        is_redistributable,
        is_share_alike,
        extent,
    )


_GITHUB = "https://github.com"
_GHSA = f"{_GITHUB}/github/advisory-database"

SOURCES: tuple[Source, ...] = (
    _osv("Go", "Go vulnerability database", _CC_BY, "https://vuln.go.dev"),
    _osv("PyPI", "Python packaging advisories", _CC_BY, f"{_GITHUB}/pypa/advisory-database"),
    _osv("crates.io", "RustSec advisories", "CC0-1.0", "https://rustsec.org"),
    _osv("npm", "GitHub and malicious-package advisories of npm", _CC_BY, _GHSA),
    _osv("Maven", "GitHub advisories of Maven packages", _CC_BY, _GHSA),
    _osv("NuGet", "GitHub advisories of NuGet packages", _CC_BY, _GHSA),
    _osv("RubyGems", "GitHub advisories of Ruby gems", _CC_BY, _GHSA),
    _osv("Hex", "Advisories of Erlang and Elixir packages", _CC_BY, _GHSA),
    _osv("Pub", "GitHub advisories of Dart packages", _CC_BY, _GHSA),
    _osv("SwiftURL", "GitHub advisories of Swift packages", _CC_BY, _GHSA),
    _osv("GitHub Actions", "GitHub advisories of actions", _CC_BY, _GHSA),
    _osv("Packagist", "Advisories of Drupal and Composer packages", "MIT",
         f"{_GITHUB}/DrupalSecurityTeam/drupal-advisory-database"),
    _osv("Bitnami", "Bitnami vulnerability database", "Apache-2.0", f"{_GITHUB}/bitnami/vulndb"),
    _osv("Julia", "Julia security advisories", _CC_BY,
         f"{_GITHUB}/JuliaLang/SecurityAdvisories.jl"),
    _osv("opam", "OCaml security advisories", "CC0-1.0", f"{_GITHUB}/ocaml/security-advisories"),
    _osv("Hackage", "Haskell security advisories", "CC0-1.0",
         f"{_GITHUB}/haskell/security-advisories"),
    _osv("GHC", "Haskell security advisories of the compiler", "CC0-1.0",
         f"{_GITHUB}/haskell/security-advisories"),
    _osv("CRAN", "R advisory database", "Apache-2.0",
         f"{_GITHUB}/RConsortium/r-advisory-database"),
    _osv("GIT-psf", "Python Software Foundation advisories of CPython", _CC_BY,
         f"{_GITHUB}/psf/advisory-database")._replace(
        update=Update(ETAG, f"{_GITHUB}/psf/advisory-database/archive/refs/heads/main.tar.gz")),
    _osv("Kubernetes", "Kubernetes official CVE feed", "Apache-2.0",
         f"{_GITHUB}/kubernetes-sigs/cve-feed-osv"),
    _osv("AlmaLinux", "AlmaLinux errata", "MIT", f"{_GITHUB}/AlmaLinux/osv-database"),
    _osv("Rocky Linux", "Rocky Linux errata", "BSD-3-Clause", "https://errata.rockylinux.org"),
    _osv("Red Hat", "Red Hat errata", _CC_BY, "https://security.access.redhat.com/data"),
    _osv("SUSE", "SUSE security updates", _CC_BY, "https://www.suse.com/support/security"),
    _osv("openSUSE", "openSUSE security updates", _CC_BY, "https://www.suse.com/support/security"),
    _osv("openEuler", "openEuler security advisories", "MulanPSL-2.0",
         "https://repo.openeuler.org/security/data"),
    _osv("Alpaquita", "BellSoft advisories of Alpaquita", "MIT", f"{_GITHUB}/bell-sw/osv-database"),
    _osv("Debian", "Debian security advisories", FACTS, "https://security-tracker.debian.org"),
    _osv("Alpine", "Alpine security database, as OSV", FACTS, "https://secdb.alpinelinux.org"),
    _osv("GHSA-sample", "GitHub Advisory Database", _CC_BY, _GHSA, base="[EMPTY]", extent=PART),
    _osv("Ubuntu-sample", "Ubuntu security data", "CC-BY-SA-4.0",
         "https://security-metadata.canonical.com", is_share_alike=True, base="Ubuntu",
         extent=PART),
    _osv("Ubuntu", "Ubuntu security data", "CC-BY-SA-4.0",
         "https://security-metadata.canonical.com", is_share_alike=True),
    _osv("Wolfi", "Wolfi advisories", "CC-BY-NC-ND-4.0", f"{_GITHUB}/wolfi-dev/advisories",
         is_redistributable=False),
    _osv("Chainguard", "Chainguard advisories", "CC-BY-NC-ND-4.0",
         "https://images.chainguard.dev/security", is_redistributable=False),
    Source(
        "cve-list", "CVE List with CISA's Vulnrichment", "LicenseRef-CVE-terms-of-use", "cve",
        ("cve-v5/*",),
        Update(
            DELTAS,
            "https://api.github.com/repos/CVEProject/cvelistV5/releases/latest",
            f"{_GITHUB}/CVEProject/cvelistV5/releases/download/",
        ),
        "CVE records, copyright The MITRE Corporation; CISA Vulnrichment, CC0-1.0",
        "https://www.cve.org",
    ),
    Source(
        "nvd", "National Vulnerability Database", "NIST-PD", "nvd",
        ("nvd/nvdcve-*",),
        Update(
            META,
            "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-{year}.json.gz",
            "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-{year}.meta",
        ),
        "This product uses data from the NVD but is not endorsed or certified by the NVD.",
        "https://nvd.nist.gov",
    ),
    Source(
        "nvd-overrides", "Anchore NVD data overrides", "CC0-1.0", "nvd",
        ("nvd/anchore-nvd-data-overrides*",),
        Update(ETAG, f"{_GITHUB}/anchore/nvd-data-overrides/archive/refs/heads/main.tar.gz"),
        "Anchore NVD data overrides, CC0-1.0", f"{_GITHUB}/anchore/nvd-data-overrides",
    ),
    Source(
        "kev", "Known Exploited Vulnerabilities Catalog", "CC0-1.0", "kev",
        ("kev/known_exploited_vulnerabilities.json*",),
        Update(
            ETAG,
            "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
        ),
        "CISA Known Exploited Vulnerabilities Catalog, CC0-1.0", "https://www.cisa.gov/kev",
    ),
    Source(
        "epss", "Exploit Prediction Scoring System", "LicenseRef-EPSS-free-use", "epss",
        ("epss/*.csv*",),
        Update(ETAG, "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"),
        "EPSS scores by FIRST, https://www.first.org/epss", "https://www.first.org/epss",
    ),
    Source(
        "debian-changelogs", "Changelogs and versions of Debian packages", FACTS, "debian",
        ("debian/*changelog*", "debian/*.tsv"),
        Update(LOCAL, "https://deb.debian.org/debian-security"),
        "Debian package changelogs", "https://www.debian.org", extent=PART,
    ),
    Source(
        "debian", "Debian security tracker", FACTS, "debian",
        ("debian/*",),
        Update(ETAG, "https://security-tracker.debian.org/tracker/data/json"),
        "Debian security tracker", "https://security-tracker.debian.org",
    ),
    Source(
        "ubuntu", "Ubuntu security data", "CC-BY-SA-4.0", "ubuntu",
        ("ubuntu/*",),
        Update(ETAG, "https://security-metadata.canonical.com/osv/osv-all.tar.xz"),
        "Ubuntu security data by Canonical, CC-BY-SA-4.0",
        "https://security-metadata.canonical.com", is_share_alike=True,
    ),
    Source(
        "alpine", "Alpine security database", FACTS, "alpine",
        ("alpine/*",),
        Update(
            LAST_UPDATE,
            "https://secdb.alpinelinux.org/{release}/{repository}.json",
            "https://secdb.alpinelinux.org/last-update",
        ),
        "Alpine security database", "https://secdb.alpinelinux.org",
    ),
    Source(
        "redhat-sample", "Red Hat VEX, some documents", _CC_BY, "redhat_csaf",
        ("redhat/*csaf*sample*",),
        Update(LOCAL, "https://security.access.redhat.com/data/csaf/v2/vex/"),
        "Red Hat security data, CC-BY-4.0", "https://security.access.redhat.com/data",
        extent=PART,
    ),
    Source(
        "redhat", "Red Hat VEX", _CC_BY, "redhat_csaf",
        ("redhat/*csaf*",),
        Update(
            CHANGES,
            "https://security.access.redhat.com/data/csaf/v2/vex/archive_latest.txt",
            "https://security.access.redhat.com/data/csaf/v2/vex/changes.csv",
        ),
        "Red Hat security data, CC-BY-4.0", "https://security.access.redhat.com/data",
    ),
    Source(
        "redhat-oval", "Red Hat OVAL", _CC_BY, "oval",
        ("redhat/*oval*",),
        Update(
            ETAG,
            "https://security.access.redhat.com/data/oval/v2/RHEL{release}/"
            "rhel-{release}-including-unpatched.oval.xml.bz2",
        ),
        "Red Hat security data, CC-BY-4.0", "https://security.access.redhat.com/data",
    ),
    Source(
        "oracle", "Oracle Linux errata", "LicenseRef-Oracle-terms", "oval",
        ("oracle/*",),
        Update(ETAG, "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2"),
        "Oracle Linux OVAL definitions", "https://linux.oracle.com/security",
        is_redistributable=False,
    ),
    Source(
        "suse", "SUSE OVAL", _CC_BY, "oval",
        ("suse/*",),
        Update(ETAG, "https://ftp.suse.com/pub/projects/security/oval/"),
        "SUSE security data, CC-BY-4.0", "https://www.suse.com/support/security",
    ),
    Source(
        "azure-linux", "Azure Linux vulnerability data", "MIT", "oval",
        ("azurelinux/*",),
        Update(
            ETAG,
            "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/"
            "{name}-oval.xml",
        ),
        "Azure Linux vulnerability data by Microsoft, MIT",
        f"{_GITHUB}/microsoft/AzureLinuxVulnerabilityData",
    ),
    Source(
        "photon", "Photon OS CVE metadata", "LicenseRef-not-stated", "photon",
        ("photon/*.json*",),
        Update(
            ETAG,
            "https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon{release}.json",
        ),
        "Photon OS CVE metadata", f"{_GITHUB}/vmware/photon/wiki/Security-Advisories",
        is_redistributable=False,
    ),
    Source(
        "photon-oval", "Photon OS OVAL", "LicenseRef-not-stated", "oval",
        ("photon/*.xml*",),
        Update(
            ETAG,
            "https://packages.broadcom.com/photon/photon_oval_definitions/"
            "com.vmware.phsa-photon{release}.xml.gz",
        ),
        "Photon OS OVAL definitions", f"{_GITHUB}/vmware/photon/wiki/Security-Advisories",
        is_redistributable=False,
    ),
    Source(
        "amazon", "Amazon Linux security advisories", "LicenseRef-not-stated", "updateinfo",
        ("amazon/*",),
        Update(
            REPOSITORY,
            "https://cdn.amazonlinux.com/{release}/x86_64/mirror.list",
        ),
        "Amazon Linux security advisories", "https://alas.aws.amazon.com",
        is_redistributable=False,
    ),
    Source(
        "rocky", "Rocky Linux errata", "BSD-3-Clause", "updateinfo",
        ("rocky/*",),
        Update(
            REPOSITORY, "https://dl.rockylinux.org/pub/rocky/{release}/{repository}/x86_64/os/"
        ),
        "Rocky Linux errata", "https://errata.rockylinux.org",
    ),
    Source(
        "rubysec", "Ruby advisory database", "LicenseRef-rubysec-public-domain", "rubysec",
        ("rubysec/*",),
        Update(ETAG, f"{_GITHUB}/rubysec/ruby-advisory-db/archive/refs/heads/master.tar.gz"),
        "Ruby advisory database, rubysec.com", "https://rubysec.com",
    ),
    Source(
        "friendsofphp", "PHP security advisories", "Unlicense", "friendsofphp",
        ("friendsofphp/*",),
        Update(
            ETAG, f"{_GITHUB}/FriendsOfPHP/security-advisories/archive/refs/heads/master.tar.gz"
        ),
        "FriendsOfPHP security advisories", f"{_GITHUB}/FriendsOfPHP/security-advisories",
    ),
    Source(
        "nodejs", "Node.js security working group", "MIT", "nodejs",
        ("nodejs-security-wg/*",),
        Update(ETAG, f"{_GITHUB}/nodejs/security-wg/archive/refs/heads/main.tar.gz"),
        "Node.js security working group, MIT", f"{_GITHUB}/nodejs/security-wg",
        extent=PART,
    ),
    Source(
        "retirejs", "Retire.js", "Apache-2.0", "retirejs",
        ("retirejs/*",),
        Update(
            ETAG,
            "https://raw.githubusercontent.com/RetireJS/retire.js/master/repository/jsrepository-v6.json",
        ),
        "Retire.js, Apache-2.0", f"{_GITHUB}/RetireJS/retire.js",
        extent=PART,
    ),
    Source(
        "endoflife", "endoflife.date", "MIT", "endoflife",
        ("endoflife/*",),
        Update(ETAG, "https://endoflife.date/api/v1/products/full"),
        "endoflife.date, MIT", "https://endoflife.date",
    ),
)  # fmt: skip
_PASSED_OVER = ("README*", "LICENSE*", "*/README*", "*/LICENSE*", "*_schema.json", "*.meta")


class Files(NamedTuple):
    """A source and its files in a directory."""

    source: Source
    root: str
    paths: tuple[str, ...]
    """Relative to ``root``, with ``/``."""


def source(name: str) -> Source:
    """The source of a name. Raises ``KeyError``."""
    return _BY_NAME[name]


def licence_of(name: str) -> str:
    """The licence of a source; empty for one that is not known."""
    return _BY_NAME[name].licence if name in _BY_NAME else ""


_BY_NAME = {each.name: each for each in SOURCES}


def located(root: str) -> tuple[tuple[Files, ...], tuple[str, ...]]:
    """The sources that have files in a directory, and the files that belong to none."""
    found: dict[str, list[str]] = {}
    others: list[str] = []
    for path in _files(root):
        if any(fnmatchcase(path, glob) for glob in _PASSED_OVER):
            continue
        owner = next((each.name for each in SOURCES if _owns(each, path)), "")
        if owner:
            found.setdefault(owner, []).append(path)
        else:
            others.append(path)
    return (
        tuple(Files(each, root, tuple(found[each.name])) for each in SOURCES if each.name in found),
        tuple(others),
    )


def _owns(candidate: Source, path: str) -> bool:
    return any(fnmatchcase(path, glob) for glob in candidate.files)


def _files(root: str) -> Iterator[str]:
    for directory, directories, names in os.walk(root):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield os.path.relpath(os.path.join(directory, name), root).replace(os.sep, "/")


def records(files: Files) -> Iterator[Record]:
    """All records of a source's files. Raises ``FeedError``."""
    reader = import_module(f"seawall.advisories.feeds.{files.source.reader}")

    def read(path: str) -> Iterator[Record]:
        full = os.path.join(files.root, *path.split("/"))
        found = changes.current(full, members(full, name=path))
        records: Iterator[Record] = reader.read(found, files.source.name)
        return records

    return changes.once(
        [each for each in files.paths if not changes.is_removed(files.root, each)], read
    )
