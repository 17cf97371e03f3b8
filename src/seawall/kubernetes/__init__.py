"""Kubernetes manifests: objects with effective values, relations between them, and rules."""
