"""What rules about secrets do beyond their examples."""

from base64 import b64encode
from typing import Any

import pytest

from seawall.core.finding import Finding
from seawall.core.severity import Confidence, Severity
from tests.kubernetes.rules.manifests import ODD, container, pod
from tests.kubernetes.rules.relations import obj, stream
from tests.kubernetes.support import judge

ALL = ("secret-in-env", "hardcoded-secret", "secret-plaintext-in-manifest")
SECRET = "Bluebell-27xKq"
TOKEN = "5hJ8kQ2xW9vB4nR7pT1zL6cY"


def hardcoded(*objects: dict[str, Any]) -> list[Finding]:
    found = judge("hardcoded-secret", stream(*objects))
    assert SECRET not in repr(found)
    assert TOKEN not in repr(found)
    return found


def with_env(**variables: Any) -> str:
    return pod(container(env=[{"name": k, "value": v} for k, v in variables.items()]))


def config_map(**data: Any) -> dict[str, Any]:
    return obj("ConfigMap", version="v1", data={k.replace("__", "."): v for k, v in data.items()})


def test_secrets_in_env() -> None:
    reference = {"secretKeyRef": {"name": "web", "key": "a", "optional": True}}
    text = pod(
        container(
            env=[{"name": "A", "valueFrom": reference}, {"name": "B", "valueFrom": reference},
                 {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "web", "key": "a"}}},
                 {"name": "D", "value": "secretKeyRef"}],
            envFrom=[{"configMapRef": {"name": "x"}}, {"secretRef": {"name": "web"}}],
        ),
        initContainers=[container("init", envFrom=[{"secretRef": {"name": "init"}}])],
    )  # fmt: skip
    found = judge("secret-in-env", text)
    assert [f.evidence for f in found] == ["init", "A", "B", "web"]
    assert found[-1].location.key_path[-3:] == ("envFrom", 1, "secretRef")


def test_secrets_in_variables() -> None:
    found = judge(
        "hardcoded-secret",
        with_env(DB_PASSWORD=SECRET, API_TOKEN=TOKEN, DB_URL=f"redis://:{SECRET}@r", PORT="80"),
    )
    assert [f.message for f in found] == [
        "variable DB_PASSWORD holds a password",
        "variable API_TOKEN holds a secret",
        "variable DB_URL holds a URL with a password",
    ]
    assert [f.evidence for f in found] == ["DB_PASSWORD", "API_TOKEN", "DB_URL"]
    assert {f.subject.container for f in found} == {"web"}
    assert found[1].location.key_path == ("spec", "containers", 0, "env", 1, "value")
    assert all(f.severity == Severity.HIGH for f in found)
    assert SECRET not in repr(found)


def test_default_passwords_are_less_sure() -> None:
    (finding,) = judge("hardcoded-secret", with_env(DB_PASSWORD="changeme"))
    assert finding.message == "variable DB_PASSWORD holds a default password"
    assert finding.confidence == Confidence.MEDIUM
    assert not judge("hardcoded-secret", with_env(API_TOKEN="changeme", SECRET_BLAH="blah"))


def test_secrets_in_commands() -> None:
    one = container(
        command=["redis-server"],
        args=["--requirepass", SECRET, "--port", "6379"],
    )
    two = container("two", command=["sh", "-c", f"curl -u web:{SECRET} https://x"])
    found = hardcoded(obj("Pod", version="v1", spec={"containers": [one, two]}))
    assert [(f.subject.container, f.message, f.location.key_path[-2:]) for f in found] == [
        ("web", "args hold a password (--requirepass)", ("args", 1)),
        ("two", "command holds a password", ("command", 2)),
    ]


def test_secrets_in_annotations() -> None:
    annotations = {
        "example.org/db-password": SECRET,
        "checksum/secret": "0f3b9d62c7e84a15b06d7f29e1a8c453",
        "nginx.ingress.kubernetes.io/auth-secret": "basic-auth",
        "kubectl.kubernetes.io/last-applied-configuration": f'{{"password":"{SECRET}"}}',
    }
    template = {"metadata": {"annotations": annotations}, "spec": {"containers": [container()]}}
    found = hardcoded(obj("Deployment", annotations=annotations, spec={"template": template}))
    assert [f.location.key_path[:-1] for f in found] == [
        ("metadata", "annotations"),
        ("spec", "template", "metadata", "annotations"),
    ]
    assert {f.evidence for f in found} == {"example.org/db-password"}
    assert len(hardcoded(obj("Pod", annotations=annotations, spec={"containers": []}))) == 1


def test_secrets_in_config_maps() -> None:
    found = hardcoded(
        config_map(
            DB_PASSWORD=SECRET,
            DB_HOST="db",
            web__properties=f"user=web\npassword={SECRET}\ntoken={TOKEN}\n",
            web__py=f"password = load()\nsecret = '{TOKEN}'\n",
            readme__md=f"Set password: {SECRET}\nhttp://web:{SECRET}@db\n",
            ca__crt="-----BEGIN CERTIFICATE-----\npassword=abc\n",
        )
    )
    assert [(f.message, f.evidence, f.location.key_path) for f in found] == [
        ("key DB_PASSWORD holds a password", "DB_PASSWORD", ("data", "DB_PASSWORD")),
        ("key web.properties, line 2, holds a password (password)", "web.properties: password",
         ("data", "web.properties")),
        ("key web.properties, line 3, holds a secret (token)", "web.properties: token",
         ("data", "web.properties")),
        ("key web.py, line 2, holds a secret (secret)", "web.py: secret", ("data", "web.py")),
        ("key readme.md holds a URL with a password", "readme.md", ("data", "readme.md")),
    ]  # fmt: skip


def test_items_of_lists_and_templates_are_found_in_place() -> None:
    item = obj("Deployment", spec={"template": {"spec": {"containers": [
        container(env=[{"name": "DB_PASSWORD", "value": SECRET}])]}}})  # fmt: skip
    (finding,) = hardcoded({"apiVersion": "v1", "kind": "List", "items": [item]})
    assert finding.location.key_path == (
        "items", 0, "spec", "template", "spec", "containers", 0, "env", 0, "value",
    )  # fmt: skip


def secret(data: Any = None, **fields: Any) -> dict[str, Any]:
    encoded = {k: b64encode(v.encode()).decode() for k, v in (data or {}).items()}
    return obj("Secret", version="v1", data=encoded, **fields)


def plaintext(item: dict[str, Any]) -> list[Finding]:
    found = judge("secret-plaintext-in-manifest", stream(item))
    assert SECRET not in repr(found)
    return found


@pytest.mark.parametrize(
    ("data", "confidence"),
    [
        ({"password": SECRET}, Confidence.HIGH),
        ({"username": "web", "password": SECRET}, Confidence.HIGH),
        ({"url": f"redis://:{SECRET}@r"}, Confidence.HIGH),
        ({"smtp": "smtp://shop:Bluebell@smtp.example.org"}, Confidence.HIGH),
        ({"tls.key": "-----BEGIN PRIVATE KEY-----\nMIIBVQIBADANBgkqhkiG9w0B\n"},
         Confidence.HIGH),
        ({".dockerconfigjson": '{"auths": {"x": {"auth": "d2ViOmh1bnRlcjI="}}}'},
         Confidence.MEDIUM),
        ({"config.yaml": "a: b\nc: example\n" * 10}, Confidence.LOW),
        ({"app.ini": f"[database]\nHOST=db\nPASSWD={SECRET}\n"}, Confidence.MEDIUM),
        ({"database": f"HOST=db\nPASSWD={SECRET}\n"}, Confidence.MEDIUM),
        ({"provider": "secret", "cipher": "aes-xts-plain64", "pbkdf": "argon2i"}, Confidence.LOW),
        ({"message": "These are not the ones."}, Confidence.LOW),
        ({"repository": "ROOT=/data/git"}, Confidence.LOW),
        ({"key": "AQCabc=="}, Confidence.MEDIUM),
        ({}, None),
        ({"password": ""}, None),
        ({"password": "changeme"}, None),
        ({"password": "my-password"}, None),
        ({"sshPrivateKey": "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----"},
         None),
        ({"dhparam.pem": "-----BEGIN DH PARAMETERS-----\nMIIB"}, None),
        ({"password": "<password>"}, None),
        ({"password": "${PASSWORD}"}, None),
        ({"password": "vault:secret/data/db#password"}, None),
        ({"password": "ENC[AES256_GCM,data:abc]"}, None),
        ({"username": "web", "host": "db", "port": "5432", "apiAddress": "x.y"}, None),
        ({"azurestorageaccountname": "web"}, None),
        ({"ca.crt": "-----BEGIN CERTIFICATE-----\nMIIB"}, None),
        ({"bundle": "-----BEGIN CERTIFICATE-----\nMIIB"}, None),
        ({".dockerconfigjson": '{"auths": {}}'}, None),
        ({"enabled": "true", "size": "10"}, None),
    ],
)  # fmt: skip
def test_secrets_in_files(data: dict[str, str], confidence: Confidence | None) -> None:
    expected = [] if confidence is None else [confidence]
    assert [f.confidence for f in plaintext(secret(data))] == expected
    assert [f.confidence for f in plaintext(secret(stringData=data))] == expected


def test_what_is_no_base64_is_taken_as_it_is() -> None:
    assert not plaintext(obj("Secret", version="v1", data={"dhparam.pem": "...base64 data..."}))
    (finding,) = plaintext(obj("Secret", version="v1", data={"password": "Bluebell 27!"}))
    assert finding.confidence == Confidence.HIGH
    folded = b64encode(b"redis://:Bluebell@r").decode()
    folded = f"{folded[:8]}\n{folded[8:]}"
    assert plaintext(obj("Secret", version="v1", data={"url": folded}))


def test_encrypted_and_foreign_secrets() -> None:
    assert not plaintext(secret({"password": SECRET}, sops={"mac": "x"}))
    foreign = obj("Secret", version="example.org/v1", stringData={"password": SECRET})
    assert not plaintext(foreign)
    assert not plaintext(obj("SealedSecret", version="bitnami.com/v1alpha1",
                             spec={"encryptedData": {"password": "AgB" + TOKEN}}))  # fmt: skip


def test_only_what_looks_like_a_secret_is_named() -> None:
    data = {"CRYPTO_KEY_VALUE": "Simple passphrase", "CRYPTO_KEY_PROVIDER": "secret"}
    (finding,) = plaintext(secret(data))
    assert finding.message == "holds readable secrets: CRYPTO_KEY_VALUE"
    (finding,) = plaintext(secret({"greeting": "hello", "kind": "test"}))
    assert finding.message == "holds readable secrets: greeting, kind"
    assert finding.confidence == Confidence.LOW


def test_marks_that_a_script_replaces_are_no_passwords() -> None:
    text = "port 6379\nrequirepass replace-default-auth\nmasterauth replace-default-auth\n"
    assert not hardcoded(config_map(redis__conf=text))
    assert hardcoded(config_map(redis__conf=text.replace("replace-default-auth", SECRET)))


def test_one_finding_for_a_secret() -> None:
    data = {f"password{n}": SECRET for n in range(7)}
    (finding,) = plaintext(secret(data))
    assert finding.message.endswith("password4 and 2 more")
    assert finding.location.key_path == ("data",)
    assert finding.evidence == ""


@pytest.mark.parametrize("odd", ODD)
def test_odd_values(odd: Any) -> None:
    one = container(env=odd, envFrom=odd, command=odd, args=odd)
    two = container(env=[odd, {"name": odd, "value": odd, "valueFrom": odd}], envFrom=[odd],
                    args=[odd], command=["-p", odd])  # fmt: skip
    judge(ALL, pod(one, two, annotations=odd))
    judge(ALL, pod(annotations={"password": odd}))
    for kind in ("Secret", "ConfigMap"):
        judge(ALL, stream(obj(kind, version="v1", data=odd, stringData=odd)))
        judge(ALL, stream(obj(kind, version="v1", data={"a": odd}, stringData={"password": odd})))
