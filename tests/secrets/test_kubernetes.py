"""Kubernetes objects, values of charts and Dockerfiles: where their secrets stand."""

import base64
import gzip
import json
import random

import pytest

from seawall.secrets.candidate import Certainty
from seawall.secrets.rules.examples import example
from seawall.secrets.text import Text, kind_of
from tests.secrets.rules import RULES, drawn, native

PASSWORD, OTHER = drawn(14, 3), drawn(16, 4)
TOKEN = example(RULES["github-classic-token"], random.Random(5))


def b64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def found(text: str, name: str = "a.yaml") -> set[tuple[str, str]]:
    """Rules and values."""
    return {
        (secret.candidate.rule, secret.candidate.value.reveal())
        for result in native().run([Text(name, text.encode(), kind_of(name))])
        for secret in result.secrets
    }


A, B = ("assignment", PASSWORD), ("assignment", OTHER)
T = ("github-classic-token", TOKEN)
HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\n"
RELEASE = json.dumps({
    "name": "web", "config": {"db": {"password": PASSWORD}},
    "manifest": f"{HEAD}data:\n  password: {b64(OTHER)}\n",
})  # fmt: skip
LOGIN = json.dumps({"auths": {"registry.example.org": {"auth": b64(f"web:{PASSWORD}")}}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HEAD}data:\n  password: {b64(PASSWORD)}\n  token: {b64(TOKEN)}\n", {A, T}),
        (f"apiVersion: v1\ndata:\n  DB_PASS: {b64(OTHER)}\nkind: Secret\n", {B}),
        (f'{HEAD}data:\n  password: "{b64(PASSWORD)}"\n', {A}),
        (f"{HEAD}data: {{password: {b64(PASSWORD)}, user: {b64('web')}}}\n", {A}),
        (f"{HEAD}data:\n  app.conf: {b64(f'db.password={PASSWORD}')}\n", {A}),
        (f"{HEAD}data:\n  x: {b64(TOKEN)}\n", {T}),
        (f"{HEAD}stringData:\n  password: {PASSWORD}\n  a: |\n    db.password={OTHER}\n", {A, B}),
        (f"{HEAD}data:\n  .dockerconfigjson: {b64(LOGIN)}\n", {A}),
        (f"{HEAD}data:\n  release: {b64(b64(gzip.compress(RELEASE.encode())))}\n", {A, B}),
        (f"kind: A\n---\n{HEAD}data:\n  password: {b64(PASSWORD)}\n---\nkind: B\n", {A}),
        (f"kind: List\nitems:\n- kind: Secret\n  data:\n    password: {b64(PASSWORD)}\n", {A}),
    ],
)
def test_secrets(text: str, expected: set[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("indent", [None, 2])
def test_secrets_in_json(indent: int | None) -> None:
    secret = {"kind": "Secret", "data": {"password": b64(PASSWORD), "token": b64(TOKEN)}}
    assert found(json.dumps({"kind": "List", "items": [secret]}, indent=indent), "a.json") == {A, T}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"kind: ConfigMap\ndata:\n  a.properties: |\n    x.password={PASSWORD}\n  KEY: {TOKEN}\n",
         {A, T}),
        (f"env:\n- name: DB_PASSWORD\n  value: {PASSWORD}\n- {{name: API_KEY, value: {OTHER}}}\n",
         {A, B}),
        (f"args: [--db-password={PASSWORD}, -x]\n", {A}),
        (f"args:\n- --db-password\n- {PASSWORD}\n", set()),
        ("kubectl.kubernetes.io/last-applied-configuration: |\n  "
         + json.dumps({"kind": "Secret", "data": {"password": b64(PASSWORD)}}) + "\n", {A}),
        (f"postgresql:\n  auth:\n    postgresPassword: {PASSWORD}\n    existingSecret: web\n", {A}),
    ],
)  # fmt: skip
def test_other_objects_and_values(text: str, expected: set[tuple[str, str]]) -> None:
    assert found(text) == expected


def sealed(seed: int) -> str:
    """As kubeseal writes it: the length of an encrypted key, the key, the rest."""
    return b64(b"\2\0" + random.Random(seed).randbytes(560))


SILENT = {
    "sealed": (
        "kind: SealedSecret\nspec:\n  encryptedData:\n"
        f"    password: {sealed(1)}\n    token: {sealed(2)}\n"
    ),
    "external": (
        "kind: ExternalSecret\nspec:\n  secretStoreRef: {name: vault}\n  data:\n"
        "  - secretKey: password\n    remoteRef: {key: prod/db/password, property: password}\n"
    ),
    "sops": (
        f"{HEAD}stringData:\n  password: ENC[AES256_GCM,data:p7gXk2fL,iv:aGVsbG9==,tag:ab12==,"
        "type:str]\nsops:\n  mac: ENC[AES256_GCM,data:abc,iv:def,tag:ghi,type:str]\n"
    ),
    "reference": (
        "env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: web, key: password}\n"
    ),
    "variable": f"{HEAD}data:\n  user: {b64('admin')}\n  password: {b64('${DB_PASSWORD}')}\n",
}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_what_holds_no_secret(text: str) -> None:
    sure = [
        secret
        for result in native().run([Text("a.yaml", text.encode(), kind_of("a.yaml"))])
        for secret in result.secrets
        if secret.certainty >= Certainty.MEDIUM
    ]
    assert not sure


def test_dockerfiles() -> None:
    text = (
        f"FROM scratch\nARG NPM_TOKEN={TOKEN}\nENV DB_PASSWORD={PASSWORD} A=1\n"
        f"RUN curl -u user:{OTHER} http://a.internal.test/\n"
    )
    assert found(text, "Dockerfile") == {T, A, ("command", OTHER)}
    heredoc = f"FROM scratch\nCOPY <<EOF /a\npassword={PASSWORD}\nEOF\n"
    assert found(heredoc, "Dockerfile") == {A}


def test_the_user_of_a_command_is_told_as_it_is() -> None:
    text = f"curl -u user:{PASSWORD} a\ncurl --user=user:{OTHER} a\n"
    names = [
        secret.candidate.name
        for result in native().run([Text("a.sh", text.encode(), kind_of("a.sh"))])
        for secret in result.secrets
    ]
    assert names == ["user", "user"]
