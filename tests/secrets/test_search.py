"""What is found in texts of all kinds, and what is left alone."""

import base64
import gzip
import random
from pathlib import Path
from urllib.parse import quote

import pytest

from seawall.core.redacted import Redacted
from seawall.secrets import search
from seawall.secrets.batches import batches
from seawall.secrets.candidate import Certainty, Part
from seawall.secrets.rules.examples import example
from seawall.secrets.text import Kind, Text, kind_of, text_of
from tests.secrets.rules import RULES, drawn, found, native, plain

PASSWORD = drawn(14, 3)


def token(rule: str, seed: int = 1) -> str:
    return example(RULES[rule], random.Random(seed))


GITHUB = token("github-classic-token")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", 'password = "{}"'),
        ("a.py", "settings = {{'db_password': '{}'}}"),
        ("a.py", 'connect(password="{}", timeout=3)'),
        ("a.java", 'private String dbPassword = "{}";'),
        ("a.ts", "const password: string = '{}'"),
        ("a.go", 'Password := "{}"'),
        ("a.php", "define('DB_PASSWORD', '{}');"),
        ("a.rb", ":password => '{}'"),
        ("a.cs", 'user.setPassword("{}");'),
        ("a.yaml", "password: {}"),
        ("a.yaml", "  - name: DB_PASSWORD\n    value: {}"),
        ("a.properties", "spring.datasource.password={}"),
        (".env", "DB_PASSWORD={}"),
        ("a.sh", 'export PGPASSWORD="{}"'),
        ("Dockerfile", "ENV MYSQL_ROOT_PASSWORD={}"),
        ("a.json", '{{"password": "{}"}}'),
        ("a.json", '{{"text": "{{\\"password\\": \\"{}\\"}}"}}'),
        ("a.xml", "<password>{}</password>"),
        ("a.tf", '  password = "{}"'),
        ("a.md", "run `mysql --password {}`"),
        ("a.md", "curl -u admin:{} https://example.org/"),
        ("a.py", 'url = "postgres://app:{}@db.example.org/app"'),
        ("a.sh", "git clone https://deploy:{}@git.example.org/a.git"),
        ("a.js", "const clientSecret = Buffer.from('{}', 'utf8')"),
        ("a.py", 'secret_key = base64.b64decode("{}")'),
        ("a.go", 'ConnStr: "user=app password={} host=db.example.org"'),
        ("a.rb", "cookies[:remember_token] = {{ value: '{}' }}"),
        ("a.json", '{{"Apitoken": "{{\\"name\\": \\"root\\", \\"sig\\": \\"{}\\"}}"}}'),
        ("a.py", 'session.get(url, {{"oauth_verifier": "{}"}})'),
    ],
)
def test_passwords(name: str, text: str) -> None:
    assert PASSWORD in [value for _, value in found(text.format(PASSWORD) + "\n", name)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", "password = get_password()"),
        ("a.py", 'password = os.environ["DB_PASSWORD"]'),
        ("a.py", 'password = ""'),
        ("a.py", "def login(password: str, token=None): pass"),
        ("a.yaml", "password: ${DB_PASSWORD}"),
        ("a.yaml", "password: {{ .Values.password }}"),
        ("a.yaml", "password: !vault |"),
        ("a.yaml", "passwordSecretRef: my-secret"),
        ("a.yaml", "password: <your password>"),
        ("a.yaml", "password: ********"),
        ("a.yaml", "password: vault:secret/data/db#password"),
        ("a.yaml", "token: ENC[AES256_GCM,data:abc,iv:def,tag:ghi,type:str]"),
        ("a.properties", "jdbc.password=@DB_PASSWORD@"),
        ("a.ts", 'label = t("password", "Enter your password here")'),
        ("a.json", '{"passwordLabel": "Please enter your password"}'),
        ("a.py", 'PASSWORD_FIELD = "password-field"'),
        ("a.sh", 'PASSWORD="$(cat /run/secrets/password)"'),
        ("a.sh", "read -s PASSWORD"),
        ("a.py", "http://user:password@example.org"),
        ("a.go", "// the token is of no use"),
        ("package-lock.json", '"integrity": "sha512-' + "a1B2" * 21 + 'ab=="'),
        ("a.pem", "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"),
        ("a.py", 'if line.startswith("-----BEGIN PRIVATE KEY-----"):'),
    ],
)
def test_what_is_no_secret(name: str, text: str) -> None:
    kept = [
        secret.candidate
        for result in native().run([Text(name, text.encode(), kind_of(name))])
        for secret in result.secrets
        if secret.certainty >= Certainty.MEDIUM
    ]
    assert not kept


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("home/.netrc", "machine git.example.org login deploy password {}\n"),
        (".pgpass", "db.example.org:5432:app:deploy:{}\n"),
        (".npmrc", "//registry.example.org/:_password={}\n"),
        (".pypirc", "[pypi]\nusername = deploy\npassword = {}\n"),
        (".git-credentials", "https://deploy:{}@git.example.org\n"),
        ("terraform.tfstate", '"db_password": {{\n  "value": "{}",\n  "type": "string"\n}}'),
        ("settings.xml", "<server><username>a</username><password>{}</password></server>"),
        ("nuget.config", '<add key="ClearTextPassword" value="{}" />'),
        ("a.sql", "CREATE USER app IDENTIFIED BY '{}';"),
        ("a.sql", "ALTER USER app IDENTIFIED BY {};"),
        ("a.ps1", "$x = ConvertTo-SecureString '{}' -AsPlainText -Force"),
    ],
)
def test_files_of_credentials(name: str, text: str) -> None:
    assert PASSWORD in [value for _, value in found(text.format(PASSWORD), name)]


def test_hashes_of_passwords() -> None:
    value = "$apr1$" + drawn(8, 2) + "$" + drawn(22, 3)
    assert found(f"admin:{value}\n", "conf/.htpasswd") == [("password-file", value)]
    assert not found(f"admin:{value}\n", "conf/notes.txt")


SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  password: {}\n"


def test_secrets_of_kubernetes_are_unwrapped() -> None:
    packed = base64.b64encode(PASSWORD.encode()).decode()
    assert ("assignment", PASSWORD) in found(SECRET.format(packed))
    reference = base64.b64encode(b"${DB_PASSWORD}").decode()
    assert not found(SECRET.format(reference))


def test_logins_of_docker_are_unwrapped() -> None:
    packed = base64.b64encode(f"deploy:{PASSWORD}".encode()).decode()
    text = f'{{"auths": {{"registry.example.org": {{"auth": "{packed}"}}}}}}'
    assert PASSWORD in [value for _, value in found(text, ".docker/config.json")]


def test_basic_is_decoded() -> None:
    packed = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    assert ("header", PASSWORD) in found(f"Authorization: Basic {packed}\n", "a.http")
    assert not found("basic authentication is deprecated\n", "a.md")


def test_proof_and_place() -> None:
    data = f"first: line\ntoken: {GITHUB}\n".encode()
    (result,) = native().run([Text("a.yaml", data, Kind.CONFIGURATION)])
    (secret,) = result.secrets
    candidate = secret.candidate
    assert secret.certainty is Certainty.CERTAIN
    assert data[candidate.start : candidate.end].decode() == GITHUB
    assert (candidate.rule, candidate.name) == ("github-classic-token", "token")
    assert secret.also == ("assignment",)


def test_a_wrong_sum_is_no_token() -> None:
    wrong = GITHUB[:-1] + ("0" if GITHUB[-1] != "0" else "1")
    assert "github-classic-token" not in [rule for rule, _ in found(f"see {wrong} there", "a.md")]


@pytest.mark.parametrize("around", ["x{}", "{}x", "{}_", "1{}"])
def test_a_part_of_a_word_is_no_token(around: str) -> None:
    assert not found(around.format(GITHUB), "a.md")


@pytest.mark.parametrize("around", ["{}", '"{}"', "\\n{}\\n", "({})", "a={}&b", "{}."])
def test_tokens_stand_among_signs(around: str) -> None:
    assert ("github-classic-token", GITHUB) in found(around.format(GITHUB), "a.json")


def test_the_same_value_is_one_secret() -> None:
    data = f"token: {GITHUB}\nagain: {GITHUB}\n".encode()
    (result,) = native().run([Text("a.yaml", data, Kind.CONFIGURATION)])
    (secret,) = result.secrets
    assert [data[part.start : part.end].decode() for part in secret.occurrences] == [GITHUB] * 2


def test_encoded_values() -> None:
    inner = f"user: app\npassword: {PASSWORD}\ntoken: {GITHUB}\n".encode()
    packed = base64.b64encode(inner)
    for data, how in (
        (packed, ("base64",)),
        (base64.b64encode(gzip.compress(inner * 9)), ("base64", "gzip")),
        (inner.hex().encode(), ("hex",)),
        (quote(inner).encode(), ("percent",)),
        (base64.b64encode(b"key: " + packed), ("base64", "base64")),
    ):
        (result,) = native().run([Text("a.yaml", b"data: " + data + b"\n", Kind.CONFIGURATION)])
        told = {secret.candidate.value.reveal(): secret.candidate for secret in result.secrets}
        assert told[GITHUB].decoded == how
        place = Part(told[GITHUB].start, told[GITHUB].end)
        assert result.text.data[place.start : place.end] in data
        assert how == ("percent",) or PASSWORD in told


def test_bombs_are_not_unpacked() -> None:
    bomb = base64.b64encode(gzip.compress(b"password: aaaa\n" * 5_000_000))
    list(native().run([Text("a.yaml", b"data: " + bomb, Kind.CONFIGURATION)]))


def test_secret_keys_go_with_their_ids() -> None:
    key, secret = token("aws-access-key"), drawn(40, 5)
    told = found(f"[default]\nid = {key}\nother = {secret}\n", "credentials")
    assert set(told) == {("aws-access-key", key), ("aws-secret-key", secret)}
    (result,) = native().run(
        [Text("a", f"{key}\naws_secret_access_key={secret}\n".encode(), Kind.PROSE)]
    )
    half = next(item for item in result.secrets if item.candidate.rule == "aws-secret-key")
    assert half.candidate.beside == Part(0, len(key))


def test_identifiers_are_of_low_certainty() -> None:
    values = [token(rule.id, 4) for rule in RULES.values() if rule.identifier]
    text = Text("a.json", "\n".join(f'"id": "{value}",' for value in values).encode(), Kind.DATA)
    (result,) = native().run([text])
    told = {secret.candidate.value.reveal(): secret.certainty for secret in result.secrets}
    assert told == dict.fromkeys(values, Certainty.LOW)


def test_what_a_sum_refutes_is_told_under_no_name() -> None:
    wrong = GITHUB[:-1] + ("0" if GITHUB[-1] != "0" else "1")
    assert not found(f"token: {wrong}\npassword: {wrong}\n")


def test_challenges_and_links_are_no_tokens() -> None:
    assert not found('WWW-Authenticate: Bearer authorization_uri=https://id.example.org/"', "a.md")
    assert not found("[use-of-secrets]: environment.md#USE_OF_SECRETS\n", "a.md")


def test_private_keys() -> None:
    body = base64.b64encode(
        b"\x30\x82\x01\x00\x02\x01\x00" + random.Random(1).randbytes(253)
    ).decode()
    for text in (
        "-----BEGIN {0}PRIVATE KEY-----\n{1}\n-----END {0}PRIVATE KEY-----\n",
        '"-----BEGIN {0}PRIVATE KEY-----\\n{1}\\n-----END {0}PRIVATE KEY-----\\n"',
        '"-----BEGIN {0}PRIVATE KEY-----\\n" +\n  "{1}\\n" +\n "-----END {0}PRIVATE KEY-----"',
    ):
        for label in ("", "RSA ", "EC "):
            assert "private-key" in [rule for rule, _ in found(text.format(label, body), "a.txt")]
    packed = base64.b64encode(
        f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n".encode()
    ).decode()
    assert "private-key" in [rule for rule, _ in found(f"key: {packed}\n", "a.yaml")]


def test_json_web_keys() -> None:
    private = drawn(43, 2)
    public = f'{{"kty": "EC", "x": "{drawn(43, 3)}"}}'
    assert not found(public, "a.json")
    assert ("json-web-key", private) in found(public[:-1] + f', "d": "{private}"}}', "a.json")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_other_encodings(encoding: str) -> None:
    content = f"# settings of the application, all of them\ntoken: {GITHUB}\n".encode(encoding)
    text = text_of("a.yaml", content)
    assert text is not None
    (result,) = native().run([text])
    assert [secret.candidate.value.reveal() for secret in result.secrets] == [GITHUB]


def test_binary_files_are_told() -> None:
    assert text_of("a.bin", b"\x7fELF\0\1\2" + bytes(100)) is None


def test_invalid_text_hides_nothing() -> None:
    assert found(b"\xff\xfe\xfd \x80token: " + GITHUB.encode() + b"\xc3\n")


def test_large_texts_are_cut_and_nothing_is_lost() -> None:
    filler = b"nothing to see here, only lines of text\n" * 40_000
    data = b"".join((filler, b"token: ", GITHUB.encode(), b"\n", filler, filler))
    for offset in range(0, 60, 7):
        text = Text("a.yaml", b"x" * offset + b"\n" + data, Kind.CONFIGURATION)
        assert len(list(batches([text]))) > 2
        (result,) = native().run([text])
        (secret,) = result.secrets
        assert result.text.data[secret.candidate.start : secret.candidate.end] == GITHUB.encode()


def test_values_are_redacted() -> None:
    (result,) = native().run([Text("a", f"token: {GITHUB}".encode(), Kind.PROSE)])
    assert isinstance(result.secrets[0].candidate.value, Redacted)
    assert GITHUB not in repr(result.secrets)


def test_what_is_compiled_is_kept(tmp_path: Path) -> None:
    first = search.search(str(tmp_path))
    (kept,) = tmp_path.iterdir()
    second = search.search(str(tmp_path))
    text = Text("a", f"token: {GITHUB}".encode(), Kind.PROSE)
    assert list(first.run([text])) == list(second.run([text]))
    third = search.search(str(tmp_path), size=100)
    assert list(first.run([text])) == list(third.run([text]))
    whole = kept.read_bytes()
    for damage in (b"", whole[:100], whole[:-1] + bytes((whole[-1] ^ 1,))):
        kept.write_bytes(damage)
        assert list(search.search(str(tmp_path)).run([text]))
        assert kept.read_bytes() == whole
    file = tmp_path / "file"
    file.write_text("")
    assert list(search.search(str(file)).run([text]))


def test_nothing_is_built_for_a_little_text(tmp_path: Path) -> None:
    text = Text("a", f"token: {GITHUB}".encode(), Kind.PROSE)
    assert list(search.search(str(tmp_path), size=100).run([text]))
    (kept,) = tmp_path.iterdir()
    small = kept.stat().st_size
    assert list(search.search(str(tmp_path), size=100).run([text]))
    assert kept.stat().st_size == small
    assert list(search.search(str(tmp_path)).run([text]))
    assert max(file.stat().st_size for file in tmp_path.iterdir()) > 5 * small


def corpus() -> list[Text]:
    """Every rule's examples and every kind of assignment, among other lines."""
    chance = random.Random(11)
    texts = []
    for number, rule in enumerate(RULES.values()):
        lines = [f"line {index} of {chance.random()}" for index in range(20)]
        lines[3] = example(rule, chance)
        lines[7] = f'  {rule.id}_password = "{drawn(12, number)}"'
        lines[9] = f"see https://app:{drawn(9, number)}@example.org/{drawn(30, number)}"
        lines[0] = example(rule, chance) if number % 2 else lines[0]
        lines[12] = base64.b64encode(f"key: {example(rule, chance)}".encode()).decode()
        name = f"{number}{chance.choice(['.py', '.yaml', '.md', '.json', '.sh', ''])}"
        texts.append(Text(name, "\n".join(lines).encode(), kind_of(name)))
    return texts


def test_what_stands_first_and_last_belongs_to_its_own_text() -> None:
    texts = [Text(f"{number}.txt", GITHUB.encode(), Kind.PROSE) for number in range(3)]
    for search_ in (native(), plain()):
        results = list(search_.run(texts))
        assert [result.text.name for result in results] == ["0.txt", "1.txt", "2.txt"]
        assert {result.secrets[0].occurrences for result in results} == {(Part(0, len(GITHUB)),)}


def test_both_finders_lead_to_the_same() -> None:
    texts = corpus()
    assert list(native().run(texts)) == list(plain().run(texts))
