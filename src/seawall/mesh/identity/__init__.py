"""SPIFFE ids, keys and certificates: how they are made, and whether they are right."""
