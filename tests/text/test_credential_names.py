"""What names of settings say, for all rules that judge them one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.text.credential_names import kind_of_setting, meaning_of, names_credential
from seawall.text.credentials import in_setting
from seawall.text.placeholders import is_of_manuals
from tests.secrets.rules import drawn


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "dbPassword", "DBPASSWORD", "PGPASSWORD", "DB_PW", "MYSQL_PWD", "USER_PASSWORD",
     "API_KEY", "APIKEY", "KEY", "SSH_KEY", "SECRET_KEY_BASE", "NPM_TOKEN", "TOKEN_OF_CI", "ID_TOKEN",
     "AWS_SECRET_ACCESS_KEY", "AUTH", "REDIS_AUTH", "CREDENTIALS", "PAT", "GITHUB_PAT", "DATABASE_DSN",
     "DB_CONNECTION_STRING", "STORAGE_CONN_STRING"],
)  # fmt: skip
def test_names_of_credentials(name: str) -> None:
    assert names_credential(name)
    assert in_setting(name, drawn(20)) is not None


@pytest.mark.parametrize(
    "name",
    ["", "7", "PWD", "OLDPWD", "PASSWORD_FILE", "PASSWORD_HASH", "KEY_SHA256", "PUBLIC_KEY", "GPG_KEY",
     "GPG_KEYS", "TOKEN_URL", "TOKEN_ISSUER", "JWT_EXPIRES_IN", "JWT_AUDIENCE", "AUTH_PROVIDER",
     "AUTH_USER", "AUTHENTICATION", "KEY_ID", "KEY_PATH", "NEXT_PUBLIC_API_KEY", "PASSWORD_MIN_LENGTH",
     "REQUIRE_PASSWORD", "DISABLE_AUTH", "PASSPORT", "KEYBOARD", "TOKENIZER", "MONKEY"],
)  # fmt: skip
def test_names_of_other_things(name: str) -> None:
    assert not names_credential(name)
    assert in_setting(name, drawn(20)) is None


@pytest.mark.parametrize(
    "value",
    ["changeme", "your-password", "secret", "TEST", "<password>", "${PASSWORD}", "__PASSWORD__",
     "/run/secrets/db", "vault:secret/db", "xxxxxxxx", "null", ""],
)  # fmt: skip
def test_values_that_stand_for_others(value: str) -> None:
    assert in_setting("DB_PASSWORD", value) is None


def test_known_passwords_are_told() -> None:
    assert in_setting("POSTGRES_PASSWORD", "postgres") is not None
    assert in_setting("ADMIN_PASSWORD", "admin123") is not None


def test_users_of_manuals() -> None:
    assert is_of_manuals("user", "passwd")
    assert is_of_manuals("myuser", "mypassword")
    assert not is_of_manuals("admin", "password")
    assert not is_of_manuals("user", drawn(8))


@given(st.text(max_size=60))
def test_any_name(name: str) -> None:
    """What a manifest's rules take for a password or a secret has that meaning."""
    kind = kind_of_setting(name)
    assert kind in ("", "password", "secret")
    if kind:
        assert meaning_of(name).kind
    names_credential(name)
