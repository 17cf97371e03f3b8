"""The Dockerfiles that are built; each stands with its context in ``tests/data/builds/NAME``."""

from typing import NamedTuple


class Case(NamedTuple):
    """A Dockerfile, and how to tell that its program works.

    Attributes:
        images: what it builds on; the final image is the last one's child.
        says: what the program's output holds.
        url: where it answers, for one that serves HTTP; others are run until they end.
        is_cheap: whether it is built in ``make test`` and not only in ``make test-full``.
        changes: what an unsafe fix says of itself that makes this program or its build do
            otherwise.
    """

    name: str
    images: tuple[str, ...]
    says: str
    url: str = ""
    is_cheap: bool = False
    changes: str = ""


CASES = (
    Case("c-naive", ("debian:latest",), "Hello, world"),
    Case("c-make", ("gcc:12", "debian:12-slim"), "7 words"),
    Case("c-scratch", ("gcc:12",), "42"),
    Case("c-recommends", ("debian:12", "debian:12-slim"), "Good morning, harbour"),
    Case("c-setuid", ("gcc:12",), "user 1000 acts as 0", changes="the rights of its owner"),
    Case("go-seed", ("ubuntu:24.04", "debian:12"), "Hello from Go"),
    Case("go-server", ("golang:1.19",), "200 pong", "http://127.0.0.1:8080/ping"),
    Case("python-naive", ("python:3.11",), "5 herrings"),
    Case("python-server", ("python:3.11-slim",), "200 {", "http://127.0.0.1:8000/orders"),
    Case("python-stages", ("python:3.11", "python:3.11-slim"), "5 herrings"),
    Case("python-dotenv", ("python:3.11-slim",), "the harbour is Whitby",
         changes="no longer there, in the build nor in the image"),
    Case("node-server", ("node:18",), "200 <h1>Shop</h1>", "http://127.0.0.1:3000/"),
    Case("node-good", ("node:18",), "sorted: 1 2 3"),
    Case("static-nginx", ("nginx:1.22",), "200 <title>Harbour</title>", "http://127.0.0.1/"),
    Case("static-busybox", ("debian:12",), "200 <title>Pier</title>", "http://127.0.0.1:8080/",
         is_cheap=True),
    Case("shell-heredocs", ("debian:12-slim",), "three lines", is_cheap=True),
    Case("shell-report", ("debian:12",), "total 60", is_cheap=True),
    Case("shell-crlf", ("ubuntu:24.04",), "it is calm"),
    Case("shell-entry", ("debian:12",), "3 words\nrope", is_cheap=True,
         changes="ENTRYPOINT gets the words themselves"),
    Case("shell-bare", ("debian:12",), "no interpreter is named", is_cheap=True),
    Case("shell-lists", ("debian:12",), "42", changes="it has to fetch the lists first"),
    Case("shell-tolerant", ("debian:12",), "0\ncounted", is_cheap=True,
         changes="the build stops where a command fails"),
    Case("heredoc-apt", ("debian:12",), "42"),
    Case("perl-packages", ("debian:12",), "perl says yes"),
)  # fmt: skip
