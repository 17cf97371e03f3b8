"""Files with credentials, by their names and by what stands in them."""

import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.images import credential_files
from seawall.images.credential_files import holds, kind_of

WORD = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=24))
KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{WORD}\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("root/.ssh/id_ed25519", KEY),
        ("app/certs/server.key", KEY.replace("OPENSSH ", "")),
        ("etc/ssh/ssh_host_rsa_key", KEY.replace("OPENSSH", "RSA")),
        ("root/.npmrc", f"//registry.example.org/:_authToken={WORD}\n"),
        ("home/a/.netrc", f"machine git.example.org\nlogin a\npassword {WORD}\n"),
        ("root/.aws/credentials", f"[default]\naws_secret_access_key = {WORD}\n"),
        ("root/.docker/config.json", f'{{"auths": {{"a": {{"auth": "{WORD}"}}}}}}'),
        ("root/.kube/config", f"users:\n- user:\n    token: {WORD}\n"),
        ("root/.git-credentials", f"https://a:{WORD}@git.example.org\n"),
        ("root/.config/gh/hosts.yml", f"github.com:\n  oauth_token: {WORD}\n"),
        ("root/.config/pip/pip.conf", f"[global]\nindex-url = https://a:{WORD}@pypi.example.org\n"),
        ("app/.env", f"DEBUG=1\nexport DB_PASSWORD='{WORD}'\n"),
        ("app/.env.production", f"API_KEY={WORD}\n"),
        ("app/service-account.json", f'{{"private_key": "{WORD}"}}'),
        ("root/.pypirc", f"[pypi]\npassword = {WORD}\n"),
        ("root/.pgpass", f"db:5432:*:app:{WORD}\n"),
        ("root/.cargo/credentials.toml", f'[registry]\ntoken = "{WORD}"\n'),
        ("srv/terraform.tfstate", '{"version": 4, "terraform_version": "1.9.0"}'),
    ],
)
def test_files_that_hold_some(path: str, text: str) -> None:
    kind = kind_of(path)
    assert kind is not None
    assert holds(kind, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("root/.npmrc", "//registry.example.org/:_authToken=${NPM_TOKEN}\nfund=false\n"),
        ("root/.docker/config.json", '{"auths": {"a": {}}}'),
        ("app/.env", "DB_PASSWORD=\nDB_PASSWORD_FILE\nAPI_KEY=$KEY\nSECRET=changeme\n"),
        ("etc/ssl/certs/ca.pem", "-----BEGIN CERTIFICATE-----\n"),
        ("root/.netrc", "machine a login b password $PASSWORD\n"),
        ("root/.kube/config", "clusters: []\n"),
    ],
)
def test_files_that_hold_none(path: str, text: str) -> None:
    kind = kind_of(path)
    assert kind is not None
    assert not holds(kind, text)


@pytest.mark.parametrize(
    "path",
    [
        "usr/share/doc/openssl/examples/server.key", "usr/lib/node_modules/a/test/fixtures/k.pem",
        "app/.env.example", "config", "etc/config.json", "app/credentials", "x/hosts.yml",
    ],
)  # fmt: skip
def test_other_files(path: str) -> None:
    assert kind_of(path) is None


KINDS = [*vars(credential_files)["_BY_NAME"].values(), credential_files.KEY]


@pytest.mark.parametrize("unit", ["A", " ", "\n", "TOKEN", "a:", "password ", "-----BEGIN ", "A_="])
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (65536 // len(unit))
    start = time.process_time()
    for kind in KINDS:
        holds(kind, text)
    assert time.process_time() - start < 20  # seconds, of what takes milliseconds


@given(st.text(max_size=200))
def test_any_path_will_do(path: str) -> None:
    kind_of(path)
