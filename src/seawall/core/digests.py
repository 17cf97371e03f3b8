"""BLAKE2b without OpenSSL, which hashlib loads beside it for 3 ms and more.

The C module is CPython's own (bpo-26798); where it is not to be had, hashlib's is the same.
"""

try:
    from _blake2 import blake2b
except ImportError:  # another implementation of Python
    from hashlib import blake2b

__all__ = ["blake2b"]
