"""Which instruction of a Dockerfile made a step of a history, as builders write it."""

import json
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall import engine
from seawall.cli.main import run as command
from seawall.engine.containers.instructions import Dockerfiles, matched
from tests.sources.images.tars import END, OCI_INDEX, Layout, member

DOCKERFILE = b"""\
FROM debian:12 AS build
RUN make
FROM debian:12
ENV A=b
COPY a \\
  /opt/a
WORKDIR /srv/app
ARG V=2
ADD b b$V
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update && \\
    # one at a time
    apt-get install -y curl
RUN <<EOF
set -e
make install
EOF
COPY --from=build --chown=1:1 /out /usr/local/bin/
RUN ["/usr/bin/strip", "/usr/local/bin/x"]
USER 1000
CMD ["/opt/a"]
"""
BASE = ["/bin/sh -c #(nop) ADD file:1 in /", '/bin/sh -c #(nop)  CMD ["bash"]']
BUILDKIT = [
    *BASE, "ENV A=b", "COPY a /opt/a # buildkit", "WORKDIR /srv/app", "ARG V=2",
    "ADD b /srv/app/b2 # buildkit", "SHELL [/bin/bash -o pipefail -c]",
    "RUN |1 V=2 /bin/bash -o pipefail -c apt-get update &&     apt-get install -y curl # buildkit",
    "RUN |1 V=2 /bin/bash -o pipefail -c set -e\nmake install\n # buildkit",
    "COPY --chown=1:1 /out /usr/local/bin/ # buildkit",
    "RUN |1 V=2 /usr/bin/strip /usr/local/bin/x # buildkit", "USER 1000", 'CMD ["/opt/a"]',
]  # fmt: skip
DOCKER = [
    *BASE, "/bin/sh -c #(nop)  ENV A=b", "/bin/sh -c #(nop) COPY file:0a in /opt/a ",
    "/bin/sh -c #(nop) WORKDIR /srv/app", "/bin/sh -c #(nop)  ARG V=2",
    "/bin/sh -c #(nop) ADD file:0b in /srv/app/b2 ",
    "|1 V=2 /bin/bash -o pipefail -c apt-get update &&     apt-get install -y curl",
]  # fmt: skip


def lines(data: bytes, history: list[str]) -> dict[int, tuple[int, int]]:
    found = {}
    for number, made in matched("Dockerfile", data, history).steps.items():
        if made.brings_files:
            assert made.location.span is not None
            found[number] = made.location.span.line, made.location.span.end_line
    return found


def test_what_buildkit_writes() -> None:
    assert lines(DOCKERFILE, BUILDKIT) == {
        3: (5, 6), 4: (7, 7), 6: (9, 9), 8: (11, 13), 9: (14, 17), 10: (18, 18), 11: (19, 19),
    }  # fmt: skip


def test_what_docker_wrote_before() -> None:
    found = lines(DOCKERFILE, DOCKER)
    assert found == {3: (5, 6), 4: (7, 7), 6: (9, 9), 7: (11, 13)}


def test_a_stage_below_the_last_one() -> None:
    assert lines(DOCKERFILE, [*BASE, "RUN /bin/sh -c make # buildkit"]) == {2: (2, 2)}


def test_another_file_tells_nothing() -> None:
    other = b"FROM alpine\nRUN apk add curl\nCOPY x /y\nUSER 1000\n"
    assert matched("Dockerfile", other, BUILDKIT).steps == {}
    assert matched("Dockerfile", b"", BUILDKIT).steps == {}
    assert matched("Dockerfile", DOCKERFILE, []).steps == {}


def test_the_same_command_twice_keeps_its_order() -> None:
    twice = b"FROM debian\nRUN make\nCOPY a /a\nRUN make\n"
    history = ["RUN make", "COPY a /a", "RUN make"]
    assert lines(twice, history) == {0: (2, 2), 1: (3, 3), 2: (4, 4)}
    assert lines(twice, history[1:]) == {0: (3, 3), 1: (4, 4)}


def test_what_is_named_counts_before_what_lies_around() -> None:
    own, around = b"FROM a\nRUN make\n", b"FROM a\n\nRUN make\nRUN test\n"
    history = ["RUN make", "RUN test"]
    files = Dockerfiles((("own", own),), (), (("around", around),))
    assert {made.location.path for made in files.made(history).values()} == {"own"}
    files = files._replace(named=())
    assert {made.location.path for made in files.made(history).values()} == {"around"}
    files = files._replace(named=(("other", b"FROM a\nRUN nothing\n"),))
    assert len(files.made(history)) == 2


WORDS = st.lists(
    st.sampled_from(["RUN make", "COPY a /b", "ADD", "FROM x", "WORKDIR ..", "\\", "<<EOF", "$A"])
    | st.text(max_size=20),
    max_size=12,
)


@given(WORDS, WORDS)
def test_anything_is_read(file: list[str], history: list[str]) -> None:
    data = "\n".join(file).encode("utf-8", "surrogatepass")
    found = matched("Dockerfile", data, history)
    assert all(0 <= number < len(history) for number in found.steps)


JINJA = member(
    b"usr/lib/python3/site-packages/jinja2-2.4.1.dist-info/METADATA",
    b"Metadata-Version: 2.1\nName: Jinja2\nVersion: 2.4.1\n",
)


@pytest.fixture
def image(tmp_path: Path) -> str:
    config = {"history": [{"created_by": "COPY vendor /usr/lib # buildkit"}]}
    files = Layout()
    return files.index(files.image([JINJA + END], "gzip", config)).write(tmp_path / "app")


def test_findings_name_their_instruction(
    image: str,
    tmp_path: Path,
    database: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("Dockerfile")
    file.write_bytes(b'FROM scratch\n\nCOPY vendor /usr/lib\nCMD ["x"]\n')
    for arguments in (["--dockerfile", str(file)], [str(file)]):
        base = ["scan", image, "--database", database, "--no-cache", *arguments]
        command([*base, "--format", "json"])
        report = json.loads(capsys.readouterr().out)
        own = [each for each in report["findings"] if each["rule"] == "vulnerable-package"]
        assert own
        for finding in own:
            (related,) = finding["related"]
            assert related["message"] == "COPY vendor /usr/lib brought it"
            assert related["location"]["line"] == 3
        command(base)
        assert "Dockerfile:3:1: COPY vendor /usr/lib brought it" in capsys.readouterr().out
        command([*base, "--format", "sarif"])
        assert "COPY vendor /usr/lib brought it" in capsys.readouterr().out


@pytest.mark.parametrize("version", ["v0.2", "v1"])
def test_the_dockerfile_of_a_provenance(version: str, tmp_path: Path, database: str) -> None:
    """As BuildKit attaches it with ``mode=max``."""
    source = b"FROM scratch\nCOPY vendor /usr/lib\n"
    infos = [{"filename": "app/Dockerfile", "data": b64encode(source).decode()}, {"data": "?"}, 1]
    own = {"source": {"infos": infos}}
    predicate = (
        {"metadata": {"https://mobyproject.org/buildkit@v1#metadata": own}}
        if version == "v0.2"
        else {"runDetails": {"metadata": {"buildkit_metadata": own}}}
    )
    files = Layout()
    config = {"history": [{"created_by": "COPY vendor /usr/lib # buildkit"}]}
    platform = {"os": "linux", "architecture": "amd64"}
    image = files.image([JINJA + END], "gzip", config, platform=platform)
    kind = {"in-toto.io/predicate-type": f"https://slsa.dev/provenance/{version}"}
    statement = files.document({"predicate": predicate}, "application/vnd.in-toto+json")
    manifest = {
        "config": files.document({}, "application/vnd.oci.image.config.v1+json"),
        "layers": [{**statement, "annotations": kind}],
    }
    about = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image["digest"],
    }
    attestation = files.document(
        manifest, "application/vnd.oci.image.manifest.v1+json", annotations=about,
        platform={"os": "unknown", "architecture": "unknown"},
    )  # fmt: skip
    index = files.document({"manifests": [image, attestation]}, OCI_INDEX)
    layout = files.index(index).write(tmp_path / "app")
    report = engine.scan(engine.Options((layout,), database=database)).report
    found = [each for each in report.findings if each.rule.id == "vulnerable-package"]
    assert found
    assert {item.location.path for each in found for item in each.related} == {"app/Dockerfile"}


def test_a_file_that_is_not_what_it_was_made_of_is_told(
    image: str, tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Dockerfile"
    file.write_bytes(b"FROM scratch\nCOPY other /srv\n")
    base = ["scan", image, "--database", database, "--no-cache"]
    command([*base, "--dockerfile", str(file)])
    assert "no RUN, COPY or ADD of it is in the history of the image" in capsys.readouterr().out
    assert command([*base, "--dockerfile", str(tmp_path / "none")]) == 2
    assert "cannot read" in capsys.readouterr().err
    assert command(["scan", str(file), "--dockerfile", str(file)]) == 2
    assert "name the image as well" in capsys.readouterr().err
