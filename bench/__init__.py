"""Repeatable measurements of seawall beside its peers, in one run on one machine."""
