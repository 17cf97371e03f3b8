"""Envoy: where it is, what it is told, and how it is kept running."""
