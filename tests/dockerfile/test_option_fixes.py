"""Checks that are switched off, rights for everybody, tools for intruders, images that move."""

import pytest

from seawall.dockerfile.fixes.options import closed_mode
from seawall.dockerfile.releases import successor
from tests.dockerfile.support import apply, judge


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("tls-verify-disabled", "RUN curl -k https://a", "RUN curl https://a"),
        ("tls-verify-disabled", "RUN curl -sSLko a https://a", "RUN curl -sSLo a https://a"),
        ("tls-verify-disabled", "RUN curl --insecure https://a", "RUN curl https://a"),
        (
            "tls-verify-disabled",
            "RUN pip install --trusted-host a.example.org b",
            "RUN pip install b",
        ),
        ("tls-verify-disabled", "RUN pip install --trusted-host=a b", "RUN pip install b"),
        ("tls-verify-disabled", "ENV A=1 NODE_TLS_REJECT_UNAUTHORIZED=0", "ENV A=1"),
        (
            "signature-check-disabled",
            "RUN apk add \\\n    --allow-untrusted a.apk",
            "RUN apk add a.apk",
        ),
        ("world-writable", "RUN chmod -R 777 /a", "RUN chmod -R 755 /a"),
        ("world-writable", "RUN chmod 666 /a", "RUN chmod 644 /a"),
        ("world-writable", "RUN chmod a+w /a", "RUN chmod u+w /a"),
        ("world-writable", "COPY --chmod=0777 a /a", "COPY --chmod=0755 a /a"),
        (
            "debug-package-installed",
            "RUN apt-get install -y tini nmap",
            "RUN apt-get install -y tini",
        ),
        (
            "debug-package-installed",
            "RUN apt-get install -y \\\n    tini \\\n    nmap \\\n    jq",
            "RUN apt-get install -y \\\n    tini \\\n    jq",
        ),
    ],
)
def test_instructions(rule: str, before: str, after: str) -> None:
    head = "FROM debian:12\n"
    (finding,) = judge(rule, f"{head}{before}\nUSER 10001\n")
    assert all(fix.effect for fix in finding.fixes)
    text = apply(f"{head}{before}\nUSER 10001\n", finding.fixes[:1])
    assert text == f"{head}{after}\nUSER 10001\n"
    assert not judge(rule, text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("debug-package-installed", "FROM debian:12\nRUN apt-get install -y nmap\n"),
        (
            "debug-package-installed",
            "FROM debian:12\nRUN apt-get install -y jq socat && socat -V\n",
        ),
        ("debug-package-installed", "FROM debian:12\nRUN apt-get install -y jq gdb && /a.sh\n"),
        ("tls-verify-disabled", 'FROM debian:12\nRUN ["curl", "-k", "https://a"]\n'),
        ("base-image-latest", "FROM registry.example.org/node:latest\n"),
        ("base-image-no-tag", "FROM postgres\n"),
        ("base-image-no-tag", "ARG IMAGE=node\nFROM $IMAGE\n"),
        ("base-image-eol", "FROM postgres:9.6\n"),
        ("base-image-eol", "FROM python:3.8-windowsservercore\n"),
    ],
)
def test_left_to_people(rule: str, text: str) -> None:
    (finding,) = judge(rule, text)
    assert not finding.fixes


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("base-image-no-tag", "FROM ubuntu AS a", "FROM ubuntu:24.04 AS a"),
        (
            "base-image-latest",
            "FROM --platform=linux/amd64 docker.io/library/node:latest",
            "FROM --platform=linux/amd64 docker.io/library/node:24",
        ),
        ("base-image-eol", "FROM python:3.8-slim", "FROM python:3.11-slim"),
        ("base-image-eol", "FROM python:3.9.7-slim-buster", "FROM python:3.11-slim"),
        ("base-image-eol", "FROM node:16-alpine3.15", "FROM node:22-alpine"),
        ("base-image-eol", "FROM debian:buster-slim", "FROM debian:12-slim"),
        (
            "base-image-eol",
            f"FROM ubuntu:18.04@sha256:{'0' * 64}",
            "FROM ubuntu:22.04",
        ),
    ],
)
def test_images(rule: str, before: str, after: str) -> None:
    (finding,) = judge(rule, f"{before}\nUSER 1:1\n")
    text = apply(f"{before}\nUSER 1:1\n", finding.fixes)
    assert text == f"{after}\nUSER 1:1\n"
    assert not judge(("base-image-no-tag", "base-image-latest", "base-image-eol"), text)


@pytest.mark.parametrize(
    ("mode", "closed"),
    [("777", "755"), ("0666", "0644"), ("2775", "2755"), ("002", "000"), ("a+rwx", "u+rwx,go+rx"),
     ("o+w", None), ("ugo=rw", "u=rw,go=r"), ("o+rw", "o+r"), ("u+x", None)],
)  # fmt: skip
def test_modes(mode: str, closed: str | None) -> None:
    assert closed_mode(mode) == closed


def test_no_variant_is_made_up() -> None:
    assert successor("python", "3.8-rc-slim", "3.8") == ""
    assert successor("mysql", "5.7", "5.7") == ""
