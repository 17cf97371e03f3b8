"""Rules about users, owners, images and processes: what their examples do not show."""

import pytest

from seawall.core.edit import Safety
from tests.dockerfile.support import apply, judge

DIGEST = "sha256:" + "d" * 64
OTHER = "sha256:" + "e" * 64


def messages(rule: str, text: str, **around: object) -> list[str]:
    return [finding.message for finding in judge(rule, text, **around)]  # type: ignore[arg-type]


# user-undefined -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12\nUSER www-data\n",
        "FROM alpine:3.22\nUSER nobody\n",
        "FROM node:24-alpine\nUSER node\n",
        "FROM debian:12\nUSER 10001\n",
        "FROM scratch\nUSER root\n",
        "FROM debian:12\nRUN adduser --system app\nUSER app\n",
        "FROM debian:12 AS a\nRUN useradd app\nFROM a\nUSER app\n",
        "FROM debian:12\nARG NAME=app\nRUN useradd $NAME\nUSER $NAME\n",
        "FROM debian:12\nRUN echo 'x:x:1:1::/:' >> /etc/passwd\nUSER x\n",
        "FROM scratch\nCOPY --from=build /etc/passwd /etc/passwd\nUSER app\n",
        "FROM scratch\nADD rootfs.tar.gz /\nUSER app\n",
        "FROM registry.example.org/base:1\nUSER app\n",
        "FROM jenkins/jenkins:lts\nUSER jenkins\n",
    ],
)
def test_users_that_are_there_or_may_be(text: str) -> None:
    assert not messages("user-undefined", text)


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("FROM debian:12\nUSER node\n", "medium"),
        ("FROM scratch\nCOPY app /app\nUSER nobody\n", "medium"),
        ("FROM debian:12\nRUN apt-get install -y openssh-server\nUSER sshd\n", "low"),
        ("FROM debian:12\nCOPY setup.sh /\nRUN /setup.sh\nUSER app\n", "low"),
        ("FROM alpine:3.22\nUSER www-data\n", "medium"),
    ],
)
def test_users_that_nothing_makes(text: str, confidence: str) -> None:
    (finding,) = judge("user-undefined", text)
    assert finding.confidence.label == confidence


# su-used --------------------------------------------------------------------------------------


def test_su_at_run_time_weighs_more() -> None:
    (run,) = judge("su-used", "FROM a\nRUN su app -c 'make'\n")
    assert run.severity.label == "low"
    (start,) = judge("su-used", "FROM a\nCMD su - app -c /bin/app\n")
    assert start.severity.label == "medium"
    assert not messages("su-used", "FROM a\nRUN gosu app true\nCMD setpriv --reuid=1 /a\n")


# app-files-writable-by-runtime-user -----------------------------------------------------------

WRITABLE = "app-files-writable-by-runtime-user"


def test_the_fix_leaves_the_files_to_root() -> None:
    text = "FROM a\r\nCOPY --link --chown=app:app src /srv/app\r\nUSER app:app\r\n"
    (finding,) = judge(WRITABLE, text)
    (fix,) = finding.fixes
    assert fix.safety is Safety.UNSAFE
    after = apply(text, finding.fixes)
    assert after == "FROM a\r\nCOPY --link src /srv/app\r\nUSER app:app\r\n"
    assert not messages(WRITABLE, after)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nCOPY --chown=app src /srv\n",
        "FROM a\nCOPY --chown=app src /srv\nUSER root\n",
        "FROM a\nCOPY --chown=other src /srv\nUSER app\n",
        "FROM a\nCOPY --chown=app src /srv/data\nUSER app\n",
        "FROM a\nVOLUME /srv\nCOPY --chown=app src /srv/x\nUSER app\n",
        "FROM a\nCOPY --chown=app --chmod=555 src /srv\nUSER app\n",
        "FROM a\nUSER app\nCOPY --chown=app package.json /srv/\nRUN npm ci\n",
        "FROM a AS b\nCOPY --chown=app src /srv\nFROM c\nCOPY --from=b /srv /srv\nUSER app\n",
    ],
)
def test_files_that_the_user_may_need_to_write(text: str) -> None:
    assert not messages(WRITABLE, text)


def test_files_that_are_given_away_later() -> None:
    text = "FROM a\nWORKDIR /srv\nCOPY src app\nRUN chown -R app:app .\nUSER app\n"
    assert messages(WRITABLE, text) == ["gives /srv to app, as whom the image runs"]


# secret-env-not-removed -----------------------------------------------------------------------


def test_what_is_taken_away_too_late() -> None:
    rule = "secret-env-not-removed"
    value = "correct" + "-horse-7"
    text = f"FROM a\nENV DB_PASSWORD={value}\nENV DB_PASSWORD=\n"
    (finding,) = judge(rule, text)
    assert finding.message == "DB_PASSWORD stays in the layer of ENV in line 2"
    assert value not in str(finding)
    text = "FROM a\nWORKDIR /root\nCOPY id_rsa .ssh/\nRUN git clone x && rm .ssh/id_rsa\n"
    assert messages(rule, text) == [".ssh/id_rsa stays in the layer of COPY in line 3"]
    assert not messages(rule, "FROM a\nENV HOME=/x\nRUN unset HOME && rm /etc/motd\n")
    assert not messages(
        rule, "FROM a\nADD https://example.org/public.key /k/\nRUN rm /k/public.key\n"
    )


# The final image ------------------------------------------------------------------------------

BUILD = "FROM golang:1.26 AS b\nRUN {} go build -o /app .\n"


@pytest.mark.parametrize(
    ("given", "final", "confidence"),
    [
        (
            "CGO_ENABLED=0",
            'FROM alpine:3.22\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]\n',
            "medium",
        ),
        ("", 'FROM alpine:3.22\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]\n', "low"),
        ("CGO_ENABLED=0", 'FROM debian:12\nCOPY --from=b /app /bin/\nCMD ["/bin/app"]\n', "medium"),
    ],
)
def test_images_of_one_static_program(given: str, final: str, confidence: str) -> None:
    for rule in ("shell-in-final-stage", "package-manager-in-final-stage"):
        (finding,) = judge(rule, BUILD.format(given) + final)
        assert finding.confidence.label == confidence


@pytest.mark.parametrize(
    "final",
    [
        'FROM scratch\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]\n',
        'FROM gcr.io/distroless/static\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]\n',
        'FROM alpine:3.22\nRUN adduser -S a\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]\n',
        "FROM alpine:3.22\nCOPY --from=b /app /app\nENTRYPOINT /app\n",
        'FROM alpine:3.22\nCOPY --from=b /app /app\nHEALTHCHECK CMD wget x\nCMD ["/app"]\n',
        'FROM alpine:3.22\nCOPY --from=b /app /app\nENTRYPOINT ["/other"]\n',
        'FROM alpine:3.22\nCOPY app /app\nENTRYPOINT ["/app"]\n',
    ],
)
def test_images_that_are_small_or_need_a_shell(final: str) -> None:
    for rule in ("shell-in-final-stage", "package-manager-in-final-stage"):
        assert not messages(rule, BUILD.format("CGO_ENABLED=0") + final)


# Processes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ('CMD ["/sbin/init"]', "starts the supervisor init"),
        ("CMD /bin/a & /bin/b", "starts 2 programs side by side"),
        ("CMD crond && nginx -g 'daemon off;'", "starts crond beside another program"),
    ],
)
def test_several_services(start: str, message: str) -> None:
    assert messages("multiple-services", f"FROM a\n{start}\n") == [message]


@pytest.mark.parametrize(
    "start", ['CMD ["/usr/sbin/sshd", "-D"]', "CMD cd /a && ./b", 'ENTRYPOINT ["tini", "--", "a"]']
)
def test_one_service(start: str) -> None:
    assert not messages("multiple-services", f"FROM a\n{start}\n")


SCRIPT = 'FROM a\nWORKDIR /srv\nCOPY run.sh bin/start.sh ./bin/\nENTRYPOINT ["bin/run.sh"]\n'


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("#!/bin/sh\n/bin/app\n", True),
        ("#!/usr/bin/env bash\nset -e\nexec > /log\n/bin/app\n", True),
        ('#!/bin/sh\nset -e\nexec "$@"\n', False),
        ('#!/bin/sh\nif [ "$1" = x ]; then exec x; fi\n', False),
        ("#!/usr/bin/python3\nprint(1)\n", False),
        ("\x7fELF", False),
    ],
)
def test_entry_point_scripts_of_the_context(body: str, found: bool) -> None:
    got = messages("entrypoint-script-no-exec", SCRIPT, texts={"run.sh": body})
    assert bool(got) is found
    assert not messages("entrypoint-script-no-exec", SCRIPT, texts={"bin/start.sh": body})


def test_scripts_in_a_directory_and_by_a_shell() -> None:
    text = 'FROM a\nCOPY scripts/ /opt/\nCMD ["sh", "/opt/run.sh"]\n'
    body = {"scripts/run.sh": "#!/bin/sh\napp\n"}
    assert messages("entrypoint-script-no-exec", text, texts=body)
    other = 'FROM a\nCOPY --from=b scripts/ /opt/\nCMD ["/opt/run.sh"]\n'
    assert not messages("entrypoint-script-no-exec", other, texts=body)


# The lock file --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "name", "newer"),
    [
        ("postgres:17.4", "docker.io/library/postgres:17.6", "postgres:17.6"),
        ("node:22.1.0-slim", "docker.io/library/node:22.1.10-slim", "node:22.1.10-slim"),
        (
            "registry.example.org/a:v1.2",
            "registry.example.org/a:v1.3",
            "registry.example.org/a:v1.3",
        ),
        (f"postgres:17.4@{OTHER}", "docker.io/library/postgres:17.6", f"postgres:17.6@{DIGEST}"),
    ],
)
def test_newer_patch_releases(image: str, name: str, newer: str) -> None:
    text = f"FROM {image} AS a\nUSER 1\n"
    pins = {name: DIGEST, name.rpartition(":")[0] + ":9.9": DIGEST}
    (finding,) = judge("base-image-outdated", text, pins=pins)
    (fix,) = finding.fixes
    assert fix.safety is Safety.LOCK
    after = apply(text, finding.fixes)
    assert after == f"FROM {newer} AS a\nUSER 1\n"
    assert not messages("base-image-outdated", after, pins=pins)


@pytest.mark.parametrize(
    ("image", "locked"),
    [
        ("postgres:17.6", "postgres:17.6"),
        ("postgres:17.6", "postgres:17.4"),
        ("postgres:17.4", "postgres:18.0"),
        ("postgres:17.4", "postgres:17.6-alpine"),
        ("postgres:17", "postgres:18"),
        ("postgres:17.4", "mysql:17.6"),
        ("postgres:latest", "postgres:17.6"),
    ],
)
def test_other_releases_are_no_patches(image: str, locked: str) -> None:
    pins = {f"docker.io/library/{locked}": DIGEST}
    assert not messages("base-image-outdated", f"FROM {image}\n", pins=pins)


def test_digests_are_those_of_the_lock_file() -> None:
    pins = {"docker.io/library/debian:12.11": DIGEST}
    rule = "base-image-digest-mismatch"
    text = f"FROM debian:12.11@{OTHER}\nCOPY --from=debian:12.11@{OTHER} /a /a\n"
    found = judge(rule, text, pins=pins)
    assert len(found) == 2
    after = apply(text, [fix for one in found for fix in one.fixes])
    assert after == text.replace(OTHER, DIGEST)
    assert not messages(rule, after, pins=pins)
    assert not messages(rule, f"FROM debian@{OTHER}\nFROM debian:12.11\n", pins=pins)
    assert not messages(rule, text)
    by_variable = f"ARG D={OTHER}\nFROM debian:12.11@$D\n"
    (finding,) = judge(rule, by_variable, pins=pins)
    assert not finding.fixes


# Layers and stages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run",
    ["rm /tmp/a.txt", "tar -xzf /tmp/a.txt", "cat /tmp/b", "cat /tmp/a.txt && rm /tmp/a.txt"],
)
def test_copies_that_others_report_or_nobody_uses(run: str) -> None:
    assert not messages("copy-only-for-run", f"FROM a\nCOPY a.txt /tmp/\nRUN {run}\n")


def test_stages_must_share_work_to_be_alike() -> None:
    rule = "duplicate-stage-prefix"
    shared = "ARG A\nARG B\nLABEL c=d\nRUN e\nRUN f\n"
    assert not messages(rule, f"FROM a AS x\n{shared}FROM a\n{shared}")
    shared += "RUN g\n"
    text = f"FROM a AS x\n{shared}FROM a\n{shared}RUN h\n"
    assert messages(rule, text) == ["begins with the same 6 instructions as x"]
    assert not messages(rule, text.replace("FROM a\n", "FROM b\n"))
    one, other = "RUN <<E\na\nE\n", "RUN <<E\nb\nE\n"
    text = f"FROM a AS x\nRUN 1\nRUN 2\n{one}FROM a\nRUN 1\nRUN 2\n{other}"
    assert not messages(rule, text)
