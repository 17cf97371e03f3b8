"""Helm charts: their files, rendered by the ``helm`` program, and where in them each line is from.

Imported by those who render charts, never by a plain scan.
"""
