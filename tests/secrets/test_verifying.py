"""Checksums and structures, on vectors that are worked out here in another way."""

import base64
import binascii
import hashlib
import hmac
import json
import random
import re
import zlib

import pytest

from seawall.secrets.candidate import Proof
from seawall.secrets.rules.examples import drawn
from seawall.secrets.verifying import NAMES, checker, signer
from seawall.secrets.verifying.gitlab import routes
from seawall.secrets.verifying.key_structure import key_of
from tests.secrets.rules import RULES

SIGNED = sorted(name for name in NAMES if signer(name) is not None)


def proof(name: str, value: str) -> Proof:
    return checker(name)(value).proof


@pytest.mark.parametrize("name", SIGNED)
def test_what_is_signed_passes(name: str) -> None:
    sign = signer(name)
    assert sign is not None
    for rule in RULES.values():
        if rule.verify == name:
            token = sign(drawn(rule.pattern, random.Random(7)), random.Random(7))
            match = re.fullmatch(rule.pattern, token)
            assert match is not None
            value = match["secret"] if match.groupdict() else token
            assert checker(name)(value).proof is not Proof.REFUTED


def base62(number: int) -> str:
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return letters[number] if number < 62 else base62(number // 62) + letters[number % 62]


def test_base62() -> None:
    body = "".join(random.Random(3).choices("abcdefXYZ0123456789", k=30))
    value = f"npm_{body}{base62(zlib.crc32(body.encode())).zfill(6)}"
    assert proof("base62-crc", value) is Proof.PROVEN
    for index in range(4, len(value)):
        other = "A" if value[index] != "A" else "B"
        changed = value[:index] + other + value[index + 1 :]
        assert proof("base62-crc", changed) is Proof.REFUTED


def test_grafana() -> None:
    head = "glsa_" + "k" * 31 + "9"
    total = int.from_bytes(zlib.crc32(head.encode()).to_bytes(4, "big"), "little")
    assert proof("grafana", f"{head}_{total:08x}") is Proof.PROVEN
    assert proof("grafana", f"{head}_{total ^ 1:08x}") is Proof.REFUTED


def test_atlassian_with_an_escaped_sign() -> None:
    head = "ATATT3xFfGF0" + "q1W2" * 40 + "="
    value = head + f"{zlib.crc32(head.encode()):08X}"
    assert proof("atlassian", value) is Proof.PROVEN
    assert proof("atlassian", value.replace("=", "\\=")) is Proof.PROVEN
    assert proof("atlassian", value[:-1] + "G") is Proof.REFUTED


def test_gitlab_routes() -> None:
    sign = signer("gitlab-routable")
    assert sign is not None
    value = sign("glpat-x", random.Random(5))
    assert [line[:2] for line in routes(value)] == ["o:", "u:"]
    assert proof("gitlab-routable", value.replace("glpat-", "gldt-")) is Proof.REFUTED
    assert proof("gitlab-routable", "glpat-nothing") is Proof.REFUTED


def test_nats_sum_is_xmodem() -> None:
    def crc16(data: bytes) -> int:
        total = 0
        for byte in data:
            total ^= byte << 8
            for _ in range(8):
                total = (total << 1 ^ (0x1021 if total & 0x8000 else 0)) & 0xFFFF
        return total

    raw = bytes((0x90 | 20 >> 2, 0x28)) + random.Random(1).randbytes(32)
    packed = base64.b32encode(raw + crc16(raw).to_bytes(2, "little")).decode().rstrip("=")
    assert proof("nats", packed) is Proof.PROVEN
    assert proof("nats", packed[:-1] + ("A" if packed[-1] != "A" else "Q")) is Proof.REFUTED
    assert proof("nats", "S!") is Proof.REFUTED


def test_bech32_of_bip_173() -> None:
    """The published vector ``A12UEL5L``, and others with one letter changed."""
    assert proof("age", "A12UEL5L") is Proof.PROVEN
    assert proof("age", "A12UEL5Q") is Proof.REFUTED
    assert proof("age", "A1B2UEL5") is Proof.REFUTED


def test_pypi() -> None:
    sign = signer("pypi")
    assert sign is not None
    value = sign("pypi-AgEIcHlwaS5vcmc", random.Random(2))
    assert value.startswith("pypi-AgEIcHlwaS5vcmc")
    assert proof("pypi", value) is Proof.PROVEN
    assert proof("pypi", value[:-4]) is Proof.REFUTED
    assert proof("pypi", "pypi-" + "A" * 80) is Proof.REFUTED


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token(header: object, claims: object, key: bytes = b"key") -> str:
    head = f"{packed(header)}.{packed(claims)}"
    made = hmac.new(key, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


@pytest.mark.parametrize(
    ("claims", "about"),
    [
        ({"iss": "https://id.example.org"}, "issued by https://id.example.org"),
        ({"exp": 1000000000}, "expired"),
        ({"role": "anon"}, "meant to be public"),
        ({"sub": "1234567890", "name": "John Doe"}, "the sample of jwt.io"),
        ({"exp": "soon"}, ""),
    ],
)
def test_jwt_tells(claims: dict[str, object], about: str) -> None:
    verdict = checker("jwt")(token({"alg": "HS256"}, claims))
    assert (verdict.proof, verdict.about) == (Proof.PROVEN, about)


@pytest.mark.parametrize(
    "value",
    [
        "eyJ.eyJ.x", "eyJhbGciOiJub25lIn0.bm9wZQ.c2ln", "a.b", packed([1]) + "." + packed({}) + ".",
        packed({"alg": 1}) + "." + packed({}) + ".abcd", "eyJ" + "[" * 5000 + ".eyJ.x",
    ],
)  # fmt: skip
def test_jwt_refuses(value: str) -> None:
    assert proof("jwt", value) is Proof.REFUTED


def test_jwt_of_unknown_algorithm_is_plausible() -> None:
    assert proof("jwt", token({"alg": "XX"}, {})) is Proof.PLAUSIBLE


def test_aws_account() -> None:
    account = 123456789012
    raw = ((account << 7) | 1 << 47).to_bytes(6, "big") + random.Random(4).randbytes(4)
    verdict = checker("aws-key-id")("AKIA" + base64.b32encode(raw).decode())
    assert verdict.proof is Proof.PLAUSIBLE
    assert verdict.about == "of account 123456789012"
    assert proof("aws-key-id", "AKIAIOSFODNN7" + "EXAMPLE") is Proof.REFUTED
    assert proof("aws-key-id", "AKIA" + "A" * 16) is Proof.REFUTED


def test_azure() -> None:
    good = base64.b64encode(random.Random(1).randbytes(64)).decode()
    assert proof("azure-storage-key", good) is Proof.PLAUSIBLE
    assert proof("azure-storage-key", base64.b64encode(b"a" * 64).decode()) is Proof.REFUTED
    assert proof("azure-storage-key", "???") is Proof.REFUTED


def test_atlassian_server() -> None:
    body = base64.b64encode(b"123456789012:" + b"\xfe" * 20).decode()
    assert proof("atlassian-server", body) is Proof.PROVEN
    assert proof("atlassian-server", base64.b64encode(b"x" * 33).decode()) is Proof.REFUTED
    assert proof("atlassian-server", "!" * 44) is Proof.REFUTED


@pytest.mark.parametrize("name", ["random", "spread"])
@pytest.mark.parametrize(
    "value", ["x" * 40, "abc_" + "0" * 36, "tok_0123456789abcdef0123456789abcdef"]
)
def test_what_does_not_vary_is_refuted(name: str, value: str) -> None:
    assert proof(name, value) is Proof.REFUTED


def der(*parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((0x30, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x30, 0x80 | len(length))) + length + body


def number(size: int) -> bytes:
    data = b"\x00\xc3" + random.Random(size).randbytes(size - 1)
    length = len(data).to_bytes(2, "big")
    return b"\x02\x82" + length + data


def test_key_structures() -> None:
    rsa = der(b"\x02\x01\x00", number(256), number(255))
    told = key_of("RSA", rsa, encrypted=False, block=False)
    assert told == (Proof.PROVEN, "RSA, 2048 bits")
    assert key_of("RSA", rsa[:-9], encrypted=False, block=False).proof is Proof.REFUTED
    assert key_of("RSA", b"\x04" + rsa[1:], encrypted=False, block=False).proof is Proof.REFUTED
    assert key_of("ENCRYPTED", rsa, encrypted=True, block=False) == (Proof.PROVEN, "encrypted")
    assert key_of("RSA", rsa, encrypted=True, block=False) == (Proof.PLAUSIBLE, "encrypted")
    assert key_of("", b"short", encrypted=False, block=False).proof is Proof.REFUTED


def test_openssh_ciphers() -> None:
    rest = random.Random(1).randbytes(80)
    for cipher, about in ((b"none", "OpenSSH"), (b"aes256-ctr", "encrypted")):
        raw = b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + rest
        assert key_of("OPENSSH", raw, encrypted=False, block=False) == (Proof.PROVEN, about)


def test_checks_never_raise() -> None:
    odd = ["", ".", "..", "\x00", "ä" * 40, "eyJ", "AKCp", "glc_", "sntrys_", "=" * 90, "\ud800"]
    for name in NAMES:
        for value in odd:
            checker(name)(value)


def test_standard_library_agrees_on_crc() -> None:
    assert binascii.crc32(b"123456789") == 0xCBF43926
