"""Packages: what source trees, lock files, SBOMs and file systems say is in a piece of software."""
