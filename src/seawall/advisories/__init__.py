"""Advisories: what is known today of packages, from many sources, and whom it is about."""
