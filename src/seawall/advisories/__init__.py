"""Advisories: what is known today of packages, from many sources, and which have it."""
