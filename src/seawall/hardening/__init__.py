"""Mends what a scan finds: edits of the author's own text, proven by scanning what they give."""

from seawall.hardening.hardener import Advice, FileChange, Hardened, Mended, harden

__all__ = ["Advice", "FileChange", "Hardened", "Mended", "harden"]
