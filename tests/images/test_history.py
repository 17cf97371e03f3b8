"""What the history of an image says of variables."""

import secrets

import pytest

from seawall.images.history import names_public_key


@pytest.mark.parametrize(
    ("name", "is_public"),
    [("YARN_KEY", True), ("PHP_KEYS", True), ("NGINX_GPGKEY", True), ("A_TOKEN", False),
     ("SECRET_KEY", False), ("SENDGRID_API_KEY", False), ("AWS_ACCESS_KEY", False)],
)  # fmt: skip
def test_only_keys_that_nobody_hides_are_public(name: str, *, is_public: bool) -> None:
    assert names_public_key(name, secrets.token_hex(20).upper()) is is_public
