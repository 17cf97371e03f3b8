"""Newer packages of the system for an image: found, verified, and put into a layer."""
