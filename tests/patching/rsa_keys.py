"""RSA keys and signatures of tests, made while they run; small, for they protect nothing."""

import hashlib
import random
from base64 import encodebytes
from functools import cache
from typing import NamedTuple

from seawall.patching import der
from seawall.patching.rsa import _PREFIXES, _RSA


class Pair(NamedTuple):
    """A key with its secret half."""

    modulus: int
    secret: int
    public: bytes
    """PEM."""

    def sign(self, data: bytes, algorithm: str = "sha1") -> bytes:
        size = (self.modulus.bit_length() + 7) // 8
        told = _PREFIXES[algorithm] + hashlib.new(algorithm, data).digest()
        padded = b"\0\1" + b"\xff" * (size - len(told) - 3) + b"\0" + told
        return pow(int.from_bytes(padded), self.secret, self.modulus).to_bytes(size)


@cache
def pair(seed: int, bits: int = 1024) -> Pair:
    """The same key for the same seed."""
    source = random.Random(seed)
    exponent = 65537
    while True:
        first, second = _prime(source, bits // 2), _prime(source, bits // 2)
        totient = (first - 1) * (second - 1)
        modulus = first * second
        if first != second and totient % exponent and modulus.bit_length() == bits:
            break
    return Pair(modulus, pow(exponent, -1, totient), pem(modulus, exponent))


def pem(modulus: int, exponent: int) -> bytes:
    numbers = b"".join(
        der.encoded(der.INTEGER, each.to_bytes(each.bit_length() // 8 + 1))
        for each in (modulus, exponent)
    )
    algorithm = der.encoded(der.OBJECT, _RSA) + der.encoded(5, b"")
    inner = der.encoded(der.SEQUENCE, numbers)
    whole = der.encoded(der.SEQUENCE, algorithm) + der.encoded(der.BIT_STRING, b"\0" + inner)
    text = encodebytes(der.encoded(der.SEQUENCE, whole))
    return b"-----BEGIN PUBLIC KEY-----\n" + text + b"-----END PUBLIC KEY-----\n"


def _prime(source: random.Random, bits: int) -> int:
    while True:
        number = source.getrandbits(bits) | 1 | (3 << (bits - 2))
        if all(number % each for each in (3, 5, 7, 11, 13, 17, 19, 23)) and all(
            _is_strong(number, source.randrange(2, number - 1)) for _ in range(20)
        ):
            return number


def _is_strong(number: int, base: int) -> bool:
    """Miller and Rabin's test."""
    odd, twos = number - 1, 0
    while not odd & 1:
        odd, twos = odd >> 1, twos + 1
    value = pow(base, odd, number)
    if value in (1, number - 1):
        return True
    return any((value := value * value % number) == number - 1 for _ in range(twos - 1))
