"""Programs that one stage builds and another runs, their users and their directories."""

import pytest

from tests.dockerfile.support import apply, judge

BUILDER = "FROM golang:1.25 AS builder\nWORKDIR /src\n"
TAKE = "FROM alpine:3.22\nCOPY --from=builder /app /app\n"


def mended(rule: str, text: str, files: tuple[str, ...] = ()) -> str:
    findings = judge(rule, text, files=files)
    assert all(fix.effect for finding in findings for fix in finding.fixes)
    return apply(text, [finding.fixes[0] for finding in findings if finding.fixes])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN go build -o /app .", "RUN CGO_ENABLED=0 go build -o /app ."),
        ("RUN a && GOOS=linux go build -o /app .", "RUN a && GOOS=linux CGO_ENABLED=0 go build -o /app ."),  # noqa: E501
        ("RUN go build -o=/app ./cmd/x", "RUN CGO_ENABLED=0 go build -o=/app ./cmd/x"),
        ("RUN go build -o ../app .", "RUN CGO_ENABLED=0 go build -o ../app ."),
    ],
)  # fmt: skip
def test_a_program_without_c(before: str, after: str) -> None:
    text = f"{BUILDER}{before}\n{TAKE}"
    assert mended("go-program-needs-libc", text) == f"{BUILDER}{after}\n{TAKE}"
    assert not judge("go-program-needs-libc", f"{BUILDER}{after}\n{TAKE}")


@pytest.mark.parametrize(
    "text",
    [
        f"{BUILDER}ENV CGO_ENABLED=0\nRUN go build -o /app .\n{TAKE}",
        f"{BUILDER}RUN export CGO_ENABLED=0 && go build -o /app .\n{TAKE}",
        f"{BUILDER}RUN CGO_ENABLED=1 go build -o /app .\n{TAKE}",  # somebody wants it
        f"{BUILDER}RUN go build -ldflags '-extldflags \"-static\"' -o /app .\n{TAKE}",
        f"{BUILDER}RUN go build -o /other .\n{TAKE}",
        f"{BUILDER}RUN cd /x && go build -o app .\n{TAKE}",
        f"{BUILDER.replace('golang:1.25', 'golang:1.25-alpine')}RUN go build -o /app .\n{TAKE}",
        f"{BUILDER}RUN go build -o /app .\n{TAKE.replace('alpine:3.22', 'debian:12')}",
    ],
)
def test_what_finds_its_library(text: str) -> None:
    assert not judge("go-program-needs-libc", text)


@pytest.mark.parametrize(
    ("before", "after", "files"),
    [
        (
            "COPY . .\nRUN go build -o /app .",
            'COPY . .\nRUN go build -o /app -trimpath -ldflags="-s -w" .',
            ("go.mod", "main.go"),
        ),
        (
            'COPY . .\nRUN go build -ldflags "-X main.v=1" -o /app .',
            'COPY . .\nRUN go build -ldflags "-X main.v=1" -o /app -trimpath .',
            ("go.mod", "main.go"),
        ),
        (
            "COPY a.go b.go ./\nRUN go build -o /app a.go b.go",
            (
                "COPY a.go b.go ./\n"
                'RUN GO111MODULE=off go build -o /app -trimpath -ldflags="-s -w" a.go b.go'
            ),
            ("a.go", "b.go"),
        ),
        (  # the context has a module
            "COPY . .\nRUN go build -o /app a.go",
            'COPY . .\nRUN go build -o /app -trimpath -ldflags="-s -w" a.go',
            ("a.go", "go.mod"),
        ),
        (  # so may what git brings
            "RUN git clone https://a.example.org/x . && go build -o /app a.go",
            (
                "RUN git clone https://a.example.org/x . && "
                'go build -o /app -trimpath -ldflags="-s -w" a.go'
            ),
            ("a.go",),
        ),
    ],
)
def test_just_the_program(before: str, after: str, files: tuple[str, ...]) -> None:
    after = f"{BUILDER}{after}\n{TAKE}"
    assert mended("go-build-flags", f"{BUILDER}{before}\n{TAKE}", files) == after
    assert not judge("go-build-flags", after)


def test_the_name_of_the_program_is_written_down() -> None:
    text = f"{BUILDER}COPY app.go .\nRUN go build app.go\n{TAKE.replace('/app /', '/src/app /')}"
    assert 'go build -trimpath -ldflags="-s -w" -o /src/app app.go\n' in mended(
        "go-build-flags", text, ("app.go",)
    )


# The copy -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/app /bin/app", "/app /bin/app"),
        ("/app /bin/", "/app /bin/app"),
    ],
)
def test_a_read_only_program(before: str, after: str) -> None:
    head, tail = "FROM golang:1.25 AS b\n", 'ENTRYPOINT ["/bin/app"]\n'
    text = f"{head}FROM scratch\nCOPY --from=b {before}\n{tail}"
    wanted = f"{head}FROM scratch\nCOPY --from=b --chmod=0555 {after}\n{tail}"
    assert mended("program-mode-unset", text) == f"# syntax=docker/dockerfile:1\n{wanted}"
    assert not judge("program-mode-unset", wanted)


@pytest.mark.parametrize(
    "copy", ["COPY --from=b /out /bin", "COPY --from=b /x /y /bin/", "COPY app /bin/app"]
)
def test_what_may_be_a_directory(copy: str) -> None:
    text = f'FROM golang:1.25 AS b\nFROM scratch\n{copy}\nENTRYPOINT ["/bin/app"]\n'
    assert not judge("program-mode-unset", text)


# Directories ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("COPY a.c .\nRUN cc -o /app a.c\nFROM scratch\nCOPY --from=0 /app /app\n", True),
        ("COPY a.c .\nRUN cc -o app a.c\nFROM scratch\nCOPY --from=0 /app /app\n", False),
        ("COPY a.c .\nRUN make\nFROM scratch\nCOPY --from=0 / /\n", False),
        ("COPY a.c .\nRUN cc -o /app a.c\nFROM scratch\nRUN --mount=from=b,target=/x x\n", False),
        ("COPY a.c .\n", False),  # the image's own directory
        ("COPY a.c .\nRUN cc -o /app /a.c\nFROM scratch\nCOPY --from=0 /app /\n", False),
        ("COPY a.c .\nRUN cc -I/lib -o /app a.c\nFROM scratch\nCOPY --from=0 /app /\n", True),
    ],
)
def test_a_builder_gets_a_directory(text: str, moved: bool) -> None:
    text = f"FROM gcc:15 AS b\n{text}"
    wanted = text.replace("COPY a.c", "WORKDIR /src\nCOPY a.c", 1) if moved else text
    assert mended("copy-dest-relative", text) == wanted


# Users ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "FROM alpine:3.22\nRUN addgroup -S g && adduser -S -G g u\nUSER u\n",
            (
                "FROM alpine:3.22\n"
                "RUN addgroup -S -g 10001 g && adduser -S -D -H -u 10001 -G g u\nUSER 10001:10001\n"
            ),
        ),
        (
            "FROM alpine:3.22\nRUN addgroup -S g\nRUN adduser u -S -G g -h /app\nUSER u\n",
            (
                "FROM alpine:3.22\n"
                "RUN addgroup -S -g 10001 g && adduser -S -D -u 10001 -G g -h /app u\n"
                "USER 10001:10001\n"
            ),
        ),
        (
            "FROM alpine:3.22\nRUN addgroup -S g\n# why\nRUN adduser -S -G g u\nUSER u\n",
            (
                "FROM alpine:3.22\nRUN addgroup -S -g 10001 g\n# why\n"
                "RUN adduser -S -D -H -u 10001 -G g u\nUSER 10001:10001\n"
            ),
        ),
        (
            "FROM debian:12\nRUN groupadd -r g && useradd -r -g g u\nUSER u\n",
            (
                "FROM debian:12\nRUN groupadd --gid 10001 -r g && useradd --uid 10001 -r -g g u\n"
                "USER 10001:10001\n"
            ),
        ),
    ],
)
def test_a_user_gets_a_number(before: str, after: str) -> None:
    assert mended("user-not-numeric", before) == after
    assert not judge("user-not-numeric", after)


@pytest.mark.parametrize(
    "text",
    [
        "FROM node:24\nUSER node\n",
        "FROM alpine:3.22\nRUN adduser -S -u 7 u\nUSER u\n",
        "FROM alpine:3.22\nRUN adduser -S u\nUSER u\n",  # its group is nogroup
        "FROM alpine:3.22\nRUN addgroup -S g && adduser -S -G g $NAME\nUSER u\n",
        "FROM alpine:3.22\nRUN addgroup -g 5 -S g && adduser -S -G g u\nUSER u\n",
        "FROM debian:12\nRUN useradd -g users u\nUSER u\n",
        "FROM debian:12\nRUN useradd -N u\nUSER u\n",
        "FROM debian:12\nRUN useradd u || true\nRUN useradd u\nUSER u\n",
    ],
)
def test_users_that_are_left_to_people(text: str) -> None:
    assert judge("user-not-numeric", text)
    assert mended("user-not-numeric", text) == text
