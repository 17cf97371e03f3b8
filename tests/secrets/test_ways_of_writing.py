"""Passwords as people write them: in calls, commands, directives; and what only looks so."""

import random
from base64 import b64encode

import pytest

from seawall.secrets import search
from seawall.secrets.candidate import Certainty
from seawall.secrets.text import text_of
from tests.secrets.rules import drawn

LOOK = search.search(size=0)
VALUES = [drawn(20, number) for number in range(900, 906)]


def told(name: str, content: str, value: str) -> Certainty | None:
    """How surely a value is told; ``None`` where it is not."""
    text = text_of(name, content.encode())
    assert text is not None
    place = text.data.index(value.encode())
    return max(
        (
            secret.certainty
            for found in LOOK.run([text])
            for secret in found.secrets
            for part in secret.occurrences
            if part.start <= place < part.end
        ),
        default=None,
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("wp-config.php", "define( 'DB_PASSWORD', '{}' );\n"),
        ("Db.java", 'props.setProperty("javax.net.ssl.keyStorePassword", "{}");\n'),
        ("Db.java", 'builder.username("shop").password("{}").build();\n'),
        ("Db.java", 'DriverManager.getConnection(url("a, b"), "shop", "{}");\n'),
        ("main.go", 'os.Setenv("DB_PASSWORD", "{}")\n'),
        ("main.go", 'flag.StringVar(&password, "password", "{}", "the password")\n'),
        ("main.go", 'var jwtSecretKey = []byte("{}")\n'),
        ("main.go", 'sql.Open("mysql", "shop:{}@tcp(db1:3306)/orders")\n'),
        ("a.rs", 'const DB_PASSWORD: &str = "{}";\n'),
        ("a.rs", 'let password = String::from("{}");\n'),
        ("a.vb", 'Dim password As String = "{}"\n'),
        ("a.rb", "ENV['DB_PASSWORD'] ||= '{}'\n"),
        ("a.ts", "const p = process.env.DB_PASSWORD ?? '{}';\n"),
        ("a.py", 'requests.get(url, auth=("deploy", "{}"))\n'),
        ("a.py", 'HTTPBasicAuth("deploy", "{}")\n'),
        ("a.py", 'db_password = (\n    "{}"\n)\n'),
        ("a.py", 'os.getenv("DB_PASSWORD", "{}")\n'),
        ("Db.cs", 'new NetworkCredential("deploy", "{}");\n'),
        ("init.sql", "CREATE LOGIN shop WITH PASSWORD = N'{}';\n"),
        ("init.sql", "CREATE USER 'a'@'%' IDENTIFIED WITH mysql_native_password BY '{}';\n"),
        ("application.yml", "spring:\n  datasource:\n    password: ${{DB_PASSWORD:{}}}\n"),
        ("docker-compose.yml", "environment:\n  DB_PASSWORD: ${{DB_PASSWORD:-{}}}\n"),
        ("main.tf", 'variable "db_password" {{\n  type    = string\n  default = "{}"\n}}\n'),
        ("stack.yaml", "DbPassword:\n  Type: String\n  Default: {}\n"),
        ("parameters.json", '{{"parameters":{{"adminPassword":{{"value":"{}"}}}}}}'),
        ("appsettings.json", '{{"Jwt": {{"Issuer": "shop", "Key": "{}"}}}}'),
        ("hibernate.cfg.xml", '<property name="hibernate.connection.password">{}</property>\n'),
        ("Info.plist", "<key>ClientSecret</key>\n<string>{}</string>\n"),
        ("redis.conf", "requirepass {}\n"),
        ("ldap.conf", "BINDPW {}\n"),
        ("wpa.conf", '  psk="{}"\n'),
        ("a.sh", "mysqldump -uroot -p{} orders\n"),
        ("a.sh", "sshpass -p '{}' ssh root@10.0.0.5\n"),
        ("a.sh", "docker login -u deploy -p {} registry.example.org\n"),
        ("a.sh", "redis-cli -h cache -a {} ping\n"),
        ("a.sh", "echo 'root:{}' | chpasswd\n"),
        ("a.sh", "echo '{}' | docker login -u deploy --password-stdin\n"),
        ("Dockerfile", "FROM a\nRUN echo 'root:{}' | chpasswd\n"),
        ("NOTES.md", "**Password:** {}\n"),
        ("NOTES.md", "The admin password is `{}`.\n"),
    ],
)  # fmt: skip
def test_what_is_written_in_many_ways_is_told(name: str, line: str) -> None:
    sure = [told(name, line.format(value), value) for value in VALUES]
    assert sum(one is not None and one >= Certainty.MEDIUM for one in sure) >= 4, sure


@pytest.mark.parametrize(
    ("name", "line", "value"),
    [
        ("a.php", "$errors->add('password', 'is too short');", "is too short"),
        ("a.java", 'map.put("password", "Passwort");', "Passwort"),
        ("a.py", 'auth=("user", "password")', "password"),
        ("a.py", 'auth=(username, os.environ["PASSWORD"])', "PASSWORD"),
        ("a.sh", "mysql -uroot -p$DB_PASSWORD", "$DB_PASSWORD"),
        ("a.sh", "mysql -u root -p orders", "orders"),
        ("a.sh", "docker login -u a -p ${TOKEN} registry.example.org", "${TOKEN}"),
        ("a.sh", "docker run -p 8080:80 nginx", "8080:80"),
        ("a.sh", "net use Z: /delete", "/delete"),
        ("application.yml", "password: ${DB_PASSWORD:changeme}", "changeme"),
        ("application.yml", "password: ${DB_PASSWORD:postgres}", "postgres"),
        ("main.tf", 'variable "db_password" {\n  type = string\n  default = ""\n}', "string"),
        ("README.md", "`password`: `string`", "string"),
        ("README.md", "login flows (defaults to `state`) | `pkce`", "pkce"),
    ],
)  # fmt: skip
def test_what_only_looks_so_is_not_told(name: str, line: str, value: str) -> None:
    sure = told(name, line, value)
    assert sure is None or sure < Certainty.MEDIUM, sure


@pytest.mark.parametrize("size", [31, 32, 64])
def test_the_padding_of_base64_is_no_odd_end(size: int) -> None:
    """``=`` behind a name's value is one only where it does not fill up base64."""
    chance = random.Random(size)
    for _ in range(20):
        value = b64encode(chance.randbytes(size)).decode()
        for line in ("setPassword('{}');", "IDENTIFIED BY '{}'", "clientSecret = '{}'"):
            sure = told("a.java", f"{line.format(value)}\n", value)
            assert sure is not None
            assert sure >= Certainty.MEDIUM, (line, value)


@pytest.mark.parametrize("user", ["admin", "haproxy", "hh", "auth"])
def test_the_user_of_a_directive_is_no_part_of_its_password(user: str) -> None:
    text = text_of("haproxy.cfg", f"    stats auth {user}:{VALUES[0]}\n".encode())
    assert text is not None
    held = [one.candidate.value.reveal() for own in LOOK.run([text]) for one in own.secrets]
    assert held == [VALUES[0]]
