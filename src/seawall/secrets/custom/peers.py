"""What of ours stands for the built-in rules of other tools, by their ids."""

from collections.abc import Mapping

GITLEAKS_RULES: Mapping[str, tuple[str, ...]] = {}
"""gitleaks 8.30."""
TRIVY_RULES: Mapping[str, tuple[str, ...]] = {}
"""Trivy 0.74."""
