"""What counts as a written-out credential, and what does not.

Tokens are put together here, so that no file of the project holds one.
"""

import string
from random import Random

import pytest

from seawall.core.redacted import Redacted
from seawall.kubernetes import credentials
from seawall.kubernetes.credentials import Credential
from seawall.text.credential_names import PASSWORD, SECRET, kind_of_setting

ALPHABET = string.ascii_letters + string.digits


def random_text(length: int, alphabet: str = ALPHABET, seed: int = 0) -> str:
    """The same text for the same arguments."""
    return "".join(Random(f"{seed} {length} {alphabet}").choices(alphabet, k=length))


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "DB_PASSWORD", "dbPassword", "PGPASSWORD", "MYSQL_PWD", "SMTP_PASS", "password2",
     "PASSWORD_PROD", "spring.datasource.password", "rootpw_passwd", "KEY_PASSPHRASE",
     "requirepass", "admin-password", "PASSWORD_BASE64"],
)  # fmt: skip
def test_names_of_passwords(name: str) -> None:
    assert kind_of_setting(name) == PASSWORD


@pytest.mark.parametrize(
    "name",
    ["API_KEY", "apiKey", "APIKey", "apikey", "TOKEN", "GITHUB_TOKEN", "clientSecret", "SECRET",
     "NEXT_AUTH_SECRET", "AWS_SECRET_ACCESS_KEY", "encryption-key", "storageaccountkey",
     "CREDENTIALS", "signing_key", "SECRET_KEY_1"],
)  # fmt: skip
def test_names_of_other_secrets(name: str) -> None:
    assert kind_of_setting(name) == SECRET


@pytest.mark.parametrize(
    "name",
    ["", "7", "PWD", "OLDPWD", "PASSWORD_FILE", "SECRET_NAME", "DB_SECRET_REF", "TOKEN_URL",
     "KEY_PATH", "PASSWORD_MIN_LENGTH", "MIN_PASSWORD", "MAX_TOKENS", "bypass", "compass_url",
     "AWS_ACCESS_KEY_ID", "PUBLIC_KEY", "PUBLIC_TOKEN", "CACHE_KEY", "key", "secretName",
     "ALLOW_EMPTY_PASSWORD", "checksum/secret", "password_hash", "USE_TOKEN", "existingSecretKeys",
     "PASSWORD_POLICY", "tokenizer", "authorized_keys", "ENABLE_PASSWORD"],
)  # fmt: skip
def test_names_of_other_things(name: str) -> None:
    assert kind_of_setting(name) == ""


REFERENCES = (
    "", "  ", "true", "No", "null", "none", "$(DB_PASSWORD)", "${DB_PASSWORD}", "pre-${X}",
    "$PASSWORD", "{{ .Values.password }}", "<password>", "<%= secret %>", "%PASSWORD%",
    "@PASSWORD@", "#{password}", "{password}", "__PASSWORD__", "[password]", "%(password)s",
    "vault:secret/data/db#password", "ref+vault://db#/password", "op://vault/db/password",
    "arn:aws:secretsmanager:eu-west-1:1:secret:db", "ENC[AES256_GCM,data:x]", "ENC(abc)",
    "{cipher}0123", "!vault |", "/run/secrets/db", "./password", "~/.pgpass", "C:\\secrets\\db",
    "file:/etc/db", "*****", "xxxxxx", "...", "----", "DB_PASSWORD", "INSERT_YOUR_TOKEN",
    "$2y$10$abcdefghijklmnopqrstuv", "$6$salt$hash", "{SSHA}abc", "md5" + "0" * 32,
)  # fmt: skip


@pytest.mark.parametrize("value", REFERENCES)
def test_references_are_no_credentials(value: str) -> None:
    assert credentials.is_reference(value)
    assert credentials.in_value("DB_PASSWORD", value) is None
    assert credentials.in_value("API_TOKEN", value) is None


@pytest.mark.parametrize(
    ("value", "weak"),
    [("Bluebell-27xKq", False), ("hunter2", False), ("!Qaz2wsx", False), ("@dm1nistrator", False),
     ("correct horse battery", False), ("1234567", False), ("sst", False),
     ("changeme", True), ("change-me", True), ("CHANGE_ME", True), ("yourpassword", True),
     ("123456", True), ("admin", True), ("example", True)],
)  # fmt: skip
def test_any_value_is_a_password(value: str, weak: bool) -> None:
    what = "a default password" if weak else "a password"
    secret = Redacted("" if weak else value)
    expected = Credential("DB_PASSWORD", what, weak, value=secret)
    assert credentials.in_value("DB_PASSWORD", value) == expected


@pytest.mark.parametrize("value", ["1", "42", "line one\nline two"])
def test_what_is_not_even_a_password(value: str) -> None:
    assert credentials.in_value("DB_PASSWORD", value) is None


@pytest.mark.parametrize(
    "value",
    ["changeme", "secretsquirrels", "12345678901234567890", "web-tls", "my-token",
     "shop/web-credentials", "web-secret-7f9c8d6b5k", "com.example.token.provider",
     "projects-team-production-secret", "https://auth.example.org/token", "SOME VALUE",
     "etcd-cluster-token-1", "your-token-goes-here-123456", "ProductionSigningSecret",
     "MyAppSecretKeyForDev2",
     "0000000000000000000000"],
)  # fmt: skip
def test_other_secrets_must_look_generated(value: str) -> None:
    assert not credentials.looks_generated(value)
    assert credentials.in_value("API_TOKEN", value) is None


@pytest.mark.parametrize(
    "value",
    ["61f0c9e4b8d24a7ea35c", "5hJ8kQ2xW9vB4nR7pT1zL6cY", "0f3b9d62c7e84a15b06d7f29e1a8c453",
     "2f6c4b1e-8d0a-4c7a-9f3e-1b2a3c4d5e6f", "SW2YcwTIb9zpOOhoPsMm"],
)  # fmt: skip
def test_generated_secrets(value: str) -> None:
    expected = Credential("API_TOKEN", "a secret", value=Redacted(value))
    assert credentials.in_value("API_TOKEN", value) == expected
    assert credentials.in_value("LOG_FORMAT", value) is None


def test_most_random_tokens_look_generated() -> None:
    for alphabet in (string.hexdigits.lower()[:16], ALPHABET, ALPHABET + "+/", ALPHABET + "-_"):
        for length in (20, 32, 40, 64):
            found = sum(
                credentials.looks_generated(random_text(length, alphabet, seed))
                for seed in range(200)
            )
            assert found > 190, (alphabet, length)


def pem(kind: str, *, header: str = "") -> str:
    lines = "\n".join(random_text(64) for _ in range(3))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{header}{lines}\n-----END {kind}PRIVATE KEY-----\n"


def formats() -> dict[str, str]:
    hexes = "0123456789abcdef"
    return {
        "a private key": pem(""),
        "a GitHub token": "ghp_" + random_text(36),
        "a GitLab token": "glpat-" + random_text(20),
        "a Slack token": "xox" + "b-1234567890-" + random_text(24),
        "a Slack webhook": "https://hooks.slack.com/services/T0/B0/" + random_text(24),
        "an AWS access key": "AKIA" + random_text(16, string.ascii_uppercase + "234567"),
        "a Google API key": "AIza" + random_text(35),
        "a Stripe key": "sk_" + "live_" + random_text(24),
        "an npm token": "npm_" + random_text(36),
        "a Vault token": "hvs." + random_text(30),
        "a JSON Web Token": f"eyJ{random_text(20)}.eyJ{random_text(40)}.{random_text(43)}",
        "an API key": "sk-proj-" + random_text(48),
        "a DigitalOcean token": "dop_v1_" + random_text(64, hexes),
        "an Azure storage key": f"AccountName=x;AccountKey={random_text(86)}==",
        "a URL with a password": "postgres://web:Bluebell27@db:5432/web",
    }


@pytest.mark.parametrize("what", formats())
def test_formats_of_providers(what: str) -> None:
    value = formats()[what]
    found = credentials.in_value("ANY", value)
    assert found is not None
    assert found.what == what
    assert found.value.reveal() in value
    assert next(credentials.in_text(f"first\n see {value} there\n")).what == what


@pytest.mark.parametrize("kind", ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_private_keys(kind: str) -> None:
    assert credentials.format_of(pem(kind)) == "a private key"
    assert credentials.format_of(pem(kind, header="Proc-Type: 4,ENCRYPTED\n\n"))
    assert credentials.format_of(pem(kind).replace("\n", "\\n"))


@pytest.mark.parametrize(
    "value",
    ["-----BEGIN CERTIFICATE-----\n" + "A" * 64, "-----BEGIN PRIVATE KEY-----\n...\n",
     "ghp_" + "x" * 36, "AKIAIOSFODNN7" + "EXAMPLE", "https://db:5432/web", "https://a@b.example",
     "https://user:password@db", "https://web:$(PASSWORD)@db", "https://web:{{ .pw }}@db",
     "https://web:%(password)s@db", "docker-pullable://web:1.4@sha256:0123456789"],
)  # fmt: skip
def test_what_only_resembles_a_format(value: str) -> None:
    assert credentials.format_of(value) == ""


def names(text: str, *, code: bool = False) -> list[tuple[str, int]]:
    return [(found.name, found.line) for found in credentials.in_text(text, code=code)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user: web\npassword: hunter2\n", [("password", 2)]),
        ("user = web\npassword = hunter2\n", [("password", 2)]),
        ("db.password=hunter2", [("db.password", 1)]),
        ("db_password := 'hunter2'", [("db_password", 1)]),
        ('{"a": 1, "password": "hunter2", "token": "short"}', [("password", 1)]),
        ("- password: hunter2 # the old one", [("password", 1)]),
        ("{password: hunter2}", [("password", 1)]),
        ('"password" => "hunter2"', [("password", 1)]),
        ("<password>hunter2</password>", [("password", 1)]),
        ("requirepass hunter2", [("requirepass", 1)]),
        ("web --db-password hunter2 --verbose", [("db-password", 1)]),
        ("web --db-password=hunter2", [("db-password", 1)]),
        ("java -Dkey.store.password=hunter2 -jar x", [("Dkey.store.password", 1)]),
        ("export PGPASSWORD=hunter2; psql", [("PGPASSWORD", 1)]),
        ('LoginModule required username="a" password="hunter2";', [("password", 1)]),
        ("host=db user=web password=hunter2 sslmode=off", [("password", 1)]),
        ("Server=db;User Id=web;Password=hunter2;", [("Password", 1)]),
        ("https://api.example.org/?user=a&password=hunter2&x=1", [("password", 1)]),
        ("CREATE ROLE web PASSWORD 'hunter2';", [("", 1)]),
        ("CREATE USER web IDENTIFIED WITH x BY 'hunter2';", [("", 1)]),
        ("curl -sk -u web:hunter2 https://x", [("", 1)]),
        ("redis-cli -h r -a hunter2 ping", [("", 1)]),
        ("sshpass -p hunter2 ssh x", [("", 1)]),
        ("mysqldump -u root -phunter2 db", [("", 1)]),
        (f"Authorization: Bearer {random_text(30)}", [("", 1)]),
        ("a: b\n" * 40 + "password: hunter2", [("password", 41)]),
        ("password: hunter2\npassword: hunter3", [("password", 1)]),
        # and what is none
        ("# password: hunter2\n; password = hunter2\n// password: hunter2", []),
        ("password:\n  hunter2: x", []),
        ("password: ${PASSWORD}\npassword: {{ .pw }}\npassword: $(cat x)\n", []),
        ("password: getenv('X')\npassword = os.environ['X']", []),
        ('echo "password: missing"', []),
        ("Enter your password: then go on", []),
        ('"password": "Enter your password"', []),
        ('if [ "$PASSWORD" = "" ]; then', []),
        ("password_file: /etc/x\ntokenUrl: https://x\nsecretName: web", []),
        ("token: short\nsecret: web-secret\napi_key: changeme", []),
        ("password_encryption = scram-sha-256", []),
        ("proxy_pass http://web;", []),
        ('curl -u "$USER:$PASSWORD" https://x', []),
        ("curl -u web:${PASSWORD} https://x", []),
        ("mysql -u root -p$PASSWORD -P 3306\nmysql -p --host db", []),
        ("redis-cli -a $REDIS_PASSWORD ping", []),
        ("Authorization: Bearer $TOKEN_OF_THE_SERVICE", []),
    ],
)
def test_texts(text: str, expected: list[tuple[str, int]]) -> None:
    assert names(text) == expected


def test_in_code_only_quoted_values_count() -> None:
    text = (
        "password = value\npassword = load(x)\nself.password = password\ndb_password = 'hunter2'\n"
    )
    assert names(text, code=True) == [("db_password", 4)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["web", "--password=hunter2"], [(1, "--password")]),
        (["web", "--password", "hunter2"], [(2, "--password")]),
        (["web", "-password", "hunter2"], [(2, "-password")]),
        (["redis-server", "--requirepass", "hunter2"], [(2, "--requirepass")]),
        (["sh", "-c", "PGPASSWORD=hunter2 psql"], [(2, "PGPASSWORD")]),
        (["env", "PASSWORD=hunter2", "web"], [(1, "PASSWORD")]),
        (["web", "--db=postgres://web:hunter2@db/web"], [(1, "--db")]),
        (["web", "postgres://web:hunter2@db/web"], [(1, "")]),
        (["web", "postgres://web:hunter2@db/web?sslmode=off&password=x"], [(1, "")]),
        (["kubectl", "create", "--from-literal=password=hunter2"], [(2, "--from-literal")]),
        (["curl", "-u", "web:hunter2", "https://x"], [(2, "-u")]),
        (["/usr/bin/redis-cli", "-a", "hunter2"], [(2, "-a")]),
        (["sshpass", "-p", "hunter2"], [(2, "-p")]),
        (["mysqldump", "-uroot", "-phunter2", "db"], [(2, "-p")]),
        (["mysqldump", "-p", "-P", "3306", "db"], []),
        (["mysqldump", "-p$(PASSWORD)", "db"], []),
        (["web", "--password", "--verbose"], []),
        (["web", "--password-file", "/run/secrets/password"], []),
        (["web", "--password", "$(PASSWORD)"], []),
        (["web", "--password=$(PASSWORD)"], []),
        (["curl", "-u", "web:$(PASSWORD)"], []),
        (["web", "-p", "8080", "-a", "x", "-u", "web:web"], []),
        (["web", "--token", "short"], []),
        ([], []),
    ],
)
def test_arguments(arguments: list[str], expected: list[tuple[int, str]]) -> None:
    assert [(i, c.name) for i, c in credentials.in_arguments(arguments)] == expected


def test_options_within_a_value() -> None:
    found = credentials.in_value("JAVA_OPTS", "-Xmx1g -Dkey.store.password=hunter2")
    assert found is not None
    assert found.what == "a password"
    assert credentials.in_value("JAVA_OPTS", "-Xmx1g -Dkey.store.path=/x") is None


def test_no_result_holds_a_value() -> None:
    secret = "Bluebell-27xKq"
    text = f"password: {secret}\ncurl -u a:{secret} x\nhttp://a:{secret}@b\n"
    results = [*credentials.in_text(text), credentials.in_value("PASSWORD", secret)]
    words = [
        "web",
        "--password",
        secret,
        text,
        f"http://a:{secret}@b?password=x",
        f"a={secret}=b",
        f"--password={secret}",
        f"http://a:{secret}@b",
        f"-p{secret}",
        f"http://a:{secret}@b",
    ]
    results += [c for _, c in credentials.in_arguments(words)]
    results += [c for _, c in credentials.in_arguments(["mysql", f"-p{secret}", "x"])]
    assert len(results) > 5
    assert secret not in repr(results)


@pytest.mark.parametrize(
    "text",
    ["a." * 50_000, "-" * 100_000, "password " * 20_000, "curl " * 20_000, "mysql " * 20_000,
     "http://" + "a:" * 50_000, "authorization: " * 20_000, "password=" * 20_000,
     "-----BEGIN " + "A " * 50_000 + "PRIVATE KEY", '"' * 100_000 + "key", "<a>key" * 20_000],
    ids=lambda text: text[:16],
)  # fmt: skip
def test_hostile_texts_take_no_long_time(text: str) -> None:
    from time import process_time

    start = process_time()
    list(credentials.in_text(text))
    credentials.in_value("PASSWORD", text)
    list(credentials.in_arguments([text]))
    assert process_time() - start < 5


def test_decoding() -> None:
    assert credentials.decoded("aHVudGVyMg==") == "hunter2"
    assert credentials.decoded("no base64!") in ("no base64!", credentials.decoded("no base64!"))
    assert credentials.decoded("abc") == "abc"
    assert credentials.decoded("ünicode") == "ünicode"
    assert credentials.decoded("") == ""


@pytest.mark.parametrize(
    "name",
    ["MINIO_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "apiKey", "CLIENT_SECRET", "oauth-client-secret",
     "ADMIN_TOKEN", "SECRET_KEY_2", "storageAccountKey"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["minio123", "Winter2024", "letmein99", "12345678a", "p4ssw0rd!"])
def test_keys_and_tokens_that_somebody_thought_of(name: str, value: str) -> None:
    found = credentials.in_value(name, value)
    assert found is not None
    assert found.weak
    assert value not in "".join(map(str, found))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET", "minio123"),  # may be the name of a Secret
        ("SECRETS_CREDENTIALS", "minio123"),
        ("SECRET_KEY", "minio"),
        ("SECRET_KEY", "password"),  # the key of a Secret
        ("SECRET_KEY", "secretkey1"),
        ("SECRET_KEY", "tls.key01"),
        ("SECRET_KEY", "web-secret-01"),
        ("API_TOKEN", "1234567890"),
        ("API_TOKEN", "changeme123"),
        ("API_TOKEN", "abc123"),
        ("API_TOKEN", "your0token1"),
        ("API_TOKEN", "${TOKEN12}"),
        ("API_TOKEN", "/etc/token12"),
    ],
)
def test_keys_and_tokens_that_are_names_or_marks(name: str, value: str) -> None:
    assert credentials.in_value(name, value) is None
