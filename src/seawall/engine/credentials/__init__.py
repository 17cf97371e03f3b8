"""Secrets in what a scan reads: which texts are searched, and what comes of it.

``searching`` is where further rules and texts enter, ``findings`` makes findings of what was found
in a text of any origin.
"""
