"""The rules about packages and shell commands: what the examples of their manuals do not show."""

import random

import pytest

from seawall.core.severity import Confidence, Severity
from seawall.dockerfile.rules import all_rules
from tests.dockerfile.corpus import recorded
from tests.dockerfile.support import edited, judge
from tests.shared import oracle, read_rows


def messages(rule: str, text: str, **more: object) -> list[str]:
    return [finding.message for finding in judge(rule, text, **more)]  # type: ignore[arg-type]


FOUND = [
    ("apt-update-alone", "FROM debian\nRUN apt-get update && apt-get install -y a\n", 0),
    ("apt-update-alone", "FROM debian\nRUN apt-get update && ./install.sh\n", 0),
    ("apt-update-alone", "FROM debian\nRUN apt-get install -y a && apt-get update\n", 1),
    ("apt-update-alone", "FROM alpine\nRUN apk update\nRUN apk add a\n", 1),
    ("apt-update-alone", "FROM a\nRUN --mount=type=cache,target=/var/lib/apt apt-get update\n", 0),
    ("apt-install-without-update", "FROM debian\nRUN curl x | bash - && apt-get install -y a\n", 0),
    ("apt-install-without-update", "FROM debian\nRUN apt-get install -y ./a.deb\n", 0),
    ("apt-install-without-update", "FROM debian\nRUN apt-get update\nRUN apt-get install a\n", 0),
    (
        "apt-install-without-update",
        "FROM debian AS a\nRUN apt-get update\nFROM a\nRUN apt-get install -y b\n",
        0,
    ),
    (
        "apt-install-without-update",
        "FROM debian\nRUN apt-get update && rm -rf /var/lib/apt/lists\nRUN apt-get install a\n",
        1,
    ),
    ("apt-no-yes", "FROM a\nRUN yes | apt-get install b\n", 0),
    ("apt-no-yes", "FROM a\nRUN apt-get -o APT::Get::Assume-Yes=true install b\n", 0),
    (
        "apt-no-yes",
        "FROM a\nRUN echo 'APT::Get::Assume-Yes 1;' > /etc/apt/apt.conf\nRUN apt-get install b\n",
        0,
    ),
    ("apt-no-yes", "FROM a\nONBUILD RUN apt-get install b\n", 1),
    ("apt-no-yes", "FROM a\nRUN if true; then apt-get install b; fi; $(apt-get remove c)\n", 2),
    ("dnf-no-yes", "FROM a\nRUN echo assumeyes=1 >> /etc/dnf/dnf.conf && dnf install b\n", 0),
    ("dnf-no-yes", "FROM a\nRUN dnf install --assumeyes b && dnf install c\n", 1),
    ("apk-cache", "FROM alpine\nRUN apk add a && rm -rf /var/cache/apk/*\n", 0),
    ("apk-cache", "FROM alpine AS b\nRUN apk add a\nFROM alpine\n", 0),
    ("apk-cache", "FROM alpine AS b\nRUN apk add a\nFROM b\n", 1),
    ("pip-cache", "FROM python\nENV PIP_NO_CACHE_DIR=1\nRUN pip install a\n", 0),
    ("pip-cache", "FROM python AS x\nENV PIP_NO_CACHE_DIR=on\nFROM x\nRUN pip install a\n", 0),
    ("pip-cache", "FROM python\nENV PIP_NO_CACHE_DIR=0\nRUN pip install a\n", 1),
    ("pip-cache", "FROM python\nARG PIP_NO_CACHE_DIR\nRUN pip install a\n", 1),
    (
        "pip-unpinned",
        "FROM python\nRUN pip install git+https://x.org/a@v1 ./b 'c @ https://x/c'\n",
        0,
    ),
    ("pip-unpinned", "FROM python\nRUN pip install git+https://x.org/a 'b>=1' 'c~=2' d==1.*\n", 4),
    ("apt-unpinned", "FROM debian\nRUN A='b c=1'; apt-get install -y $A\n", 1),
    ("apt-unpinned", "FROM debian\nENV A='b c'\nRUN apt-get install -y $A --no-x ${A}\n", 4),
    ("apt-unpinned", "FROM debian\nARG V=14\nRUN apt-get install -y clang-$V clang-$V=1\n", 1),
    ("apt-unpinned", 'FROM debian\nRUN A=b; A=c; apt-get install -y $A "$B" d$(e)\n', 0),
    ("apt-unpinned", "FROM debian\nRUN apt-get reinstall -y tzdata\n", 0),
    ("yum-unpinned", "FROM centos\nENV V=1.2-3\nRUN yum install -y a-${V} b-$W\n", 0),
    ("wget-progress", "FROM alpine\nRUN wget x\n", 0),
    ("wget-progress", "FROM alpine\nRUN apk add --no-cache wget\nRUN wget x\n", 1),
    ("wget-and-curl", "FROM debian\nONBUILD RUN wget x; curl y\n", 1),
    ("sh-unquoted-variable", "FROM a\nRUN for i in b c; do rm -f /d/$i; done\n", 0),
    ("sh-unquoted-variable", "FROM a\nRUN for i in $B; do rm -f /d/$i; done\n", 1),
    ("too-large-to-judge", "FROM a\nRUN " + "( " * 90 + "b" + " )" * 90 + "\n", 1),
    (
        "npm-unpinned",
        "FROM node\nRUN npm i a@1 @b/c@2.0.1 ./d e.tgz f/g#1 h@$V npm:x@1 i@npm:j@1\n",
        0,
    ),
    ("npm-unpinned", "FROM node\nRUN npm i a @b/c d@latest e@^1 f/g git+https://x/y.git\n", 6),
    ("go-unpinned", "FROM golang\nRUN go install x.org/a && go run ./b && go run main.go\n", 0),
    ("go-unpinned", "FROM golang\nRUN go get x.org/a && go install x.org/b@main\n", 2),
    (
        "cargo-unpinned",
        "FROM rust\nRUN cargo install --path . && cargo install a@1 && cargo add b\n",
        0,
    ),
    ("cargo-unpinned", "FROM rust\nRUN cargo install --git https://x/y && cargo install b\n", 2),
    ("pkg-upgrade", "FROM a\nRUN apk upgrade openssl && dnf upgrade -y bash\n", 0),
    ("pkg-upgrade", "FROM a\nRUN apk upgrade && pacman -Syu --noconfirm && zypper -n dup\n", 3),
    ("debug-package-installed", "FROM a\nRUN apk add curl\nHEALTHCHECK CMD curl -f x\n", 0),
    ("debug-package-installed", "FROM a\nRUN apk add -t .x curl && apk del .x\n", 0),
    ("debug-package-installed", "FROM a AS b\nRUN apk add nmap\nFROM a\n", 0),
    ("debug-package-installed", "FROM a AS b\nRUN apk add nmap\nFROM b\n", 1),
    ("build-tools-in-final-stage", "FROM a\nRUN apk add gcc libfoo-dev make && make\n", 1),
    ("build-tools-in-final-stage", "FROM a\nRUN gcc --version\n", 0),
    ("build-tools-in-final-stage", "FROM a\nRUN apk add -t .b gcc && make && apk del .b\n", 0),
    (
        "build-tools-in-final-stage",
        "FROM a\nRUN apt-get install gcc && apt-mark auto '.*' && apt-get purge --auto-remove\n",
        0,
    ),
    ("build-tools-in-final-stage", "FROM a\nRUN apt-get install gcc && apt-get purge $DEPS\n", 0),
    ("apt-install-without-update", "FROM debian\nRUN apt-get install --update -y a\n", 0),
    ("apt-lists-left", "FROM debian\nRUN apt-get install --update -y a\n", 1),
    ("apk-cache", "FROM alpine\nRUN apk add --no-network $X\n", 0),
    ("sh-masked-status", "FROM a\nRUN export X=\"$(mktemp -d)\"\n", 0),
    ("sh-rm-empty-variable", "FROM a\nRUN export X=\"$(mktemp -d)\" && rm -rf \"$X\"/*\n", 0),
    ("sh-unquoted-variable", "FROM a\nARG X=y\nRUN D=$(mktemp -d) && rm -rf $D $X\n", 0),
    ("build-tools-in-final-stage", "FROM a AS b\nRUN make\nFROM scratch\nCOPY --from=b /x /\n", 0),
    ("package-list-unsorted", "FROM a\nRUN apk add \\\n b \\\n a c\n", 0),
    ("package-list-unsorted", "FROM a\nRUN apk add \\\n b \\\n # x\n a\n", 0),
    ("package-list-unsorted", "FROM a\nRUN apk add \\\n libssl1 \\\n libssl-dev\n", 0),
    ("package-list-unsorted", "FROM a\nRUN apk add \\\n g++ \\\n gcc\n", 0),
    ("pip-root-no-venv", "FROM ubuntu:22.04\nRUN apk add python3\nRUN pip install a\n", 0),
    ("pip-root-no-venv", "FROM ubuntu:24.04\nRUN apt install python3-pip && pip install a\n", 1),
    ("pip-root-no-venv", "FROM debian:12\nRUN apk add python3; . /activate; pip install a\n", 0),
    (
        "pip-root-no-venv",
        "FROM debian\nRUN apk add python3\nENV PATH=/opt/venv/bin:$PATH\nRUN pip install a\n",
        0,
    ),
    ("pip-root-no-venv", "FROM debian:11\nRUN apk add python3\nRUN pip install a\n", 0),
    ("pip-root-no-venv", "FROM alpine:3.9\nRUN apk add python3\nRUN pip install a\n", 0),
    ("pip-root-no-venv", "FROM alpine\nRUN apk add python3\nUSER app\nRUN pip install a\n", 0),
    ("run-cd", "FROM a\nRUN cd /x\n", 0),
    ("run-cd", "FROM a\nRUN (cd /x && make)\n", 0),
    ("run-cd", "FROM a\nRUN make && cd /x && make\n", 0),
    ("pointless-command", "FROM a\nRUN --mount=type=ssh ssh -T git@x\n", 0),
    ("pointless-command", "FROM a\nRUN sudo service x start\n", 1),
    ("shell-relinked", "FROM a\nRUN ln -s /bin/sh /x\n", 0),
    ("pipefail-missing", "FROM a\nRUN set -eo pipefail; curl x | tar x\n", 0),
    ("pipefail-missing", "FROM a\nRUN if curl x | grep y; then z; fi\n", 0),
    ("pipefail-missing", "FROM a\nRUN echo $(curl x | jq .)\n", 0),
    ("pipefail-missing", "FROM a\nRUN V=$(curl x | jq .) && echo $V\n", 1),
    ("pipefail-missing", 'FROM a\nSHELL ["pwsh", "-c"]\nRUN a | b\n', 0),
    ("pipefail-missing", "FROM a\nRUN sudo curl x | sh\n", 1),
    ("heredoc-no-errexit", 'FROM a\nSHELL ["/bin/bash", "-ec"]\nRUN <<E\na\nb\nE\n', 0),
    ("heredoc-no-errexit", "FROM a\nRUN <<E\na &&\nb\nE\n", 0),
    ("heredoc-no-errexit", "FROM a\nRUN <<E\n#!/usr/bin/env python3\na\nb\nE\n", 0),
    ("heredoc-no-errexit", "FROM a\nRUN cat <<E > /x\na\nb\nE\n", 0),
    ("heredoc-no-errexit", "FROM a\nRUN bash -e <<E\na\nb\nE\n", 0),
    ("heredoc-no-errexit", "FROM a\nRUN <<E\nif a; then\n b\n c\nfi\nE\n", 0),
    ("rm-in-separate-layer", "FROM a\nCOPY x /tmp/x\nRUN rm /tmp/x\n", 1),
    ("rm-in-separate-layer", "FROM a\nRUN curl -fsSLo /x u\nRUN rm /x\n", 1),
    ("rm-in-separate-layer", "FROM a\nRUN curl -o /x u && rm /x\nRUN rm -f /x\n", 0),
    ("rm-in-separate-layer", "FROM a\nRUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*\n", 1),
    ("rm-in-separate-layer", "FROM a\nCOPY x /tmp/\nRUN rm /tmp/y\n", 0),
    ("sh-bashism", "FROM debian\nRUN [[ a ]] && source x && set -o pipefail && test a == b\n", 4),
    ("sh-bashism", "FROM alpine\nRUN [[ a ]] && source x && set -o pipefail && test a == b\n", 0),
    ("sh-bashism", "FROM alpine\nRUN diff <(a) <(b) && mkdir {a,b}\n", 3),
    ("sh-bashism", "FROM fedora\nRUN mkdir {a,b}\n", 0),
    ("sh-bashism", "FROM debian\nRUN echo '{a,b}' \"{a,b}\" ${A} \\{a,b}\n", 0),
    ("sh-bashism", 'FROM debian\nRUN bash -c "[[ a ]]"\n', 0),
    ("sh-unquoted-variable", "FROM a\nENV X=y\nRUN rm -rf /a/$X\n", 0),
    ("sh-unquoted-variable", "FROM a\nRUN X=y; rm -rf /a/$X \"$Y\" '$Z' \\$W $#\n", 0),
    ("sh-unquoted-variable", "FROM a\nRUN rm -rf /a/${X} && echo $Y\n", 1),
    ("sh-unquoted-substitution", "FROM a\nRUN cp \"$(a)\" $((1+2)) '$(b)' $(uname -m)\n", 0),
    ("sh-unquoted-substitution", "FROM a\nRUN cp `a` b && mv $(c) d && apk add $(e)\n", 2),
    ("sh-masked-status", "FROM a\nRUN export X=$((1+1)) Y=a Z\n", 0),
    ("sh-cd-unchecked", "FROM a\nRUN set -e; cd /x; make\n", 0),
    ("sh-cd-unchecked", "FROM a\nRUN cd /x || exit 1; make\n", 0),
    ("sh-rm-empty-variable", 'FROM a\nRUN rm -rf "$X/usr" /$Y\n', 2),
    ("sh-rm-empty-variable", 'FROM a\nENV X=/y\nRUN rm -rf "$X"/* /tmp/$Y "${Z:?}"/*\n', 0),
    ("sh-flag-as-command", "FROM a\nRUN make &&\\\n --x y\n", 1),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "text", "number"), FOUND)
def test_found(rule: str, text: str, number: int) -> None:
    found = messages(rule, text)
    assert len(found) == number, found


def test_severity_tells_a_range_from_no_version() -> None:
    found = judge("pip-unpinned", "FROM python\nRUN pip install a 'b~=1' pip\n")
    assert [one.severity for one in found] == [Severity.MEDIUM, Severity.LOW, Severity.LOW]


def test_unknown_shells_are_less_sure() -> None:
    found = judge("sh-bashism", "FROM registry.example.org/x\nRUN source /y\n")
    assert [one.confidence for one in found] == [Confidence.LOW]


def test_an_allowed_package() -> None:
    text = "FROM a\nRUN apk add curl strace\n"
    allowed = {"debug-package-installed": {"allowed": ("strace",)}}
    found = judge("debug-package-installed", text, parameters=allowed)
    assert [one.message for one in found] == ["curl is in the final image"]


def test_the_context_tells_of_a_lock_file() -> None:
    text = "FROM node\nCOPY . .\nRUN npm install\n"
    assert not judge("npm-install-not-ci", text)
    assert not judge("npm-install-not-ci", text, files=["package.json"])
    assert judge("npm-install-not-ci", text, files=["package.json", "package-lock.json"])


# Robustness -----------------------------------------------------------------------------------


def all_texts() -> list[bytes]:
    commands = (str(row["text"]) for row in read_rows(oracle("hadolint-commands.jsonl.zst")))
    texts = [row.text for row in recorded()] + list(commands)
    return [text.encode("utf-8", "surrogateescape") for text in texts]


def mutant(data: bytes, chance: random.Random) -> bytes:
    text = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(text) + 1)
        kind = chance.randrange(3)
        if kind == 0:
            del text[at : at + chance.randint(1, 5)]
        elif kind == 1:
            text[at:at] = text[at : at + chance.randint(1, 20)]
        else:
            text[at:at] = bytes(chance.choice(b"\\`$\"'(){}<>|&;=-# \t\r\n\x00\xff") for _ in "ab")
    return bytes(text)


def check(data: bytes) -> None:
    for finding in judge(all_rules(), data):
        span = finding.location.span
        assert span is not None
        assert (span.line, span.column) <= (span.end_line, span.end_column), finding
        edited(data, finding.fixes)


def test_mutants() -> None:
    chance = random.Random(11)
    texts = all_texts()
    for _ in range(600):
        check(mutant(chance.choice(texts), chance))


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10))
def test_many_mutants(seed: int) -> None:
    chance = random.Random(500 + seed)
    texts = all_texts()
    for _ in range(2000):
        check(mutant(chance.choice(texts), chance))
