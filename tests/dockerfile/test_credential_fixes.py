"""Credentials leave ENV, ARG and RUN; no value enters what is written."""

import pytest

from tests.dockerfile.support import apply, judge

SYNTAX = "# syntax=docker/dockerfile:1\n"
RULES = ("secret-in-image-env", "secret-in-arg", "secret-in-run")
VALUE = "correct-horse-7"


def mended(text: str, *rules: str) -> str:
    """The text with the first fix of each finding, one finding after the other."""
    for _ in range(9):
        fixes = [finding.fixes[0] for finding in judge(rules or RULES, text) if finding.fixes]
        if not fixes:
            return text
        assert all(fix.effect and fix.note for fix in fixes)
        assert all(VALUE not in edit.replacement for fix in fixes for edit in fix.edits)
        assert all(VALUE not in fix.title + fix.effect + fix.note for fix in fixes)
        text = apply(text, fixes[:1])
    raise AssertionError("there is no end of fixes")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"FROM debian:12\nENV DB_PASSWORD={VALUE}\n",
            "FROM debian:12\n# DB_PASSWORD is given at run time.\n",
        ),
        (
            f"FROM debian:12\nENV A=1 DB_PASSWORD={VALUE} \\\n    B=2\n",
            "FROM debian:12\nENV A=1 B=2\n",
        ),
        (
            f"FROM debian:12\nENV A=1 \\\n    DB_PASSWORD={VALUE}\n",
            "FROM debian:12\nENV A=1\n",
        ),
        (
            f"FROM debian:12\nENV API_TOKEN={VALUE}\nRUN fetch --token $API_TOKEN\nRUN make\n",
            (
                f"{SYNTAX}FROM debian:12\n# API_TOKEN is given at run time.\n"
                "RUN --mount=type=secret,id=api-token,env=API_TOKEN fetch --token $API_TOKEN\n"
                "RUN make\n"
            ),
        ),
        (
            f"FROM debian:12\nARG API_TOKEN={VALUE}\nRUN a\nRUN fetch $API_TOKEN\n",
            (
                f"{SYNTAX}FROM debian:12\nRUN a\n"
                "RUN --mount=type=secret,id=api-token,env=API_TOKEN fetch $API_TOKEN\n"
            ),
        ),
        (  # nobody names it: every RUN that saw it goes on seeing it
            "FROM debian:12 AS a\nARG API_TOKEN\nRUN make\nFROM a\nRUN make install\n",
            (
                f"{SYNTAX}FROM debian:12 AS a\n"
                "RUN --mount=type=secret,id=api-token,env=API_TOKEN make\nFROM a\n"
                "RUN --mount=type=secret,id=api-token,env=API_TOKEN make install\n"
            ),
        ),
        (  # npm puts the variable's value in place when it runs
            (
                "FROM node:24\nARG NPM_TOKEN\n"
                'RUN echo "//r.example.org/:_authToken=$NPM_TOKEN" > .npmrc\nRUN npm ci\n'
            ),
            (
                f"{SYNTAX}FROM node:24\n"
                "RUN echo '//r.example.org/:_authToken=${NPM_TOKEN}' > .npmrc\n"
                "RUN --mount=type=secret,id=npm-token,env=NPM_TOKEN npm ci\n"
            ),
        ),
        (
            f"FROM debian:12\nRUN git clone https://ci:{VALUE}@git.example.org/app.git\n",
            (
                f"{SYNTAX}FROM debian:12\n"
                "RUN --mount=type=secret,id=git-password,env=GIT_PASSWORD git clone "
                '"https://ci:${GIT_PASSWORD}@git.example.org/app.git"\n'
            ),
        ),
        (
            f"FROM debian:12\nRUN curl -u joe:{VALUE} https://a.example.org -o /a\n",
            (
                f"{SYNTAX}FROM debian:12\n"
                "RUN --mount=type=secret,id=curl-password,env=CURL_PASSWORD "
                'curl -u "joe:${CURL_PASSWORD}" https://a.example.org -o /a\n'
            ),
        ),
        (
            (
                "# syntax=docker/dockerfile:1.10\nFROM docker:28\n"
                f'RUN docker login -u a -p "{VALUE}" r\n'
            ),
            (
                "# syntax=docker/dockerfile:1.10\nFROM docker:28\n"
                "RUN --mount=type=secret,id=docker-password,env=DOCKER_PASSWORD "
                'docker login -u a -p "${DOCKER_PASSWORD}" r\n'
            ),
        ),
    ],
)
def test_mended(before: str, after: str) -> None:
    assert mended(before) == after
    assert not judge(RULES, after)


def test_line_ends() -> None:
    text = f"FROM debian:12\r\nARG API_TOKEN={VALUE}\r\nRUN a $API_TOKEN\r\n"
    after = mended(text)
    assert after.count("\n") == after.count("\r\n") == 3


@pytest.mark.parametrize(
    "text",
    [
        # the value would be in a layer, build secret or not
        "FROM debian:12\nARG API_TOKEN\nRUN echo $API_TOKEN > /root/.token\n",
        "FROM debian:12\nARG API_TOKEN\nRUN echo $API_TOKEN | tee /root/.token\n",
        "FROM debian:12\nARG API_TOKEN\nRUN npm config set //r/:_authToken $API_TOKEN\n",
        # it goes into something else
        f"FROM debian:12\nENV API_TOKEN={VALUE}\nENV HEADER=x$API_TOKEN\n",
        "FROM debian:12\nARG API_TOKEN\nCOPY --chown=$API_TOKEN a /b\nRUN make\n",
        # the front end is too old, or another
        "# syntax=docker/dockerfile:1.9\nFROM debian:12\nARG API_TOKEN\nRUN a $API_TOKEN\n",
        "# syntax=registry.example.org/own:1\nFROM debian:12\nARG API_TOKEN\nRUN a $API_TOKEN\n",
        # the shell would read something else
        f"FROM debian:12\nRUN sh -c 'git clone https://a:{VALUE}@b.example.org/c'\n",
        f'FROM debian:12\nRUN ["git", "clone", "https://a:{VALUE}@b.example.org/c"]\n',
        f"FROM debian:12\nRUN git clone 'https://a:{VALUE}@b.example.org/c'\n",
        # the id stands for something else
        (
            "FROM debian:12\nARG API_TOKEN\n"
            "RUN --mount=type=secret,id=api-token,env=OTHER a $API_TOKEN\n"
        ),
    ],
)
def test_left_to_people(text: str) -> None:
    assert judge(RULES, text)
    assert mended(text) == text


def test_deleted_in_the_same_layer() -> None:
    text = "FROM debian:12\nARG API_TOKEN\nRUN echo $API_TOKEN > /t && use /t && rm -rf /t\n"
    assert "--mount=type=secret,id=api-token,env=API_TOKEN echo" in mended(text)
