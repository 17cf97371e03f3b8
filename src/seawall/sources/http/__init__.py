"""HTTP, with patience and with limits. Nothing of it is loaded by a plain scan."""
