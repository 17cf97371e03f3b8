"""Digests of images written down: the lock file, and where it gets them from.

No other domain is known here; fixes of manifests and of Dockerfiles read the same file.
"""
