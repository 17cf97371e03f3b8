"""BLAKE2b, SHA-1 and SHA-256 without OpenSSL, which hashlib loads for 3 ms and more.

These SHA-1 and SHA-256 take several times as long as OpenSSL's: they are for small documents.

The C module is CPython's own (bpo-26798); where it is not to be had, hashlib's is the same.
"""

try:
    from _blake2 import blake2b
except ImportError:  # another implementation of Python
    from hashlib import blake2b

try:
    from _sha1 import sha1  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha1

try:
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]  # CPython 3.11
    except ImportError:
        from hashlib import sha256

__all__ = ["blake2b", "sha1", "sha256"]
