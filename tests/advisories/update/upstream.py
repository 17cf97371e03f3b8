"""Every source as it lies at its own address, made of the samples in tests/data/feeds."""

import bz2
import gzip
import io
import json
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from seawall.advisories.feeds.sources import MODIFIED_IDS, SOURCES
from seawall.sources.http.mirrors import Mirrors
from tests.shared import DATA
from tests.sources.http.server import Page, Server

FEEDS = DATA / "feeds"
HOSTS = (
    "storage.googleapis.com", "github.com", "api.github.com", "raw.githubusercontent.com",
    "nvd.nist.gov", "services.nvd.nist.gov", "www.cisa.gov", "epss.empiricalsecurity.com",
    "security-tracker.debian.org", "security-metadata.canonical.com", "secdb.alpinelinux.org",
    "security.access.redhat.com", "linux.oracle.com", "ftp.suse.com", "packages.broadcom.com",
    "cdn.amazonlinux.com", "dl.rockylinux.org", "endoflife.date",
)  # fmt: skip
RELEASES = "/github.com/CVEProject/cvelistV5/releases/download"
LATEST = "/api.github.com/repos/CVEProject/cvelistV5/releases/latest"
NVD = "/nvd.nist.gov/feeds/json/cve/2.0"
VEX = "/security.access.redhat.com/data/csaf/v2/vex"
SECDB = "/secdb.alpinelinux.org"
TIME = "2026-09-20T10:00:00Z"


def mirrors(server: Server) -> list[str]:
    """What leads all addresses of the world to a server."""
    return [f"https://{host}={server.base}/{host}" for host in HOSTS]


def as_mirrors(server: Server) -> Mirrors:
    return Mirrors(
        tuple((each.partition("=")[0], each.partition("=")[2]) for each in mirrors(server))
    )


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(files: Mapping[str, bytes], top: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{top}{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def zstd(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression.zstd import compress

        return compress(data)
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


def below(directory: str) -> dict[str, bytes]:
    """The samples of a directory."""
    root = FEEDS / directory
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def documents(path: str) -> list[Any]:
    return [json.loads(line) for line in (FEEDS / path).read_text("utf-8").splitlines()]


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


# OSV ------------------------------------------------------------------------------------------


class Bucket:
    """A directory of OSV's buckets, which records are put into."""

    def __init__(self, server: Server, directory: str) -> None:
        self._server = server
        self._base = f"/storage.googleapis.com/osv-vulnerabilities/{directory.replace(' ', '%20')}"
        self.records: dict[str, Any] = {}
        self._times: dict[str, str] = {}

    @property
    def archive(self) -> str:
        return f"{self._base}/all.zip"

    @property
    def changes(self) -> str:
        return f"{self._base}/modified_id.csv"

    def address(self, id_: str) -> str:
        return f"{self._base}/{id_}.json"

    def put(self, record: Any, time: str = TIME) -> None:
        """A record that is new or modified."""
        record = {**record, "modified": time}
        self.records[record["id"]] = record
        self._times[record["id"]] = time
        self._server.files[self.address(record["id"])] = dumped(record)

    def remove(self, id_: str, time: str) -> None:
        """A record that is listed and is not there any more."""
        del self.records[id_], self._server.files[self.address(id_)]
        self._times[id_] = time

    def publish(self) -> None:
        """Make the archive and the list of what is there."""
        self.publish_list()
        self._server.files[self.archive] = zipped(
            {f"{id_}.json": dumped(record) for id_, record in self.records.items()}
        )

    def publish_list(self) -> None:
        newest_first = sorted(self._times.items(), key=lambda pair: pair[1], reverse=True)
        # As OSV writes them: with microseconds, which the records do not have.
        lines = [f"{time[:-1]}.123456Z,{id_}" for id_, time in newest_first]
        self._server.files[self.changes] = "\n".join(lines).encode()


def osv_sources() -> dict[str, str]:
    """Sources of OSV's buckets whose records are among the samples, with their directory."""
    found = {}
    for each in SOURCES:
        directory = each.files[0].split("/")[1]
        if each.update.method == MODIFIED_IDS and (FEEDS / "osv" / directory).is_dir():
            found[each.name] = directory
    return {name: directory for name, directory in found.items() if "sample" not in name}


def bucket(server: Server, directory: str) -> Bucket:
    """A bucket with the samples of an ecosystem."""
    made = Bucket(server, directory)
    for record in documents(f"osv/{directory}/all.jsonl"):
        made.put(record)
    made.publish()
    return made


# The CVE list ---------------------------------------------------------------------------------


class CveList:
    """Releases of the CVE list."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.records = {
            each["cveMetadata"]["cveId"]: each for each in documents("cve-v5/sample.jsonl")
        }

    def put(self, path: str, files: Mapping[str, bytes]) -> dict[str, str]:
        data = zipped(files)
        self._server.files[f"{RELEASES}/{path}"] = data
        return {
            "name": path.rpartition("/")[2],
            "browser_download_url": f"https://github.com/{(RELEASES + '/' + path)[12:]}",
            "digest": f"sha256:{sha256(data).hexdigest()}",
        }

    def everything(self, day: str, tag: str) -> dict[str, str]:
        inner = zipped(
            {f"cves/2024/1xxx/{id_}.json": dumped(each) for id_, each in self.records.items()}
        )
        return self.put(f"{tag}/{day}_all_CVEs_at_midnight.zip.zip", {"cves.zip": inner})

    def delta(self, day: str, tag: str, when: str, *changed: Any) -> dict[str, str]:
        files = {f"deltaCves/{each['cveMetadata']['cveId']}.json": dumped(each) for each in changed}
        return self.put(
            f"{tag}/{day}_delta_CVEs_at_{when}.zip", {**files, "deltaCves/delta.json": b"{}"}
        )

    def latest(self, *assets: dict[str, str]) -> None:
        self._server.files[LATEST] = dumped({"tag_name": "cve", "assets": list(assets)})

    def titled(self, id_: str, title: str) -> Any:
        """A record with another title."""
        record = json.loads(dumped(self.records[id_]))
        record["containers"]["cna"]["title"] = title
        return record


def cve_list(server: Server) -> CveList:
    made = CveList(server)
    made.latest(
        made.everything("2026-09-20", "cve_2026-09-20_1500Z"),
        made.delta("2026-09-20", "cve_2026-09-20_1500Z", "1500Z"),
    )
    return made


# NVD ------------------------------------------------------------------------------------------


class Nvd:
    """Yearly feeds, the feed of what was modified, and the service."""

    def __init__(self, server: Server) -> None:
        self._server = server
        page = json.loads((FEEDS / "nvd/nvdcve-2.0-sample.json").read_bytes())
        self.head = {key: value for key, value in page.items() if key != "vulnerabilities"}
        self.records = page["vulnerabilities"]

    def feed(self, name: str, records: list[Any], *, wrong: bool = False) -> None:
        data = dumped({**self.head, "vulnerabilities": records})
        self._server.files[f"{NVD}/nvdcve-2.0-{name}.json.gz"] = gzip.compress(data, mtime=0)
        told = sha256(data + b"x" * wrong).hexdigest().upper()
        meta = f"lastModifiedDate:{TIME}\r\nsize:{len(data)}\r\nsha256:{told}\r\n"
        self._server.files[f"{NVD}/nvdcve-2.0-{name}.meta"] = meta.encode()

    def titled(self, number: int, title: str) -> Any:
        record = json.loads(dumped(self.records[number]))
        record["cve"]["descriptions"] = [{"lang": "en", "value": title}]
        return record


class Service(Page):
    """NVD's service: pages of what was modified."""

    def __init__(self, records: list[Any], size: int) -> None:
        self.records = records
        self.size = size
        self.asked: list[dict[str, str]] = []

    def of(self, query: Mapping[str, list[str]]) -> bytes:
        asked = {name: values[0] for name, values in query.items()}
        self.asked.append(asked)
        start = int(asked["startIndex"])
        return dumped({
            "resultsPerPage": self.size, "startIndex": start, "totalResults": len(self.records),
            "format": "NVD_CVE", "version": "2.0",
            "vulnerabilities": self.records[start : start + self.size],
        })  # fmt: skip


def nvd(server: Server) -> Nvd:
    made = Nvd(server)
    for year in range(2002, 2027):
        own = [each for each in made.records if each["cve"]["id"].startswith(f"CVE-{year}")]
        made.feed(str(year), own)
    made.feed("modified", made.records[:1])
    return made


# Red Hat --------------------------------------------------------------------------------------


class Vex:
    """Red Hat's VEX documents."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.documents = below("redhat/csaf-vex")
        self.changes: dict[str, str] = {}
        self.deletions: dict[str, str] = {}

    def archive(self, day: str) -> str:
        name = f"csaf_vex_{day}.tar.zst"
        self._server.files[f"{VEX}/{name}"] = zstd(tarred(self.documents))
        self._server.files[f"{VEX}/archive_latest.txt"] = name.encode()
        self.publish()
        return f"{VEX}/{name}"

    def put(self, path: str, document: bytes, time: str) -> None:
        self._server.files[f"{VEX}/{path}"] = document
        self.changes[path] = time

    def publish(self) -> None:
        for name, listed in (("changes", self.changes), ("deletions", self.deletions)):
            newest_first = sorted(listed.items(), key=lambda pair: pair[1], reverse=True)
            lines = [f'"{path}","{time}"' for path, time in newest_first]
            self._server.files[f"{VEX}/{name}.csv"] = "\n".join(lines).encode()


def vex(server: Server) -> Vex:
    made = Vex(server)
    made.archive("2026-09-18")
    return made


# The others -----------------------------------------------------------------------------------


def repository(server: Server, base: str, update_info: bytes) -> None:
    """A repository of RPM packages at a path that ends with a slash."""
    data = gzip.compress(update_info, mtime=0)
    digest = sha256(data).hexdigest()
    server.files[f"{base}repodata/{digest}-updateinfo.xml.gz"] = data
    server.files[f"{base}repodata/repomd.xml"] = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<repomd xmlns="http://linux.duke.edu/metadata/repo">'
        '<data type="primary"><location href="repodata/primary.xml.gz"/></data>'
        f'<data type="updateinfo"><checksum type="sha256">{digest}</checksum>'
        f'<location href="repodata/{digest}-updateinfo.xml.gz"/></data></repomd>'
    ).encode()


def amazon(server: Server) -> None:
    for release in ("2/core/latest", "al2023/core/mirrors/latest"):
        base = f"/cdn.amazonlinux.com/{release}/x86_64/"
        mirror = f"{server.base}{base}0123abc/"
        server.files[f"{base}mirror.list"] = f"{mirror}\n".encode()
        repository(server, f"{base}0123abc/", (FEEDS / "amazon/updateinfo.xml").read_bytes())


def alpine(server: Server) -> None:
    main = (FEEDS / "alpine/v3.15/main.json").read_bytes()
    server.files[f"{SECDB}/"] = (
        b'<a href="../">..</a><a href="edge/">edge/</a><a href="v3.15/">v</a>'
    )
    server.files[f"{SECDB}/last-update"] = b"2026-09-20T10:00:00Z\n"
    for path in ("v3.15/main", "v3.15/community", "edge/main"):
        release, name = path.split("/")
        told = {**json.loads(main), "distroversion": release, "reponame": name}
        server.files[f"{SECDB}/{path}.json"] = dumped(told)


def products() -> bytes:
    """Two products, as the interface of endoflife.date answers (its version 1.2)."""
    return dumped({
        "schema_version": "1.2.0", "total": 1,
        "result": [{
            "name": "nodejs", "label": "Node.js", "category": "framework",
            "releases": [{
                "name": "20", "releaseDate": "2023-04-18", "isLts": True, "isEoas": True,
                "eoasFrom": "2024-10-22", "isEol": True, "eolFrom": "2026-04-30",
                "latest": {"name": "20.19.5", "date": "2025-09-03"},
            }],
        }],
    })  # fmt: skip


def put_files(server: Server) -> None:
    """The sources that are one file, or some."""
    github = "/github.com/{}/archive/refs/heads/{}.tar.gz"
    files = server.files
    for repository_, branch, top, found in (
        ("rubysec/ruby-advisory-db", "master", "ruby-advisory-db-master/", below("rubysec")),
        ("FriendsOfPHP/security-advisories", "master", "security-advisories-master/",
         below("friendsofphp")),
        ("nodejs/security-wg", "main", "security-wg-main/", below("nodejs-security-wg")),
        ("psf/advisory-database", "main", "advisory-database-main/advisories/python/",
         {f"{each['id']}.json": dumped(each) for each in documents("osv/GIT-psf/all.jsonl")}),
        ("anchore/nvd-data-overrides", "main", "nvd-data-overrides-main/data/2024/",
         {f"{number}.json": dumped(each) for number, each in
          enumerate(documents("nvd/anchore-nvd-data-overrides.jsonl"))}),
    ):  # fmt: skip
        files[github.format(repository_, branch)] = gzip.compress(tarred(found, top), mtime=0)
    kev = (FEEDS / "kev/known_exploited_vulnerabilities.json").read_bytes()
    files["/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"] = kev
    scores = (FEEDS / "epss/epss_scores-2024-10-25-sample.csv").read_bytes()
    files["/epss.empiricalsecurity.com/epss_scores-current.csv.gz"] = gzip.compress(scores, mtime=0)
    tracker = (FEEDS / "debian/tracker.json").read_bytes()
    files["/security-tracker.debian.org/tracker/data/json"] = tracker
    ubuntu = {f"osv/cve/2024/{each['id']}.json": dumped(each)
              for each in documents("osv/Ubuntu-sample/all.jsonl")}  # fmt: skip
    files["/security-metadata.canonical.com/osv/osv-all.tar.xz"] = lzma.compress(tarred(ubuntu))
    oracle = (FEEDS / "oracle/com.oracle.elsa-2023.xml").read_bytes()
    files["/linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2"] = bz2.compress(oracle)
    azure = (FEEDS / "azurelinux/azurelinux-3.0-oval.xml").read_bytes()
    files["/raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/"
          "azurelinux-3.0-oval.xml"] = azure  # fmt: skip
    photon = (FEEDS / "photon/cve_data_photon3.0.json").read_bytes()
    files["/packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon3.0.json"] = photon
    retire = (FEEDS / "retirejs/jsrepository-v6.json").read_bytes()
    files["/raw.githubusercontent.com/RetireJS/retire.js/master/repository/"
          "jsrepository-v6.json"] = retire  # fmt: skip
    files["/endoflife.date/api/v1/products/full"] = products()
    # Those that are fetched when they are named.
    suse = (FEEDS / "suse/suse.linux.enterprise.server.15.xml").read_bytes()
    oval = "/ftp.suse.com/pub/projects/security/oval/"
    name = "suse.linux.enterprise.server.15.xml.gz"
    files[f"{oval}{name}"] = gzip.compress(suse, mtime=0)
    files[oval] = f'<a href="{name}">a</a><a href="opensuse.13.1.xml.gz">b</a>'.encode()
    photon_oval = (FEEDS / "photon/photon5.xml").read_bytes()
    files["/packages.broadcom.com/photon/photon_oval_definitions/"
          "com.vmware.phsa-photon5.xml.gz"] = gzip.compress(photon_oval, mtime=0)  # fmt: skip
    redhat = (FEEDS / "redhat/oval/rhel-8.oval.xml").read_bytes()
    files["/security.access.redhat.com/data/oval/v2/RHEL8/"
          "rhel-8-including-unpatched.oval.xml.bz2"] = bz2.compress(redhat)  # fmt: skip
    rocky = (FEEDS / "rocky/updateinfo.xml").read_bytes()
    repository(server, "/dl.rockylinux.org/pub/rocky/8/AppStream/x86_64/os/", rocky)


def put_all(server: Server) -> list[str]:
    """All sources that there are samples of; their names."""
    for directory in osv_sources().values():
        bucket(server, directory)
    cve_list(server)
    nvd(server)
    vex(server)
    alpine(server)
    amazon(server)
    put_files(server)
    return [
        *osv_sources(), "cve-list", "nvd", "redhat", "alpine", "amazon", "osv-git-psf",
        "nvd-overrides", "kev", "epss", "debian", "ubuntu", "oracle", "azure-linux", "photon",
        "rubysec", "friendsofphp", "nodejs", "retirejs", "endoflife", "suse", "photon-oval",
        "redhat-oval", "rocky",
    ]  # fmt: skip
