"""Container images and root file systems: where they are, and what is in their layers."""
