"""Container images and root file systems: what is in their layers, read without an engine."""
