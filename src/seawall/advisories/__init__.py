"""Advisories: what is known today of packages, from many sources, and which packages it is about."""
