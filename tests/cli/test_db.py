"""``seawall db``: what it shows, takes in and hands on."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from seawall.advisories import snapshot
from seawall.advisories.store import Store
from seawall.cli.main import run
from tests.shared import DATA

FEEDS = DATA / "feeds"
Answer = Callable[..., str]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data directory, empty; a cache as well."""
    monkeypatch.setenv("SEAWALL_DATA_DIR", str(tmp_path / "own"))
    monkeypatch.setenv("SEAWALL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "own"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "samples.db"
    assert run(["db", "build", "--from", str(FEEDS), "--output", str(path)]) == 0
    return path


@pytest.fixture
def ask(made: Path, capsys: pytest.CaptureFixture[str]) -> Answer:
    def answer(*arguments: str) -> str:
        capsys.readouterr()
        assert run(["db", *arguments, "--database", str(made)]) == 0
        return capsys.readouterr().out

    return answer


def test_status(ask: Answer) -> None:
    text = ask("status")
    assert "osv-pypi" in text
    assert "Debian" in text
    facts = json.loads(ask("status", "--format", "json"))
    assert facts["origin"] == "named"
    assert facts["advisories"] == sum(source["records"] for source in facts["sources"])
    assert {"CC-BY-4.0", "MIT"} <= {source["licence"] for source in facts["sources"]}


def test_licenses(ask: Answer) -> None:
    text = ask("licenses")
    assert "osv-go" in text
    assert "licence  CC-BY-4.0" in text


def test_show(ask: Answer, made: Path) -> None:
    with Store.open(str(made)) as store:
        ((ecosystem, package),) = store.select(
            "SELECT e.name, p.name FROM affected a JOIN package p USING (package) JOIN ecosystem e"
            " USING (ecosystem) WHERE e.name = 'PyPI' LIMIT 1"
        )
        match = store.of_package(ecosystem, package)[0]
        id_ = store.vulnerability(match.vulnerability).id
    text = ask("show", id_)
    assert text.startswith(id_)
    assert f"PyPI {package} {match.affected}" in text
    assert id_ in ask("show", match.advisory)
    assert id_ in ask("show", package, "--ecosystem", "PyPI")
    assert id_ in ask("show", f"pkg:pypi/{package}")
    facts = json.loads(ask("show", id_, "--format", "json"))
    assert facts["vulnerabilities"][0]["id"] == id_
    assert facts["vulnerabilities"][0]["affected"][0]["package"] == package
    assert json.loads(ask("show", package, "--format", "json"))


def test_show_repositories_and_runtimes(ask: Answer) -> None:
    commit = "9fe7655c6ce0b8e9adc229daf681b6d30e6b1610"
    text = ask("show", f"pkg:github/python/cpython@{commit}")
    assert text.startswith("github.com/python/cpython (GIT): ")
    assert re.search(r"= [0-9a-f]{40} \(not affected\) \[PSF-", text)
    for purl in ("pkg:generic/nodejs", "pkg:github/nodejs/node@v18.0.0"):
        assert ask("show", purl).startswith("node (Node.js): ")


def test_show_tells_of_what_was_withdrawn(ask: Answer, made: Path) -> None:
    with Store.open(str(made)) as store:
        ((id_,),) = store.select("SELECT id FROM withdrawn LIMIT 1")
    assert f"{id_} was withdrawn by" in ask("show", id_)


def failing(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    capsys.readouterr()
    assert run(["db", *arguments]) == code
    return capsys.readouterr().err


def test_what_is_wrong_is_told(
    own: Path, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = ("--database", str(made))
    assert "seawall db status" in failing(capsys, "show", "no-such-thing", *there)
    assert "package URL" in failing(capsys, "show", "pkg:", *there)
    assert "no such file" in failing(capsys, "update", "--from", str(tmp_path / "gone"))
    assert "osv-go=2026-08-21" in failing(
        capsys, "build", "--from", str(FEEDS), "--output", str(tmp_path / "x"), "--of", "a=b"
    )
    assert "nothing of a source named 'a'" in failing(
        capsys, "build", "--from", str(FEEDS), "--output", str(tmp_path / "x"), "--of",
        "a=2024-01-01",
    )  # fmt: skip
    nowhere = str(tmp_path / "no" / "where")
    assert "cannot be made" in failing(capsys, "build", "--from", str(FEEDS), "--output", nowhere)
    assert "cannot be written" in failing(capsys, "export", nowhere, *there)
    assert sorted(path.name for path in tmp_path.iterdir()) in ([], ["own"])
    (tmp_path / "bad.db").write_text("nonsense")
    text = failing(capsys, "status", "--database", str(tmp_path / "bad.db"), code=3)
    assert "seawall db update" in text


def test_update_from_a_directory_and_over_a_file(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", "update", "--from", str(FEEDS)]) == 0
    assert "osv-pypi:" in capsys.readouterr().err
    assert run(["db", "status", "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["origin"], first["path"]) == ("updated", str(own / "advisories.db"))
    packed = tmp_path / "packed"
    assert run(["db", "export", str(packed)]) == 0
    shutil.rmtree(own)
    assert run(["db", "import", str(packed)]) == 0
    assert run(["db", "update", "--from", str(packed)]) == 0
    assert "nothing is new" in capsys.readouterr().err
    assert run(["db", "status", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["identity"] == first["identity"]


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="OpenSSH is not installed")
def test_signed(own: Path, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("key", "other"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True
        )
        public = (tmp_path / f"{name}.pub").read_text()
        (tmp_path / f"{name}.signers").write_text(f"ci@example.org {public}")
    packed = tmp_path / "packed"
    export = ["db", "export", str(packed), "--database", str(made)]
    assert run(export) == 0
    signers = ["--signers", str(tmp_path / "key.signers")]
    assert "no file" in failing(capsys, "import", str(packed), *signers)
    assert run([*export, "--sign", str(tmp_path / "key")]) == 0
    assert run(["db", "import", str(packed), *signers]) == 0
    others = ["--signers", str(tmp_path / "other.signers")]
    assert "none of the signers" in failing(capsys, "import", str(packed), *others)
    packed.write_bytes(packed.read_bytes() + b"\0" * 512)
    packed.with_name("packed.sha256").unlink()
    assert "does not hold" in failing(capsys, "import", str(packed), *signers)
    assert "no signature" in failing(capsys, "update", "--from", str(FEEDS), *signers)


def test_a_snapshot(tmp_path: Path) -> None:
    place = tmp_path / "data"
    again = tmp_path / "again"
    for each in (place, again):
        arguments = ["--from", str(FEEDS), "--output", str(each), "--snapshot"]
        assert run(["db", "build", *arguments]) == 0
    assert sorted(path.name for path in place.iterdir()) == [
        "ATTRIBUTION.md", "advisories.db.xz", "advisories.txt",
    ]  # fmt: skip
    for path in place.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()
    credit = (place / "ATTRIBUTION.md").read_text()
    assert "Go vulnerability database" in credit
    assert "Ubuntu" not in credit  # share-alike: not in the file that is shipped
    shipped = snapshot.shipped(str(place))
    assert shipped is not None
    unpacked, notes = snapshot.unpacked(shipped, {"SEAWALL_CACHE_DIR": str(tmp_path / "cache")})
    with Store.open(unpacked) as store:
        assert not any("ubuntu" in source.name for source in store.sources())
        assert store.advisories
    assert notes == ()


def test_the_shipped_database(tmp_path: Path) -> None:
    shipped = snapshot.shipped()
    assert shipped is not None
    assert Path(shipped.path).stat().st_size <= 6_000_000
    environment = {"SEAWALL_CACHE_DIR": str(tmp_path / "cache")}
    path, notes = snapshot.unpacked(shipped, environment)
    assert notes == ()
    with Store.open(path) as store:
        (django,) = store.match([("PyPI", "Django", "3.2.0")])
        ids = {store.vulnerability(match.vulnerability).id for match in django}
        assert "CVE-2021-31542" in ids
        assert store.coverage("Debian:11") is not None
        assert store.coverage("Alpine:v3.20") is None
        assert {source.licence for source in store.sources()}.isdisjoint(
            {"CC-BY-SA-4.0", "CC-BY-NC-ND-4.0"}
        )
        assert store.cycles("python")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A directory that is served, and its address."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
            """Say nothing."""

    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = Thread(target=served.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{served.server_address[1]}"
        served.shutdown()
        thread.join()


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="OpenSSH is not installed")
def test_update_from_an_address(
    own: Path, made: Path, server: tuple[Path, str], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder, address = server
    key = str(tmp_path / "key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"ci@example.org {Path(key + '.pub').read_text()}")
    packed = folder / "packed"
    export = ["db", "export", str(packed), "--sign", key, "--database", str(made)]
    assert run(export) == 0
    update = ["update", "--from", f"{address}/packed"]
    assert "use https" in failing(capsys, *update)
    assert run(["db", *update, "--signers", str(signers)]) == 0
    assert sorted(path.name for path in own.iterdir()) == ["advisories.db", "update.lock"]
    before = (own / "advisories.db").read_bytes()
    whole = packed.read_bytes()
    packed.write_bytes(whole[: len(whole) // 2])
    told = failing(capsys, *update, "--signers", str(signers), code=3)
    assert "its SHA-256 is" in told
    checksum = sha256(packed.read_bytes()).hexdigest()
    (folder / "packed.sha256").write_text(f"{checksum}  packed\n")
    assert "does not hold" in failing(capsys, *update, "--signers", str(signers))
    (folder / "packed.sig").unlink()
    assert "answered 404" in failing(capsys, *update, "--signers", str(signers), code=3)
    assert (own / "advisories.db").read_bytes() == before
