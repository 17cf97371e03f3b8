"""Whole Dockerfiles, mended to the letter."""

from pathlib import Path

import pytest

from seawall.cli.main import run
from seawall.locking.file import Pin, rendered

DIGESTS = {
    "docker.io/library/ubuntu:24.04": f"sha256:{'a1' * 32}",
    "docker.io/library/alpine:3.22.1": f"sha256:{'b2' * 32}",
}
BEFORE = """\
FROM ubuntu:24.04 AS builder
RUN apt update
RUN apt install golang
COPY app.go .
RUN go build app.go

FROM alpine:3.22.1
RUN addgroup -S appgroup
RUN adduser -S appuser -G appgroup
COPY --from=builder /app /home/appuser/
USER appuser
CMD /home/appuser/app
"""
AFTER = f"""\
# syntax=docker/dockerfile:1
FROM ubuntu:24.04@{DIGESTS["docker.io/library/ubuntu:24.04"]} AS builder
RUN apt-get update \\
 && apt-get install -y --no-install-recommends golang ca-certificates \\
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY app.go .
RUN CGO_ENABLED=0 GO111MODULE=off go build -trimpath -ldflags="-s -w" -o /app app.go

FROM alpine:3.22.1@{DIGESTS["docker.io/library/alpine:3.22.1"]}
RUN addgroup -S -g 10001 appgroup && adduser -S -D -H -u 10001 -G appgroup appuser
COPY --from=builder --chmod=0555 /app /home/appuser/app
USER 10001:10001
CMD ["/home/appuser/app"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(BEFORE)
    (tmp_path / "app.go").write_text("package main\n\nfunc main() {}\n")
    pins = (Pin(name, digest, ("linux/amd64",), "layout") for name, digest in DIGESTS.items())
    (tmp_path / "seawall.lock").write_text(rendered(pins))
    return tmp_path


def test_a_program_of_go(project: Path) -> None:
    arguments = ["harden", ".", "--lock", "--unsafe"]
    assert run([*arguments, "--write", "--output", "/dev/null"]) == 0
    assert (project / "Dockerfile").read_text() == AFTER
    assert run([*arguments, "--check"]) == 0


def test_without_consent(project: Path) -> None:
    """Safe fixes and pins: no step does anything else than before."""
    assert run(["harden", ".", "--lock", "--write", "--output", "/dev/null"]) == 0
    text = (project / "Dockerfile").read_text()
    assert "COPY app.go .\nRUN go build app.go\n" in text
    assert 'USER appuser\nCMD ["/home/appuser/app"]\n' in text
    assert " && apt-get install -y golang" in text


def test_a_digest_stays_with_its_tag(project: Path) -> None:
    """The lock file knows what node:16 was; another release in its place has another digest."""
    (project / "Dockerfile").write_text('FROM node:16\nUSER node\nCMD ["node"]\n')
    pins = [Pin("docker.io/library/node:16", f"sha256:{'c3' * 32}", ("linux/amd64",), "layout")]
    (project / "seawall.lock").write_text(rendered(pins))
    assert run(["harden", ".", "--lock", "--unsafe", "--write", "--output", "/dev/null"]) == 0
    assert (project / "Dockerfile").read_text().startswith("FROM node:22\n")
