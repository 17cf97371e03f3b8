"""Versions as bytes: ``key(a) < key(b)`` when the ecosystem says that a comes before b."""
